import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { copyOf } from '../../src/plan/config-copy.ts'
import { plainHeadline } from '../../src/report/headline.ts'
import { failsTheStep, verdictOutputs } from '../../src/report/outputs.ts'
import { NAMESPACE, openScene, service, workload, PROMOTED, SERVING, STARTED, type Scene } from './scene.ts'

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }), service(BLUE)]

/** A release whose run has died at this point of the story. */
async function left(moment: string, inputs: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const scene = await openScene(slotted())
  const run = scene.run({ inputs: { bake: '1m', ...inputs } })
  void run.deploy()
  await scene.when(moment, 500, () => {
    run.kill()
  })
  await scene.clock.sleep(30_000)
  return scene
}

const sizes = (scene: Scene): readonly string[] =>
  scene.cluster
    .all({ apiVersion: 'apps/v1', kind: 'Deployment' })
    .map(({ metadata }) => `${metadata.name} ${scene.deployment(metadata.name).spec.replicas}`)

describe('a cleanup', () => {
  it.each([
    ['before its version serves', STARTED],
    ['when its version serves', SERVING]
  ])('undoes a release that was left %s', async (_, moment) => {
    const scene = await left(moment)
    const outcome = await scene.run().cleanup()
    expect(outcome).toMatchObject({
      command: 'cleanup',
      result: 'rolled-back',
      reason: 'release 1-1 (https://ci/1-1) was unfinished and was undone',
      serving: { images: ['shop/web:1'] }
    })
    expect(failsTheStep(outcome)).toBe(false)
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
    expect(sizes(scene)).toEqual(['web-blue 3', 'web-green 0'])
    expect(scene.harm).toEqual([])
    expect(await scene.run().cleanup()).toMatchObject({ result: 'unchanged' })
  })

  it('scales down what a run could not any more', async () => {
    const scene = await left(PROMOTED, { bake: '0s' })
    expect(sizes(scene)).toEqual(['web-blue 3', 'web-green 3'])
    const outcome = await scene.run().cleanup()
    expect(outcome).toMatchObject({ result: 'promoted', reason: 'deployment/web-blue was scaled down' })
    expect(sizes(scene)).toEqual(['web-blue 0', 'web-green 3'])
    expect(scene.harm).toEqual([])
  })

  it('tells what it has done before something was refused', async () => {
    const scene = await openScene()
    await scene.run({ inputs: { images: 'shop/web:2', previous: 'keep' } }).deploy()
    const run = scene.run({ inputs: { images: 'shop/web:3' } })
    run.deploy().catch(() => undefined)
    await scene.when('(running 0 %)', 0, () => {
      run.kill()
    })
    const outcome = await scene
      .run({
        before: ({ verb, kind, name, dryRun }) => {
          if (['patch', 'replace'].includes(verb) && kind === 'Deployment' && name === 'web' && !dryRun)
            throw new ClusterError('denied by a policy', 422)
        }
      })
      .cleanup()
    expect(outcome).toMatchObject({
      result: 'failed',
      reason:
        'release 2-1 (https://ci/2-1) was unfinished and was undone; after that it failed: denied by a policy'
    })
  })

  it('scales down what was kept; what was kept before that, the release after it has', async () => {
    const scene = await openScene()
    for (const version of [2, 3])
      await scene.run({ inputs: { images: `shop/web:${version}`, previous: 'keep' } }).deploy()
    expect(sizes(scene)).toEqual(['web 0', 'web-green 3', 'web-blue 3'])
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'promoted',
      reason: 'deployment/web-green was scaled down'
    })
    expect(sizes(scene)).toEqual(['web 0', 'web-green 0', 'web-blue 3'])
    expect(await scene.run().status()).toMatchObject({ previous: { deployment: 'web-green', replicas: 0 } })
    expect(scene.harm).toEqual([])
  })

  it('finishes a rollback to a plain Deployment', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    const run = scene.run()
    void run.rollback()
    await scene.when('(rolled-back 0 %)', 500, () => {
      run.kill()
    })
    await scene.clock.sleep(30_000)
    expect(scene.traffic()).toMatch(/pod-template-hash/)
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'rolled-back',
      reason: 'rollback 2-1 was finished'
    })
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(sizes(scene)).toEqual(['web 3', 'web-green 0'])
    expect(scene.harm).toEqual([])
  })

  it('leaves a release alone that waits for approval', async () => {
    const scene = await openScene(slotted())
    await scene.run({ inputs: { strategy: 'canary', steps: '50% until approved\n100%' } }).deploy()
    const before = scene.story.length
    const outcome = await scene.run().cleanup()
    expect(outcome).toMatchObject({
      result: 'unchanged',
      reason: 'release 1-1 waits for approval: it is left alone'
    })
    expect(plainHeadline(outcome)).toBe(
      'web is unchanged: shop/web:1 serves 50% of the connections and shop/web:2 has 50% of the connections'
    )
    expect(scene.story.slice(before)).toEqual([])
    expect(scene.record()).toMatchObject({ phase: 'waiting', weight: 50 })
  })

  it('leaves a release alone whose run is alive, and says so', async () => {
    const scene = await openScene(slotted())
    const release = scene.run({ inputs: { bake: '2m' } }).deploy()
    await scene.when(SERVING, 500, () => undefined)
    const outcome = await scene.run().cleanup()
    expect(outcome).toMatchObject({ result: 'unchanged' })
    expect(plainHeadline(outcome)).toBe('web is unchanged: shop/web:2 serves all traffic')
    const status = await scene.run().status()
    expect(plainHeadline(status)).toBe('web: shop/web:2 serves all traffic, while a run releases')
    expect(verdictOutputs(status)).toMatchObject({ weight: '100', image: 'shop/web:2' })
    expect(outcome.reason).toMatch(/^another run is releasing here right now: 1-1-a \(https:\/\/ci\/1-1\)/)
    expect(failsTheStep(outcome)).toBe(false)
    expect(await release).toMatchObject({ result: 'promoted' })
    expect(scene.harm).toEqual([])
  })

  it.each([
    ['that was never released', []],
    ['whose release has left nothing', [2]]
  ])('of a workload %s changes nothing, not even the lock', async (_, versions) => {
    const scene = await openScene(slotted())
    for (const version of versions) await scene.run({ inputs: { images: `shop/web:${version}` } }).deploy()
    const leases = (): unknown => scene.cluster.all({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' })
    const [before, lines] = [leases(), scene.story.length]
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'unchanged',
      reason: 'there is nothing to clean up'
    })
    expect(leases()).toEqual(before)
    expect(scene.story.slice(lines)).toEqual([])
  })

  it('removes copies of config that no version refers to, and no others', async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web-config', namespace: NAMESPACE },
      data: { greeting: 'nobody reads this' }
    } as const
    const [ours, theirs] = ['web', 'api'].map((name) => copyOf(config, name, NAMESPACE)) as [
      KubernetesObject,
      KubernetesObject
    ]
    for (const copy of [ours, theirs]) scene.cluster.create(copy)
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'promoted',
      reason: `configmap/${ours.metadata.name} was removed, which no version refers to`
    })
    const left = scene.cluster.all({ apiVersion: 'v1', kind: 'ConfigMap' })
    expect(left.map(({ metadata }) => metadata.name)).toEqual([theirs.metadata.name])
  })
})
