import { formatDuration } from '../../base/duration.ts'
import { ReleaseFailed } from '../../base/errors.ts'
import type { EngineState } from '../../engines/engine.ts'
import { objectTitle, type DrivenRun } from './driven-run.ts'
import { look, move } from './move.ts'

/** The controller does not do anything: whatever is written, nobody acts on it before it is back. */
export class Blind extends ReleaseFailed {}

/** Milliseconds. */
const LOOK_AGAIN = 1000
/** It may have overlooked a write, and is asked so often to look again. */
const ASK_AGAIN = 5000
/** How late it may be with what it does by the clock, before it is asked. */
const LATE = 5000
/** It is asked more and more seldom where nobody knows how long that takes, and it has always answered. */
const QUIET = 60_000

const blind = (run: DrivenRun, what: string): Blind =>
  new Blind(
    `${run.engine.title} does nothing with ${objectTitle(run)} for ${formatDuration(patienceWith(run))}: ${what}. Is its controller running?`
  )

/** Milliseconds for which it may leave alone what it has to act on. */
const patienceWith = ({ engine, progress }: DrivenRun): number => engine.patience(progress.seen.object)

const ask = (run: DrivenRun) => move(run, (seen) => run.engine.nudge(seen))

/** Rejects once the controller has not taken the last change up for too long, by a look of its own: a watch may be silent. */
export async function untilBlind(run: DrivenRun, signal: AbortSignal): Promise<never> {
  const { clock } = run.ports
  let since: number | undefined
  let asked = 0
  for (;;) {
    await clock.sleep(LOOK_AGAIN, signal)
    since = run.progress.state.at === 'unseen' ? (since ?? clock.now()) : undefined
    if (since === undefined) continue
    const lasting = clock.now() - since
    if (lasting < patienceWith(run)) {
      if (lasting < LATE || clock.now() - asked < ASK_AGAIN) continue
      asked = clock.now()
      await ask(run)
      continue
    }
    await look(run)
    const { state } = run.progress
    if (state.at === 'unseen') throw blind(run, state.what)
  }
}

/**
 * Rejects once a controller that should move something on does not react to anything any more. Its status looks the same
 * then: a pause stays a pause after its end. So it is asked, by a change that a living one takes back at once, as soon as it
 * is late by our clock; which may be wrong, and then it answers.
 */
export async function untilSilent(run: DrivenRun, signal: AbortSignal): Promise<never> {
  const { clock } = run.ports
  const versionNow = (): string => run.progress.seen.object.metadata.resourceVersion ?? ''
  let last = ''
  let changedAt = clock.now()
  let quiet = LATE
  for (;;) {
    await clock.sleep(LOOK_AGAIN, signal)
    if (versionNow() !== last) [changedAt, quiet] = [clock.now(), LATE]
    last = versionNow()
    const why = dueIn(run.progress.state, clock.now(), { changedAt, quiet })
    if (why === undefined) continue
    await requireAnswer(run, why, signal)
    last = versionNow()
    changedAt = clock.now()
    quiet = Math.min(QUIET, 2 * quiet)
  }
}

/** Why the controller should have done something by now. */
function dueIn(
  state: EngineState,
  now: number,
  { changedAt, quiet }: { readonly changedAt: number; readonly quiet: number }
): string | undefined {
  if (state.at !== 'moving') return undefined
  if (state.until === undefined) return now - changedAt >= quiet ? state.what : undefined
  const isDue = now >= state.until + LATE && now - changedAt >= LATE
  return isDue ? `${state.what}, which was over at ${new Date(state.until).toISOString()}` : undefined
}

const dueAt = ({ progress: { state } }: DrivenRun): number | undefined =>
  state.at === 'moving' ? state.until : undefined

/** @throws Blind when nobody but this run has changed the object for so long */
async function requireAnswer(run: DrivenRun, why: string, signal: AbortSignal): Promise<void> {
  const { clock } = run.ports
  for (const end = clock.now() + patienceWith(run) - LATE; clock.now() < end;) {
    const written = await ask(run)
    const { object: before } = await look(run)
    await clock.sleep(ASK_AGAIN, signal)
    const { object: after } = await look(run)
    // Who cannot be asked has to do by itself what is due.
    const isUnknown = written.length === 0 && dueAt(run) === undefined
    if (isUnknown || after.metadata.resourceVersion !== before.metadata.resourceVersion) return
  }
  throw blind(run, why)
}
