import { readRecord } from '../../../src/domain/read-record.ts'
import type { HorizontalPodAutoscaler } from '../../../src/kubernetes/limits.ts'
import type { Deployment, KubernetesObject, ReplicaSet, Service } from '../../../src/kubernetes/objects.ts'
import { printSelector } from '../../../src/kubernetes/selectors.ts'
import type { MemoryCluster } from './memory-cluster.ts'

const TOLD: ReadonlySet<string> = new Set(['Deployment', 'HorizontalPodAutoscaler', 'Service'])

/** What became of an object: `service/web app=web,pod-template-hash=v1 (running 0 %)`; undefined of what is not told. */
export function tell(object: KubernetesObject, cluster: MemoryCluster): string | undefined {
  const { kind, metadata } = object
  if (!TOLD.has(kind)) return undefined
  if (metadata.deletionTimestamp !== undefined) return `${kind.toLowerCase()}/${metadata.name} is gone`
  if (kind === 'Deployment') {
    const { replicas = 1, template } = (object as Deployment).spec
    return `deployment/${metadata.name} ${replicas} x ${template.spec.containers[0]?.image ?? ''}`
  }
  if (kind === 'HorizontalPodAutoscaler')
    return `autoscaler -> ${(object as HorizontalPodAutoscaler).spec.scaleTargetRef.name}`
  return `service/${metadata.name} ${printSelector(readable((object as Service).spec.selector, cluster))} (${stateOf(object)})`
}

function stateOf(object: KubernetesObject): string {
  try {
    const record = readRecord(object)
    return record === undefined ? 'no record' : `${record.phase} ${record.weight} %`
  } catch {
    return 'unreadable record'
  }
}

/** Hashes of templates are replaced by the versions that they are of. */
const readable = (selector: Readonly<Record<string, string>> = {}, cluster: MemoryCluster) =>
  Object.fromEntries(
    Object.entries(selector).map(([key, value]) => {
      const [replicaSet] = cluster.all<ReplicaSet>({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        labels: `${key}=${value}`
      })
      const [, version = value] = replicaSet?.spec.template.spec.containers[0]?.image?.split(':') ?? []
      return [key, key === 'pod-template-hash' ? `v${version}` : value]
    })
  )
