import type { Check, Metric } from '../../inputs/check.ts'
import { eachGrowth } from '../judge/growth.ts'
import type { Sample } from '../judge/pods.ts'
import type { MetricValue } from '../metric-value.ts'
import { histogramQuantile, observations, observationsAbove } from '../prometheus/histogram.ts'
import type { PastPod } from './cast.ts'

/** Counts what the bounds ask for from samples of the past. */

/** How a counter of a pod grew. */
export interface Growth {
  readonly pod: string
  readonly kind: 'request' | 'error' | 'bucket'
  /** Of a bucket, in seconds. */
  readonly edge: number
  readonly steps: readonly { readonly at: number; readonly by: number }[]
}

/** What a bound can be counted from in samples of the past. */
export const isCounted = ({ kind }: Metric): boolean =>
  kind === 'success-rate' || kind === 'error-rate' || kind === 'request-rate' || kind === 'latency'

/** @param from not included, and to: milliseconds since the epoch */
export function growthsOf(pod: PastPod, from: number, to: number): readonly Growth[] {
  const grown = (samples: readonly Sample[]): Growth['steps'] => {
    const steps: { at: number; by: number }[] = []
    eachGrowth(samples, pod.bornAt, (by, at) => {
      if (at > from && at <= to) steps.push({ at, by })
    })
    return steps
  }
  return [
    ...pod.requests.map(({ failed, samples }): Growth => {
      return { pod: pod.name, kind: failed ? 'error' : 'request', edge: 0, steps: grown(samples) }
    }),
    ...pod.buckets.map(({ edge, samples }): Growth => {
      return { pod: pod.name, kind: 'bucket', edge, steps: grown(samples) }
    })
  ]
}

export interface Counted {
  readonly requests: number
  readonly errors: number
  readonly buckets: readonly { readonly edge: number; readonly count: number }[]
  /** When something was scraped last, in milliseconds since the epoch. */
  readonly newest: number | undefined
}

/** What was counted after a moment and until another: milliseconds since the epoch. */
export function count(growths: readonly Growth[], since: number, until: number): Counted {
  let newest: number | undefined
  const all = growths.map(({ kind, edge, steps }) => {
    let grown = 0
    for (const { at, by } of steps) {
      if (at > until) break
      if (at <= since) continue
      grown += by
      if (newest === undefined || at > newest) newest = at
    }
    return { kind, edge, count: grown }
  })
  const total = (...kinds: readonly Growth['kind'][]): number =>
    all.reduce((sum, one) => sum + (kinds.includes(one.kind) ? one.count : 0), 0)
  return {
    requests: total('request', 'error'),
    errors: total('error'),
    buckets: all.filter(({ kind }) => kind === 'bucket'),
    newest
  }
}

/** @param since when counting began, in milliseconds since the epoch */
export function valueOf(
  { metric, bound }: Check,
  { requests, errors, buckets, newest }: Counted,
  since: number
): MetricValue {
  if (newest === undefined) return { why: 'no sample since the step began', early: true }
  if (requests === 0) return { why: '0 requests since the step began', early: true }
  switch (metric.kind) {
    case 'success-rate':
      return { value: (requests - errors) / requests, requests }
    case 'error-rate':
      return { value: errors / requests, requests }
    case 'request-rate':
      return { value: requests / Math.max((newest - since) / 1000, 1), requests }
    case 'latency': {
      const found = histogramQuantile(metric.quantile, buckets)
      if (found === undefined) return { why: 'no histogram of durations' }
      return { ...found, requests: observations(buckets), above: observationsAbove(bound, buckets) }
    }
    default:
      return { why: 'it cannot be counted from the samples of the past' }
  }
}
