import { MetricsError } from '../metrics.ts'
import type { Reply } from './answer.ts'

/** Brings one instant query to Prometheus' HTTP API. Any status is a reply; MetricsError when none came. */
export type Ask = (promql: string, signal?: AbortSignal) => Promise<Reply>

/** How long Prometheus may take, in milliseconds. */
export const DEFAULT_TIMEOUT = 10_000

export const QUERY_PATH = '/api/v1/query'

/**
 * Gives `ask` a signal that is aborted after `milliseconds`, and then throws MetricsError `timeout`. When the
 * caller's signal is aborted its reason is thrown.
 */
export async function within<T>(
  milliseconds: number,
  where: string,
  signal: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<T>
): Promise<T> {
  const limit = AbortSignal.timeout(milliseconds)
  try {
    return await ask(signal === undefined ? limit : AbortSignal.any([signal, limit]))
  } catch (error) {
    signal?.throwIfAborted()
    if (!limit.aborted) throw error
    throw new MetricsError(`${where} did not answer within ${milliseconds / 1000} s`, 'timeout', {
      cause: error
    })
  }
}
