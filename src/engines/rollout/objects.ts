import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { at, countAt, isTrueAt, listAt, textAt, treeAt } from '../../kubernetes/read.ts'
import { isTree, type Tree } from '../../kubernetes/tree.ts'

export const GROUP = 'argoproj.io'
export const ROLLOUT = { apiVersion: `${GROUP}/v1alpha1`, kind: 'Rollout' } as const
export const ANALYSIS_TEMPLATE = { apiVersion: `${GROUP}/v1alpha1`, kind: 'AnalysisTemplate' } as const
export const ANALYSIS_RUN = { apiVersion: `${GROUP}/v1alpha1`, kind: 'AnalysisRun' } as const
/** On pods and ReplicaSets: another one for each template. */
export const HASH_LABEL = 'rollouts-pod-template-hash'
/** On a Rollout: the generation of the workload that it takes its template from, as its controller has seen it. */
const WORKLOAD_GENERATION = 'rollout.argoproj.io/workload-generation'

export const titleOf = ({ metadata }: KubernetesObject): string => `rollout/${metadata.name}`

/** How the Rollout moves users; undefined where it names neither way, or both. */
export function strategyOf(rollout: unknown): 'canary' | 'blueGreen' | undefined {
  const { canary, blueGreen } = treeAt(rollout, 'spec', 'strategy')
  if (isTree(canary) === isTree(blueGreen)) return undefined
  return isTree(canary) ? 'canary' : 'blueGreen'
}

export const canaryOf = (rollout: unknown): Tree => treeAt(rollout, 'spec', 'strategy', 'canary')
export const blueGreenOf = (rollout: unknown): Tree => treeAt(rollout, 'spec', 'strategy', 'blueGreen')

/** Steps of a canary, which may be anything. */
export const stepsOf = (rollout: unknown): readonly unknown[] => listAt(canaryOf(rollout), 'steps')

/** Whether a router shares the requests out; else the number of pods does. */
export const isRouted = (rollout: unknown): boolean => isTree(at(canaryOf(rollout), 'trafficRouting'))

/** What all weights are shares of. */
export const wholeWeight = (rollout: unknown): number =>
  countAt(canaryOf(rollout), 'trafficRouting', 'maxTrafficWeight') ?? 100

export interface Pause {
  readonly reason: string
  readonly startTime: string
}

/** An AnalysisRun, as the Rollout tells of it. */
export interface RunOf {
  readonly kind: 'step' | 'background' | 'pre-promotion' | 'post-promotion'
  readonly name: string
  readonly phase: string
  readonly message: string
}

/** What the controller reports. Numbers of generations are texts in it. */
export interface RolloutStatus {
  readonly exists: boolean
  readonly observedGeneration: string
  readonly workloadObservedGeneration: string
  readonly phase: string
  readonly message: string
  readonly current: string
  readonly stable: string
  readonly stepIndex: number | undefined
  readonly abort: boolean
  readonly promoteFull: boolean
  readonly controllerPause: boolean
  readonly pauses: readonly Pause[]
  readonly replicas: number
  readonly updated: number
  readonly activeSelector: string
  readonly runs: readonly RunOf[]
}

export function statusOf(rollout: unknown): RolloutStatus {
  const status = treeAt(rollout, 'status')
  return {
    exists: Object.keys(status).length > 0,
    observedGeneration: textAt(status, 'observedGeneration'),
    workloadObservedGeneration: textAt(status, 'workloadObservedGeneration'),
    phase: textAt(status, 'phase'),
    message: textAt(status, 'message'),
    current: textAt(status, 'currentPodHash'),
    stable: textAt(status, 'stableRS'),
    stepIndex: countAt(status, 'currentStepIndex'),
    abort: isTrueAt(status, 'abort'),
    promoteFull: isTrueAt(status, 'promoteFull'),
    controllerPause: isTrueAt(status, 'controllerPause'),
    pauses: listAt(status, 'pauseConditions')
      .filter(isTree)
      .map((pause) => ({ reason: textAt(pause, 'reason'), startTime: textAt(pause, 'startTime') })),
    replicas: countAt(status, 'replicas') ?? 0,
    updated: countAt(status, 'updatedReplicas') ?? 0,
    activeSelector: textAt(status, 'blueGreen', 'activeSelector'),
    runs: runsIn(status)
  }
}

const RUNS = [
  ['step', 'canary', 'currentStepAnalysisRunStatus'],
  ['background', 'canary', 'currentBackgroundAnalysisRunStatus'],
  ['pre-promotion', 'blueGreen', 'prePromotionAnalysisRunStatus'],
  ['post-promotion', 'blueGreen', 'postPromotionAnalysisRunStatus']
] as const

const runsIn = (status: Tree): readonly RunOf[] =>
  RUNS.flatMap(([kind, ...path]) => {
    const run = at(status, ...path)
    if (!isTree(run)) return []
    const [name, phase, message] = [textAt(run, 'name'), textAt(run, 'status'), textAt(run, 'message')]
    return [{ kind, name, phase, message }]
  })

/** The Deployment, or something else, that a Rollout takes its template from. */
export function workloadRefOf(
  rollout: unknown
): { readonly apiVersion: string; readonly kind: string; readonly name: string } | undefined {
  const ref = at(rollout, 'spec', 'workloadRef')
  if (!isTree(ref)) return undefined
  return { apiVersion: textAt(ref, 'apiVersion'), kind: textAt(ref, 'kind'), name: textAt(ref, 'name') }
}

/** The generation of that object which the controller has noted; empty before it has. */
export const workloadGenerationOf = ({ metadata }: KubernetesObject): string =>
  metadata.annotations?.[WORKLOAD_GENERATION] ?? ''

/** The Services, and what shares requests out between them, that users come by. */
export function entrancesOf(rollout: KubernetesObject): readonly string[] {
  const canary = canaryOf(rollout)
  const routing = treeAt(canary, 'trafficRouting')
  const named = [
    ['traefikservice', textAt(routing, 'traefik', 'weightedTraefikServiceName')],
    ['ingress', textAt(routing, 'nginx', 'stableIngress')],
    ['ingress', textAt(routing, 'alb', 'ingress')],
    ['virtualservice', textAt(routing, 'istio', 'virtualService', 'name')],
    ['service', textAt(blueGreenOf(rollout), 'activeService')],
    ['service', textAt(canary, 'stableService')]
  ] as const
  return named.filter(([, name]) => name !== '').map(([kind, name]) => `${kind}/${name}`)
}
