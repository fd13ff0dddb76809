import { ClusterError, type Fault } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { isEnding } from '../kubernetes/health.ts'
import type { LimitRange, ResourceQuota } from '../kubernetes/limits.ts'
import { need } from '../kubernetes/needs.ts'
import type { KubernetesObject, Pod } from '../kubernetes/objects.ts'
import { covers, type Rule } from '../kubernetes/rights.ts'
import type { Observed } from '../observe/observed.ts'
import { methodOf } from '../plan/method.ts'
import type { Prepared } from '../plan/prepare.ts'
import { limitFaults, quotaFaults } from './quota-demand.ts'

/**
 * Quotas and limits of the namespace that the pods of the release would break. Without the right to read them, the
 * ReplicaSet's events report the same once the release has begun.
 */
export async function roomFaults(
  prepared: Prepared,
  observed: Observed,
  rules: readonly Rule[],
  cluster: Cluster
): Promise<Fault[]> {
  const { namespace } = observed
  const demand = methodOf(prepared.release).demand(prepared, observed)
  const listed = async <T extends KubernetesObject>(
    kind: string,
    resource: string
  ): Promise<readonly T[]> => {
    if (!need('', resource, 'list').every((right) => covers(rules, right))) return []
    try {
      return await cluster.list<T>({ apiVersion: 'v1', kind, namespace })
    } catch (error) {
      if (error instanceof ClusterError && error.status === 403) return []
      throw error
    }
  }
  const [quotas, limitRanges] = await Promise.all([
    listed<ResourceQuota>('ResourceQuota', 'resourcequotas'),
    listed<LimitRange>('LimitRange', 'limitranges')
  ])
  const tight = quotaFaults(demand, quotas, limitRanges)
  const limits = limitFaults(demand, limitRanges)
  if (tight.length === 0) return limits
  // E.g. of the last release: they still count, but are gone when the new ones start.
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace })
  return [...quotaFaults(demand, quotas, limitRanges, pods.filter(isEnding)), ...limits]
}
