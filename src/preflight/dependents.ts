import { ClusterError } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { need } from '../kubernetes/needs.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { covers, type Rule } from '../kubernetes/rights.ts'
import type { Observed } from '../observe/observed.ts'
import { dependentWarnings, type DisruptionBudget, type VerticalAutoscaler } from '../plan/dependents.ts'
import type { Prepared } from '../plan/prepare.ts'

/** What else is meant for the pods that serve, and not for those of the new version; looked at where that is allowed. */
export async function findDependents(
  { canary }: Prepared,
  { namespace, stable }: Observed,
  rules: readonly Rule[],
  cluster: Cluster
): Promise<readonly string[]> {
  const list = async <T extends KubernetesObject>(
    [group, version]: readonly [string, string],
    kind: string,
    resource: string
  ): Promise<readonly T[]> => {
    if (!need(group, resource, 'list').every((right) => covers(rules, right))) return []
    return unlessAbsent(cluster.list<T>({ apiVersion: `${group}/${version}`, kind, namespace }))
  }
  const [autoscalers, budgets] = await Promise.all([
    list<VerticalAutoscaler>(['autoscaling.k8s.io', 'v1'], 'VerticalPodAutoscaler', 'verticalpodautoscalers'),
    list<DisruptionBudget>(['policy', 'v1'], 'PodDisruptionBudget', 'poddisruptionbudgets')
  ])
  return dependentWarnings(canary, stable.deployment, autoscalers, budgets)
}

/** Not installed, or a Role that was changed meanwhile: nothing of it is needed. */
async function unlessAbsent<T>(listed: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await listed
  } catch (error) {
    if (error instanceof ClusterError) return []
    throw error
  }
}
