import { ClusterError } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Deployment, KubernetesObject, ReplicaSet } from '../kubernetes/objects.ts'
import { DEPLOYMENT, REPLICA_SET } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import { unreferenced } from '../plan/config-copy.ts'
import { madeByReleases } from '../plan/deletable.ts'
import { listCopies } from './unreferenced-config.ts'

/** The workload's copies of config. Unused is what only Deployments refer to that releases have made. */
export interface CopiesLeft {
  readonly used: readonly KubernetesObject[]
  readonly unused: readonly KubernetesObject[]
}

/** Credentials that may not list config have never copied any. */
export async function copiesLeft(observed: Observed, cluster: Cluster): Promise<CopiesLeft> {
  try {
    const copies = await listCopies(observed, cluster)
    if (copies.length === 0) return { used: [], unused: [] }
    const unused = unreferenced(copies, await templatesThatStay(observed, cluster))
    return { used: copies.filter((copy) => !unused.includes(copy)), unused }
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 403)) throw error
    return { used: [], unused: [] }
  }
}

async function templatesThatStay(
  observed: Observed,
  cluster: Cluster
): Promise<readonly Deployment['spec']['template'][]> {
  const { namespace } = observed
  const [deployments, replicaSets] = await Promise.all([
    cluster.list<Deployment>({ ...DEPLOYMENT, namespace }),
    cluster.list<ReplicaSet>({ ...REPLICA_SET, namespace })
  ])
  const made = madeByReleases(observed).map(({ metadata }) => metadata.name)
  const isMade = ({ metadata: { name, labels = {} } }: KubernetesObject): boolean =>
    made.some((one) => name === one || name === `${one}-${labels['pod-template-hash'] ?? ''}`)
  return [...deployments, ...replicaSets].filter((one) => !isMade(one)).map(({ spec }) => spec.template)
}
