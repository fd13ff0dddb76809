import { median } from 'simple-statistics'
import type { Histogram, Pod } from './arms.ts'
import type { Counts } from '../../domain/judgement.ts'
import { addCounts, NOTHING } from './counts.ts'
import { eachGrowth } from './growth.ts'
import type { KnownPod, PodSamples, Sample } from './pods.ts'

const { ceil, max, min, round } = Math

/** Blocks of equal length, counted from the moment of the first users; those before it have numbers below 0. */
export interface Grid {
  /** Milliseconds since the epoch, and milliseconds. */
  readonly start: number
  readonly block: number
}

/** A block lasts that at least, in milliseconds: so that the pods' different moments of being scraped blur little. */
const LEAST_BLOCK = 30_000

const SECOND = 1000

/** Prometheus' default, where no series has two samples. */
const DEFAULT_GAP = 60_000

/** Of older samples not all may be known, in milliseconds. */
const WHOLE = 3_600_000

/** Of the pods' series the one with most samples of late: milliseconds between two, to the second. */
export function scrapeGapOf(pods: readonly PodSamples[]): number {
  const all = pods.flatMap(({ requests, buckets }) =>
    [...requests, ...buckets].map(({ samples }) => samples.map(({ at }) => at).filter(Number.isFinite))
  )
  const newest = all.reduce((most, times) => times.reduce((one, other) => max(one, other), most), -Infinity)
  const longest = all
    .map((times) => times.filter((at) => at > newest - WHOLE))
    .reduce<readonly number[]>((most, late) => (late.length > most.length ? late : most), [])
  const times = [...new Set(longest)].sort((one, other) => one - other)
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at))
  return gaps.length === 0 ? DEFAULT_GAP : max(round(median(gaps) / SECOND), 1) * SECOND
}

/** A block takes whole scrapes: two of 15 s, one of 30 s, one of 60 s. */
export const gridOf = (start: number, gap: number): Grid => ({
  start,
  block: gap * ceil(LEAST_BLOCK / gap)
})

/** A sample at the very end of a block belongs to it. */
export const blockAt = ({ start, block }: Grid, at: number): number => ceil((at - start) / block) - 1

export const endOf = ({ start, block }: Grid, index: number): number => start + (index + 1) * block

export const beginOf = (grid: Grid, index: number): number => endOf(grid, index - 1)

/** Of a pod in a block; undefined when no sample came of it. */
export interface PodCell extends Counts {
  readonly histogram: Histogram
}

export interface Range {
  readonly from: number
  /** Not included. */
  readonly to: number
}

/** How much the series grew together in each block of the range; undefined in one without a sample. */
function byBlock(
  series: readonly { readonly samples: readonly Sample[] }[],
  bornAt: (at: number) => boolean,
  grid: Grid,
  { from, to }: Range
): readonly (number | undefined)[] {
  const found = new Array<number | undefined>(max(to - from, 0)).fill(undefined)
  const add = (by: number, at: number): void => {
    const i = blockAt(grid, at) - from
    if (i >= 0 && i < found.length) found[i] = (found[i] ?? 0) + by
  }
  for (const { samples } of series) eachGrowth(samples, bornAt, add)
  return found
}

/** From cumulative buckets. Those of one scrape may have been written at different moments: none is below the one before. */
function histogramOf(cumulative: readonly number[]): Histogram {
  let below = 0
  return cumulative.map((count) => {
    const more = max(count - below, 0)
    below += more
    return more
  })
}

/** @param edges in seconds, without +Inf */
export function podCells(
  pod: KnownPod,
  edges: readonly number[],
  grid: Grid,
  range: Range
): readonly (PodCell | undefined)[] {
  const grown = (series: readonly { readonly samples: readonly Sample[] }[]) =>
    byBlock(series, pod.bornAt, grid, range)
  const errors = grown(pod.requests.filter(({ failed }) => failed))
  const buckets = [...edges, Infinity].map((edge) => grown(pod.buckets.filter((one) => one.edge === edge)))
  return grown(pod.requests).map((requests, i) => {
    if (requests === undefined && buckets.at(-1)?.[i] === undefined) return undefined
    return {
      requests: requests ?? 0,
      errors: min(errors[i] ?? 0, requests ?? 0),
      histogram: histogramOf(buckets.map((bucket) => bucket[i] ?? 0))
    }
  })
}

export type PodCells = ReturnType<typeof podCells>

/** What all pods did in a block; undefined when none reports anything. */
export const countsIn = (pods: readonly PodCells[], block: number): Counts | undefined =>
  pods.reduce<Counts | undefined>((total, cells) => {
    const cell = cells[block]
    return cell === undefined ? total : addCounts(total ?? NOTHING, cell)
  }, undefined)

export const durationsOf = (pods: readonly PodCells[]): readonly Pod[] =>
  pods.map((cells) => cells.map((cell) => cell?.histogram))
