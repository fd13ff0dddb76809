import type { Reply } from '../reply.ts'

/** Brings one instant query to Prometheus' HTTP API. Any status is a reply; MetricsError when none came. */
export type Ask = (promql: string, signal?: AbortSignal) => Promise<Reply>

export const QUERY_PATH = '/api/v1/query'
