import type { Query } from './cluster.ts'
import type { Condition, KubernetesObject, PodTemplate } from './objects.ts'
import { groupOf } from './ref.ts'

/** Something that runs to its end. */
export interface Job extends KubernetesObject {
  readonly spec: {
    readonly template: PodTemplate
    readonly backoffLimit?: number
    readonly activeDeadlineSeconds?: number
    readonly ttlSecondsAfterFinished?: number
    readonly suspend?: boolean
  }
  readonly status?: {
    readonly conditions?: readonly Condition[] | null
    readonly active?: number
    readonly failed?: number
  }
}

export const JOB = { apiVersion: 'batch/v1', kind: 'Job' } as const

export const isJob = (object: KubernetesObject): object is Job =>
  object.kind === JOB.kind && groupOf(object.apiVersion) === 'batch'

/** By which the controller finds the pods of a Job, in every version of Kubernetes. */
export const JOB_NAME_LABEL = 'job-name'

export const jobTitle = ({ metadata }: KubernetesObject): string => `job/${metadata.name}`

/** For a watch of this one alone. */
export const jobAlone = ({ metadata: { namespace, name } }: KubernetesObject): Query => ({
  ...JOB,
  namespace,
  fields: `metadata.name=${name}`
})

export const podsOfJob = ({ metadata: { namespace, name } }: KubernetesObject): Query => ({
  apiVersion: 'v1',
  kind: 'Pod',
  namespace,
  labels: `${JOB_NAME_LABEL}=${name}`
})

/** How a Job has ended, by its controller; undefined while it has not. */
export function endOf({ status }: Job): { readonly failed: boolean; readonly why: string } | undefined {
  const ended = status?.conditions?.find(
    (condition) =>
      condition.status === 'True' && (condition.type === 'Complete' || condition.type === 'Failed')
  )
  if (ended === undefined) return undefined
  const { type, reason = '', message = '' } = ended
  return { failed: type === 'Failed', why: [reason, message].filter((part) => part !== '').join(': ') }
}
