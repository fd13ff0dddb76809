import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { isOutage, LONGEST_OUTAGE } from '../kubernetes/outage.ts'

const PAUSE = 1000

/**
 * Repeats a step while the cluster does not answer. A step finds out by itself what of it is done already; timeouts
 * within it begin anew.
 * @throws the latest error when the outage lasts for too long, any other error at once, and the signal's reason
 */
export async function throughOutages<T>(
  step: () => Promise<T>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal
): Promise<T> {
  let since: number | undefined
  for (;;) {
    const began = clock.now()
    try {
      return await step()
    } catch (error) {
      signal.throwIfAborted()
      if (!isOutage(error)) throw error
      // A step that took this long has had answers, so this is a new outage.
      if (since === undefined || clock.now() - began > LONGEST_OUTAGE) since = clock.now()
      if (clock.now() - since > LONGEST_OUTAGE) throw error
      const trouble = error.status === 401 ? 'refuses the credentials' : 'does not answer'
      log.warning(
        `the cluster ${trouble}; trying for up to ${formatDuration(LONGEST_OUTAGE)}: ${error.message}`
      )
      await clock.sleep(PAUSE, signal)
    }
  }
}
