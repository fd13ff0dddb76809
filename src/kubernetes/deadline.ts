/** It took too long. */
export class Overdue extends Error {
  override readonly name = 'Overdue'
}

/**
 * Gives an action a signal that is aborted after so many milliseconds, or with the signal given.
 * @throws Overdue when it was aborted
 */
export async function inTime<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  action: (stop: AbortSignal) => Promise<T>
): Promise<T> {
  const stop = new AbortController()
  const onAbort = (): void => {
    stop.abort()
  }
  // Not AbortSignal.any: under load, thousands of those would hang on the one long-lived signal.
  const timer = setTimeout(onAbort, milliseconds)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted === true) onAbort()
  try {
    return await action(stop.signal)
  } catch (error) {
    throw stop.signal.aborted ? new Overdue() : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
