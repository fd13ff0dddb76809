import { systemClock, type Clock } from './clock.ts'

/** It took too long. */
export class Overdue extends Error {
  override readonly name = 'Overdue'
}

export interface Limit {
  readonly milliseconds: number
  /** Ends the waiting too, with its reason. */
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock
  /** The error that says what took too long; `Overdue` without it. */
  readonly late?: () => Error
}

/**
 * Does work that may take so many milliseconds. When they are over, or the signal is aborted, the signal that the work
 * was given is aborted, and work that goes on nevertheless is waited for no longer.
 * @throws what `late` says, the reason of the signal, or what the work throws
 */
export async function within<T>(
  { milliseconds, signal, clock = systemClock, late = () => new Overdue() }: Limit,
  work: (stop: AbortSignal) => Promise<T>
): Promise<T> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  const over = new AbortController()
  // Not AbortSignal.any: under load, thousands of those would hang on the one long-lived signal.
  const onAbort = (): void => {
    over.abort(signal?.reason)
  }
  const limit = async (): Promise<never> => {
    await clock.sleep(milliseconds, over.signal)
    throw late()
  }
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work(stop.signal), limit()])
  } catch (error) {
    stop.abort(error)
    throw error
  } finally {
    over.abort()
    signal?.removeEventListener('abort', onAbort)
  }
}
