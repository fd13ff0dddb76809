import { describe, expect, it } from '@jest/globals'
import { SIGTERM_AFTER } from '../support/action.ts'
import { holdTest } from '../support/cluster/held-test.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { CLOSE, openLiveScene } from '../support/cluster/live-scene.ts'
import { essence, getDeployment, getService, image } from '../support/cluster/workload.ts'

playLiveScenes()

const RELEASE = { images: image(2), bake: '60s' }

describe('a run that is cancelled', () => {
  it.each([
    ['while the pods come up', /Wait until web-green is ready/, 'GET /health -> 200'],
    ['in the smoke tests', /Smoke tests/, holdTest().line],
    ['in the bake, with all users on the canary', /Bake/, 'GET /health -> 200']
  ])('%s puts stable back at once, and the post step tidies up', async (_, moment, test) => {
    const scene = await openLiveScene(undefined, undefined, CLOSE)
    const before = [await getDeployment(scene.namespace, 'web'), await getService(scene.namespace)].map(
      essence
    )
    const started = scene.start({ ...RELEASE, 'smoke-tests': test })
    await started.seen(moment)
    const { main, post } = await started.cancel()

    expect(main).toMatchObject({
      exitCode: 1,
      outputs: { result: 'aborted', 'stable-slot': 'plain', image: image(1) }
    })
    expect(main.outputs.reason).toBe('the run was cancelled (SIGINT)')
    expect(Number(main.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    expect(main.summary).toContain('cancelled')
    expect(post.exitCode).toBe(0)
    const after = [await getDeployment(scene.namespace, 'web'), await getService(scene.namespace)].map(
      essence
    )
    expect(after).toStrictEqual(before)
    expect((await getDeployment(scene.namespace, 'web-green')).spec.replicas).toBe(0)
    const { users, empty } = await scene.end()
    console.log(
      `restored within ${main.outputs['restore-seconds'] ?? ''} s; post took ${post.milliseconds} ms`
    )
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })

  it('and lost with its runner in the bake: the next run puts stable back before it does anything else', async () => {
    const scene = await openLiveScene(undefined, undefined, CLOSE)
    const started = scene.start(RELEASE)
    await started.seen(/Bake/)
    await started.kill()
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual({
      app: 'web',
      'greenlight.dev/slot': 'green'
    })

    const next = await scene.run({ images: image(3), bake: '1s' })
    expect(next).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(3), 'previous-image': image(1) }
    })
    expect(next.log).toContain('was left unfinished')
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })
})
