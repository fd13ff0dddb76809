import type { SlowShape } from '../../domain/judgement.ts'

const { abs, exp, log, max, min } = Math
/**
 * What slower versions look like: the shares of a histogram's buckets, if the stable version's were so, for regressions of
 * named shapes.
 */

/** Every request takes so many times as long; then with which weight that is looked for. */
const STRETCHES = [
  [1.15, 0.16],
  [1.25, 0.26],
  [1.4, 0.1],
  [1.7, 0.06],
  [2.5, 0.03],
  [4, 0.02]
] as const

/** A share of all requests takes so many times as long. */
const SLOW_SHARES = [
  [0.02, 4, 0.1],
  [0.05, 4, 0.14],
  [0.12, 4, 0.06],
  [0.3, 4, 0.02],
  [0.02, 10, 0.04],
  [0.1, 10, 0.01]
] as const

/** More requests are above an edge: at the edges above which nearest to these shares are, so many times as many. */
const EXCEEDED = [0.5, 0.3, 0.1, 0.04]
const TIMES = [1.35, 2]

/** How the three kinds share what is looked for. */
const STRETCHED = 0.45
const SLOWED = 0.25
const ABOVE = 0.3

export interface Shape extends SlowShape {
  /** Prior probability. */
  readonly weight: number
  readonly shares: readonly number[]
}

/** Of a histogram's shares, what is above each edge but the last, which is +Inf. */
export function survival(shares: readonly number[]): number[] {
  let left = 1
  return shares.slice(0, -1).map((share) => (left -= share))
}

const clamp = (value: number, least: number, most: number): number => min(max(value, least), most)

/** Where the curve of what is above a duration bends: logarithms of durations, from half the first edge on, and of shares. */
function bends(shares: readonly number[], edges: readonly number[]): readonly (readonly [number, number])[] {
  const heights = [1, ...survival(shares).map((share) => max(share, 1e-9))]
  return [(edges[0] ?? 1) / 2, ...edges].map((at, i) => [log(at), log(heights[i] ?? 1)])
}

/** What is above a duration, straight between the edges on logarithmic axes. */
export function survivalAt(shares: readonly number[], edges: readonly number[], seconds: number): number {
  const curve = bends(shares, edges)
  const place = log(seconds)
  const i = clamp(curve.filter(([at]) => at <= place).length - 1, 0, curve.length - 2)
  const [[from, high] = [0, 0], [to, low] = [1, 0]] = curve.slice(i, i + 2)
  const way = clamp((place - from) / (to - from), 0, 1)
  return exp((1 - way) * high + way * low)
}

/** The duration that this share of requests exceeds; undefined when it lies above the last edge. */
export function exceededBy(
  shares: readonly number[],
  edges: readonly number[],
  share: number
): number | undefined {
  const curve = bends(shares, edges)
  const i = curve.findIndex(([, height]) => height <= log(share))
  const [[from, high] = [0, 0], [to, low] = [1, 0]] = curve.slice(max(i - 1, 0), max(i + 1, 2))
  const way = low === high ? 1 : clamp((log(share) - high) / (low - high), 0, 1)
  return i < 0 ? undefined : exp(from + way * (to - from))
}

/** The same histogram when every request takes `times` as long. */
export function stretched(shares: readonly number[], edges: readonly number[], times: number): number[] {
  const above = [1, ...edges.map((edge) => survivalAt(shares, edges, edge / times)), 0]
  return shares.map((_, i) => max((above[i] ?? 0) - (above[i + 1] ?? 0), 1e-9))
}

const blend = (one: readonly number[], other: readonly number[], share: number): number[] =>
  one.map((value, i) => (1 - share) * value + share * (other[i] ?? 0))

/** At the edge `at`, above which a share of `above` is, there are `times` as many: as far as there can be. */
function exceeded(shares: readonly number[], at: number, above: number, times: number): number[] {
  const most = 1 - (1 - above) / times
  const wanted = clamp(min(times * above, most), 1e-9, 1 - 1e-9)
  const more = wanted / max(above, 1e-9)
  const less = (1 - wanted) / max(1 - above, 1e-9)
  return shares.map((share, i) => share * (i > at ? more : less))
}

function nearest(above: readonly number[], aim: number): number {
  const distances = above.map((share) => abs(log(max(share, 1e-6) / aim)))
  return distances.indexOf(min(...distances))
}

const total = (weights: readonly number[]): number => weights.reduce((sum, weight) => sum + weight, 0)

/** @param edges in seconds, without +Inf */
export function shapesOf(shares: readonly number[], edges: readonly number[]): readonly Shape[] {
  const above = survival(shares)
  const stretches = total(STRETCHES.map(([, weight]) => weight))
  const slow = total(SLOW_SHARES.map(([, , weight]) => weight))
  const each = ABOVE / (EXCEEDED.length * TIMES.length)
  return [
    ...STRETCHES.map(([times, weight]) => ({
      kind: 'stretch' as const,
      times,
      share: 1,
      weight: (STRETCHED * weight) / stretches,
      shares: stretched(shares, edges, times)
    })),
    ...SLOW_SHARES.map(([share, times, weight]) => ({
      kind: 'slow share' as const,
      times,
      share,
      weight: (SLOWED * weight) / slow,
      shares: blend(shares, stretched(shares, edges, times), share)
    })),
    ...EXCEEDED.flatMap((aim) => {
      const at = nearest(above, aim)
      const share = above[at] ?? 0
      return TIMES.map((times) => ({
        kind: 'above an edge' as const,
        times,
        share,
        weight: each,
        shares: exceeded(shares, at, share, times)
      }))
    })
  ]
}
