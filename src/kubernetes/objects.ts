/** Kubernetes objects as the API server sends them; only the fields that Greenlight reads are named. */
export interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly OwnerReference[]
  readonly managedFields?: readonly {
    readonly manager?: string
    readonly operation?: string
    readonly apiVersion?: string
    readonly subresource?: string
    readonly time?: string
    readonly fieldsType?: string
    readonly fieldsV1?: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>
  }[]
}

export interface OwnerReference {
  readonly apiVersion?: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
}

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Metadata
}

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export interface ContainerPort {
  readonly name?: string
  readonly containerPort: number
  readonly protocol?: string
  readonly hostPort?: number
}

/** By name, e.g. `cpu`. */
export type Quantities = Readonly<Record<string, string | number>>

export interface Resources {
  readonly requests?: Quantities
  readonly limits?: Quantities
}

export interface Container {
  readonly name: string
  readonly image?: string
  readonly ports?: readonly ContainerPort[]
  readonly resources?: Resources
  readonly readinessProbe?: unknown
  readonly livenessProbe?: unknown
  readonly startupProbe?: unknown
  readonly lifecycle?: {
    readonly preStop?: {
      readonly sleep?: { readonly seconds: number }
      readonly exec?: { readonly command?: readonly string[] }
    }
  }
  /** Of an init container: `Always` makes it one that runs beside the others. */
  readonly restartPolicy?: string
}

export interface PodSpec {
  readonly hostNetwork?: boolean
  readonly restartPolicy?: string
  readonly terminationGracePeriodSeconds?: number
  /** For the pod as a whole. */
  readonly resources?: Resources
  /** What its runtime takes besides. */
  readonly overhead?: Quantities
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly readinessGates?: readonly { readonly conditionType: string }[]
}

export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: PodSpec
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly unknown[]
}

export interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number
    readonly selector: LabelSelector
    readonly template: PodTemplate
    readonly minReadySeconds?: number
    readonly progressDeadlineSeconds?: number
    readonly paused?: boolean
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly conditions?: readonly Condition[]
  }
}

export interface ContainerState {
  readonly running?: { readonly startedAt?: string }
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode?: number }
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

export interface Pod extends KubernetesObject {
  readonly spec: PodSpec
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly podIP?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

export interface ServicePort {
  readonly name?: string
  readonly port: number
  readonly protocol?: string
  readonly targetPort?: number | string
  readonly appProtocol?: string
}

export interface Service extends KubernetesObject {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>
    readonly ports?: readonly ServicePort[]
    readonly clusterIP?: string
    readonly type?: string
    readonly sessionAffinity?: string
    readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } }
    readonly publishNotReadyAddresses?: boolean
    readonly ipFamilies?: readonly string[]
    readonly ipFamilyPolicy?: string
    readonly internalTrafficPolicy?: string
    readonly externalTrafficPolicy?: string
    readonly trafficDistribution?: string
  }
}

export interface ReplicaSet extends KubernetesObject {
  readonly spec: { readonly replicas?: number; readonly template: PodTemplate }
}

export interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

export interface ClusterEvent extends KubernetesObject {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid?: string }
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
  readonly count?: number
}
