import { kayentaOf } from './kayenta/canary.ts'
import type { Ruling } from './ours.ts'
import type { Cell, PodLine, Step } from './release.ts'

/**
 * Other ways to judge a release, by what their documentation says. They see what the new version did without the delays and the
 * extrapolation of a metrics store, and no probes, which is kind to them.
 */

/** What the pods of both versions did, scrape by scrape. */
export interface Traffic {
  /** Seconds between two scrapes. */
  readonly scrape: number
  readonly edges: readonly number[]
  readonly steps: readonly Step[]
  readonly canary: readonly Cell[]
  readonly stable: readonly Cell[]
}

export type Rival = (traffic: Traffic) => Ruling

const NONE: Cell = { n: 0, e: 0, h: [] }

function add(one: Cell, other: Cell): Cell {
  const [long, short] = one.h.length < other.h.length ? [other.h, one.h] : [one.h, other.h]
  return { n: one.n + other.n, e: one.e + other.e, h: long.map((count, i) => count + (short[i] ?? 0)) }
}

export const together = (cells: readonly (Cell | null)[]): Cell =>
  cells.reduce<Cell>((sum, cell) => (cell === null ? sum : add(sum, cell)), NONE)

/** What all pods of a version did, scrape by scrape. */
export const armOf = (pods: readonly PodLine[], scrapes: number): readonly Cell[] =>
  Array.from({ length: scrapes }, (_, i) => together(pods.map((line) => line[i] ?? null)))

/** By linear interpolation in the bucket, as Prometheus' `histogram_quantile`; NaN without requests. In seconds. */
export function quantile({ h }: Cell, q: number, edges: readonly number[]): number {
  const rank = q * h.reduce((sum, count) => sum + count, 0)
  let below = 0
  for (const [i, count] of h.entries()) {
    if (count > 0 && below + count >= rank) {
      const [from, to] = [edges[i - 1] ?? 0, edges[i]]
      return to === undefined ? from : from + ((to - from) * (rank - below)) / count
    }
    below += count
  }
  return NaN
}

interface Bounds {
  /** Share of requests that did not fail, at least. */
  readonly success: number
  readonly quantile: number
  /** Seconds, at most. */
  readonly latency: number
}

interface Thresholds extends Bounds {
  /** Seconds that a reading looks back, and between two of them. */
  readonly window: number
  readonly every: number
  /** So many failed readings end the release; they need not follow one another. */
  readonly failures: number
}

const endOf = ({ canary, scrape }: Traffic): number => canary.length * scrape

/** A query over the last minutes, again and again. Without requests a reading fails. */
const thresholds =
  ({ window, every, failures, success, quantile: q, latency }: Thresholds): Rival =>
  (traffic) => {
    const { canary, scrape, edges } = traffic
    let failed = 0
    for (let at = every; at <= endOf(traffic); at += every) {
      const seen = together(canary.slice(Math.max((at - window) / scrape, 0), at / scrape))
      const isBad = seen.n === 0 || 1 - seen.e / seen.n < success || quantile(seen, q, edges) > latency
      failed += isBad ? 1 : 0
      if (failed >= failures) return { verdict: 'rollback', at }
    }
    return { verdict: 'promote', at: endOf(traffic) }
  }

const EARLY = 35
const FAILURE_LIMIT = 3

/**
 * Fixed bounds as they were here before the comparison with stable: since the step began, read at every scrape; the failures of
 * each check count over the whole release.
 */
const fixedBounds =
  ({ success, quantile: q, latency }: Bounds): Rival =>
  (traffic) => {
    const { canary, scrape, edges, steps } = traffic
    const failed = { success: 0, latency: 0 }
    let begun = 0
    for (const [, seconds] of steps) {
      const end = Math.min(begun + seconds, endOf(traffic))
      for (let at = begun + scrape; at <= end; at += scrape) {
        const seen = together(canary.slice(begun / scrape, at / scrape))
        // A step's first readings may lack data.
        const isMissing = seen.n === 0 && at - begun >= EARLY
        failed.success += isMissing || (seen.n > 0 && !(1 - seen.e / seen.n >= success)) ? 1 : 0
        failed.latency += isMissing || (seen.n > 0 && !(quantile(seen, q, edges) < latency)) ? 1 : 0
        if (Math.max(failed.success, failed.latency) >= FAILURE_LIMIT) return { verdict: 'rollback', at }
      }
      begun = end
    }
    return { verdict: 'promote', at: endOf(traffic) }
  }

/** The thresholds that found most on training seeds with at most 1 % of good releases rolled back, by requests a second. */
const TUNED: readonly (readonly [rps: number, Thresholds])[] = [
  [5, { window: 60, every: 60, success: 0.97, quantile: 0.95, latency: 0.4, failures: 5 }],
  [20, { window: 60, every: 60, success: 0.99, quantile: 0.95, latency: 0.35, failures: 6 }],
  [100, { window: 120, every: 60, success: 0.98, quantile: 0.95, latency: 0.3, failures: 6 }],
  [500, { window: 120, every: 60, success: 0.995, quantile: 0.95, latency: 0.3, failures: 6 }]
]

function tunedFor(rps: number): Rival {
  const distance = (one: number): number => Math.abs(Math.log(one / rps))
  const [found] = [...TUNED].sort(([one], [other]) => distance(one) - distance(other))
  if (found === undefined) throw new Error('Nothing is tuned.')
  return thresholds(found[1])
}

export const RIVAL_NAMES = [
  'GL99',
  'GL95',
  'GLtight',
  'Flagger',
  'Argo',
  'tight',
  'tuned',
  'Kayenta 60 s',
  'Kayenta 15 s'
] as const
export type RivalName = (typeof RIVAL_NAMES)[number]

export const rivalsAt = (rps: number): Readonly<Record<RivalName, Rival>> => ({
  GL99: fixedBounds({ success: 0.99, quantile: 0.95, latency: 0.5 }),
  GL95: fixedBounds({ success: 0.95, quantile: 0.95, latency: 0.5 }),
  GLtight: fixedBounds({ success: 0.99, quantile: 0.95, latency: 0.3 }),
  Flagger: thresholds({ window: 60, every: 60, success: 0.99, quantile: 0.99, latency: 0.5, failures: 5 }),
  Argo: thresholds({
    window: 300,
    every: 300,
    success: 0.95,
    quantile: 0.95,
    latency: Infinity,
    failures: 4
  }),
  tight: thresholds({ window: 120, every: 60, success: 0.99, quantile: 0.95, latency: 0.3, failures: 3 }),
  tuned: tunedFor(rps),
  'Kayenta 60 s': kayentaOf(60),
  'Kayenta 15 s': kayentaOf(15)
})
