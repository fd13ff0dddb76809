import { ODDS_LIMITS, type ComparedMetric, type Finding, type Judgement } from '../domain/judgement.ts'

/** Odds against the new version for people: never a probability of an error, which everybody reads the wrong way round. */

const { exp, floor, log, log10 } = Math

/** Beyond that a number says no more. */
const MOST = 1_000_000

/** Below 1 to that the odds are against nothing any more. */
const LEAST = 10

/** Two digits, rounded down: 49.9 : 1 is not the 50 : 1 that rolls back. The logarithm's own rounding is undone. */
function twoDigits(logarithm: number): string {
  const value = exp(logarithm) * (1 + 1e-9)
  const unit = 10 ** (floor(log10(value)) - 1)
  return Number((floor(value / unit) * unit).toPrecision(2)).toLocaleString('en-US')
}

/** `6.2 : 1`, `over 1,000,000 : 1`, `below 1 : 10`. @param logarithm natural */
export function odds(logarithm: number): string {
  if (logarithm >= log(MOST)) return `over ${MOST.toLocaleString('en-US')} : 1`
  if (logarithm <= -log(LEAST)) return `below 1 : ${LEAST}`
  return logarithm < 0 ? `1 : ${twoDigits(-logarithm)}` : `${twoDigits(logarithm)} : 1`
}

/** Slowness in a single block does not count, so that there are no odds yet. */
const isTooEarly = (metric: ComparedMetric, blocks: number): boolean => metric === 'latency' && blocks < 2

/** Those of a finding; undefined before there are any. */
export const oddsOf = (
  { metric, logE }: Finding,
  { odds: all }: Pick<Judgement, 'odds'>
): string | undefined => (isTooEarly(metric, all.length) ? undefined : odds(logE))

/** How seldom a version that is fine reaches these odds: `by luck in fewer than 1 of 5,000 releases`. */
export function luck(logarithm: number): string {
  const most = exp(Math.min(logarithm, log(MOST))) * (1 + 1e-9)
  const power = 10 ** floor(log10(most))
  const digit = [5, 2].find((one) => one * power <= most) ?? 1
  return `by luck in fewer than 1 of ${Math.round(digit * power).toLocaleString('en-US')} releases`
}

/** The odds over time as logarithms to the base of 10, for a chart. */
export interface OddsCurve {
  readonly metric: ComparedMetric
  /** Above that the version is rolled back if the difference is large enough. */
  readonly bound: number
  /** At times in milliseconds since the epoch. */
  readonly points: readonly { readonly at: number; readonly value: number }[]
}

const METRICS: readonly ComparedMetric[] = ['errors', 'latency']

const shown = (logarithm: number): number =>
  Math.min(Math.max(logarithm / Math.LN10, -log10(LEAST)), log10(MOST))

/** One curve for each metric that was judged, never beyond what `odds` tells apart. */
export const oddsCurves = ({ odds: all }: Pick<Judgement, 'odds'>): readonly OddsCurve[] =>
  METRICS.map((metric) => ({
    metric,
    bound: log10(ODDS_LIMITS[metric]),
    points: all.flatMap(({ at, [metric]: one }, i) =>
      one === undefined || isTooEarly(metric, i + 1) ? [] : [{ at, value: shown(one) }]
    )
  })).filter(({ points }) => points.length > 0)
