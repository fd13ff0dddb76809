/**
 * Whose metrics are meant: the pods of one version of the workload. Names only of Kubernetes objects. What is
 * optional but for the ReplicaSet is needed to find the version in the metrics of a router.
 */
export interface Subject {
  readonly namespace: string
  /** Name of the Deployment without its slot. */
  readonly workload: string
  readonly slot: string
  readonly service: string
  /** Name of the ReplicaSet; with it pods that come later are counted too. */
  readonly replicaSet?: string
  /** The version's Deployment, e.g. `web-green`. */
  readonly deployment?: string
  /** The Service that the router sends this version's requests to. */
  readonly backend?: SubjectBackend
  /** The object that routes the traffic, e.g. `{ kind: 'ingress', name: 'web' }`. */
  readonly route?: { readonly kind: string; readonly name: string }
  readonly side?: 'stable' | 'canary'
  /** The pods that are ready. */
  readonly pods: readonly SubjectPod[]
  /** Milliseconds since the epoch. Counters of pods that are younger than the release began at 0. */
  readonly releaseStartedAt: number
}

export interface SubjectBackend {
  readonly service: string
  /** Undefined for any. */
  readonly port: number | undefined
  /** Of the same port, where it has a name: routers call it by what the route says. */
  readonly portName?: string
}

export interface SubjectPod {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** The API server cuts names to this length before it puts five random characters behind (63 in all). */
const longestPrefix = 58

/** Matches no pod, and, unlike an empty pattern, no series without a label for the pod either. */
const nothing = '-'

/** A dot in brackets: a backslash would have to be doubled in one kind of PromQL string and not in another. */
const escaped = (name: string): string => name.replaceAll('.', '[.]')

/** An RE2 pattern for the names of the subject's pods that needs no escapes in any kind of PromQL string. */
export const podPattern = ({ replicaSet, pods }: Subject): string => {
  if (replicaSet !== undefined) return `${escaped(`${replicaSet}-`.slice(0, longestPrefix))}[a-z0-9]{5}`
  return pods.length === 0 ? nothing : `(${pods.map(({ name }) => escaped(name)).join('|')})`
}

/** Puts the subject into a query's placeholders; `window` in seconds. */
export const fillPlaceholders = (promql: string, subject: Subject, window: number): string => {
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
