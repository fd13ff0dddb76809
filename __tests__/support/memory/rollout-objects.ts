import type { KubernetesObject, PodTemplate } from '../../../src/kubernetes/objects.ts'
import type { RolloutObject } from '../rollouts.ts'
import type { MemoryCluster } from './memory-cluster.ts'

/** Puts a Rollout into the cluster as its controller has left it, which has seen it. */
export function putRollout(cluster: MemoryCluster, rollout: RolloutObject): KubernetesObject {
  const { status, ...object } = rollout
  const { apiVersion, kind, metadata } = object
  const ref = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
  const { metadata: made } = cluster.create(object)
  if (status !== undefined && status !== null)
    cluster.setStatus(ref, { ...status, observedGeneration: String(made.generation) })
  return cluster.read<KubernetesObject>(ref) ?? object
}

const ownedBy = ({ kind, metadata: { name, uid = '' } }: KubernetesObject) => ({
  ownerReferences: [{ kind, name, uid, controller: true }]
})

/** The ReplicaSet that keeps a template of it. */
export function putRevision(
  cluster: MemoryCluster,
  owner: KubernetesObject,
  { hash, revision, template }: { hash: string; revision: number; template: PodTemplate }
): void {
  const { namespace = '', name } = owner.metadata
  const ref = { apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, name: `${name}-${hash}` }
  cluster.create({
    ...ref,
    metadata: {
      name: ref.name,
      namespace,
      labels: { app: 'web', 'rollouts-pod-template-hash': hash },
      annotations: { 'rollout.argoproj.io/revision': String(revision) },
      ...ownedBy(owner)
    },
    spec: { replicas: 3, template }
  })
  cluster.setStatus(ref, { replicas: 3, readyReplicas: 3 })
}

/** An analysis that it has begun. */
export function putAnalysis(
  cluster: MemoryCluster,
  owner: KubernetesObject,
  { name, labels, status }: { name: string; labels: Readonly<Record<string, string>>; status: unknown }
): void {
  const ref = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    namespace: owner.metadata.namespace ?? '',
    name
  }
  cluster.create({
    ...ref,
    metadata: { name, namespace: ref.namespace, labels, ...ownedBy(owner) },
    spec: {}
  })
  cluster.setStatus(ref, status)
}
