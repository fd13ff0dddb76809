import { formatDuration } from '../base/duration.ts'
import { messageOf, ReleaseFailed, StableCannotServe, TakenOver } from '../base/errors.ts'
import { within } from '../base/within.ts'
import type { Result } from '../domain/outcome.ts'
import { isUnfinished } from '../domain/record.ts'
import type { Lock } from '../lock/lease.ts'
import { planRestore, planStay, planTidy } from '../plan/restore.ts'
import type { Step } from '../plan/step.ts'
import { isNobody } from '../routes/split.ts'
import { drainIn, trafficsOf } from './begin-run.ts'
import { execute } from './execute.ts'
import { untilChangedByOthers } from './in-place/replace.ts'
import { byHand, lastKnown, leftOver, leftToOthers } from './manual-recovery.ts'
import { untilRefused } from './refused.ts'
import type { ReleaseRun } from './release-run.ts'
import { untilStableChanges } from './steps/ensure-stable.ts'

/** How the steps of a release ended. */
export interface Ending {
  readonly result: Result
  readonly reason: string
  readonly failedCheck?: string
  /** From the cause until stable had all traffic again; absent when no user had been on the canary. */
  readonly restoreSeconds?: number
  /** It failed, and no user was ever on the canary. */
  readonly unexposed?: boolean
  /** In place: the template of before is back, its pods are not yet. */
  readonly returning?: boolean
  /** Something is left for the post step. */
  readonly unsettled?: boolean
  /** What a person has to do by hand, because we could not. */
  readonly next: readonly string[]
}

/** The runner was told to stop: by a person, a newer run or a time limit. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/**
 * How long the traffic is tried to be put back when the cluster does not answer, in milliseconds. A cancelled run has
 * 10 s from then on until it is killed, and has to say before that what it leaves to the post step; of these the request
 * that was on its way has taken some.
 */
const PATIENCE = 120_000
const PATIENCE_OF_CANCELLED = 5000
const LEAST_PATIENCE = 2000
const RESTORE_PAUSE = 1000

/**
 * Does the steps; when one fails, puts stable back first and tidies up after that.
 * A cancelled run only puts the traffic back: it has a few seconds, tidying is for the post step.
 */
export async function carryOut(
  steps: readonly Step[],
  run: ReleaseRun,
  lock: Lock,
  cancelled: AbortSignal
): Promise<Ending> {
  const ended = new AbortController()
  const disturbed = new AbortController()
  const ways = trafficsOf(run)
  let stoppedAt: number | undefined
  const stop = AbortSignal.any([cancelled, lock.lost, ...ways.map(({ broken }) => broken), disturbed.signal])
  const others = run.initial.strategy === undefined ? untilStableChanges : untilChangedByOthers
  others(run, ended.signal).catch((error: unknown) => {
    disturbed.abort(error)
  })
  untilRefused(run, ended.signal).catch((error: unknown) => {
    disturbed.abort(error)
  })
  stop.addEventListener('abort', () => (stoppedAt = run.ports.clock.now()))
  for (const traffic of ways) traffic.guard(AbortSignal.any([ended.signal, lock.lost]))
  try {
    await execute(steps, run, stop)
    return { result: endedWell(run), reason: '', next: [] }
  } catch (error) {
    return await afterFailure(causeOf(error, stop), stoppedAt, run, lock, cancelled)
  } finally {
    ended.abort()
  }
}

/** A step that was interrupted fails with whatever it was doing; the reason is who interrupted it. */
const causeOf = (error: unknown, stop: AbortSignal): unknown => (stop.aborted ? stop.reason : error)

async function afterFailure(
  cause: unknown,
  stoppedAt: number | undefined,
  run: ReleaseRun,
  lock: Lock,
  cancelled: AbortSignal
): Promise<Ending> {
  const now = run.ports.clock.now()
  const since = stoppedAt ?? now
  const failure = failureOf(cause)
  run.ports.log.error(failure.reason)
  if (!run.begun && cause instanceof Cancelled) return { ...failure, result: 'aborted' }
  if (!run.begun) return { ...failure, result: 'failed' }
  if (cause instanceof TakenOver) return inOtherHands(failure, run)
  // The canary has passed and has all traffic: what is left to do is done by whoever comes next.
  if (!isUnfinished(run.release) || run.release.phase === 'promoting')
    return { ...failure, result: endedWell(run), next: leftOver(run), unsettled: true }
  try {
    const ofCancelled = Math.max(LEAST_PATIENCE, PATIENCE_OF_CANCELLED - (now - since))
    await restore(run, lock, cause instanceof Cancelled ? ofCancelled : PATIENCE)
  } catch (error) {
    return withoutRestore(error, failure, run)
  }
  if (cause instanceof Cancelled)
    return { ...failure, ...backIn(run, since), result: 'aborted', unsettled: true }
  const unsettled = !(await tidy(run, cancelled))
  return {
    ...failure,
    ...backIn(run, since),
    result: run.release.command === 'rollback' ? 'failed' : 'rolled-back',
    unsettled
  }
}

/** How long it took until users were back; in place that is when all pods are, which a cancelled run does not wait for. */
function backIn(run: ReleaseRun, since: number): Pick<Ending, 'restoreSeconds' | 'unexposed' | 'returning'> {
  if (run.initial.strategy === undefined)
    return wasExposed(run)
      ? { restoreSeconds: secondsFrom(since, run.shiftedAt ?? since) }
      : { unexposed: true }
  if (!run.shifts.some(({ gradual }) => gradual === true))
    return run.outdated === undefined ? { unexposed: true } : {}
  if (run.backAt !== undefined) return { restoreSeconds: secondsFrom(since, run.backAt) }
  return isUnfinished(run.release) ? { returning: true } : {}
}

const secondsFrom = (since: number, until: number): number => (until - since) / 1000

/** Whether users may have been on the canary, be it by copies of their requests. */
const wasExposed = ({ release, shifts }: ReleaseRun): boolean =>
  release.exposed === true || shifts.some(({ split }) => !isNobody(split))

function endedWell({ release }: ReleaseRun): Result {
  if (release.phase === 'waiting') return 'waiting'
  return release.command === 'rollback' ? 'rolled-back' : 'promoted'
}

type Failure = Pick<Ending, 'reason' | 'failedCheck' | 'next'>

const failureOf = (cause: unknown): Failure => ({
  reason: messageOf(cause),
  next: [],
  ...(cause instanceof ReleaseFailed && cause.failedCheck !== undefined
    ? { failedCheck: cause.failedCheck }
    : {})
})

/** Whoever has the lock decides about the traffic; should nobody have it any more, the post step does. */
const inOtherHands = (failure: Failure, run: ReleaseRun): Ending => ({
  ...failure,
  result: 'failed',
  next: leftToOthers(run),
  unsettled: true
})

async function withoutRestore(error: unknown, failure: Failure, run: ReleaseRun): Promise<Ending> {
  const reason = `${failure.reason}. The traffic could not be put back: ${messageOf(error)}; ${lastKnown(run)}`
  if (error instanceof TakenOver) return inOtherHands({ ...failure, reason }, run)
  if (error instanceof StableCannotServe && run.release.weight === 100)
    return { ...failure, result: 'failed', reason: `${reason}. ${await giveUpStable(run).catch(messageOf)}` }
  // The post step has minutes where a cancelled step has seconds.
  return { ...failure, result: 'failed', reason, next: byHand(run), unsettled: true }
}

/** Some answers are better than none: the canary keeps the traffic, and the next release begins from it. */
export async function giveUpStable(run: ReleaseRun): Promise<string> {
  await execute(planStay(run.release), run, new AbortController().signal)
  return `It stays on ${run.canary.deployment}, from which the next release begins`
}

/** Again and again while the cluster does not answer: half-moved traffic is the one thing not to leave behind. */
async function restore(run: ReleaseRun, lock: Lock, patience: number): Promise<void> {
  const { clock } = run.ports
  const attempts: Attempts = {}
  const late = (): Error => {
    const why = attempts.failed === undefined ? '' : `: ${attempts.failed}`
    return new ReleaseFailed(`that did not succeed within ${formatDuration(patience)}${why}`)
  }
  await within({ milliseconds: patience, signal: lock.lost, clock, late }, (stop) =>
    tryToRestore(run, stop, attempts)
  )
}

interface Attempts {
  /** Why the last one did not succeed. */
  failed?: string
}

async function tryToRestore(run: ReleaseRun, stop: AbortSignal, attempts: Attempts): Promise<void> {
  const { clock, log } = run.ports
  for (;;) {
    try {
      await refreshAll(run)
      await execute(planRestore(run.release), run, stop)
      return
    } catch (error) {
      stop.throwIfAborted()
      if (isFinal(error)) throw error
      attempts.failed = messageOf(error)
      log.warning(`the traffic is not back yet, trying again: ${attempts.failed}`)
      await clock.sleep(RESTORE_PAUSE, stop)
    }
  }
}

/** One route that cannot be read must not keep the others from being put back. */
async function refreshAll(run: ReleaseRun): Promise<void> {
  const readings = await Promise.allSettled(trafficsOf(run).map((traffic) => traffic.refresh()))
  for (const reading of readings)
    if (reading.status === 'rejected' && reading.reason instanceof TakenOver) throw reading.reason
}

const isFinal = (error: unknown): boolean => error instanceof TakenOver || error instanceof StableCannotServe

/** The traffic is back by now: what fails here is told, and the next run does it. */
export async function tidy(run: ReleaseRun, signal: AbortSignal): Promise<boolean> {
  try {
    await execute(planTidy(run.release, drainIn(run)), run, signal)
    return true
  } catch (error) {
    run.warnings.push(`tidying up is not finished: ${messageOf(error)}; the next run does it first`)
    return false
  }
}
