import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { countAt } from '../../kubernetes/read.ts'
import { REPLICA_SET } from '../../kubernetes/workload.ts'
import type { Seen } from '../engine.ts'
import { HASH_LABEL, statusOf } from './objects.ts'

/** How many versions back a template may be to be taken without steps, analyses and pauses: `spec.rollbackWindow`. */
const windowOf = (rollout: unknown): number => countAt(rollout, 'spec', 'rollbackWindow', 'revisions') ?? 0

/**
 * Whether Argo Rollouts would take this version for one to go back to at once, as it reckons: it is older than the one that
 * serves, and fewer ReplicaSets were made between the two than the window has revisions.
 * @param rollout with the spec that is wished for
 */
export function isWithinWindow(
  rollout: unknown,
  { object, made = [] }: Seen,
  version: KubernetesObject
): boolean {
  const all = made.filter(({ kind }) => kind === REPLICA_SET.kind)
  const stable = all.find(({ metadata }) => metadata.labels?.[HASH_LABEL] === statusOf(object).stable)
  if (stable === undefined || !(madeAt(version) < madeAt(stable))) return false
  const between = all.filter((one) => madeAt(version) < madeAt(one) && madeAt(one) < madeAt(stable))
  return between.length < windowOf(rollout)
}

const madeAt = ({ metadata }: KubernetesObject): number => Date.parse(metadata.creationTimestamp ?? '')
