import {
  Cancelled,
  messageOf,
  ReleaseFailed,
  StableCannotServe,
  TakenOver,
  Undecided
} from '../base/errors.ts'
import type { Result } from '../domain/outcome.ts'
import { isUnfinished } from '../domain/record.ts'
import { planWait } from '../plan/progressive.ts'
import type { Step } from '../plan/step.ts'
import { watchFor, type Disturbance } from './disturbance.ts'
import { execute } from './execute.ts'
import { lastKnown } from './manual-recovery.ts'
import { type Return, practiceOf } from './practice.ts'
import type { Progress, ReleaseRun } from './release-run.ts'
import { giveUpStable, restoreWithin, tidy } from './restore.ts'

/** How the steps of a release ended. */
export interface Ending extends Return {
  readonly result: Result
  readonly reason: string
  readonly failedCheck?: string
  /** Something is left for the post step. */
  readonly unsettled?: boolean
  /** What is left for a person to do by hand. */
  readonly next: readonly string[]
}

/**
 * For how long putting the traffic back is tried while the cluster does not answer, in milliseconds. A cancelled run is
 * killed 10 s after the signal, and the request that was on its way has taken some of these. What is left to the post
 * step has to be told within them, too.
 */
const PATIENCE = 120_000
const PATIENCE_OF_CANCELLED = 5000
const LEAST_PATIENCE = 2000

/**
 * Does the steps; when one fails, puts stable back first and tidies up after that.
 * A cancelled run only puts the traffic back: it has a few seconds, tidying is for the post step.
 */
export async function executeOrRestore(
  steps: readonly Step[],
  run: ReleaseRun,
  cancelled: AbortSignal
): Promise<Ending> {
  const disturbance = watchFor(run, cancelled)
  const { signal } = disturbance
  try {
    await execute(steps, run, signal)
    return { result: endedWell(run.progress), reason: '', next: [] }
  } catch (error) {
    return await afterStop(error, run, disturbance, cancelled)
  } finally {
    disturbance.end()
  }
}

/** A step that was interrupted fails with whatever it was doing; the cause is what interrupted it. */
async function afterStop(
  error: unknown,
  run: ReleaseRun,
  disturbance: Disturbance,
  cancelled: AbortSignal
): Promise<Ending> {
  const { signal } = disturbance
  const failed = (other: unknown): Promise<Ending> =>
    afterFailure(
      signal.aborted ? signal.reason : other,
      disturbance.since() ?? run.ports.clock.now(),
      run,
      cancelled
    )
  if (signal.aborted || !(error instanceof Undecided)) return failed(error)
  try {
    await execute(planWait(run.progress.release, 'decision'), run, signal)
    return { result: endedWell(run.progress), reason: error.message, next: [] }
  } catch (other) {
    return failed(other)
  }
}

/** What is to be done about traffic and Deployments after a failure. */
type Remedy = 'nothing' | 'leave-to-others' | 'keep-canary' | 'restore'

/** A canary that has passed and has all traffic keeps it: the next run does what is left to do. */
function remedyFor(cause: unknown, { begun, release }: Progress): Remedy {
  if (!begun) return 'nothing'
  if (cause instanceof TakenOver) return 'leave-to-others'
  return isUnfinished(release) && release.phase !== 'promoting' ? 'restore' : 'keep-canary'
}

/** @param since milliseconds since the epoch at which the cause came */
async function afterFailure(
  cause: unknown,
  since: number,
  run: ReleaseRun,
  cancelled: AbortSignal
): Promise<Ending> {
  const failure = failureOf(cause)
  run.ports.log.error(failure.reason)
  switch (remedyFor(cause, run.progress)) {
    case 'nothing':
      return { ...failure, result: cause instanceof Cancelled ? 'aborted' : 'failed' }
    case 'leave-to-others':
      return inOtherHands(failure, run)
    case 'keep-canary':
      return {
        ...failure,
        result: endedWell(run.progress),
        ...(isTidied(run) ? {} : { next: practiceOf(run).byHand.leftOver(run), unsettled: true })
      }
    case 'restore':
      return putBack(cause, since, run, cancelled)
  }
}

/** Jobs after a release begin when nothing else is left to do. */
const isTidied = ({ journal: { jobs = [] } }: ReleaseRun): boolean =>
  jobs.some(({ moment }) => moment === 'after')

async function putBack(
  cause: unknown,
  since: number,
  run: ReleaseRun,
  cancelled: AbortSignal
): Promise<Ending> {
  const failure = failureOf(cause)
  try {
    await restoreWithin(run, patienceFor(cause, run.ports.clock.now() - since))
  } catch (error) {
    return withoutRestore(error, failure, run)
  }
  const unsettled = cause instanceof Cancelled || !(await tidy(run, cancelled))
  return {
    ...failure,
    ...practiceOf(run).returnSince(run, since),
    result: restoredBy(cause, run.progress),
    unsettled
  }
}

function restoredBy(cause: unknown, { release }: Progress): Result {
  if (cause instanceof Cancelled) return 'aborted'
  return release.command === 'deploy' ? 'rolled-back' : 'failed'
}

/** @param passed milliseconds since the cause came */
const patienceFor = (cause: unknown, passed: number): number =>
  cause instanceof Cancelled ? Math.max(LEAST_PATIENCE, PATIENCE_OF_CANCELLED - passed) : PATIENCE

function endedWell({ release }: Progress): Result {
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

/** The run that has the lock decides about the traffic. Should no run have it any more, the post step decides. */
const inOtherHands = (failure: Failure, run: ReleaseRun): Ending => ({
  ...failure,
  result: 'failed',
  next: practiceOf(run).byHand.leftToOthers(run),
  unsettled: true
})

async function withoutRestore(error: unknown, failure: Failure, run: ReleaseRun): Promise<Ending> {
  const reason = `${failure.reason}. The traffic could not be put back: ${messageOf(error)}; ${lastKnown(run.progress)}`
  if (error instanceof TakenOver) return inOtherHands({ ...failure, reason }, run)
  if (error instanceof StableCannotServe && run.progress.release.weight === 100)
    return { ...failure, result: 'failed', reason: `${reason}. ${await giveUpStable(run).catch(messageOf)}` }
  // The post step has minutes to try again, where a cancelled step has seconds.
  return { ...failure, result: 'failed', reason, next: practiceOf(run).byHand.putBack(run), unsettled: true }
}
