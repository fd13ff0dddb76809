import { counted } from '../base/counted.ts'
import { ReleaseFailed } from '../base/errors.ts'
import { isEnding, isReady } from '../kubernetes/health.ts'
import type { Deployment, Pod } from '../kubernetes/objects.ts'
import { refOf } from '../kubernetes/ref.ts'
import { templateHash } from '../kubernetes/workload.ts'
import { awaitReady } from './await-ready.ts'
import { changeIn } from './changed-by-others.ts'
import { behindSince, confirmEndpoints, hasLostPods, podsOf } from './endpoints.ts'
import { awaitGatewaysWatching } from './gateways.ts'
import type { Progress, ReleaseRun } from './release-run.ts'
import { backendsIn } from './route-writers.ts'
import { runSmokeTestsOn } from './steps/smoke.ts'
import { untilDoomed } from './under-traffic.ts'

/** How often pods may be replaced between their test and the switch. */
const RETESTS = 3

/** Milliseconds for the replacement of a pod that was evicted or deleted: users may be on the others. */
const REPLACEMENT = 120_000

/** Makes sure that the canary's pods are tested, behind the Service of the routes, and known to the gateways. */
export async function verifyReachable(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { canary } = backendsIn(run)
  for (let left = RETESTS; left >= 0; left -= 1) {
    await verifyCanary(run, signal)
    await confirmCanary(run, canary, signal)
    const learnt = { since: behindSince(run, canary), what: `of the pods behind service/${canary}` }
    // Pods may have been replaced during the wait.
    if (!(await awaitGatewaysWatching(run, learnt, signal))) return
  }
  throw replacedAgain()
}

/** As `confirmEndpoints`. The replacement of a pod that goes away meanwhile is tested, and counts then. */
export const confirmCanary = (run: ReleaseRun, service: string, signal: AbortSignal): Promise<number> =>
  confirmPods(run, service, () => verifyCanary(run, signal), signal)

/**
 * As `confirmEndpoints`, repeated when one of the pods goes away.
 * @param count finds out which pods count then, and sets them
 */
export async function confirmPods(
  run: ReleaseRun,
  service: string,
  count: () => Promise<unknown>,
  signal: AbortSignal
): Promise<number> {
  for (let left = RETESTS; ; left -= 1) {
    const ready = await confirmEndpoints(run, service, signal)
    if (ready !== undefined) return ready
    if (left === 0) throw replacedAgain()
    await count()
  }
}

/** Smoke tests on the pods that came up. A failure does not count if one of them goes away: all are tested again. */
export async function smokeCanary(run: ReleaseRun, signal: AbortSignal): Promise<string> {
  for (let left = RETESTS; ; left -= 1) {
    const before = run.journal.smokeTests.length
    try {
      return await runSmokeTestsOn(run, run.progress.pods, signal)
    } catch (error) {
      if (!(error instanceof ReleaseFailed) || error.failedCheck !== undefined) throw error
      if (left === 0 || !(await hasLostPods(run))) throw error
      run.journal.smokeTests.splice(before)
      await awaitReplacement(run, signal)
    }
  }
}

/** Waits for the replacement of a pod. Fails at once when it cannot run, or when the pods that users are on cannot. */
export async function awaitReplacement(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { ports, settings } = run
  const { deployment, outdated } = run.progress
  if (deployment === undefined) return
  ports.log.line(
    `a pod of deployment/${deployment.metadata.name} has gone away: its replacement is waited for`
  )
  const awaited = { timeout: Math.min(settings.timeout, REPLACEMENT), outdated }
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  try {
    const { pods } = await Promise.race([
      awaitReady(deployment, awaited, ports, ended),
      ...(run.progress.release.exposed ? [untilDoomed(deployment, ports, ended)] : [])
    ])
    run.progress.pods = pods
  } finally {
    done.abort()
  }
}

/**
 * Makes sure that what gets the traffic was tested: the pods that the selector will select have the released template and
 * have passed the smoke tests, and the Deployment still has that template. A pod that was replaced is tested first.
 */
export async function verifyCanary(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { progress } = run
  for (let left = RETESTS; ; left -= 1) {
    const [found, change] = await Promise.all([podsOf(run, 'canary'), changeInCanary(run)])
    if (change === undefined && left > 0 && isOneReplaced(progress, found)) {
      await awaitReplacement(run, signal)
      continue
    }
    const pods = found.filter(isReady)
    refuseStrangers(progress, pods)
    if (change !== undefined) throw change
    progress.pods = pods
    const untested = pods.filter(({ metadata }) => !progress.tested.has(metadata.uid ?? ''))
    if (
      run.settings.smokeTests.length === 0 ||
      untested.length === 0 ||
      progress.release.command !== 'deploy'
    )
      return
    if (left === 0) throw replacedAgain()
    await runSmokeTestsOn(run, untested, signal)
  }
}

/** Whether only replacements of pods that have gone away are missing, and the pods that came up are all ready. */
function isOneReplaced({ pods: known, canary, deployment }: Progress, found: readonly Pod[]): boolean {
  const live = found.filter((pod) => !isEnding(pod))
  const isKnown = (pod: Pod): boolean => known.some(({ metadata }) => metadata.uid === pod.metadata.uid)
  return (
    deployment !== undefined &&
    known.length > 0 &&
    !known.every(({ metadata }) => live.some((pod) => pod.metadata.uid === metadata.uid)) &&
    live.filter(isReady).length < Math.max(canary.replicas, 1) &&
    !live.some((pod) => isKnown(pod) && !isReady(pod))
  )
}

const replacedAgain = (): ReleaseFailed =>
  new ReleaseFailed(
    'the pods of the new version are replaced again and again, so that what was tested never serves'
  )

/** Asks for the Deployment itself: its controller may not have acted yet on what somebody has just written. */
async function changeInCanary({
  ports,
  progress: { deployment }
}: ReleaseRun): Promise<ReleaseFailed | undefined> {
  if (deployment === undefined) return undefined
  return changeIn(deployment, await ports.cluster.get<Deployment>(refOf(deployment)))
}

function refuseStrangers({ canary }: Progress, pods: readonly Pod[]): void {
  if (pods.length < Math.max(canary.replicas, 1)) {
    throw new ReleaseFailed(
      `only ${pods.length} of ${counted(canary.replicas, 'pod')} of deployment/${canary.deployment} are ready at the moment of the switch`
    )
  }
  const stranger = pods.find((pod) => templateHash(pod) !== canary.hash)
  if (stranger === undefined) return
  throw new ReleaseFailed(
    `pod ${stranger.metadata.name} would get traffic, but its template (${templateHash(stranger)}) is not the one that was tested (${canary.hash}): somebody changed deployment/${canary.deployment} while the release ran`
  )
}
