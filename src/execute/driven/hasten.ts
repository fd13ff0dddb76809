import { ReleaseFailed } from '../../base/errors.ts'
import type { EngineState } from '../../engines/engine.ts'
import { awaitPods, untilDoomedPod } from './await-pods.ts'
import { untilSilent } from './blind.ts'
import { requireOurs } from './disturbed.ts'
import type { DrivenRun } from './driven-run.ts'
import { look, move } from './move.ts'
import { untilState } from './until-state.ts'
import { nudgeAgain } from './until-taken.ts'

/** How often the controller is made to look again, as it may have overlooked the write. */
const NUDGES = 6

/**
 * Lets a version that has served before take everything at once, as far as its controller knows a way past its steps, and
 * waits until that is at rest with it.
 * @throws ReleaseFailed as soon as one of its pods cannot run, or its controller does nothing any more
 */
export async function hasten(run: DrivenRun, signal: AbortSignal): Promise<string> {
  const { hash } = run.progress.record.canary
  await move(run, (seen) => run.engine.hasten(seen, hash))
  await look(run)
  const done = new AbortController()
  const waiting = AbortSignal.any([signal, done.signal])
  try {
    await Promise.race([
      untilState(run, (state) => arrived(run, state), waiting),
      nudgeAgain(run, waiting, NUDGES),
      untilSilent(run, waiting),
      watchPods(run, waiting)
    ])
  } finally {
    done.abort()
  }
  return 'all traffic is on it'
}

/** They may take their time to become ready, and have to stay so. */
async function watchPods(run: DrivenRun, signal: AbortSignal): Promise<never> {
  await awaitPods(run, signal)
  return untilDoomedPod(run, signal)
}

function arrived(run: DrivenRun, state: EngineState): true | undefined {
  requireOurs(run, state)
  if (state.at === 'gate' && state.gate === 'held') throw new ReleaseFailed(state.what)
  return state.at === 'rest' && state.stable === run.progress.record.canary.hash ? true : undefined
}
