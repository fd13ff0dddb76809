import { counted } from '../../base/counted.ts'
import type { BuiltIn, Check } from '../../inputs/check.ts'
import { withZero } from '../../inputs/promql.ts'
import type { Version } from '../compared-samples.ts'
import type { MetricValue, NoData } from '../metric-value.ts'
import { histogramQuantile, observations, observationsAbove } from './histogram.ts'
import type { Series } from './metrics.ts'
import type { Names } from './recipes.ts'
import type { Lacks } from './source-queries.ts'
import { staleAfter, type Traffic } from './traffic.ts'

type BuiltInCheck = Pick<Check<BuiltIn>, 'metric' | 'bound'>

/** What all built-in checks of a round are judged by. */
export interface ObservedTraffic {
  readonly names: Names
  readonly traffic: Traffic
  /** In words, for what is missing. */
  readonly lacks: Lacks
  /** `stable` while no release is under way: then there is no step, and the last minutes are looked at. */
  readonly side: Version
}

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`

/** A ratio of failures has no series as long as nothing has failed. */
function nothingFound(promql: string): NoData {
  const zeroed = withZero(promql)
  const hint = zeroed === undefined ? '' : `; if that is so while nothing fails, write ${zeroed}`
  return { why: `no series: the query found nothing${hint}`, early: true }
}

/** What a query of the user's has brought: it must be one finite number. */
export function findInAnswer(answer: readonly Series[], promql: string): MetricValue {
  const [only, ...others] = answer
  if (only === undefined) return nothingFound(promql)
  if (others.length > 0) {
    const count = answer.length
    return { why: `the query gave ${count} series where one number is needed; wrap it in sum() or max()` }
  }
  const [sample, ...more] = only.histograms === undefined ? only.samples : []
  if (more.length > 0)
    return { why: 'the query gave a range of samples where one number is needed; wrap it in rate()' }
  if (sample === undefined) return { why: 'the query gave a histogram where one number is needed' }
  const { value } = sample
  if (Number.isFinite(value)) return { value }
  return {
    why: `the query gave ${value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN'}`,
    early: Number.isNaN(value)
  }
}

/** Why these figures cannot be judged at all; undefined when they can. */
function doubt({ traffic, names, lacks, side }: ObservedTraffic, pods: number): NoData | undefined {
  const { newest, gap, since, now, silent } = traffic
  if (newest === undefined) return { why: lacks.counter(false, names.requests), early: true }
  if (now - newest > staleAfter(gap)) return { why: `the newest sample is ${seconds(now - newest)} old` }
  if (silent.length > 0) {
    const verb = silent.length === 1 ? 'reports' : 'report'
    return {
      why: `${silent.length} of ${counted(pods, 'pod')} ${verb} no metrics: ${silent.slice(0, 3).join(', ')}`
    }
  }
  return newest > since ? undefined : { why: `no sample ${whenOf(side, traffic)}`, early: true }
}

const whenOf = (side: Version, { since, now }: Traffic): string =>
  side === 'canary' ? 'since the step began' : `in the last ${seconds(now - since)}`

/** If all requests were left out as probes, their paths are named: users may be asking for one of them. */
function noRequests({ traffic, side }: ObservedTraffic): NoData {
  const { requests, paths } = traffic.leftOut
  const whom = side === 'canary' ? 'the new version' : 'the version that serves'
  const rest =
    requests > 0 ? ` (${Math.round(requests)} to ${paths.slice(0, 3).join(', ')} are taken for probes)` : ''
  return { why: `0 requests reached ${whom} ${whenOf(side, traffic)}${rest}`, early: true }
}

function quantileOf(quantile: number, observed: ObservedTraffic, bound: number): MetricValue {
  const { traffic, names, lacks } = observed
  if (!names.latency?.hasBuckets) return { why: lacks.buckets, early: true }
  const requests = observations(traffic.buckets)
  if (requests === 0 || traffic.requests === 0) return noRequests(observed)
  const found = histogramQuantile(quantile, traffic.buckets)
  return found === undefined
    ? { why: `${names.latency.base}_bucket has no edge but +Inf` }
    : {
        value: found.value,
        requests,
        above: observationsAbove(bound, traffic.buckets),
        beyond: found.beyond
      }
}

function meanOf(observed: ObservedTraffic): MetricValue {
  const { traffic, names, lacks } = observed
  const { seconds: total, timed } = traffic
  if (!names.latency) return { why: lacks.durations, early: true }
  return timed === 0 || traffic.requests === 0
    ? noRequests(observed)
    : { value: total / timed, requests: timed }
}

/** The share of requests that `count` counts. One division of whole numbers, so that 95 of 100 is 95% exactly. */
function shareOf(
  observed: ObservedTraffic,
  count: (errors: number, requests: number) => number
): MetricValue {
  const { traffic, names, lacks } = observed
  const { errors, requests } = traffic
  if (errors === undefined) return { why: lacks.status(names.requests) }
  return requests === 0 ? noRequests(observed) : { value: count(errors, requests) / requests, requests }
}

function requestRateOf(observed: ObservedTraffic): MetricValue {
  const { requests, newest = 0, since } = observed.traffic
  return requests === 0
    ? noRequests(observed)
    : { value: requests / Math.max((newest - since) / 1000, 1), requests }
}

function valueOf({ metric, bound }: BuiltInCheck, observed: ObservedTraffic): MetricValue {
  switch (metric.kind) {
    case 'latency':
      return quantileOf(metric.quantile, observed, bound)
    case 'mean-latency':
      return meanOf(observed)
    case 'request-rate':
      return requestRateOf(observed)
    case 'error-rate':
      return shareOf(observed, (errors) => errors)
    case 'success-rate':
      return shareOf(observed, (errors, requests) => requests - errors)
  }
}

/** Without what cold pods did, where the others tell enough. All requests make up their rate. */
function warmValueOf(check: BuiltInCheck, observed: ObservedTraffic): MetricValue | undefined {
  const { warm } = observed.traffic
  if (warm === undefined || check.metric.kind === 'request-rate') return undefined
  const found = valueOf(check, { ...observed, traffic: warm })
  return 'why' in found ? undefined : found
}

/** What the counted requests say about a built-in metric, and how they lie to the bound of its check. */
export function findInTraffic(check: BuiltInCheck, observed: ObservedTraffic, pods: number): MetricValue {
  const found = doubt(observed, pods) ?? warmValueOf(check, observed) ?? valueOf(check, observed)
  return 'why' in found || !isBrief(observed.traffic) ? found : { ...found, brief: true }
}

const isBrief = ({ newest = 0, since, gap = 0 }: Traffic): boolean => newest < since + gap
