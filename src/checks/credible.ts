import type { Reading } from './judge.ts'

/** Of the requests behind a reading: how many were on the wrong side of what the check asks of each, and what share may be. */
export interface Bad {
  readonly share: number
  readonly requests: number
  readonly allowed: number
}

/** Standard deviations: by luck a share is so far below what was seen in about one of 160 readings. */
const Z = 2.5

const { sqrt } = Math

/**
 * The ends of Wilson's score interval for a share that was seen among so many requests.
 * Source: Wilson, Probable inference, the law of succession, and statistical inference (JASA 1927).
 */
export function wilson(share: number, requests: number): readonly [low: number, high: number] {
  const square = Z ** 2 / requests
  const centre = share + square / 2
  const reach = Z * sqrt((share * (1 - share)) / requests + square / (4 * requests))
  return [(centre - reach) / (1 + square), (centre + reach) / (1 + square)]
}

/**
 * For an error rate the requests that failed. For a quantile those above the bound: if p95 is to be below 500 ms, 5 % of the
 * requests may take longer. Undefined for what is no share of requests.
 */
export function badOf({ check, value, requests, above }: Reading): Bad | undefined {
  const { metric, bound } = check
  if (value === undefined || requests === undefined || requests <= 0) return undefined
  switch (metric.kind) {
    case 'success-rate':
      return { share: 1 - value, requests, allowed: 1 - bound }
    case 'error-rate':
      return { share: value, requests, allowed: bound }
    case 'latency':
      return above === undefined
        ? undefined
        : { share: above / requests, requests, allowed: 1 - metric.quantile }
    default:
      return undefined
  }
}

/** One or two bad requests are no share: among the first few of a release they would be beyond every bound but "none". */
const LEAST_BAD = 3

/** Whether so many requests can tell that too many of them are bad. @param burstiness variance over mean of such counts, from 1 on */
export const isCredible = ({ share, requests, allowed }: Bad, burstiness: number): boolean =>
  (allowed <= 0 || Math.round(share * requests) >= LEAST_BAD) &&
  wilson(share, requests / burstiness)[0] > allowed

/** Whether the one has more bad requests than the other by more than luck explains. */
export const isWorse = (one: Bad, other: Bad, burstiness: number): boolean =>
  wilson(one.share, one.requests / burstiness)[0] > wilson(other.share, other.requests / burstiness)[1]
