import type { Probe } from '../kubernetes/probes.ts'

/**
 * Whose metrics are meant: the pods of one version of the workload. Names only of Kubernetes objects. What is
 * optional but for the ReplicaSet is needed to find the version in the metrics of a router.
 */
export interface MeasuredVersion {
  readonly namespace: string
  /** Name of the Deployment without its slot. */
  readonly workload: string
  readonly slot: string
  readonly service: string
  /** Name of the ReplicaSet; by it pods that come later are counted too, unless it is too long. */
  readonly replicaSet?: string
  /** The version's Deployment, e.g. `web-green`. */
  readonly deployment?: string
  /** The Service that the router sends this version's requests to. */
  readonly backend?: MeasuredBackend
  /** The object that routes the traffic, e.g. `{ kind: 'ingress', name: 'web' }`. */
  readonly route?: { readonly kind: string; readonly name: string }
  readonly side?: 'stable' | 'canary'
  /** The pods that are ready. */
  readonly pods: readonly MeasuredPod[]
  /** Names of its other pods: not ready yet, or ended since the step began. */
  readonly otherPods?: readonly string[]
  /** What the kubelet asks of the pods. */
  readonly probes?: readonly Probe[]
  /** Of the pods: where users' traffic goes to. */
  readonly port?: number
  /** Milliseconds since the epoch. Counters of pods that are younger than the release began at 0. */
  readonly releaseStartedAt: number
}

export interface MeasuredBackend {
  readonly service: string
  /** Undefined for any. */
  readonly port: number | undefined
  /** Of the same port, where it has a name: routers call it by what the route says. */
  readonly portName?: string
}

export interface MeasuredPod {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** The API server cuts names to this length before it puts five random characters behind (63 in all). */
const LONGEST_PREFIX = 58

/** Matches no pod, and, unlike an empty pattern, no series without a label for the pod either. */
const NOTHING = '-'

/** A dot in brackets: a backslash would have to be doubled in one kind of PromQL string and not in another. */
const escaped = (name: string): string => name.replaceAll('.', '[.]')

/** Whether the pods carry the ReplicaSet's whole name, its hash and the hyphen behind it included. */
const isWhole = (prefix: string): boolean => prefix.length <= LONGEST_PREFIX

/**
 * An RE2 pattern for the names of the subject's pods, and of nobody else's, that needs no escapes in any kind of PromQL
 * string. A ReplicaSet whose name is too long shares the beginning of its pods' names with every other one of the
 * workload: then the pods are named one by one, as far as they are known.
 */
export function podPattern({ replicaSet, pods, otherPods = [] }: MeasuredVersion): string {
  const prefix = replicaSet === undefined ? '' : `${replicaSet}-`
  if (prefix !== '' && isWhole(prefix)) return `${escaped(prefix)}[a-z0-9]{5}`
  const names = [...new Set([...pods.map(({ name }) => name), ...otherPods])]
  return names.length === 0 ? NOTHING : anyOf(names, prefix.slice(0, LONGEST_PREFIX))
}

/** With what all have in common only once: the pattern is asked for with every query. */
function anyOf(names: readonly string[], prefix: string): string {
  const common = names.every((name) => name.startsWith(prefix)) ? prefix : ''
  return `${escaped(common)}(${names.map((name) => escaped(name.slice(common.length))).join('|')})`
}

/** Puts the subject into a query's placeholders; `window` in seconds. */
export function fillPlaceholders(promql: string, subject: MeasuredVersion, window: number): string {
  const { namespace, workload, slot, service } = subject
  const values = new Map([
    ['namespace', namespace],
    ['workload', workload],
    ['slot', slot],
    ['service', service],
    ['pods', podPattern(subject)],
    ['window', `${Math.max(1, Math.floor(window))}s`]
  ])
  return promql.replace(/\$([a-z]+)\b/g, (written, name: string) => values.get(name) ?? written)
}
