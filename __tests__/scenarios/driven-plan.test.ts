import { beforeEach, describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { renderSummary } from '../../src/report/summary.ts'
import type { MemoryCluster } from '../support/memory/memory-cluster.ts'
import { putRevision, putRollout } from '../support/memory/rollout-objects.ts'
import { blueGreen, canary, OLD, referred, template, type RolloutObject } from '../support/rollouts.ts'
import { manifest, openScene, type RunOptions, type Scene } from './scene.ts'

/** What plan says of a release by Argo Rollouts. */

const service = (name: string, selector: object = { app: 'web' }): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec: { selector } }) as never

/** At rest, with v1, as a canary. */
const resting = (strategy: object = {}): RolloutObject => ({
  ...canary({}, { ...strategy }),
  spec: { ...canary({}, { ...strategy }).spec, template: template('shop/web:1') },
  status: blueGreen().status
})

async function openRollout(rollout: RolloutObject): Promise<Scene> {
  const services = ['web', 'web-preview', 'web-stable', 'web-canary']
  const scene = await openScene([])
  const marked = { app: 'web', 'rollouts-pod-template-hash': OLD }
  for (const name of services) scene.cluster.create(service(name, name === 'web' ? marked : { app: 'web' }))
  const owner = putRollout(scene.cluster, rollout)
  putRevision(scene.cluster, owner, { hash: OLD, revision: 1, template: template('shop/web:1') })
  await scene.clock.sleep(1000)
  return scene
}

const planned = (scene: Scene, { inputs, ...options }: RunOptions = {}) =>
  scene.run({ ...options, inputs: { command: 'plan', workload: 'rollout/web', ...inputs } }).obey()

/** Everything in the cluster, to see that nothing changes. */
const contentOf = (cluster: MemoryCluster): readonly string[] =>
  cluster
    .everything()
    .map(({ kind, metadata: { name, resourceVersion = '' } }) => `${kind}/${name} ${resourceVersion}`)

describe('a plan', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await openRollout(blueGreen())
  })

  it('shows what would change, and every step, and changes nothing', async () => {
    const before = contentOf(scene.cluster)
    const inputs = { 'smoke-tests': 'GET /health -> 200', bake: '1m' }
    const outcome = await planned(scene, { inputs })
    expect(outcome).toMatchObject({ result: 'planned', reason: '', warnings: [] })
    expect(outcome.plan?.steps).toEqual([
      'Note the release of rollout/web',
      'Bring the new version to rollout/web',
      'Wait until pods of the new version are ready',
      'Run 1 smoke test on every new pod',
      'Watch while Argo Rollouts moves the users',
      'Argo Rollouts: starts the new version beside the old one',
      'Argo Rollouts: waits beside the old version until somebody says yes',
      'Argo Rollouts: 100% of the traffic',
      'Watch with all traffic on it for 1m',
      'Finish the release'
    ])
    const [change] = outcome.plan?.changes ?? []
    expect(change).toMatchObject({ object: 'Rollout web', state: 'changed' })
    expect(change?.diff.filter((line) => /^[-+]/.test(line))).toEqual([
      '-        - image: shop/web:1',
      '+        - image: shop/web:2'
    ])
    expect(renderSummary(outcome)).toContain('`shop/web:2` would be released to **web**')
    expect(contentOf(scene.cluster)).toEqual(before)
  })

  it('of what serves is that there is nothing to release', async () => {
    expect(await planned(scene, { inputs: { images: 'shop/web:1' } })).toMatchObject({ result: 'unchanged' })
  })

  it('takes steps and template from the manifest, and the number of pods from what runs', async () => {
    const written = { ...canary({ spec: { replicas: 9 } }), status: undefined }
    const outcome = await planned(scene, { inputs: { images: '' }, manifests: [manifest(written)] })
    expect(outcome).toMatchObject({ result: 'planned' })
    const diff = outcome.plan?.changes[0]?.diff.join('\n') ?? ''
    expect(diff).toMatch(/^\+ +- setWeight: 10$/m)
    expect(diff).not.toMatch(/^[-+] *replicas/m)
    expect(outcome.plan?.steps).toContain('Argo Rollouts: pauses until somebody says yes')
  })

  it('is of the Deployment that holds the template', async () => {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
    const other = await openRollout(blueGreen({ spec: { template: undefined, workloadRef } }))
    other.cluster.create(referred(1, 'shop/web:1'))
    const outcome = await planned(other)
    expect(outcome).toMatchObject({ result: 'planned', canary: { images: ['shop/web:2'] } })
    expect(outcome.plan?.changes.map(({ object }) => object)).toEqual(['Deployment web'])
  })

  it('warns where users come before the smoke tests', async () => {
    const inputs = { 'smoke-tests': 'GET /health -> 200' }
    const warningsOf = async (rollout: RolloutObject) =>
      (await planned(await openRollout(rollout), { inputs })).warnings
    expect(await warningsOf(blueGreen({}, { autoPromotionEnabled: undefined }))).toEqual([
      'the Rollout switches all users as soon as the new pods are ready, before the smoke tests have passed. With autoPromotionEnabled: false it waits for them'
    ])
    expect(await warningsOf(blueGreen({}, { autoPromotionSeconds: 30 }))).toEqual([
      expect.stringMatching(/^the Rollout switches all users 30 s after the new pods are ready/)
    ])
    expect(await warningsOf(resting())).toEqual([
      'the smoke tests run while up to 10% of the users are on the new version already. With the first steps `setCanaryScale: {replicas: 1}` and `pause: {}` they run before the first one'
    ])
    const steps = [{ setCanaryScale: { replicas: 1 } }, { pause: {} }, { setWeight: 10 }]
    expect(await warningsOf(resting({ steps }))).toEqual([])
    expect(await warningsOf(resting({ steps: [{ pause: {} }, ...steps.slice(2)] }))).toHaveLength(1)
  })
})

describe('a plan that cannot be carried out', () => {
  const reasonOf = async (scene: Scene, options: RunOptions = {}): Promise<readonly string[]> => {
    const before = contentOf(scene.cluster)
    const { result, reason } = await planned(scene, options)
    expect(result).toBe('failed')
    expect(contentOf(scene.cluster)).toEqual(before)
    return reason.split('\n')
  }

  it('tells all at once: an image that nothing runs, and a manifest that is none of it', async () => {
    const scene = await openRollout(blueGreen())
    const options = { inputs: { images: 'shop/api:2' }, manifests: [manifest(service('other'))] }
    expect(await reasonOf(scene, options)).toEqual([
      expect.stringMatching(/: Service other cannot be part of a release of rollout\/web yet/),
      'images: shop/api:2 changes nothing: rollout/web has web=shop/web:1 — for example: web=shop/api:2'
    ])
    expect(await reasonOf(scene, { inputs: { images: '' } })).toEqual([
      'images: nothing says what to release: no Rollout web in the manifests, and no images — for example: images: shop/web:2'
    ])
  })

  it('is one beside another release', async () => {
    expect(await reasonOf(await openRollout(canary()))).toEqual([
      expect.stringMatching(/^workload: rollout\/web in namespace shop is already releasing/)
    ])
  })

  it('is one that Argo Rollouts would refuse, with the manifest that says so', async () => {
    const scene = await openRollout(blueGreen())
    const steps = [{ analysis: { templates: [{ templateName: 'success-rate' }] } }]
    const written = { ...resting({ steps, autoPromotionEnabled: false }), status: undefined }
    const analysis = {
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate', metadata: { name: 'success-rate' } },
      spec: { args: [{ name: 'service-name' }], metrics: [{ name: 'success-rate', interval: '1m' }] }
    } as unknown as KubernetesObject
    const source = manifest(written).source
    expect(await reasonOf(scene, { manifests: [written, analysis].map(manifest) })).toEqual([
      expect.stringContaining(
        `manifests: ${source}: rollout/web, spec.strategy.canary.autoPromotionEnabled: `
      ),
      expect.stringContaining('needs the argument service-name'),
      expect.stringContaining('has an interval and no count, so that it runs indefinitely')
    ])
  })

  it('is one that would switch at once, past its pause', async () => {
    const scene = await openRollout(blueGreen())
    const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' }
    scene.cluster.patch(ref, [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }])
    await scene.clock.sleep(1000)
    expect(await reasonOf(scene)).toEqual([
      expect.stringMatching(/service\/web has lost rollouts-pod-template-hash from its selector/)
    ])
    const fresh = {
      ...(blueGreen().status as object),
      phase: 'Progressing',
      message: 'more replicas need to be updated'
    }
    const young = await openRollout({ ...blueGreen(), status: fresh })
    young.cluster.patch(ref, [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }])
    await young.clock.sleep(1000)
    expect(await reasonOf(young)).toEqual([
      expect.stringMatching(
        /which Argo Rollouts adds when the first pods are available .* run it again when the Rollout is Healthy/
      )
    ])
    const free = await openRollout(blueGreen({}, { autoPromotionEnabled: true }))
    free.cluster.patch(ref, [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }])
    expect(await planned(free)).toMatchObject({ result: 'planned' })
  })

  it('is one beside pods of the same template that end, which has defaults that the Rollout does not name', async () => {
    const scene = await openRollout(blueGreen())
    const ref = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'shop', name: 'web-left' }
    const left = (image: string) => {
      const { metadata, spec } = template(image)
      const containers = spec.containers.map((one) => ({ ...one, terminationMessagePath: '/dev/log' }))
      return { metadata, spec: { ...spec, containers, dnsPolicy: 'ClusterFirst' } } as never
    }
    const [owner] = scene.cluster.all({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' })
    if (owner === undefined) throw new Error('it does not exist')
    putRevision(scene.cluster, owner, { hash: 'left', revision: 2, template: left('shop/web:2') })
    scene.cluster.patch(ref, [
      { op: 'add', path: '/metadata/annotations/scale-down-deadline', value: '2026-11-03T14:01:00Z' }
    ])
    expect(await reasonOf(scene)).toEqual([
      expect.stringMatching(/pods of replicaset\/web-left are still there .* until 2026-11-03T14:01:00Z/)
    ])
    const other = await planned(scene, { inputs: { images: 'shop/web:3' } })
    expect(other).toMatchObject({ result: 'planned' })
  })

  it('is one without the rights for it', async () => {
    const scene = await openRollout(blueGreen())
    scene.cluster.listsRules = false
    scene.cluster.isDenied = ({ resource, verb }) => resource === 'rollouts' && verb === 'patch'
    expect(await reasonOf(scene)).toEqual([
      expect.stringContaining('cannot patch rollouts in namespace shop'),
      expect.stringContaining('cannot patch rollouts/status in namespace shop')
    ])
  })

  it('is one that the API server refuses', async () => {
    const scene = await openRollout(blueGreen())
    const before = ({ verb, dryRun }: { verb: string; dryRun: boolean }) => {
      if (verb === 'patch' && dryRun) throw new ClusterError('cannot patch rollout/web: no such field', 422)
    }
    expect(await reasonOf(scene, { before })).toEqual(['workload: cannot patch rollout/web: no such field'])
  })
})
