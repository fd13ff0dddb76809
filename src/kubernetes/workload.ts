import type { Query } from './cluster.ts'
import type { Deployment, KubernetesObject } from './objects.ts'
import type { Ref } from './ref.ts'

/** How the API server calls what runs a version of a workload, and what runs one template of it. */
export const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' } as const
export const REPLICA_SET = { apiVersion: 'apps/v1', kind: 'ReplicaSet' } as const

/** Of a ReplicaSet's pods: another one for each template. */
export const HASH_LABEL = 'pod-template-hash'

export const deploymentRef = (namespace: string | undefined, name: string): Ref => ({
  ...DEPLOYMENT,
  namespace,
  name
})

/** For a watch of this one alone. */
export const deploymentAlone = ({ metadata: { namespace, name } }: Pick<Deployment, 'metadata'>): Query => ({
  ...DEPLOYMENT,
  namespace,
  fields: `metadata.name=${name}`
})

/** The ReplicaSet of a template, as the Deployment's controller names it. */
export const replicaSetRef = (namespace: string | undefined, deployment: string, hash: string): Ref => ({
  ...REPLICA_SET,
  namespace,
  name: `${deployment}-${hash}`
})

/** Tells the templates of one Deployment apart; empty for what no Deployment has made. */
export const templateHash = ({ metadata }: Pick<KubernetesObject, 'metadata'>): string =>
  metadata.labels?.[HASH_LABEL] ?? ''
