import { counted } from '../../base/counted.ts'
import { wantedReplicas } from '../../kubernetes/health.ts'
import type { Deployment } from '../../kubernetes/objects.ts'
import { deploymentRef } from '../../kubernetes/workload.ts'
import { fencedPatch } from '../../lock/fenced-patch.ts'
import { podsFor } from '../../plan/sizing.ts'
import type { Split } from '../../routes/route.ts'
import { awaitReady } from '../await-ready.ts'
import { changeIn } from '../changed-by-others.ts'
import { knownDeployment } from '../own-write.ts'
import type { ReleaseRun } from '../release-run.ts'
import { routeWritersOf } from '../route-writers.ts'
import { inSight } from './watch.ts'

/**
 * Gives the canary the pods for its share of stable's size, which an autoscaler may change at any time, also while the
 * pods come up. Never shrinks the canary: pods that users are on are kept.
 */
export async function resize(run: ReleaseRun, split: Split, signal: AbortSignal): Promise<string> {
  for (;;) {
    const serving = await servingNow(run)
    const size = Math.max(...routeWritersOf(run).map(({ route }) => podsFor(split, serving, route.shareOf)))
    if (size <= run.progress.canary.replicas)
      return `${counted(run.progress.canary.replicas, 'pod')} (old version: ${serving})`
    await growTo(size, run, signal)
  }
}

async function servingNow(run: ReleaseRun): Promise<number> {
  const stable = await run.ports.cluster.get<Deployment>(
    deploymentRef(run.namespace, run.progress.stable.deployment)
  )
  return stable === undefined ? run.progress.stable.replicas : wantedReplicas(stable)
}

async function growTo(size: number, run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { progress } = run
  const { deployment: before } = progress
  const ref = deploymentRef(run.namespace, progress.canary.deployment)
  const canary = await run.ports.cluster.get<Deployment>(ref)
  if (canary === undefined || wantedReplicas(canary) < size) {
    await run.lock.assure()
    const patch = [{ op: 'add', path: '/spec/replicas', value: size } as const]
    const known = knownDeployment(progress, progress.canary.deployment)
    progress.deployment = await fencedPatch<Deployment>(run, ref, patch, known)
  } else progress.deployment = canary
  const change = changeIn(before ?? progress.deployment, progress.deployment)
  if (change !== undefined) throw change
  const grown = progress.deployment
  const come = (ended: AbortSignal) => awaitReady(grown, run.settings, run.ports, ended)
  const { pods } = await (progress.release.exposed ? inSight(run, come, signal, before) : come(signal))
  progress.pods = pods
  progress.canary = { ...progress.canary, replicas: size }
}
