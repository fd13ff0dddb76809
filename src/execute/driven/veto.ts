import { ReleaseFailed } from '../../base/errors.ts'
import type { EngineState } from '../../engines/engine.ts'
import { canonical } from '../../kubernetes/canonical.ts'
import { requireUnreplaced, Superseded } from './disturbed.ts'
import { objectTitle, type DrivenRun } from './driven-run.ts'
import { look, move } from './move.ts'
import { untilState } from './until-state.ts'
import { untilTaken } from './until-taken.ts'

/**
 * Puts users back at once: by an abort while the controller still releases the version; by the wish of before, without
 * steps, once it has served fully.
 */
export async function veto(run: DrivenRun, signal: AbortSignal): Promise<string> {
  await look(run)
  recognise(run)
  const { canary: known, stable } = run.progress.record
  if (known.hash !== '' && run.progress.state.stable === known.hash && known.hash !== stable.hash)
    return revert(run, signal)
  const written = await move(run, (seen) => {
    recognise(run)
    return run.engine.veto(seen, run.progress.record.canary.hash, run.progress.record.before)
  })
  const { state, record } = run.progress
  if (written.length === 0 && state.at === 'unseen') return 'it had not begun'
  if (isOthers(run)) return `${objectTitle(run)} was left as it is: somebody has brought another version`
  // A controller that would not take a no takes the wish of before.
  if (written.length === 0 && state.at !== 'failed' && state.wished === record.canary.hash)
    return revert(run, signal)
  const seen = (now: EngineState): true | undefined => {
    requireUnreplaced(run, now)
    return isBack(now, stable.hash) || undefined
  }
  await untilTaken(run, seen, signal)
  return 'no user is on the new version'
}

/** The run may have been stopped before the controller had told which template it brought. */
function recognise({ engine, progress }: DrivenRun): void {
  const { record, seen, state } = progress
  const { canary, stable, brought } = record
  if (canary.hash !== '' || state.at === 'unseen' || state.wished === stable.hash) return
  if (brought === undefined || canonical(engine.wish(seen)) !== canonical(brought)) return
  progress.record = { ...record, canary: { ...canary, hash: state.wished } }
}

/** Whether what is wished for is neither this release's version nor the one of before. */
const isOthers = ({ progress: { state, record } }: DrivenRun): boolean =>
  state.at !== 'unseen' && state.wished !== record.canary.hash && state.wished !== record.stable.hash

/** @param old hash of the version that served before */
const isBack = (state: EngineState, old: string): boolean =>
  state.at === 'rest'
    ? state.stable === old
    : state.at !== 'unseen' && (state.wished === old || state.at === 'failed') && noUsersIn(state)

const noUsersIn = (state: Exclude<EngineState, { at: 'rest' | 'unseen' }>): boolean =>
  state.wished === state.stable || state.weight.now === 0

/**
 * Wishes for what was wished for before, so that nothing tries the new version again. Should that have served fully
 * meanwhile, the controller would take the old one for a new release, with its pauses: it is told to take it at once.
 */
export async function revert(run: DrivenRun, signal: AbortSignal): Promise<string> {
  const { before, brought, stable } = run.progress.record
  if (brought === undefined) return 'nothing was brought'
  const written = await move(run, (seen) => run.engine.revert(seen, brought, before))
  await look(run)
  const isOld = canonical(run.engine.wish(run.progress.seen)) === canonical(before)
  if (written.length === 0 && !isOld)
    return `${objectTitle(run)} was left as it is: it is not what this release has brought`
  const isTaken = (state: EngineState): true | undefined =>
    state.at !== 'unseen' && state.wished === stable.hash ? true : undefined
  await untilState(run, isTaken, signal)
  if (run.progress.state.stable !== stable.hash) {
    await move(run, (seen) => run.engine.hasten(seen, stable.hash))
    await untilTaken(run, (state) => serves(run, state), signal)
  }
  return `${stable.images.join(', ') || 'the version of before'} serves`
}

function serves({ engine, progress }: DrivenRun, state: EngineState): true | undefined {
  if (state.at === 'failed') throw new ReleaseFailed(`${engine.title}: ${state.why}`)
  return state.at === 'rest' && state.stable === progress.record.stable.hash ? true : undefined
}

/**
 * A no that the controller has not heard yet must not be taken back: it would go on with the version that serves. It comes to
 * rest by that, or is left to it after a time.
 */
export async function untilHeard(run: DrivenRun, signal: AbortSignal): Promise<void> {
  const { engine, progress, ports } = run
  const isBack = progress.state.wished === progress.record.stable.hash
  if (!isBack || !engine.endsPods || !engine.hears(progress.seen.object)) return
  const done = new AbortController()
  const waiting = AbortSignal.any([signal, done.signal])
  const late = ports.clock.sleep(engine.patience(progress.seen.object), waiting)
  try {
    await Promise.race([untilState(run, ({ at }) => at === 'rest' || undefined, waiting), late])
  } catch (error) {
    // Where the object is gone nobody hears anything.
    if (!(error instanceof Superseded)) throw error
  } finally {
    done.abort()
  }
}
