import { formatDuration } from '../../base/duration.ts'
import { Cancelled, Left, messageOf, ReleaseFailed, TakenOver, Undecided } from '../../base/errors.ts'
import { within } from '../../base/within.ts'
import type { Result } from '../../domain/outcome.ts'
import { PLAN_OF_REVERT, planOfVeto, type DrivenStep } from '../../plan/driven-step.ts'
import { throughOutages } from '../../traffic/through-outages.ts'
import { Blind } from './blind.ts'
import { settle, tryCalls } from './call.ts'
import { EndedByController, Superseded } from './disturbed.ts'
import { executeDriven } from './execute.ts'
import { handedOn } from './handed-on.ts'
import { inItsWords } from './in-its-words.ts'
import { keepRecord } from './record.ts'
import type { DrivenRun } from './driven-run.ts'

/** How the steps of a release by a controller ended. */
export interface DrivenEnding {
  readonly result: Result
  readonly reason: string
  readonly failedCheck?: string
  readonly restoreSeconds?: number
  /** It failed, and no user was ever on the new version. */
  readonly unexposed?: boolean
  /** The controller has ended it, by what it has measured or otherwise. */
  readonly byController?: true
  /** Nobody follows it now, and its controller goes on. */
  readonly left?: true
  /** Its controller has not put the old version back, and will once it is there again. */
  readonly blind?: true
  /** Something is left for the post step. */
  readonly unsettled?: boolean
}

/** For how long putting users back is tried, in milliseconds: a cancelled run is killed 10 s after the signal. */
const PATIENCE = 120_000
const PATIENCE_OF_CANCELLED = 3500

/** Does the steps; when one fails, the controller puts the old version back, and nothing tries the new one again. */
export async function executeOrVeto(
  steps: readonly DrivenStep[],
  run: DrivenRun,
  cancelled: AbortSignal
): Promise<DrivenEnding> {
  const signal = AbortSignal.any([cancelled, run.lock.lost])
  try {
    await executeDriven(steps, run, signal)
    return { result: isReturn(run) ? 'rolled-back' : 'promoted', reason: '' }
  } catch (error) {
    const cause: unknown = signal.aborted ? signal.reason : error
    if (!(cause instanceof Undecided)) return afterFailure(cause, run, cancelled)
    return leave(cause, run, signal)
  }
}

/** From here on nobody follows it: neither this run's post step nor anything else undoes it. */
async function leave(cause: Undecided, run: DrivenRun, signal: AbortSignal): Promise<DrivenEnding> {
  const { clock } = run.ports
  const isLeft = cause instanceof Left
  const leftAt = new Date(clock.now()).toISOString()
  const phase = isLeft ? 'left' : 'waiting'
  if (isLeft) await tryCalls(run, run.engine.lapse(run.progress.seen))
  else await settle(run, 'after')
  await throughOutages(() => keepRecord(run, { phase, leftAt, ...handedOn(run) }), run.ports, signal)
  return { result: 'waiting', reason: cause.message, ...(isLeft ? { left: true } : {}) }
}

async function afterFailure(cause: unknown, run: DrivenRun, cancelled: AbortSignal): Promise<DrivenEnding> {
  const failure = {
    reason: cause instanceof EndedByController ? await inItsWords(run, cause) : messageOf(cause),
    ...(cause instanceof ReleaseFailed && cause.failedCheck !== undefined
      ? { failedCheck: cause.failedCheck }
      : {}),
    ...(cause instanceof EndedByController ? { byController: true as const } : {})
  }
  run.ports.log.error(failure.reason)
  const stopped = cause instanceof Cancelled ? 'aborted' : 'failed'
  if (!run.progress.begun || cause instanceof TakenOver) return { ...failure, result: stopped }
  if (cause instanceof Superseded) {
    await closeAsIs(run)
    return { ...failure, result: 'failed' }
  }
  const result = cause instanceof Cancelled ? 'aborted' : isReturn(run) ? 'failed' : 'rolled-back'
  if (cause instanceof Blind && !cancelled.aborted) return afterBlindness(failure, run, result)
  return { ...failure, ...(await putBack(run, result, cancelled.aborted)) }
}

/**
 * Without its controller users stay where they are. All that it takes is written nevertheless, so that it puts the old version
 * back as soon as it is there again; waiting for that is the next run's.
 */
async function afterBlindness(
  failure: Pick<DrivenEnding, 'reason'>,
  run: DrivenRun,
  result: Result
): Promise<DrivenEnding> {
  const { unsettled, ...back } = await putBack(run, result, true)
  if (unsettled !== true) return { ...failure, ...back }
  await keepRecord(run, { phase: 'aborting' }).catch((error: unknown) => {
    run.journal.warnings.push(messageOf(error))
  })
  return { ...failure, ...back, result: 'failed', blind: true }
}

/** A rollback that was asked for and done is none that has failed. */
const isReturn = ({ progress }: DrivenRun): boolean => progress.record.command === 'rollback'

/** Somebody wants something else: only the record has to be ended. Should that fail, the next run does it. */
async function closeAsIs(run: DrivenRun): Promise<void> {
  await executeDriven([{ kind: 'close' }], run, run.lock.lost).catch((error: unknown) => {
    run.journal.warnings.push(
      `the end of release ${run.progress.record.id} could not be noted: ${messageOf(error)}`
    )
  })
}

/** @param isHurried a cancelled run only puts users back, and takes back what it has brought */
export async function putBack(
  run: DrivenRun,
  result: Result,
  isHurried: boolean
): Promise<Omit<DrivenEnding, 'reason'> & { readonly reason?: string }> {
  const { clock } = run.ports
  const since = clock.now()
  const { exposed } = run.progress
  const course = run.engine.course(run.progress.seen.object)
  const milliseconds = isHurried ? PATIENCE_OF_CANCELLED : PATIENCE + course
  const late = (): Error => new ReleaseFailed(`not done within ${formatDuration(milliseconds)}`)
  const steps = isHurried ? [{ kind: 'veto' } as const] : planOfVeto(run.engine)
  try {
    await within({ milliseconds, signal: run.lock.lost, clock, late }, (stop) =>
      executeDriven(steps, run, stop)
    )
    const restoreSeconds = (backAt(run) - since) / 1000
    return {
      result,
      ...(exposed ? { restoreSeconds } : { unexposed: true }),
      ...(await takeBack(run, milliseconds))
    }
  } catch (error) {
    if (error instanceof Superseded) {
      run.journal.warnings.push(`${error.message}: it is left as it is`)
      await closeAsIs(run)
      return { result, ...(exposed ? {} : { unexposed: true }) }
    }
    run.journal.warnings.push(`users could not be put back: ${messageOf(error)}`)
    return { result, ...(await takeBack(run, milliseconds)), unsettled: true }
  }
}

/** When the last user had left, as the controller has told it. */
function backAt({ journal, ports }: DrivenRun): number {
  const last = journal.shifts.at(-1)
  return last?.split.weight === 0 ? last.at : ports.clock.now()
}

/** Whatever came of the veto: with the wish of before, the controller goes back by itself. */
async function takeBack(run: DrivenRun, milliseconds: number): Promise<Pick<DrivenEnding, 'unsettled'>> {
  const { clock } = run.ports
  const late = (): Error => new ReleaseFailed(`not done within ${formatDuration(milliseconds)}`)
  try {
    await within({ milliseconds, signal: run.lock.lost, clock, late }, (stop) =>
      executeDriven(PLAN_OF_REVERT, run, stop)
    )
    return {}
  } catch (error) {
    if (error instanceof Superseded) {
      await closeAsIs(run)
      return {}
    }
    run.journal.warnings.push(`what this release has brought is still wished for: ${messageOf(error)}`)
    return { unsettled: true }
  }
}
