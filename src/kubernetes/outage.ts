import { ClusterError } from '../base/errors.ts'

/** How long a release waits for an API server that does not answer, in milliseconds: upgrades of it take a minute. */
export const LONGEST_OUTAGE = 120_000

/**
 * Whether the API server itself was at fault, or the way to it: then the same question may be answered later.
 * A 401 counts, too: credentials that were accepted before may be refused while a new token is written or checked.
 */
export const isOutage = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && ([0, 401, 429].includes(error.status) || error.status >= 500)
