import { setTimeout as wait } from 'node:timers/promises'

/** The only source of time. Everything that waits takes one, so that a test can own the time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms` milliseconds; rejects at once with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Milliseconds: 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    try {
      let rest = Math.max(0, ms)
      do {
        // Of a longer one Node makes a millisecond.
        await wait(Math.min(rest, LONGEST_TIMER), undefined, signal ? { signal } : {})
        rest -= LONGEST_TIMER
      } while (rest > 0)
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  }
}
