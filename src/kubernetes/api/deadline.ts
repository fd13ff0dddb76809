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

/** For what cannot be interrupted: it goes on, but nobody waits for it any more. @throws Overdue with the signal */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: either, resolve, reject } = Promise.withResolvers<T>()
  const onAbort = (): void => {
    reject(new Overdue())
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  promise.then(resolve, reject)
  return either.finally(() => {
    signal.removeEventListener('abort', onAbort)
  })
}
