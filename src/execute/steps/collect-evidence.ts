import { counted } from '../../base/counted.ts'
import { messageOf } from '../../base/errors.ts'
import type { PodEvidence } from '../../domain/outcome.ts'
import { isPodOf, isReady } from '../../kubernetes/health.ts'
import type { ClusterEvent, ContainerStatus, Pod } from '../../kubernetes/objects.ts'
import { printSelector, type Labels } from '../../kubernetes/selectors.ts'
import { templateHash } from '../../kubernetes/workload.ts'
import { selectorOf } from '../endpoints.ts'
import { isOfOthers } from '../of-others.ts'
import type { Progress, ReleaseRun } from '../release-run.ts'

/** Pods of one template fail alike, so the first few are enough. */
export const MOST_PODS = 3
const LOG_LINES = 20
const MOST_EVENTS = 10

/** The pods that a failed release has started. */
interface Failed {
  readonly selector: Labels
  /** How many of them there should be. */
  readonly wanted: number
}

export async function collectCanary(run: ReleaseRun): Promise<string> {
  const { canary } = run.progress
  if (await isOfOthers(run).catch(() => false))
    return `deployment/${canary.deployment} is not of this release`
  return collectEvidence(run, { selector: selectorOf(run, 'canary'), wanted: canary.replicas })
}

/** Keeps what is known of the canary's pods before they are gone. A read that fails is noted, never thrown. */
export async function collectEvidence(run: ReleaseRun, { selector, wanted }: Failed): Promise<string> {
  const { cluster } = run.ports
  const { namespace, progress } = run
  try {
    const labels = printSelector(selector)
    const [found, events] = await Promise.all([
      cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels }),
      cluster.list<ClusterEvent>({ apiVersion: 'v1', kind: 'Event', namespace })
    ])
    // Pods of an earlier version may still be ending in the slot, and pods of others are not read at all.
    const pods = found.filter(
      (pod) => isPodOf(progress.canary.deployment, pod) && progress.outdated?.has(templateHash(pod)) !== true
    )
    const worst = [...pods]
      .sort((one, other) => Number(isReady(one)) - Number(isReady(other)))
      .slice(0, MOST_PODS)
    const evidence = await Promise.all(worst.map((pod) => evidenceOf(run, pod, events)))
    run.journal.evidence.push(...evidence, ...(pods.length < wanted ? refusals(progress, events) : []))
    return `of ${counted(evidence.length, 'pod')}`
  } catch (error) {
    run.journal.warnings.push(`events and logs of the new version could not be read: ${messageOf(error)}`)
    return 'not readable'
  }
}

type Reader = Pick<ReleaseRun, 'namespace' | 'ports'>

export async function evidenceOf(
  run: Reader,
  pod: Pod,
  events: readonly ClusterEvent[]
): Promise<PodEvidence> {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const failing = statuses.find(({ ready, state }) => !ready || state?.waiting !== undefined) ?? statuses[0]
  return {
    pod: pod.metadata.name,
    reason:
      failing?.state?.waiting?.reason ??
      failing?.state?.terminated?.reason ??
      pod.status?.reason ??
      pod.status?.phase ??
      '',
    message:
      failing?.state?.waiting?.message ??
      failing?.lastState?.terminated?.message ??
      pod.status?.message ??
      '',
    events: eventsOf(pod.metadata.name, events),
    log: failing === undefined ? [] : await lastLines(run, pod, failing)
  }
}

const eventsOf = (name: string, events: readonly ClusterEvent[]): readonly string[] =>
  events
    .filter(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning')
    .slice(-MOST_EVENTS)
    .map(
      ({ reason = '', message = '', count }) =>
        `${reason}${(count ?? 1) > 1 ? ` (${count ?? 1} times)` : ''}: ${message}`
    )

/** A container that has crashed printed the reason before it was restarted. */
async function lastLines(
  run: Reader,
  pod: Pod,
  { name, restartCount, state }: ContainerStatus
): Promise<readonly string[]> {
  const target = { namespace: run.namespace, name: pod.metadata.name }
  const previous = restartCount > 0 && state?.running === undefined
  const text = await run.ports.cluster.logs(target, name, LOG_LINES, previous).catch(() => '')
  return linesOf(text)
}

/** What a kubelet answers instead of the log when the container or its file is gone. */
const NO_LOG = /^(unable to retrieve container logs for |failed to try resolving symlinks in path )/u

/** The lines that a container has printed itself. */
export const linesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !NO_LOG.test(line))

/** A ReplicaSet is named after its Deployment and a hash without a hyphen: one of `web-green-2` is not of `web-green`. */
const isReplicaSetOf = (deployment: string, name: string): boolean =>
  name.startsWith(`${deployment}-`) && !name.slice(deployment.length + 1).includes('-')

/** Pods that were never created: a quota or an admission webhook said no to their ReplicaSet. */
function refusals({ canary }: Progress, events: readonly ClusterEvent[]): PodEvidence[] {
  const refused = events.filter(
    ({ involvedObject, reason }) =>
      involvedObject.kind === 'ReplicaSet' &&
      isReplicaSetOf(canary.deployment, involvedObject.name) &&
      reason === 'FailedCreate'
  )
  const last = refused.at(-1)
  if (last === undefined) return []
  return [
    {
      pod: `of ${last.involvedObject.name}`,
      reason: 'FailedCreate',
      message: last.message ?? '',
      events: [],
      log: []
    }
  ]
}
