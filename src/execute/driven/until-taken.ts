import type { EngineState } from '../../engines/engine.ts'
import type { DrivenRun } from './driven-run.ts'
import { move } from './move.ts'
import { untilState } from './until-state.ts'

/** Milliseconds in which a controller acts on a write that it has seen. */
const SEEN_WITHIN = 700

/** As `untilState`, after a write that the controller may have overlooked: it is made to look again until it has come to that. */
export async function untilTaken<T>(
  run: DrivenRun,
  reached: (state: EngineState) => T | undefined,
  signal: AbortSignal
): Promise<T> {
  const done = new AbortController()
  const waiting = AbortSignal.any([signal, done.signal])
  try {
    return await Promise.race([untilState(run, reached, waiting), nudgeAgain(run, waiting)])
  } finally {
    done.abort()
  }
}

/** Makes it look again, so often or without end; what is waited for has to end it. */
export async function nudgeAgain(run: DrivenRun, signal: AbortSignal, times = Infinity): Promise<never> {
  for (let left = times; left > 0; left -= 1) {
    await run.ports.clock.sleep(SEEN_WITHIN, signal)
    if (run.engine.nudge(run.progress.seen).length > 0) await move(run, (seen) => run.engine.nudge(seen))
  }
  return new Promise<never>(() => undefined)
}
