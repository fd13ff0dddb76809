import type { HistogramSample, NativeBucket } from './metrics.ts'

const { abs, log2, round } = Math

/** Boundaries are printed as decimals: two that differ by less are one. */
const TOLERANCE = 1e-9

/** The zero bucket ends anywhere below that; no request is as fast, in seconds or milliseconds. */
const LEAST = 1e-5

/** Boundaries of an exponential histogram are powers of the 256th root of 2 at most; of those every fourth of an octave does. */
const FINEST = 256
const WANTED = 4

const isWhole = (value: number): boolean => abs(value - round(value)) < 1e-6

const isWanted = (edge: number): boolean =>
  edge >= LEAST && edge < Infinity && (isWhole(log2(edge) * WANTED) || !isWhole(log2(edge) * FINEST))

const isInside = (edge: number, { lower, upper }: Pick<NativeBucket, 'lower' | 'upper'>): boolean =>
  lower < edge * (1 - TOLERANCE) && upper > edge * (1 + TOLERANCE)

/** Every pair of boundaries that occurs, once. */
function spansOf(samples: readonly HistogramSample[]): readonly Pick<NativeBucket, 'lower' | 'upper'>[] {
  const uppers = new Map<number, Set<number>>()
  for (const { buckets } of samples)
    for (const { lower, upper } of buckets) uppers.set(lower, (uppers.get(lower) ?? new Set()).add(upper))
  return [...uppers].flatMap(([lower, found]) => [...found].map((upper) => ({ lower, upper })))
}

/**
 * At which edges it is known of each of these samples how many observations were below: a boundary of one that lies within a
 * bucket of another is none, as where a histogram has been made coarser.
 * @returns in the metric's unit and in order, without Infinity
 */
export function commonBoundaries(samples: readonly HistogramSample[]): readonly number[] {
  const spans = spansOf(samples)
  const edges = new Set(spans.flatMap(({ lower, upper }) => [lower, upper]).filter(isWanted))
  return [...edges]
    .filter((edge) => !spans.some((span) => isInside(edge, span)))
    .sort((one, other) => one - other)
}

/** How many observations there were up to each edge. */
export function cumulated({ buckets }: HistogramSample, edges: readonly number[]): readonly number[] {
  let [next, total] = [0, 0]
  return edges.map((edge) => {
    for (; (buckets[next]?.upper ?? Infinity) <= edge * (1 + TOLERANCE); next += 1)
      total += buckets[next]?.count ?? 0
    return total
  })
}
