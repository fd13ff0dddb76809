import { isConflict, untilWritten } from '../../kubernetes/refusals.ts'
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
 * Starts the canary's Deployment, which is new or replaces what its slot held before.
 * @param base the Deployment in the slot as it was when the release was planned
 */
export async function start(
  run: ReleaseRun,
  deployment: Deployment,
  base: Deployment | undefined,
  signal: AbortSignal
): Promise<string> {
  const { progress } = run
  if (deployment.metadata.resourceVersion === undefined) return make(run, deployment)
  // Whoever ends a first installation tells by the claim that the Deployment is of it.
  const wanted = run.initial.first === true ? withFence(deployment, run.lock.holder) : deployment
  // Found out once: when the step is repeated, pods of the new template are there.
  progress.outdated ??= await templatesIn(deployment, run)
  if (progress.outdated.size > 0) await drainStrayTraffic(run, signal)
  await run.lock.assure()
  progress.deployment = await run.ports.cluster
    .replace(wanted)
    .catch((error: unknown) => unlessOthers(error, wanted, base, run))
  if (base !== undefined && hasTemplateOf(progress.deployment, base)) progress.outdated = new Set()
  return `deployment/${deployment.metadata.name} updated`
}

/**
 * Creates the Deployment without pods, confirms the lock, and then scales it up. A create names no version by which it
 * could be refused when it arrives late; a run that takes the lock after it finds the Deployment and claims it, so that
 * the write of the size is refused.
 */
async function make(run: ReleaseRun, deployment: Deployment): Promise<string> {
  const { cluster } = run.ports
  const empty = sized(withFence(deployment, run.lock.holder), 0)
  const made = await cluster
    .create(empty)
    .catch((error: unknown) => unlessOthers(error, empty, undefined, run))
  // From now on it is ours to end.
  run.progress.deployment = made
  await run.lock.confirm()
  const value = wantedReplicas(deployment)
  run.progress.deployment =
    wantedReplicas(made) === value
      ? made
      : await fencedPatch(run, refOf(made), [{ op: 'add', path: '/spec/replicas', value }], made)
  return `deployment/${deployment.metadata.name} created`
}

const sized = (deployment: Deployment, replicas: number): Deployment => ({
  ...deployment,
  spec: { ...deployment.spec, replicas }
})

/** Templates that still run in the slot. Their pods are about to end, and their faults are none of the new version's. */
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
 * After a conflict: writes again if only status or labels have changed since, and takes a write of ours whose answer was
 * lost for done. Another spec is somebody else's work, which makes the step fail.
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
      // Created without pods, it may have been scaled up.
      const wanted = base === undefined ? sized(deployment, wantedReplicas(live)) : deployment
      return (await isAsWanted(live, wanted, cluster)) ? live : undefined
    }
    await lock.confirm()
    return cluster.replace(rebased(deployment, base, live))
  })
  if (written === undefined) throw error
  return written
}
