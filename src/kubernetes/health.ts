import { canonical } from './canonical.ts'
import type { Condition, Container, ContainerStatus, Deployment, Pod } from './objects.ts'

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

interface Doom {
  readonly reason: string
  readonly message: string
  readonly pod?: Pod
  /** Milliseconds it must have lasted before it counts: it may heal by itself within that time. */
  readonly grace: number
  /** Milliseconds since the epoch. */
  readonly since?: number
}

const SECOND = 1000

/** Seconds that a refusal by a quota may last: pods that are just ending free it. */
const QUOTA_GRACE = 5 * SECOND
/** A scheduler retries as soon as something changes; an autoscaler that brings a node says so by an event. */
const UNSCHEDULABLE_GRACE = 10 * SECOND
/** A registry's hiccup is retried by the kubelet after 10 s. */
const PULL_GRACE = 15 * SECOND

const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && isTrue(pod.status?.conditions, 'Ready')

export const isEnding = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined ||
  pod.status?.phase === 'Succeeded' ||
  pod.status?.phase === 'Failed'

export const templateHash = (pod: Pod): string => pod.metadata.labels?.['pod-template-hash'] ?? ''

/** By its ReplicaSet: the labels of a plain Deployment select the pods of its slots as well. */
export const isOwnedBy = (deployment: Deployment, pod: Pod): boolean =>
  pod.metadata.ownerReferences?.some(
    ({ kind, name }) => kind === 'ReplicaSet' && name === `${deployment.metadata.name}-${templateHash(pod)}`
  ) ?? false

/** Whether its status says something of it as it is. */
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

/**
 * Judges a Deployment and its pods. Ready means what `kubectl rollout status` means by it: the controller has
 * seen this generation, every pod is of the new template and available (minReadySeconds and readiness gates
 * included), and none of the old ones is left.
 * @param now milliseconds since the epoch
 * @param outdated templates that are on their way out: that their pods cannot run says nothing
 * @param watchedSince milliseconds since the epoch; no grace begins before it
 */
export function health(
  deployment: Deployment,
  pods: readonly Pod[],
  now: number,
  watchedSince: number,
  outdated: ReadonlySet<string> = new Set()
): Health {
  const live = pods.filter((pod) => isOwnedBy(deployment, pod) && !isEnding(pod))
  if (isComplete(deployment, live))
    return { state: 'ready', pods: live, hash: live[0] === undefined ? '' : templateHash(live[0]) }
  const doom = [
    ...deploymentDooms(deployment),
    ...live.filter((pod) => !outdated.has(templateHash(pod))).flatMap(podDooms)
  ].find((one) => isDue(one, now, watchedSince))
  if (doom === undefined) return progress(deployment, live)
  return {
    state: 'doomed',
    reason: doom.reason,
    message: doom.message,
    ...(doom.pod ? { pod: doom.pod } : {})
  }
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
export const podDoom = (
  pods: readonly Pod[],
  now: number,
  watchedSince: number
): { readonly reason: string; readonly message: string } | undefined =>
  pods.flatMap(podDooms).find((doom) => isDue(doom, now, watchedSince))

const isDue = ({ since, grace }: Doom, now: number, watchedSince: number): boolean =>
  now - Math.max(since ?? watchedSince, watchedSince) >= grace

function deploymentDooms({ metadata, status }: Deployment): Doom[] {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return []
  return (status?.conditions ?? []).flatMap((condition) => {
    const { type, reason = '', message = '' } = condition
    const since = Date.parse(condition.lastTransitionTime ?? '')
    if (type === 'ReplicaFailure' && condition.status === 'True')
      return [{ reason, message, grace: QUOTA_GRACE, ...(Number.isNaN(since) ? {} : { since }) }]
    return reason === 'ProgressDeadlineExceeded' ? [{ reason, message, grace: 0 }] : []
  })
}

function podDooms(pod: Pod): Doom[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  return [...schedulingDoom(pod), ...statuses.flatMap((status) => containerDoom(pod, status))]
}

function schedulingDoom(pod: Pod): Doom[] {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (condition?.reason !== 'Unschedulable') return []
  const since = Date.parse(condition.lastTransitionTime ?? '')
  return [
    {
      reason: 'Unschedulable',
      message: condition.message ?? '',
      pod,
      grace: UNSCHEDULABLE_GRACE,
      ...(Number.isNaN(since) ? {} : { since })
    }
  ]
}

/** Waiting reasons that no amount of waiting heals. */
const HOPELESS: ReadonlySet<string> = new Set([
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff'
])

/** What a registry or the node says when the image is not there or not ours to pull. */
const NO_SUCH_IMAGE =
  /not found|does not exist|denied|unauthori[sz]ed|forbidden|no such host|manifest unknown|invalid reference/i

function containerDoom(pod: Pod, { name, state, lastState }: ContainerStatus): Doom[] {
  const { reason = '', message = '' } = state?.waiting ?? {}
  const doom = (text: string, grace: number): Doom[] => [{ reason, message: text, pod, grace }]
  if (reason === 'CrashLoopBackOff')
    return doom(`container ${name} ${describeExit(lastState?.terminated)}`, 0)
  if (HOPELESS.has(reason)) return doom(`container ${name}: ${message}`, 0)
  if (reason !== 'ErrImagePull' && reason !== 'ImagePullBackOff') return []
  return doom(`container ${name}: ${message}`, NO_SUCH_IMAGE.test(message) ? 0 : PULL_GRACE)
}

function describeExit(
  terminated: { readonly exitCode?: number; readonly reason?: string } | undefined
): string {
  if (terminated === undefined) return 'keeps crashing'
  return `keeps crashing: exit code ${terminated.exitCode ?? '?'} (${terminated.reason ?? 'no reason given'})`
}

/** With one line for a person who waits: how many are ready, and what the first of the others waits for. */
function progress(deployment: Deployment, pods: readonly Pod[]): Health {
  const ready = pods.filter(isReady).length
  const wanted = wantedReplicas(deployment)
  const waiting = pods.find((pod) => !isReady(pod))
  const what = waiting === undefined ? '' : `; ${waiting.metadata.name} ${waitsFor(waiting)}`
  return { state: 'progressing', summary: `${ready} of ${wanted} pods ready${what}`, ready, wanted }
}

function waitsFor(pod: Pod): string {
  const container = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? [])
  ].find(({ state }) => state?.waiting !== undefined)
  if (container !== undefined) return `waits: ${container.name} ${container.state?.waiting?.reason ?? ''}`
  const gate = pod.spec.readinessGates?.find(
    ({ conditionType }) => !isTrue(pod.status?.conditions, conditionType)
  )
  if (gate !== undefined) return `waits for readiness gate ${gate.conditionType}`
  return pod.status?.phase === 'Running'
    ? 'runs but is not ready'
    : `is ${pod.status?.phase ?? 'not scheduled yet'}`
}

/**
 * Number of the pod's port that a Service's port leads to.
 * @returns undefined when no container names that port: then no pod would get traffic through it.
 */
export function resolvePort(
  targetPort: number | string | undefined,
  port: number,
  containers: readonly Container[]
): number | undefined {
  if (targetPort === undefined) return port
  if (typeof targetPort === 'number') return targetPort
  return containers.flatMap(({ ports }) => ports ?? []).find(({ name }) => name === targetPort)?.containerPort
}
