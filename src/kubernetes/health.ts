import { readyOf } from '../base/counted.ts'
import { canonical } from './canonical.ts'
import type { ClusterEvent, Condition, ContainerStatus, Deployment, Pod } from './objects.ts'
import { CREATION_STATES, stateOf } from './patience.ts'
import { containerTrouble, eventTrouble, schedulingTrouble, type Trouble } from './trouble.ts'
import { templateHash } from './workload.ts'

/** What is known of a Deployment that should come up. */
export type Health =
  | { readonly state: 'ready'; readonly pods: readonly Pod[]; readonly hash: string }
  | {
      readonly state: 'progressing'
      readonly summary: string
      readonly ready: number
      readonly wanted: number
    }
  | { readonly state: 'doomed'; readonly reason: string; readonly message: string; readonly pod?: Pod }

/** Since when it has been ready without a break, in milliseconds since the epoch; undefined where nothing says so. */
export function readySince({ status }: Pod): number | undefined {
  const since = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  return since == null ? undefined : Date.parse(since)
}

const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && isTrue(pod.status?.conditions, 'Ready')

export const isEnding = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined ||
  pod.status?.phase === 'Succeeded' ||
  pod.status?.phase === 'Failed'

/** By its ReplicaSet: the labels of a plain Deployment select the pods of its slots as well. */
export const isOwnedBy = ({ metadata }: Deployment, pod: Pod): boolean => isPodOf(metadata.name, pod)

/** @param deployment its name */
export const isPodOf = (deployment: string, pod: Pod): boolean =>
  pod.metadata.ownerReferences?.some(
    ({ kind, name }) => kind === 'ReplicaSet' && name === `${deployment}-${templateHash(pod)}`
  ) ?? false

/** Whether its status is about its present spec, and not about an earlier one. */
export const isSeen = ({ metadata, status }: Deployment): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)

/** Whether no rollout is under way that would end the pods that are there. */
export const isSettled = (deployment: Deployment): boolean =>
  isSeen(deployment) && (deployment.status?.updatedReplicas ?? 0) === (deployment.status?.replicas ?? 0)

/** Whether two Deployments run the same; both as the API server keeps them. */
export const hasTemplateOf = (one: Deployment, other: Deployment): boolean =>
  canonical(one.spec.template) === canonical(other.spec.template)

/** The wanted number of pods; the API server's default is 1. */
export const wantedReplicas = (deployment: Deployment): number => deployment.spec.replicas ?? 1

/** As its controller has counted. */
export const readyReplicas = ({ status }: Deployment): number => status?.readyReplicas ?? 0

/** What is known besides a Deployment and its pods. */
export interface Circumstances {
  /** For how many milliseconds this trouble has been seen by now. */
  readonly lasting: (trouble: string) => number
  /** Hashes of templates whose pods are being replaced: trouble of those pods is no trouble of the Deployment. */
  readonly outdated?: ReadonlySet<string> | undefined
  /** Events of pods that have no container yet. */
  readonly events?: readonly ClusterEvent[]
}

/**
 * Judges a Deployment and its pods. Ready means what `kubectl rollout status` means by it: the controller has
 * seen this generation, every pod is of the new template and available (minReadySeconds and readiness gates
 * included), and none of the old ones is left. Doomed means that a trouble has lasted longer than it has grace.
 */
export function health(
  deployment: Deployment,
  pods: readonly Pod[],
  { lasting, outdated = new Set(), events = [] }: Circumstances
): Health {
  const live = pods.filter((pod) => isOwnedBy(deployment, pod) && !isEnding(pod))
  if (isComplete(deployment, live))
    return { state: 'ready', pods: live, hash: live[0] === undefined ? '' : templateHash(live[0]) }
  const troubles = [
    ...deploymentTroubles(deployment),
    ...live
      .filter((pod) => !outdated.has(templateHash(pod)))
      .flatMap((pod) => [...podTroubles(pod), ...eventTroubles(pod, events)])
  ]
  const hopeless = overdue(troubles, lasting)
  if (hopeless === undefined) return progress(deployment, live, troubles)
  const { reason, message, pod } = hopeless
  return { state: 'doomed', reason, message, ...(pod ? { pod } : {}) }
}

function isComplete({ metadata, spec, status }: Deployment, pods: readonly Pod[]): boolean {
  const wanted = spec.replicas ?? 1
  const seen = status?.observedGeneration ?? 0
  return (
    seen >= (metadata.generation ?? 0) &&
    [status?.updatedReplicas, status?.replicas, status?.availableReplicas].every(
      (count) => (count ?? 0) === wanted
    ) &&
    pods.length === wanted &&
    pods.every(isReady) &&
    new Set(pods.map(templateHash)).size <= 1
  )
}

/** Why one of the pods cannot come up, if that is known by now. */
export const podTrouble = (pods: readonly Pod[], lasting: Circumstances['lasting']): Trouble | undefined =>
  overdue(pods.flatMap(podTroubles), lasting)

/** Asks for how long each trouble has lasted, also behind the first: asking is what starts its time. */
export function overdue(
  troubles: readonly Trouble[],
  lasting: Circumstances['lasting']
): Trouble | undefined {
  const lasted = troubles.map(({ key }) => lasting(key))
  return troubles.find(({ grace }, at) => (lasted[at] ?? 0) >= grace)
}

function deploymentTroubles(deployment: Deployment): Trouble[] {
  if (!isSeen(deployment)) return []
  return (deployment.status?.conditions ?? []).flatMap(({ type, status, reason = '', message = '' }) => {
    if (reason === 'ProgressDeadlineExceeded') return [{ key: reason, reason, message, grace: 0 }]
    if (type !== 'ReplicaFailure' || status !== 'True') return []
    return [{ key: type, reason, message, grace: stateOf(CREATION_STATES, reason, message)?.grace ?? 0 }]
  })
}

export const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? [])
]

export const podTroubles = (pod: Pod): Trouble[] => [
  ...schedulingTrouble(pod),
  ...statusesOf(pod).flatMap((status) => containerTrouble(pod, status))
]

/** Whether it has a node, and waits there for what its containers need before they can be made. */
export const isBeingMade = (pod: Pod): boolean =>
  !isReady(pod) &&
  isTrue(pod.status?.conditions, 'PodScheduled') &&
  statusesOf(pod).every(({ state }) => BEFORE_CONTAINERS.includes(state?.waiting?.reason ?? ''))

const BEFORE_CONTAINERS = ['ContainerCreating', 'PodInitializing']

export const eventTroubles = (pod: Pod, events: readonly ClusterEvent[]): Trouble[] =>
  isBeingMade(pod) ? eventTrouble(pod, events) : []

/** With one line for a person who waits: how many are ready, and what the first of the others waits for. */
function progress(deployment: Deployment, pods: readonly Pod[], troubles: readonly Trouble[]): Health {
  const ready = pods.filter(isReady).length
  const wanted = wantedReplicas(deployment)
  const waiting = pods.find((pod) => !isReady(pod))
  const trouble = troubles.find(({ pod }) => pod === waiting) ?? troubles.find(({ pod }) => pod === undefined)
  const why = trouble === undefined ? '' : ` (${trouble.reason}: ${trouble.message})`
  const what = waiting === undefined ? '' : `; ${waiting.metadata.name} ${waitsFor(waiting)}`
  const { minReadySeconds = 0 } = deployment.spec
  const soon =
    ready === wanted && minReadySeconds > 0
      ? `, but not yet for the ${minReadySeconds} s of minReadySeconds`
      : ''
  return {
    state: 'progressing',
    summary: `${readyOf(ready, wanted)}${soon}${what}${why}`,
    ready,
    wanted
  }
}

function waitsFor(pod: Pod): string {
  const first = pod.status?.initContainerStatuses?.find(
    ({ state, ready }) => state?.running !== undefined && !ready
  )
  if (first !== undefined) return `waits for its init container ${first.name}, which still runs`
  const container = statusesOf(pod).find(({ state }) => state?.waiting !== undefined)
  if (container !== undefined) return `waits: ${container.name} ${container.state?.waiting?.reason ?? ''}`
  const gate = pod.spec.readinessGates?.find(
    ({ conditionType }) => !isTrue(pod.status?.conditions, conditionType)
  )
  if (gate !== undefined) return `waits for readiness gate ${gate.conditionType}`
  return pod.status?.phase === 'Running'
    ? 'runs but is not ready'
    : `is ${pod.status?.phase ?? 'not scheduled yet'}`
}
