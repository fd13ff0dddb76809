import { messageOf, ReleaseFailed } from './errors.ts'
import { execute } from './execute.ts'
import type { ReleaseRun } from './execution/run-state.ts'
import { untilStableChanges } from './execution/stable.ts'
import type { Lock } from './kubernetes/lease.ts'
import type { Result } from './outcome.ts'
import type { Step } from './plan.ts'
import { isUnfinished } from './record.ts'
import { planRestore, planTidy } from './strategies/abort.ts'

/** How the steps of a release ended. */
export interface Ending {
  readonly result: Result
  readonly reason: string
  readonly failedCheck?: string
  /** From the cause until stable had all traffic again. */
  readonly restoreSeconds?: number
  /** What a person has to do by hand, because we could not. */
  readonly next: readonly string[]
}

/** The runner was told to stop: by a person, a newer run or a time limit. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/** How long the traffic is tried to be put back when the cluster does not answer, in milliseconds. */
const RESTORE_TIMEOUT = 120_000
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
  const stop = AbortSignal.any([cancelled, lock.lost, run.traffic.broken, disturbed.signal])
  untilStableChanges(run, ended.signal).catch((error: unknown) => {
    disturbed.abort(error)
  })
  run.traffic.guard(AbortSignal.any([ended.signal, lock.lost]))
  try {
    await execute(steps, run, stop)
    return { result: run.release.phase === 'promoted' ? 'promoted' : 'rolled-back', reason: '', next: [] }
  } catch (error) {
    return await afterFailure(causeOf(error, stop), run, lock, cancelled)
  } finally {
    ended.abort()
  }
}

/** A step that was interrupted fails with whatever it was doing; the reason is who interrupted it. */
const causeOf = (error: unknown, stop: AbortSignal): unknown => (stop.aborted ? stop.reason : error)

async function afterFailure(
  cause: unknown,
  run: ReleaseRun,
  lock: Lock,
  cancelled: AbortSignal
): Promise<Ending> {
  const since = run.ports.clock.now()
  const reason = messageOf(cause)
  const failure = {
    reason,
    next: [],
    ...(cause instanceof ReleaseFailed && cause.failedCheck !== undefined
      ? { failedCheck: cause.failedCheck }
      : {})
  }
  run.ports.log.error(reason)
  if (!run.begun || lock.lost.aborted) return { ...failure, result: 'failed' }
  if (!isUnfinished(run.release))
    return {
      ...failure,
      result: run.release.phase === 'promoted' ? 'promoted' : 'rolled-back',
      next: leftOver(run)
    }
  try {
    await restore(run, lock)
  } catch (error) {
    return {
      ...failure,
      result: 'failed',
      reason: `${reason}. The traffic could not be put back: ${messageOf(error)}`,
      next: byHand(run)
    }
  }
  const restoreSeconds = ((run.shiftedAt ?? since) - since) / 1000
  if (cause instanceof Cancelled) return { ...failure, result: 'aborted', restoreSeconds }
  return { ...failure, result: 'rolled-back', restoreSeconds, next: await tidy(run, cancelled) }
}

/** Again and again while the cluster does not answer: half-moved traffic is the one thing not to leave behind. */
async function restore(run: ReleaseRun, lock: Lock): Promise<void> {
  const { clock, log } = run.ports
  const deadline = clock.now() + RESTORE_TIMEOUT
  const steps = planRestore(run.release)
  for (;;) {
    try {
      await execute(steps, run, lock.lost)
      return
    } catch (error) {
      if (lock.lost.aborted || clock.now() > deadline) throw error
      log.warning(`the traffic is not back yet, trying again: ${messageOf(error)}`)
      await clock.sleep(RESTORE_PAUSE, lock.lost)
    }
  }
}

/** The traffic is back by now: what fails here is told, and the next run does it. */
export async function tidy(run: ReleaseRun, signal: AbortSignal): Promise<string[]> {
  try {
    await execute(
      planTidy(
        run.initial.autoscaler === undefined
          ? run.release
          : { ...run.release, autoscaler: run.initial.autoscaler }
      ),
      run,
      signal
    )
    return []
  } catch (error) {
    run.warnings.push(`tidying up is not finished: ${messageOf(error)}; the next run does it first`)
    return []
  }
}

const leftOver = (run: ReleaseRun): string[] => [
  `kubectl -n ${run.namespace} scale deployment/${run.stable.deployment} --replicas=0   # the version that served before still runs`
]

const byHand = (run: ReleaseRun): string[] => [
  `kubectl -n ${run.namespace} get service/${run.traffic.name} -o yaml   # who has the traffic?`,
  `kubectl -n ${run.namespace} patch service/${run.traffic.name} --type=json -p '${JSON.stringify([{ op: 'replace', path: '/spec/selector', value: run.initial.selectors.stable }])}'   # all of it to ${run.stable.deployment}`,
  'or run the workflow again: it puts the traffic back before it does anything else'
]
