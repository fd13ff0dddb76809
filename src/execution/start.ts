import { ClusterError } from '../errors.ts'
import { isOwnedBy, templateHash } from '../kubernetes/health.ts'
import type { Deployment, Pod } from '../kubernetes/objects.ts'
import { rebased } from '../kubernetes/rebase.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { isAsWanted } from './as-wanted.ts'
import type { ReleaseRun } from './run-state.ts'

/**
 * The canary's Deployment, new or in place of what its slot held before.
 * @param base what that was when the release was planned
 */
export async function start(
  run: ReleaseRun,
  deployment: Deployment,
  base: Deployment | undefined
): Promise<string> {
  const exists = deployment.metadata.resourceVersion !== undefined
  if (exists) {
    // Done again, the step would take the new template's own pods for old ones.
    run.outdated ??= await templatesIn(deployment, run)
    await run.lock.assure()
  }
  run.deployment = await (
    exists ? run.ports.cluster.replace(deployment) : run.ports.cluster.create(deployment)
  ).catch((error: unknown) => unlessOthers(error, deployment, base, run))
  if (run.deployment.metadata.generation === deployment.metadata.generation) run.outdated = new Set()
  return `deployment/${deployment.metadata.name} ${exists ? 'updated' : 'created'}`
}

/** What still runs in the slot is on its way out: that it cannot run says nothing against what comes. */
async function templatesIn(
  deployment: Deployment,
  { ports, namespace }: ReleaseRun
): Promise<ReadonlySet<string>> {
  const { matchLabels } = deployment.spec.selector
  const pods = await ports.cluster.list<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace,
    labels: printSelector(matchLabels)
  })
  return new Set(pods.filter((pod) => isOwnedBy(deployment, pod)).map(templateHash))
}

/**
 * A status or a label that was written since it was read is no reason to stop, nor is a write of our own whose answer was lost.
 * Another spec is somebody's work.
 */
async function unlessOthers(
  error: unknown,
  deployment: Deployment,
  base: Deployment | undefined,
  { ports: { cluster } }: ReleaseRun
): Promise<Deployment> {
  if (!(error instanceof ClusterError && error.status === 409)) throw error
  const { apiVersion, kind, metadata } = deployment
  const { name, namespace, generation } = metadata
  const live = await cluster.get<Deployment>({ apiVersion, kind, namespace, name })
  if (live === undefined) throw error
  if (live.metadata.generation === generation) return cluster.replace(rebased(deployment, base, live))
  if (await isAsWanted(live, deployment, cluster)) return live
  throw error
}
