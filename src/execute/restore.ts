import { formatDuration } from '../base/duration.ts'
import { messageOf, ReleaseFailed, StableCannotServe, TakenOver } from '../base/errors.ts'
import { within } from '../base/within.ts'
import { methodOf } from '../plan/method.ts'
import { planStay } from '../plan/progressive.ts'
import { execute } from './execute.ts'
import type { ReleaseRun } from './release-run.ts'
import { drainIn } from './route-writers.ts'

/** Milliseconds between two tries. */
const PAUSE = 1000

/**
 * Puts the traffic back. Tries again while the cluster does not answer: half-moved traffic is the one thing not to leave
 * behind.
 * @param patience milliseconds
 */
export async function restoreWithin(run: ReleaseRun, patience: number): Promise<void> {
  const { clock, log } = run.ports
  let failed = ''
  const late = (): Error =>
    new ReleaseFailed(`that did not succeed within ${formatDuration(patience)}${failed}`)
  await within({ milliseconds: patience, signal: run.lock.lost, clock, late }, async (stop) => {
    for (;;) {
      try {
        await execute(methodOf(run.progress.release).restoring, run, stop)
        return
      } catch (error) {
        stop.throwIfAborted()
        if (error instanceof TakenOver || error instanceof StableCannotServe) throw error
        failed = `: ${messageOf(error)}`
        log.warning(`the traffic is not back yet, trying again${failed}`)
        await clock.sleep(PAUSE, stop)
      }
    }
  })
}

/** After the traffic has been put back, a failure to tidy up is a warning only: the next run does the rest. */
export async function tidy(run: ReleaseRun, signal: AbortSignal): Promise<boolean> {
  try {
    await execute(methodOf(run.progress.release).planTidy(run.progress.release, drainIn(run)), run, signal)
    return true
  } catch (error) {
    run.journal.warnings.push(`cleaning up is not finished: ${messageOf(error)}; the next run does it first`)
    return false
  }
}

/** Where stable has no pods, the canary keeps the traffic, and the next release begins from it. */
export async function giveUpStable(run: ReleaseRun): Promise<string> {
  await execute(planStay(run.progress.release), run, new AbortController().signal)
  return `It stays on ${run.progress.canary.deployment}, from which the next release begins`
}
