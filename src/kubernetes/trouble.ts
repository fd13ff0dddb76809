import type { ClusterEvent, Condition, ContainerStatus, Pod } from './objects.ts'
import {
  AT_ONCE,
  CONTAINER_STATES,
  CRASH,
  CREATION_STATES,
  EVENT_STATES,
  stateOf,
  UNSCHEDULABLE
} from './patience.ts'

/** A state of `patience.ts` that a pod or a Deployment is in. */
export interface Trouble {
  /** Tells this trouble from others, so that its time can be counted over several looks. */
  readonly key: string
  readonly reason: string
  readonly message: string
  readonly pod?: Pod
  readonly grace: number
}

/** What keeps a pod from getting a node. */
export function schedulingTrouble(pod: Pod): Trouble[] {
  const { reason, message = '' } =
    pod.status?.conditions?.find(({ type }) => type === 'PodScheduled') ?? ({} as Partial<Condition>)
  if (reason === undefined || !UNSCHEDULABLE.reasons.includes(reason)) return []
  const key = `${pod.metadata.uid ?? pod.metadata.name}/${reason}`
  return [{ key, reason, message, pod, grace: UNSCHEDULABLE.grace }]
}

/** Why a container that waits may never start. */
export function containerTrouble(pod: Pod, status: ContainerStatus): Trouble[] {
  const { name, state, lastState, restartCount } = status
  const { reason = '', message = '' } = state?.waiting ?? {}
  const said = CRASH.includes(reason) ? describeExit(lastState?.terminated) : `: ${message}`
  const found = stateOf(CONTAINER_STATES, reason, said)
  if (found === undefined) return []
  const started = restartCount + 1
  const grace = started >= (found.starts ?? Infinity) ? AT_ONCE : found.grace
  const key = `${pod.metadata.uid ?? pod.metadata.name}/${name}/${found.reasons.join()}`
  return [{ key, reason, message: `container ${name}${said}`, pod, grace }]
}

function describeExit(
  terminated: { readonly exitCode?: number; readonly reason?: string } | undefined
): string {
  if (terminated === undefined) return ' keeps crashing'
  return ` keeps crashing: exit code ${terminated.exitCode ?? '?'} (${terminated.reason ?? 'no reason given'})`
}

/** What keeps a pod from getting its containers, by its last event. */
export function eventTrouble(pod: Pod, events: readonly ClusterEvent[]): Trouble[] {
  const last = lastOf(events.filter(({ involvedObject }) => involvedObject.name === pod.metadata.name))
  const { reason = '', message = '' } = last ?? {}
  const found = stateOf(EVENT_STATES, reason, message)
  if (found === undefined) return []
  const key = `${pod.metadata.uid ?? pod.metadata.name}/${found.reasons.join()}`
  return [{ key, reason, message, pod, grace: found.grace }]
}

/** What keeps a controller from making pods, by its last event. */
export function creationTrouble(owner: string, events: readonly ClusterEvent[]): Trouble[] {
  const last = lastOf(events.filter(({ involvedObject }) => involvedObject.name === owner))
  const { reason = '', message = '' } = last ?? {}
  const found = stateOf(CREATION_STATES, reason, message)
  return found === undefined ? [] : [{ key: `${owner}/${reason}`, reason, message, grace: found.grace }]
}

/** The newest event; of two in the same second the one that is no warning. */
const lastOf = (events: readonly ClusterEvent[]): ClusterEvent | undefined =>
  [...events]
    .sort((one, other) => timeOf(one) - timeOf(other) || Number(isNormal(one)) - Number(isNormal(other)))
    .at(-1)

const isNormal = ({ type }: ClusterEvent): boolean => type !== 'Warning'

const timeOf = ({ lastTimestamp, eventTime, metadata }: ClusterEvent): number =>
  Math.floor(Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') / 1000) || 0

/** Reasons of events by which an autoscaler says that it adds a node for a pod that does not fit, and that it does not. */
const NODE_IS_COMING: readonly string[] = ['TriggeredScaleUp', 'Nominated', 'NominatedPod']
const NO_NODE_COMES = 'NotTriggerScaleUp'

/** Whether an autoscaler brings a node, by what it has said last. */
export function isNodeComing(events: readonly ClusterEvent[]): boolean {
  const said = events.filter(({ reason = '' }) => NODE_IS_COMING.includes(reason) || reason === NO_NODE_COMES)
  return NODE_IS_COMING.includes(lastOf(said)?.reason ?? '')
}
