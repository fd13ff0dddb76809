import { ClusterError } from '../errors.ts'

/** How long a release waits for an API server that does not answer, in milliseconds: upgrades of it take a minute. */
export const LONGEST_OUTAGE = 120_000

/** Whether the API server itself was at fault, or the way to it: then the same question may be answered later. */
export const isOutage = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && (error.status === 0 || error.status === 429 || error.status >= 500)
