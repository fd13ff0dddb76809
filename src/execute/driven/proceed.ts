import { formatDuration } from '../../base/duration.ts'
import { Undecided } from '../../base/errors.ts'
import type { EngineState } from '../../engines/engine.ts'
import type { DrivenRun } from './driven-run.ts'
import { look, move } from './move.ts'
import { untilTaken } from './until-taken.ts'

/**
 * Says yes at the gate that the release waits at, and sees it go past that.
 * @throws Undecided when it does not
 */
export async function proceed(run: DrivenRun, signal: AbortSignal): Promise<string> {
  const written = await move(run, (seen) => run.engine.proceed(seen))
  const gate = run.progress.state
  await look(run)
  if (written.length === 0) return 'nothing waits any more'
  const done = new AbortController()
  const waiting = AbortSignal.any([signal, done.signal])
  try {
    await Promise.race([
      untilTaken(run, (state) => isPast(state, gate) || undefined, waiting),
      late(run, gate, waiting)
    ])
  } finally {
    done.abort()
  }
  await move(run, (seen) => run.engine.passed(seen))
  return 'it goes on'
}

/** What a gate says of itself stays as it is while it is closed. */
const isPast = (state: EngineState, gate: EngineState): boolean =>
  state.at !== 'unseen' && !isSameGate(state, gate)

const isSameGate = (state: EngineState, gate: EngineState): boolean =>
  state.at === 'gate' && gate.at === 'gate' && state.what === gate.what && state.step === gate.step

/** Others may have to say yes there as well. */
async function late(run: DrivenRun, gate: EngineState, signal: AbortSignal): Promise<never> {
  const { engine, progress, ports } = run
  const patience = engine.patience(progress.seen.object)
  for (;;) {
    await ports.clock.sleep(patience, signal)
    if (isSameGate(progress.state, gate))
      throw new Undecided(
        `${engine.title} was told yes, and has not gone on for ${formatDuration(patience)}: ${gate.at === 'gate' ? gate.what : ''}`
      )
  }
}
