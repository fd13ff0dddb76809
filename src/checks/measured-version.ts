import type { Probe } from '../kubernetes/probes.ts'

/**
 * The version whose metrics are meant, by the names of its Kubernetes objects. `deployment`, `backend` and `route` are needed
 * only where a router's metrics are measured.
 */
export interface MeasuredVersion {
  readonly namespace: string
  /** Name of the Deployment without its slot. */
  readonly workload: string
  readonly slot: string
  readonly service: string
  /** Name of the ReplicaSet: its prefix also matches pods that start later, unless the name is too long. */
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
  /** Name of the same port, where it has one: routers name a port as the route does. */
  readonly portName?: string
}

export interface MeasuredPod {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Until then its caches are cold, and what it does says little of the version: milliseconds since the epoch. */
  readonly warmAt?: number
}
