import { afterAll, beforeAll, expect } from '@jest/globals'
import type { KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import {
  analysisTemplate,
  patchRolloutStatus,
  POD_HASH,
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
import { eventually } from '../support/cluster/eventually.ts'
import { ingressRoute, traefikService, uniqueHost, untilServed } from '../support/cluster/gateway.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { admin, createNamespace, deleteNamespace } from '../support/cluster/real-cluster.ts'
import { followWeights } from '../support/cluster/traefik-weights.ts'
import { getPods, getService, image } from '../support/cluster/workload.ts'

/** What Argo Rollouts does by itself, and the writes by which people, or programs, take part. */

let canary = ''
let blueGreen = ''

beforeAll(async () => {
  await prepareArgoRollouts()
  canary = await createNamespace()
  blueGreen = await createNamespace()
  await Promise.all([startArgoRollouts(canary), startArgoRollouts(blueGreen)])
}, BUILDING)

afterAll(async () => {
  await stopControllers()
  await deleteNamespace(canary)
  await deleteNamespace(blueGreen)
})

async function create(namespace: string, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
}

const isHealthy = ({ status }: Rollout): boolean =>
  status?.phase === 'Healthy' && status.stableRS === status.currentPodHash

const hashOf = (service: Service): unknown => (service.spec.selector as Record<string, string>)[POD_HASH]

async function weighted(): Promise<void> {
  const host = uniqueHost()
  await create(canary, [
    versionService('web-stable'),
    versionService('web-canary'),
    traefikService({ backends: [{ name: 'web-stable' }, { name: 'web-canary' }] }),
    ingressRoute({ host }),
    analysisTemplate('asked', 'vector(1)', 'result[0] == 1'),
    rollout(
      {
        canary: {
          canaryService: 'web-canary',
          stableService: 'web-stable',
          trafficRouting: { traefik: { weightedTraefikServiceName: 'web' } },
          steps: [
            { setWeight: 50 },
            { pause: {} },
            { analysis: { templates: [{ templateName: 'asked' }] } },
            { setWeight: 100 },
            { pause: { duration: '2s' } }
          ]
        }
      },
      { replicas: 2 }
    )
  ])
  const first = await untilRollout(canary, 'is Healthy', isHealthy)
  await untilServed(host)
  const weights = followWeights(canary, 'web-canary')

  await setRolloutImage(canary, image(2))
  const paused = await untilRollout(canary, 'is paused', ({ status }) => status?.phase === 'Paused')
  expect(paused.status).toMatchObject({
    message: 'CanaryPauseStep',
    currentStepIndex: 1,
    controllerPause: true,
    pauseConditions: [{ reason: 'CanaryPauseStep' }],
    stableRS: first.status?.stableRS,
    canary: { weights: { canary: { weight: 50 } } }
  })
  expect(weights.seen).toEqual([0, 50])
  const { currentPodHash, currentStepIndex } = paused.status ?? {}
  expect(await getPods(canary, `${POD_HASH}=${currentPodHash}`)).toHaveLength(1)

  const resume = (hash: unknown) => [
    { op: 'test', path: '/status/currentPodHash', value: hash },
    { op: 'test', path: '/status/currentStepIndex', value: currentStepIndex },
    { op: 'remove', path: '/status/pauseConditions' }
  ]
  expect(await patchRolloutStatus(canary, resume(first.status?.stableRS))).toBe(422)
  expect(await patchRolloutStatus(canary, resume(currentPodHash))).toBe(200)
  const last = await untilRollout(canary, 'is Healthy', isHealthy)
  expect(last.status).toMatchObject({ stableRS: currentPodHash, currentStepIndex: 5 })
  // Users are moved once more when it is Healthy already: to the stable Service, whose pods are now these.
  await eventually(
    'the weights are back',
    () => Promise.resolve(weights.seen),
    (seen) => seen.length === 4
  )
  await weights.stop()
  expect(weights.seen).toEqual([0, 50, 100, 0])
  expect(hashOf(await getService(canary, 'web-stable'))).toBe(currentPodHash)
}

async function promoted(): Promise<void> {
  await create(blueGreen, [
    versionService('web-active'),
    versionService('web-preview'),
    rollout(
      {
        blueGreen: {
          activeService: 'web-active',
          previewService: 'web-preview',
          autoPromotionEnabled: false
        }
      },
      { replicas: 1 }
    )
  ])
  const first = await untilRollout(blueGreen, 'is Healthy', isHealthy)
  await setRolloutImage(blueGreen, image(2))
  const paused = await untilRollout(blueGreen, 'is paused', ({ status }) => status?.phase === 'Paused')
  const next = paused.status?.currentPodHash
  expect(paused.status).toMatchObject({
    message: 'BlueGreenPause',
    controllerPause: true,
    pauseConditions: [{ reason: 'BlueGreenPause' }],
    blueGreen: { activeSelector: first.status?.stableRS, previewSelector: next }
  })
  expect(hashOf(await getService(blueGreen, 'web-active'))).toBe(first.status?.stableRS)
  expect(hashOf(await getService(blueGreen, 'web-preview'))).toBe(next)

  // As `kubectl argo rollouts promote` does.
  expect(await patchRolloutStatus(blueGreen, { status: { pauseConditions: null } })).toBe(200)
  const last = await untilRollout(blueGreen, 'is Healthy', isHealthy)
  expect(last.status?.stableRS).toBe(next)
  expect(hashOf(await getService(blueGreen, 'web-active'))).toBe(next)

  await setRolloutImage(blueGreen, image(3))
  const dropped = await untilRollout(blueGreen, 'is paused', ({ status }) => status?.phase === 'Paused')
  const abort = [
    { op: 'test', path: '/status/currentPodHash', value: dropped.status?.currentPodHash },
    { op: 'add', path: '/status/abort', value: true }
  ]
  expect(await patchRolloutStatus(blueGreen, abort)).toBe(200)
  const aborted = await untilRollout(blueGreen, 'is Degraded', ({ status }) => status?.phase === 'Degraded')
  expect(aborted.status).toMatchObject({ abort: true, stableRS: next })
  expect(aborted.status?.message).toMatch(/^RolloutAborted: /)
  // Else it would stay Degraded, and the next write of the template would begin it once more.
  await setRolloutImage(blueGreen, image(2))
  const after = await untilRollout(blueGreen, 'is Healthy', isHealthy)
  expect(after.status?.stableRS).toBe(next)
  expect(after.status?.abort).toBeUndefined()
}

playTogether(
  {
    'moves the weights of a TraefikService, and waits at a pause until somebody resumes it': weighted,
    'keeps a blue-green version from users until somebody promotes it, and drops one that is aborted':
      promoted
  },
  2
)
