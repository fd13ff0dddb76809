import { afterAll, beforeAll, expect } from '@jest/globals'
import type { Deployment, KubernetesObject } from '../../src/kubernetes/objects.ts'
import {
  getRollout,
  patchRolloutStatus,
  rollout,
  setRolloutImage,
  untilRollout,
  versionService,
  type Rollout
} from '../support/cluster/argo-rollouts.ts'
import {
  BUILDING,
  prepareArgoRollouts,
  startArgoRollouts,
  stopControllers
} from '../support/cluster/controllers.ts'
import {
  gatewayUrl,
  ingressRoute,
  traefikService,
  uniqueHost,
  untilServed
} from '../support/cluster/gateway.ts'
import { openLiveStage } from '../support/cluster/live-scene.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { startLoad, type Counted } from '../support/cluster/load.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

/** Going back to what a Rollout has released before, on the real Argo Rollouts, with users and the published Roles. */

beforeAll(prepareArgoRollouts, BUILDING)
afterAll(stopControllers)

const PER_SECOND = 60
/** What is promised: within a minute all users are on the old version. */
const MOST = 60_000

const OURS = { workload: 'rollout/web', bake: '0s' }
const BACK = { ...OURS, command: 'rollback' }

const isHealthy = ({ status }: Rollout): boolean =>
  status?.phase === 'Healthy' && status.stableRS === status.currentPodHash

const isPaused = ({ status }: Rollout): boolean => status?.phase === 'Paused'

const imageOf = async (namespace: string): Promise<string | undefined> =>
  (await getRollout(namespace)).spec.template.spec.containers[0]?.image

/** Milliseconds from this moment until a version was seen last. */
const lastOf = ({ startedAt, lastSeen }: Counted, version: string, from: number): number =>
  startedAt + (lastSeen.find((one) => one.version === version)?.at ?? 0) * 1000 - from

async function shared(): Promise<void> {
  const host = uniqueHost()
  const strategy = {
    canary: {
      canaryService: 'web-canary',
      stableService: 'web-stable',
      scaleDownDelaySeconds: 8,
      trafficRouting: { traefik: { weightedTraefikServiceName: 'web' } },
      steps: [
        { setWeight: 10 },
        { pause: { duration: '1h' } },
        { setWeight: 50 },
        { pause: { duration: '1h' } }
      ]
    }
  }
  const { namespace, run, start } = await openLiveStage([
    versionService('web-stable'),
    versionService('web-canary'),
    rollout(strategy, { replicas: 2 })
  ])
  // The controller alone writes it: the published Role has no right to it.
  const entrance = [
    traefikService({ namespace, backends: [{ name: 'web-stable' }, { name: 'web-canary' }] }),
    ingressRoute({ namespace, host })
  ]
  for (const object of entrance) await admin.create(object)
  await startArgoRollouts(namespace)
  await untilRollout(namespace, 'is Healthy', isHealthy)
  await untilServed(host)

  const { ended } = start({ ...OURS, images: image(2), 'smoke-tests': 'GET / -> 200 contains "v2"' })
  await untilRollout(namespace, 'is paused', isPaused)
  // Somebody promotes it by hand, as `kubectl argo rollouts promote --full` does.
  expect(await patchRolloutStatus(namespace, { status: { promoteFull: true } })).toBe(200)
  expect(await ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
  await untilRollout(namespace, 'has ended the old pods', ({ status }) => status?.replicas === 2)

  const load = await startLoad(await gatewayUrl(), PER_SECOND, { Host: host })
  try {
    const unknown = await run({ ...BACK, to: '9' })
    expect(unknown).toMatchObject({ exitCode: 1, outputs: { result: 'failed', image: image(2) } })
    expect(unknown.outputs.reason).toMatch(/"9" is no release, revision or image of rollout\/web/)
    expect(await imageOf(namespace)).toBe(image(2))

    const from = Date.now()
    const back = await run(BACK)
    expect(back).toMatchObject({
      exitCode: 0,
      outputs: { result: 'rolled-back', image: image(1), weight: '100' }
    })
    await untilRollout(namespace, 'is Healthy', isHealthy)

    // A template that nobody can run, as revision 4: after 1, 2 and 1 again.
    await setRolloutImage(namespace, 'docker.io/greenlight/Workload:1')
    await untilRollout(namespace, 'is at its first step', ({ status }) => status?.currentStepIndex === 0)
    await setRolloutImage(namespace, image(1))
    await untilRollout(namespace, 'is Healthy', isHealthy)
    const failed = await run({ ...BACK, to: '4' })
    expect(failed).toMatchObject({ exitCode: 1, outputs: { result: 'failed', image: image(1), weight: '0' } })
    expect(failed.outputs.reason).toMatch(/cannot run: InvalidImageName/)
    await untilRollout(namespace, 'is Healthy', isHealthy)
    expect(await imageOf(namespace)).toBe(image(1))

    const users = await load.stop()
    console.log(
      `canary with pauses of an hour: ${users.failed} of ${users.total} failed, ${JSON.stringify(users.versions)}; ` +
        `all users back after ${lastOf(users, 'v2', from)} ms, rollback over after ${back.milliseconds} ms; ` +
        `what cannot run was put back after ${failed.milliseconds} ms`
    )
    expect(users.failures).toEqual([])
    expect(users.total).toBeGreaterThan(500)
    expect(lastOf(users, 'v2', from)).toBeLessThan(MOST)
    expect(back.milliseconds).toBeLessThan(MOST)
  } finally {
    await load.stop()
  }
}

/** Its template is that of a Deployment, which runs no pods of its own. */
function referring(strategy: object): readonly KubernetesObject[] {
  const deployment = workload({ replicas: 0 })
  const { metadata, spec } = rollout(strategy, { replicas: 2 }) as Rollout & { spec: Deployment['spec'] }
  const { template: _, selector, ...rest } = spec
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  return [
    deployment,
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata,
      spec: { ...rest, selector, workloadRef, rollbackWindow: { revisions: 3 } }
    } as KubernetesObject
  ]
}

async function templateImage(namespace: string): Promise<string | undefined> {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' }
  return (await admin.get<Deployment>(ref))?.spec.template.spec.containers[0]?.image
}

async function referred(): Promise<void> {
  const strategy = {
    blueGreen: { activeService: 'web', previewService: 'web-preview', autoPromotionEnabled: false }
  }
  const { namespace, url, run } = await openLiveStage([
    service(),
    versionService('web-preview'),
    ...referring(strategy)
  ])
  await startArgoRollouts(namespace)
  await untilRollout(namespace, 'is Healthy', isHealthy)
  const load = await startLoad(url, PER_SECOND)
  try {
    const version2 = { ...OURS, images: image(2) }
    const waiting = await run(version2)
    expect(waiting).toMatchObject({ exitCode: 0, outputs: { result: 'waiting', image: image(1) } })
    const promoted = await run({ ...OURS, command: 'promote' })
    expect(promoted).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    expect(await templateImage(namespace)).toBe(image(2))
    await untilRollout(namespace, 'is Healthy', isHealthy)

    // Within its rollback window Argo Rollouts would not wait for a yes.
    const shortcut = await run({ ...OURS, images: image(1) })
    expect(shortcut).toMatchObject({ exitCode: 1, outputs: { result: 'failed', image: image(2) } })
    expect(shortcut.outputs.reason).toMatch(/within its spec\.rollbackWindow/)

    const from = Date.now()
    const back = await run({ ...BACK, to: image(1) })
    expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back', image: image(1) } })
    expect(await templateImage(namespace)).toBe(image(1))
    await untilRollout(namespace, 'is Healthy', isHealthy)
    const tidied = await run({ ...OURS, command: 'cleanup' })
    expect(tidied).toMatchObject({ exitCode: 0, outputs: { result: 'unchanged' } })

    const users = await load.stop()
    console.log(
      `workloadRef: ${users.failed} of ${users.total} failed, ${JSON.stringify(users.versions)}; ` +
        `all users back after ${lastOf(users, 'v2', from)} ms, rollback over after ${back.milliseconds} ms`
    )
    expect(users.failures).toEqual([])
    expect(lastOf(users, 'v2', from)).toBeLessThan(MOST)
    expect(back.milliseconds).toBeLessThan(MOST)
  } finally {
    await load.stop()
  }
}

/** At 10%, by another hand than ours: an abort puts users back, and takes the template back that would be tried again. */
async function others(): Promise<void> {
  const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }
  const { namespace, run } = await openLiveStage([service(), rollout(strategy, { replicas: 2 })])
  await startArgoRollouts(namespace)
  await untilRollout(namespace, 'is Healthy', isHealthy)
  await setRolloutImage(namespace, image(3))
  await untilRollout(namespace, 'is paused', isPaused)
  const aborted = await run({ ...OURS, command: 'abort' })
  expect(aborted).toMatchObject({ exitCode: 0, outputs: { result: 'aborted', image: image(1), weight: '0' } })
  const { status } = await untilRollout(namespace, 'is Healthy', isHealthy)
  expect(status?.abort).toBeUndefined()
  expect(await imageOf(namespace)).toBe(image(1))
  console.log(`abort of what others had begun: ${aborted.milliseconds} ms`)
}

playTogether(
  {
    'a canary with pauses of an hour is back within a minute, no request fails, and what cannot run is put back':
      shared,
    'a Rollout whose template is in a Deployment is released and rolled back': referred,
    'what somebody else has begun is aborted': others
  },
  3
)
