import type { KubernetesObject, Quantities } from './objects.ts'

export const AUTOSCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' } as const

export interface HorizontalPodAutoscaler extends KubernetesObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly apiVersion?: string; readonly kind: string; readonly name: string }
    readonly minReplicas?: number
    readonly maxReplicas: number
  }
}

export interface ResourceQuota extends KubernetesObject {
  readonly spec?: {
    readonly hard?: Quantities
    readonly scopes?: readonly string[]
    readonly scopeSelector?: unknown
  }
  readonly status?: { readonly hard?: Quantities; readonly used?: Quantities }
}

export interface LimitRange extends KubernetesObject {
  readonly spec?: {
    readonly limits?: readonly {
      readonly type: string
      readonly max?: Quantities
      readonly default?: Quantities
      readonly defaultRequest?: Quantities
    }[]
  }
}
