import type { Cluster } from '../kubernetes/cluster.ts'
import type { ReplicaSet } from '../kubernetes/objects.ts'
import { REPLICA_SET } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import { knownVersions, type Known } from '../plan/versions.ts'

/** All versions of the workload that are on record or whose templates are still there, newest first. */
export const readVersions = async (observed: Observed, cluster: Cluster): Promise<readonly Known[]> =>
  knownVersions(observed, await cluster.list<ReplicaSet>({ ...REPLICA_SET, namespace: observed.namespace }))
