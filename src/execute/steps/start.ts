import { isConflict, untilWritten } from '../../kubernetes/api/conflict.ts'
import { hasTemplateOf, isOwnedBy, wantedReplicas } from '../../kubernetes/health.ts'
import type { Deployment, Pod } from '../../kubernetes/objects.ts'
import { rebased } from '../../kubernetes/rebase.ts'
import { refOf } from '../../kubernetes/ref.ts'
import { printSelector } from '../../kubernetes/selectors.ts'
import { templateHash } from '../../kubernetes/workload.ts'
import { withFence } from '../../lock/fence.ts'
import { fencedPatch } from '../../lock/fenced-patch.ts'
import { hasSpecOf, isAsWanted } from '../own-write.ts'
import type { ReleaseRun } from '../release-run.ts'
import { drainStrayTraffic } from './stray-traffic.ts'

/**
 * The canary's Deployment, new or in place of what its slot held before.
 * @param base what that was when the release was planned
 */
export async function start(
  run: ReleaseRun,
  deployment: Deployment,
  base: Deployment | undefined,
  signal: AbortSignal
): Promise<string> {
  if (deployment.metadata.resourceVersion === undefined) return make(run, deployment)
  // Done again, the step would take the new template's own pods for old ones.
  run.outdated ??= await templatesIn(deployment, run)
  if (run.outdated.size > 0) await drainStrayTraffic(run, signal)
  await run.lock.assure()
  run.deployment = await run.ports.cluster
    .replace(deployment)
    .catch((error: unknown) => unlessOthers(error, deployment, base, run))
  if (base !== undefined && hasTemplateOf(run.deployment, base)) run.outdated = new Set()
  return `deployment/${deployment.metadata.name} updated`
}

/**
 * What does not exist has no version by which a late write could be refused. So it is made without pods, and gets them
 * when this run is known to have had the lock after that: a run that takes it later finds the Deployment and claims it.
 */
async function make(run: ReleaseRun, deployment: Deployment): Promise<string> {
  const { cluster } = run.ports
  const empty = sized(withFence(deployment, run.lock.holder), 0)
  const made = await cluster
    .create(empty)
    .catch((error: unknown) => unlessOthers(error, empty, undefined, run))
  await run.lock.confirm()
  const value = wantedReplicas(deployment)
  run.deployment =
    wantedReplicas(made) === value
      ? made
      : await fencedPatch(run, refOf(made), [{ op: 'add', path: '/spec/replicas', value }], made)
  return `deployment/${deployment.metadata.name} created`
}

const sized = (deployment: Deployment, replicas: number): Deployment => ({
  ...deployment,
  spec: { ...deployment.spec, replicas }
})

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
  { ports: { cluster }, lock }: ReleaseRun
): Promise<Deployment> {
  if (!isConflict(error)) throw error
  const written = await untilWritten(async () => {
    const live = await cluster.get<Deployment>(refOf(deployment))
    if (live === undefined) return undefined
    if (base === undefined || !hasSpecOf(live, base)) {
      // What was made without pods may have got them.
      const wanted = base === undefined ? sized(deployment, wantedReplicas(live)) : deployment
      return (await isAsWanted(live, wanted, cluster)) ? live : undefined
    }
    await lock.confirm()
    return cluster.replace(rebased(deployment, base, live))
  })
  if (written === undefined) throw error
  return written
}
