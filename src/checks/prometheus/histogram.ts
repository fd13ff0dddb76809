import { formatDuration } from '../../base/duration.ts'
import type { Fault } from '../../base/errors.ts'
import { checkName, type Check } from '../../inputs/check.ts'
import { printStableCheck, type StableCheck } from '../../inputs/stable-check.ts'
import type { Latency } from './recipes.ts'

/** Observations up to an edge, all smaller ones included: a bucket of a Prometheus histogram. */
export interface Bucket {
  /** Inclusive upper edge; Infinity for the last one. */
  readonly edge: number
  readonly count: number
}

export interface Quantile {
  /** In the unit of the edges. */
  readonly value: number
  /** The quantile lies above the highest finite edge, which is all that `value` is: it is more than that. */
  readonly beyond: boolean
}

/** One bucket per edge, ordered, with counts that never go down. */
function tidy(buckets: readonly Bucket[]): readonly Bucket[] {
  const counts = new Map<number, number>()
  for (const { edge, count } of buckets) counts.set(edge, (counts.get(edge) ?? 0) + count)
  let most = 0
  return [...counts]
    .sort(([one], [other]) => one - other)
    .map(([edge, count]) => ({ edge, count: (most = Math.max(most, count)) }))
}

/** How many observations a histogram holds: the count of its `+Inf` bucket, 0 without one. */
export function observations(buckets: readonly Bucket[]): number {
  const last = tidy(buckets).at(-1)
  return last?.edge === Infinity ? last.count : 0
}

/**
 * The value that a share of `quantile` (0..1) of all observations does not exceed, taking them as spread evenly
 * within a bucket, the lowest one beginning at 0. As Prometheus' `histogram_quantile` does it
 * (`BucketQuantile` in promql/quantile.go, https://prometheus.io/docs/prometheus/latest/querying/functions/).
 * Buckets of several series may be given at once; those of the same edge are added up.
 * Undefined without observations, without a `+Inf` bucket or with no bucket but that.
 */
export function histogramQuantile(quantile: number, buckets: readonly Bucket[]): Quantile | undefined {
  const ordered = tidy(buckets)
  const total = observations(ordered)
  const highest = ordered.at(-2)
  if (total === 0 || highest === undefined) return undefined
  const rank = quantile * total
  const index = ordered.findIndex(({ count }) => count >= rank)
  const bucket = ordered[index]
  if (bucket === undefined || bucket.edge === Infinity) return { value: highest.edge, beyond: true }
  const below = ordered[index - 1]
  if (below === undefined && bucket.edge <= 0) return { value: bucket.edge, beyond: false }
  return { value: interpolate(rank, below ?? { edge: 0, count: 0 }, bucket), beyond: false }
}

const interpolate = (rank: number, below: Bucket, bucket: Bucket): number =>
  below.edge + ((bucket.edge - below.edge) * (rank - below.count)) / (bucket.count - below.count)

/** How many observations are above a value, by the same interpolation. */
export function observationsAbove(value: number, buckets: readonly Bucket[]): number {
  const ordered = tidy(buckets)
  const index = ordered.findIndex(({ edge }) => edge >= value)
  const [below = { edge: 0, count: 0 }, bucket] = [ordered[index - 1], ordered[index]]
  if (bucket === undefined) return 0
  const width = bucket.edge - below.edge
  const part = width === Infinity ? 0 : width === 0 ? 1 : (value - below.edge) / width
  return observations(ordered) - below.count - part * (bucket.count - below.count)
}

/** In a bucket whose edges are further apart a quantile is more guessed than measured; 1, 2.5, 5, 10 is usual. */
const WIDEST = 2.5

/** Whether the bound lies in a bucket that is too wide to tell which side of it a quantile is on. */
export function coarseness(check: Check, { base, edges = [] }: Latency): readonly string[] {
  const { bound } = check
  const highest = edges.at(-1)
  if (highest === undefined || edges.some((edge) => Math.abs(edge - bound) < bound * 1e-9)) return []
  const name = checkName(check)
  if (bound > highest) {
    return [`${name} may have no data: the highest edge of ${base} is ${inSeconds(highest)}`]
  }
  const below = edges.findLast((edge) => edge < bound) ?? 0
  const above = edges.find((edge) => edge > bound) ?? Infinity
  if (above <= below * WIDEST * (1 + 1e-9)) return []
  const where = `${base} has no edge between ${inSeconds(below)} and ${inSeconds(above)}`
  return [`${name} is only estimated near its bound: ${where}`]
}

/** With edges that are further apart everywhere only so much of a difference is seen, and no quantile is known. */
const COARSE_TIMES = 1.5
const MODEST = `latency <= stable * ${COARSE_TIMES}`

/** How many times as high as the edge below it the nearest one is; undefined where edges were not looked for. */
const narrowest = (edges: readonly number[]): number | undefined =>
  edges.length === 0
    ? undefined
    : Math.min(...edges.slice(1).map((edge, i) => edge / ((edges[i] ?? 0) * (1 + 1e-9))))

const edgesOf = ({ base, edges = [] }: Latency): string =>
  `the edges of ${base} are ${edges.map(inSeconds).join(', ')}`

/** A quantile in a bucket may become so much longer without leaving it, wherever it is. */
const staysInside = (check: StableCheck, width: number): boolean =>
  check.kind === 'latency' && check.quantile !== undefined && width > WIDEST && check.times < width

/** Why what is compared with the stable version is badly seen in a histogram that is too coarse for that everywhere. */
export function tooCoarse(check: StableCheck, latency: Latency): readonly string[] {
  const width = narrowest(latency.edges ?? []) ?? 0
  const needsDurations = check.kind === 'like-stable' || check.kind === 'latency'
  const isModest = check.kind === 'latency' && check.quantile === undefined && check.times >= COARSE_TIMES
  if (width <= WIDEST || !needsDurations || isModest || staysInside(check, width)) return []
  return [`${printStableCheck(check)}: ${edgesOf(latency)}; with these write ${MODEST}`]
}

/** A quantile that no traffic would ever show to be worse. */
export function unseen(check: StableCheck, latency: Latency): readonly Fault[] {
  if (!staysInside(check, narrowest(latency.edges ?? []) ?? 0)) return []
  const problem = `${printStableCheck(check)} cannot be told: ${edgesOf(latency)}, and a quantile between two of them is a guess`
  return [{ input: 'checks', problem, example: MODEST }]
}

const inSeconds = (seconds: number): string => formatDuration(seconds * 1000)
