import type { Limit } from '../../base/within.ts'
import type { Reply } from './answer.ts'
import { MetricsError } from './metrics.ts'

/** Brings one instant query to Prometheus' HTTP API. Any status is a reply; MetricsError when none came. */
export type Ask = (promql: string, signal?: AbortSignal) => Promise<Reply>

/** How long Prometheus may take, in milliseconds. */
export const DEFAULT_TIMEOUT = 10_000

export const QUERY_PATH = '/api/v1/query'

/** How long an answer may take; MetricsError `timeout` when there is none by then. */
export const limitOf = (milliseconds: number, where: string, signal: AbortSignal | undefined): Limit => ({
  milliseconds,
  signal,
  late: () => new MetricsError(`${where} did not answer within ${milliseconds / 1000} s`, 'timeout')
})
