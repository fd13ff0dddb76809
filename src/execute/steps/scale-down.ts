import { formatDuration } from '../../base/duration.ts'
import { ClusterError, ReleaseFailed } from '../../base/errors.ts'
import { isUnfinished } from '../../domain/record.ts'
import type { Deployment, Service } from '../../kubernetes/objects.ts'
import { deploymentAlone, deploymentRef } from '../../kubernetes/workload.ts'
import { fencedPatch } from '../../lock/fenced-patch.ts'
import { servedOnlyBy } from '../../observe/neighbours.ts'
import { readNeighbours } from '../../observe/read-neighbours.ts'
import { leftFor } from '../../plan/retirement.ts'
import type { Side } from '../../plan/step.ts'
import { awaitCondition } from '../await-condition.ts'
import { isOfOthers } from '../of-others.ts'
import { knownDeployment } from '../own-write.ts'
import type { ReleaseRun } from '../release-run.ts'
import { drainStrayTraffic } from './stray-traffic.ts'

/** Scales a version to 0, and waits until its pods have begun to end: from then on no selector sends them traffic. */
export async function scaleDown(run: ReleaseRun, side: Side, signal: AbortSignal): Promise<string> {
  const { progress } = run
  const { release, stable, canary } = progress
  const name = progress[side].deployment
  if (side === 'canary' && (await isOfOthers(run)))
    return `deployment/${name} was not started by this release: it is left as it is`
  // No other Service needs pods that only a failed release has started.
  const isOwn = isUnfinished(release) && name === canary.deployment && name !== stable.deployment
  const needed = isOwn ? undefined : await neededStill(run, name)
  if (needed !== undefined && !isUnfinished(release) && release.settle === undefined) {
    run.journal.warnings.push(needed)
    return needed
  }
  if (needed !== undefined) throw new ReleaseFailed(needed)
  const detail = await end(run, name, signal)
  progress[side] = { ...progress[side], replicas: 0 }
  return detail
}

/** Scales a Deployment down that is neither of the two versions. */
export async function retire(run: ReleaseRun, name: string, signal: AbortSignal): Promise<string> {
  const needed = await neededStill(run, name)
  if (needed !== undefined) throw new ReleaseFailed(needed)
  return end(run, name, signal)
}

/** Why the pods may not end: a Service may have been created, or pointed to them, since the release was planned. */
async function neededStill(run: ReleaseRun, name: string): Promise<string | undefined> {
  const { namespace, traffic } = run
  const { cluster } = run.ports
  const [services, deployment] = await Promise.all([
    cluster.list<Service>({ apiVersion: 'v1', kind: 'Service', namespace }),
    knownDeployment(run.progress, name) ?? cluster.get<Deployment>(deploymentRef(run.namespace, name))
  ])
  if (deployment === undefined) return undefined
  const others = services.filter(({ metadata }) => metadata.name !== traffic.name)
  const needing = servedOnlyBy(await readNeighbours(others, [deployment], cluster), [deployment])
  return needing.length === 0 ? undefined : leftFor(name, needing)
}

async function end(run: ReleaseRun, name: string, signal: AbortSignal): Promise<string> {
  await drainStrayTraffic(run, signal)
  const ref = deploymentRef(run.namespace, name)
  try {
    const nobody = [{ op: 'add', path: '/spec/replicas', value: 0 }] as const
    const deployment = await fencedPatch<Deployment>(run, ref, nobody, knownDeployment(run.progress, name))
    await untilWithoutPods(run, deployment, signal)
    return `deployment/${ref.name} is kept with 0 replicas`
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return `there is no deployment/${ref.name}`
    throw error
  }
}

/** Whether the controller has seen the change, and all pods have begun to end. */
const hasNoPods = ({ metadata, status }: Deployment, generation: number): boolean =>
  (metadata.generation ?? 0) >= generation &&
  (status?.observedGeneration ?? 0) >= generation &&
  (status?.replicas ?? 0) === 0

async function untilWithoutPods(run: ReleaseRun, deployment: Deployment, signal: AbortSignal): Promise<void> {
  const { name, generation = 0 } = deployment.metadata
  const { timeout } = run.settings
  const late = (): string =>
    `deployment/${name} still has pods ${formatDuration(timeout)} after it was scaled to 0`
  await awaitCondition<Deployment, true>(
    {
      query: deploymentAlone(deployment),
      known: deployment,
      reached: ([live]) => live === undefined || hasNoPods(live, generation) || undefined,
      limit: { timeout, late }
    },
    run.ports,
    signal
  )
}
