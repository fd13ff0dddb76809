import type { ReleaseRun } from '../release-run.ts'
import { drainIn, trafficsOf } from '../route-writers.ts'

/** Drains users whom somebody had sent to a version by hand until that was put back: the plan does not know of them. */
export async function drainStrayTraffic(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { clock } = run.ports
  const putBack = trafficsOf(run)
    .flatMap(({ foreignWrites }) => foreignWrites)
    .map(({ at, restoredAfter = 0 }) => at + restoredAfter)
  const left = Math.max(...putBack) + drainIn(run) - clock.now()
  if (left <= 0) return
  await clock.sleep(left, signal)
  await run.lock.assure()
}
