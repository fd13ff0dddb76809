import { ClusterError } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { need } from '../kubernetes/needs.ts'
import { covers, type Rule } from '../kubernetes/rights.ts'
import type { Rollout } from './owners.ts'

const GROUP = 'argoproj.io'

/** Those of Argo Rollouts in the namespace. None where it is not installed, or the credentials may not look. */
export async function readRollouts(
  namespace: string,
  rules: readonly Rule[],
  cluster: Cluster
): Promise<readonly Rollout[]> {
  if (!need(GROUP, 'rollouts', 'list').every((right) => covers(rules, right))) return []
  try {
    return await cluster.list<Rollout>({ apiVersion: `${GROUP}/v1alpha1`, kind: 'Rollout', namespace })
  } catch (error) {
    if (error instanceof ClusterError) return []
    throw error
  }
}
