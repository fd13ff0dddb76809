import { untilDoomedPod } from './await-pods.ts'
import type { DrivenRun } from './driven-run.ts'
import { measureWhile, type Measuring } from './measure.ts'
import { testArrivals } from './smoke.ts'

/**
 * Does work, or lets so much time pass as the checks take; pods and checks are watched meanwhile, and pods that come are
 * tested.
 * @returns what the work came to; undefined when the time was over
 * @throws ReleaseFailed as soon as something speaks against the new version, Undecided as `measureWhile` does
 */
export async function inSight<T>(
  run: DrivenRun,
  measuring: Measuring,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal
): Promise<T | undefined> {
  const done = new AbortController()
  const watching = AbortSignal.any([signal, done.signal])
  try {
    return await Promise.race([
      work(watching),
      whileMeasured(run, measuring, watching),
      untilDoomedPod(run, watching),
      testArrivals(run, watching)
    ])
  } finally {
    done.abort()
  }
}

async function whileMeasured(run: DrivenRun, measuring: Measuring, signal: AbortSignal): Promise<undefined> {
  const { sampler, ports } = run
  if (sampler !== undefined) await measureWhile(run, sampler, measuring, signal)
  else if (measuring.length === Infinity) return new Promise<never>(() => undefined)
  else await ports.clock.sleep(measuring.length, signal)
  return undefined
}
