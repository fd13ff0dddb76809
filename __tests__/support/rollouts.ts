import type { Deployment, KubernetesObject, PodTemplate } from '../../src/kubernetes/objects.ts'

/** Rollouts of Argo Rollouts as its controller leaves them, for tests. */

type Tree = Readonly<Record<string, unknown>>

export const OLD = '6c9f8d7b5'
export const NEW = '789b7c4d6f'

export const template = (image: string): PodTemplate => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 8080 }] }] }
})

export interface RolloutObject extends KubernetesObject {
  readonly spec: Tree
  readonly status?: unknown
}

interface Given {
  readonly generation?: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly spec?: Tree
  readonly status?: unknown
}

const object = (strategy: Tree, image: string, given: Given, status: Tree): RolloutObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'uid-web',
    resourceVersion: '4711',
    generation: given.generation ?? 2,
    annotations: { 'rollout.argoproj.io/revision': '2', ...given.annotations }
  },
  spec: {
    replicas: 3,
    revisionHistoryLimit: 5,
    selector: { matchLabels: { app: 'web' } },
    template: template(image),
    strategy,
    ...given.spec
  },
  ...('status' in given ? { status: given.status } : { status })
})

const counts = { HPAReplicas: 3, availableReplicas: 3, readyReplicas: 3, replicas: 3, updatedReplicas: 3 }

/** At rest, with `image` serving. */
export const blueGreen = (given: Given = {}, strategy: Tree = {}, image = 'shop/web:1'): RolloutObject =>
  object(
    {
      blueGreen: {
        activeService: 'web',
        previewService: 'web-preview',
        autoPromotionEnabled: false,
        ...strategy
      }
    },
    image,
    given,
    {
      ...counts,
      blueGreen: { activeSelector: OLD, previewSelector: OLD },
      currentPodHash: OLD,
      observedGeneration: '2',
      phase: 'Healthy',
      selector: `app=web,rollouts-pod-template-hash=${OLD}`,
      stableRS: OLD
    }
  )

export const STEPS: readonly unknown[] = [
  { setWeight: 10 },
  { pause: {} },
  { setWeight: 50 },
  { pause: { duration: '5m' } }
]

const routed = {
  canaryService: 'web-canary',
  stableService: 'web-stable',
  trafficRouting: { traefik: { weightedTraefikServiceName: 'web' } }
}

/** Waits at its first pause, with 10% on the new version. */
export const canary = (given: Given = {}, strategy: Tree = {}, more: Tree = {}): RolloutObject =>
  object({ canary: { ...routed, steps: STEPS, ...strategy } }, 'shop/web:2', given, {
    ...counts,
    replicas: 4,
    updatedReplicas: 1,
    canary: {
      weights: {
        canary: { podTemplateHash: NEW, serviceName: 'web-canary', weight: 10 },
        stable: { podTemplateHash: OLD, serviceName: 'web-stable', weight: 90 }
      }
    },
    controllerPause: true,
    currentPodHash: NEW,
    currentStepHash: '5f8fbdf7bb',
    currentStepIndex: 1,
    message: 'CanaryPauseStep',
    observedGeneration: '2',
    pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '2026-11-03T14:00:00Z' }],
    phase: 'Paused',
    stableRS: OLD,
    ...more
  })

/** What a Rollout with a `workloadRef` takes its template from. */
export const referred = (generation: number, image = 'shop/web:2', replicas = 0): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', uid: 'uid-deployment', generation },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template(image) }
})
