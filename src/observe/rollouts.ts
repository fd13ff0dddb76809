import { ClusterError } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { need } from '../kubernetes/needs.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { covers, type Rule } from '../kubernetes/rights.ts'

/** A Rollout of Argo Rollouts, as far as it says whose Deployment it runs. */
export interface Rollout extends KubernetesObject {
  readonly spec?: { readonly workloadRef?: { readonly kind?: string; readonly name?: string } }
}

const GROUP = 'argoproj.io'

/** The Rollouts of Argo Rollouts in the namespace. None if they cannot be listed. */
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
