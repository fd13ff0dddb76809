import { counted } from '../../base/counted.ts'
import { ReleaseFailed, TakenOver } from '../../base/errors.ts'
import { withSplit } from '../../domain/record.ts'
import { untilWritten } from '../../kubernetes/refusals.ts'
import { isOwnedBy, wantedReplicas } from '../../kubernetes/health.ts'
import type { Deployment } from '../../kubernetes/objects.ts'
import { rolloutOf, withRollout, type RolloutStrategy } from '../../kubernetes/rollout.ts'
import { deploymentAlone, templateHash } from '../../kubernetes/workload.ts'
import { EVERYBODY } from '../../routes/split.ts'
import { awaitCondition } from '../await-condition.ts'
import { changedByOthers } from '../changed-by-others.ts'
import { readyPods } from '../endpoints.ts'
import { isAsWanted, withVersionOf } from '../own-write.ts'
import type { ReleaseRun } from '../release-run.ts'
import { writeService } from '../route-writers.ts'
import { awaitReplacement, confirmPods } from '../verify.ts'
import { giveWay, isOthers, readDeployment, rewrite, sameTemplate } from './deployment.ts'

/**
 * Gives the Deployment that serves the new template, and leaves its size.
 * @throws TakenOver when somebody has changed its template since it was read
 */
export async function replace(run: ReleaseRun, wanted: Deployment): Promise<string> {
  const { progress } = run
  const asked = run.ports.clock.now()
  const { found, written } = await rewrite(run, (live) =>
    progress.serving !== undefined && !sameTemplate(progress.serving.spec.template, live.spec.template)
      ? undefined
      : sized(wanted, live)
  )
  if (run.initial.strategy === 'recreate') progress.emptySince ??= asked
  const replaced = written ?? (await replacedBefore(run, wanted))
  if (replaced === undefined) {
    await giveWay(run, found, changedByOthers(progress.stable.deployment))
    throw new TakenOver(
      `${changedByOthers(progress.stable.deployment)}. Nothing was changed in it. Run again.`
    )
  }
  progress.deployment = replaced
  progress.outdated = new Set([progress.stable.hash])
  return `deployment/${progress.deployment.metadata.name} has the new template for ${counted(wantedReplicas(progress.deployment), 'pod')}`
}

/** The Deployment, if a write of ours has replaced it whose answer was lost. Its status goes on changing meanwhile. */
const replacedBefore = (run: ReleaseRun, wanted: Deployment): Promise<Deployment | undefined> =>
  untilWritten(async () => {
    const live = await readDeployment(run)
    return (await isAsWanted(live, sized(wanted, live), run.ports.cluster)) ? live : undefined
  })

function sized(wanted: Deployment, live: Deployment): Deployment {
  const { replicas } = live.spec
  const spec = { ...wanted.spec, ...(replicas === undefined ? {} : { replicas }) }
  return { ...withVersionOf(live, wanted), spec }
}

/** Notes in the record that the new pods have all traffic. */
export async function takeOver(run: ReleaseRun, signal: AbortSignal): Promise<string> {
  const { progress } = run
  await confirmPods(run, run.traffic.name, () => awaitReplacement(run, signal), signal)
  const at = run.ports.clock.now()
  progress.release = {
    ...withSplit(progress.release, EVERYBODY),
    canary: progress.canary,
    exposed: true,
    shiftedAt: new Date(at).toISOString()
  }
  await writeService(run, progress.release, EVERYBODY)
  progress.shiftedAt = at
  run.journal.shifts.push({ at, split: EVERYBODY })
  const gap = noteServed(run, at)
  const without = gap === undefined ? '' : `, after up to ${(gap / 1000).toFixed(1)} s in which nobody did`
  return `${counted(progress.pods.length, 'new pod')} ${progress.pods.length === 1 ? 'serves' : 'serve'}${without}`
}

/** Ends the time without pods, if there was one. @returns its length at most, in milliseconds */
export function noteServed(run: ReleaseRun, at: number): number | undefined {
  const { progress } = run
  if (progress.emptySince === undefined) return undefined
  const gap = at - progress.emptySince
  progress.emptySince = undefined
  progress.gap = (progress.gap ?? 0) + gap
  return gap
}

/**
 * Makes sure at the end that the Deployment and its pods still have the template that was tested and watched.
 * @param after the strategy that the Deployment keeps; changing it moves no pod
 * @throws ReleaseFailed when the Deployment or a pod of it has another template
 */
export async function confirm(run: ReleaseRun, after: RolloutStrategy | undefined): Promise<string> {
  const { progress } = run
  const { found } = await rewrite(run, (live) => {
    if (isOthers(progress, live)) throw new ReleaseFailed(changedByOthers(progress.stable.deployment))
    return after === undefined ? undefined : withRollout(live, { ...rolloutOf(live), strategy: after })
  })
  const pods = (await readyPods(run, 'canary')).filter((pod) => isOwnedBy(found, pod))
  const stranger = pods.find((pod) => templateHash(pod) !== progress.canary.hash)
  if (stranger !== undefined)
    throw new ReleaseFailed(
      `pod ${stranger.metadata.name} serves, and is not of template ${progress.canary.hash}`
    )
  // Stable's pods are gone, its ReplicaSet stays.
  progress.stable = { ...progress.stable, replicas: 0 }
  return `template ${progress.canary.hash}`
}

/** Rejects when somebody gives the Deployment another template after the release has. */
export async function untilChangedByOthers(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { namespace, ports, progress } = run
  const { stable, serving } = progress
  const isChanged = (live: Deployment): boolean => {
    const { generation = 0 } = progress.deployment?.metadata ?? {}
    // The watch may bring the Deployment as it was before the write.
    return (live.metadata.generation ?? 0) >= generation && isOthers(progress, live)
  }
  await awaitCondition<Deployment, true>(
    {
      query: deploymentAlone({ metadata: { namespace, name: stable.deployment } }),
      known: serving,
      reached: ([live]) => (live !== undefined && isChanged(live)) || undefined
    },
    ports,
    signal
  )
  throw new ReleaseFailed(changedByOthers(progress.stable.deployment))
}
