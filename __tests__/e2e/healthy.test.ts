import { describe, expect, it } from '@jest/globals'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { CLOSE, openLiveScene } from '../support/cluster/live-scene.ts'
import { getDeployment, getPods, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

describe('a healthy release of a plain Deployment', () => {
  it('moves all users to the tested pods without a failed request, and flips slots the next time', async () => {
    const scene = await openLiveScene(undefined, undefined, CLOSE)
    const { namespace } = scene

    const second = await scene.run({ images: image(2), bake: '2s', 'smoke-tests': 'GET /health -> 200' })
    expect(second).toMatchObject({
      exitCode: 0,
      outputs: {
        result: 'promoted',
        'stable-slot': 'green',
        image: image(2),
        'previous-image': image(1),
        weight: '100'
      }
    })
    expect((await getService(namespace)).spec.selector).toStrictEqual({
      app: 'web',
      'greenlight.dev/slot': 'green'
    })
    expect((await getDeployment(namespace, 'web')).spec.replicas).toBe(0)
    const pods = await getPods(namespace, 'greenlight.dev/slot=green')
    const serving = pods.map(({ metadata }) => metadata.uid)
    const { smokeTests } = JSON.parse(second.outputs.json ?? '') as { smokeTests: { pods: string[] }[] }
    expect(smokeTests[0]?.pods.toSorted()).toEqual(pods.map(({ metadata }) => metadata.name).sort())

    const third = await scene.run({ images: image(3), bake: '2s' })
    expect(third).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', 'stable-slot': 'blue', image: image(3) }
    })

    const { users, empty, states } = await scene.end()
    expect(users).toMatchObject({ failed: 0 })
    expect(Object.keys(users.versions).sort()).toEqual(['v1', 'v2', 'v3'])
    expect(empty).toEqual([])
    expect(states.map(({ uids }) => uids.join())).toContain([...serving].sort().join())
  })

  it('leaves everything as it is when what would be released already serves', async () => {
    const scene = await openLiveScene()
    const before = await getService(scene.namespace)
    const ended = await scene.run({ images: image(1) })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'unchanged' } })
    expect(await getService(scene.namespace)).toStrictEqual(before)
  })

  it('adopts a pair that a team has made by hand, by its own label', async () => {
    const blue = workload({ name: 'web-blue', labels: { version: 'blue' } })
    const green = workload({ name: 'web-green', labels: { version: 'green' }, replicas: 0 })
    const scene = await openLiveScene(
      [blue, green, service({ app: 'web', version: 'blue' })],
      undefined,
      CLOSE
    )

    const ended = await scene.run({ images: image(2), bake: '0s' })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', 'stable-slot': 'green' } })
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual({ app: 'web', version: 'green' })
    expect((await getDeployment(scene.namespace, 'web-green')).spec.template.metadata?.labels).toStrictEqual({
      app: 'web',
      version: 'green'
    })

    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })
})
