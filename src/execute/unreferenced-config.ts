import { ClusterError, messageOf } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { endOf, JOB, type Job } from '../kubernetes/job.ts'
import type { Deployment, KubernetesObject, ReplicaSet } from '../kubernetes/objects.ts'
import { referencesIn } from '../kubernetes/references.ts'
import { DEPLOYMENT, REPLICA_SET } from '../kubernetes/workload.ts'
import { copySelector, originalName, unreferenced } from '../plan/config-copy.ts'
import type { Ending } from './execute-or-restore.ts'
import type { ReleaseRun } from './release-run.ts'

interface Place {
  readonly namespace: string
  readonly workload: string
}

/** The workload's copies of config, without what they hold. */
export async function listCopies(
  { namespace, workload }: Place,
  cluster: Cluster
): Promise<readonly KubernetesObject[]> {
  const labels = copySelector(workload)
  const listed = ['ConfigMap', 'Secret'].map((kind) =>
    cluster.list({ apiVersion: 'v1', kind, namespace, labels, metadataOnly: true })
  )
  return (await Promise.all(listed)).flat()
}

/** The workload's copies of config that no template in the namespace refers to, those of earlier versions included. */
export async function findUnreferencedConfig(
  { namespace, workload }: Place,
  cluster: Cluster
): Promise<readonly KubernetesObject[]> {
  const copies = await listCopies({ namespace, workload }, cluster)
  if (copies.length === 0) return []
  // Templates of other workloads count, too: somebody may refer to a copy by hand.
  const [deployments, replicaSets, jobs] = await Promise.all([
    cluster.list<Deployment>({ ...DEPLOYMENT, namespace }),
    cluster.list<ReplicaSet>({ ...REPLICA_SET, namespace }),
    runningJobs(namespace, cluster)
  ])
  return unreferenced(
    copies,
    [...deployments, ...replicaSets, ...jobs].map(({ spec }) => spec.template)
  )
}

/** Those that earlier runs have left running need their config for every try. Credentials for releases without Jobs see none. */
async function runningJobs(namespace: string, cluster: Cluster): Promise<readonly Job[]> {
  try {
    return (await cluster.list<Job>({ ...JOB, namespace })).filter((job) => endOf(job) === undefined)
  } catch (error) {
    if (error instanceof ClusterError && error.status === 403) return []
    throw error
  }
}

/**
 * Removes the workload's copies of config that nothing refers to any more. Needs the workload's lock: another run may
 * have applied a copy, and be about to apply the template that refers to it.
 * @returns what was removed: `configmap/web-config-…`
 */
export async function removeUnreferencedConfig(
  place: Place,
  cluster: Cluster,
  signal: AbortSignal
): Promise<readonly string[]> {
  const removed: string[] = []
  for (const object of await findUnreferencedConfig(place, cluster)) {
    signal.throwIfAborted()
    await cluster.remove(object)
    removed.push(`${object.kind.toLowerCase()}/${object.metadata.name}`)
  }
  return removed
}

/** Does that after a promotion, if the workload has copies. A failure is a warning: `cleanup` removes them later. */
export async function tidyConfig(
  run: ReleaseRun,
  { result, unsettled }: Ending,
  signal: AbortSignal
): Promise<void> {
  const { namespace, workload, ports, lock } = run
  const { deployment } = run.progress
  if (result !== 'promoted' || unsettled === true) return
  if (deployment === undefined || !hasCopies(deployment)) return
  const stop = AbortSignal.any([signal, lock.lost])
  try {
    await lock.assure()
    for (const what of await removeUnreferencedConfig({ namespace, workload }, ports.cluster, stop))
      ports.log.line(`${what} was removed: no version refers to it any more`)
  } catch (error) {
    if (stop.aborted || (error instanceof ClusterError && error.status === 403)) return
    const warning = `config that no version refers to is left for a later run to remove: ${messageOf(error)}`
    ports.log.warning(warning)
    run.journal.warnings.push(warning)
  }
}

const hasCopies = ({ spec }: Deployment): boolean =>
  referencesIn(spec.template.spec).some(({ name }) => originalName(name) !== undefined)
