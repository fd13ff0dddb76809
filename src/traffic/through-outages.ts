import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { isOutage, LONGEST_OUTAGE } from '../kubernetes/api/outage.ts'

const PAUSE = 1000

/**
 * Does a step again while the cluster does not answer: steps find out what of them is done already. What a step waits
 * for begins anew with it.
 * @throws the latest error when that has lasted for too long, any other at once, and with the signal
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
      // Whoever has waited for that long has been answered meanwhile.
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
