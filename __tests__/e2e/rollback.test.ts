import { describe, expect, it } from '@jest/globals'
import type { HorizontalPodAutoscaler } from '../../src/kubernetes/limits.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import {
  getDeployment,
  getPods,
  getService,
  image,
  service,
  untilAvailable,
  workload
} from '../support/cluster/workload.ts'

playLiveScenes()

const autoscaler = (namespace?: string): HorizontalPodAutoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', ...(namespace === undefined ? {} : { namespace }) },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 3,
    maxReplicas: 6
  }
})

const scaledBy = async (namespace: string): Promise<string | undefined> =>
  (
    await admin.get<HorizontalPodAutoscaler>({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      namespace,
      name: 'web'
    })
  )?.spec.scaleTargetRef.name

describe('a rollback from another run', () => {
  it('brings a plain Deployment back as it was, and tells of it by status', async () => {
    const scene = await openLiveScene()
    const before = await getService(scene.namespace)
    await scene.run({ images: image(2), bake: '0s' })
    const ended = await scene.run({ command: 'rollback' })
    expect(ended).toMatchObject({
      exitCode: 0,
      outputs: { result: 'rolled-back', 'stable-slot': 'plain', image: image(1), 'previous-image': image(2) }
    })
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual(before.spec.selector)
    expect((await getDeployment(scene.namespace, 'web')).spec.replicas).toBe(3)
    expect((await getDeployment(scene.namespace, 'web-green')).spec.replicas).toBe(0)

    const status = await scene.run({ command: 'status' })
    expect(status).toMatchObject({
      exitCode: 0,
      outputs: { result: 'unchanged', 'stable-slot': 'plain', image: image(1) }
    })
    expect(status.outputs.reason).toMatch(
      /^the last rollback, \d+-1 by octocat \(https:\S+\), began at \S+ and ended: rolled-back$/
    )

    const again = await scene.run({ command: 'rollback' })
    expect(again).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(again.outputs.reason).toContain('nothing to roll back to')
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })

  it('serves all the time when somebody releases by hand while the version that is left drains', async () => {
    const scene = await openLiveScene()
    const { namespace } = scene
    await scene.run({ images: image(2), bake: '0s' })
    const rollback = scene.start({ command: 'rollback' })
    await rollback.seen(/Drain: let connections end/)
    await admin.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' }, [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: image(3) }
    ])
    const ended = await rollback.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(1) } })
    await untilAvailable(namespace, 'web')
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
    expect(users.versions.v3).toBeGreaterThan(0)
    expect(ended.summary).toContain('was changed by somebody else')
  })

  it('goes back to the version before, although a failed release has used its place since', async () => {
    const scene = await openLiveScene()
    await scene.run({ images: image(2), bake: '0s' })
    const failed = await scene.run({
      manifests: manifestFile([workload({ image: image(3), env: { CRASH: 'no' } })])
    })
    expect(failed).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(2) } })
    await scene.run({ images: image(3), bake: '0s' })
    const ended = await scene.run({ command: 'rollback' })
    expect(ended).toMatchObject({
      exitCode: 0,
      outputs: { result: 'rolled-back', 'stable-slot': 'green', image: image(2) }
    })
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })

  it('is one switch when the previous version was kept', async () => {
    const scene = await openLiveScene([
      workload({ name: 'web-blue', labels: { version: 'blue' } }),
      service({ app: 'web', version: 'blue' })
    ])
    await scene.run({ images: image(2), bake: '0s', previous: 'keep' })
    const kept = (await getPods(scene.namespace, 'version=blue')).map(({ metadata }) => metadata.uid).sort()
    expect(kept).toHaveLength(3)
    const ended = await scene.run({ command: 'rollback', previous: 'keep' })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', 'stable-slot': 'blue' } })
    expect(
      (await getPods(scene.namespace, 'version=blue')).map(({ metadata }) => metadata.uid).sort()
    ).toEqual(kept)
    expect((await getDeployment(scene.namespace, 'web-green')).spec.replicas).toBe(3)
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })

  it('takes the autoscaler along, as the release did, and a failed release gives it back', async () => {
    const scene = await openLiveScene()
    await admin.create(autoscaler(scene.namespace))
    await scene.run({
      manifests: manifestFile([workload({ image: image(2), replicas: 1 }), autoscaler()]),
      bake: '0s'
    })
    expect(await scaledBy(scene.namespace)).toBe('web-green')
    expect(await getPods(scene.namespace, 'greenlight.dev/slot=green')).toHaveLength(3)
    await scene.run({ images: image(3), 'smoke-tests': 'GET /missing -> 404' })
    expect(await scaledBy(scene.namespace)).toBe('web-green')
    await scene.run({ command: 'rollback' })
    expect(await scaledBy(scene.namespace)).toBe('web')
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })
})
