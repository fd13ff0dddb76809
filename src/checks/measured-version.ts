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
