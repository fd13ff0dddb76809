import { median } from 'simple-statistics'
import { dot, sum, type Cell, type Histogram } from './arms.ts'
import type { Shape } from './shapes.ts'

const { abs, floor, log, max, min, sqrt } = Math

/**
 * How much the stable pods differ from one another in a score, and so how much a canary may by luck. Three layers: requests
 * (a multinomial's variance), a pod in a block (a pause of its garbage collector), and a pod (a slower machine).
 * Sources: Huber, Robust estimation of a location parameter (1964), for the clipping; the layers are the method of moments of a
 * nested random effects model (Searle, Casella & McCulloch, Variance components, 1992).
 */
export interface Noise {
  readonly score: Score
  /** Of what a pod's mean may be away from its block's by more than requests explain: robust, to clip by. */
  readonly clipVariance: number
  /** Correlation within a pod's block: 0 says that requests alone explain the spread. */
  readonly correlation: number
  /** Variance of the mean scores of pods over minutes. */
  readonly betweenPods: number
}

/** How much a bucket speaks for a shape: its log-likelihood ratio, centred under the stable version's shares. */
export interface Score {
  readonly values: readonly number[]
  readonly variance: number
  readonly most: number
}

/** What the stable version did before the release. */
export interface Past {
  /** Those with requests. */
  readonly cells: readonly PastCell[]
  readonly pods: number
  readonly blocks: number
  /** Blocks in five minutes. */
  readonly span: number
  /** Shares of the buckets, and the same when everything takes 1.1 times as long. */
  readonly shares: Histogram
  readonly near: Histogram
  /** A router reports: there is a cell a block, which mixes the requests of so many pods. */
  readonly mixed?: number
}

export interface PastCell extends Cell {
  readonly pod: number
  readonly block: number
}

/** Standard deviations, robust ones, beyond which a cell is clipped. */
const CLIP = 3

/**
 * Prior of the pods' spread: their durations differ by 4 %, known as well as four degrees of freedom tell. Two pods tell too little
 * to say that they differ by less.
 */
export const POD_SPREAD = 0.04
const POD_FREEDOM = 4
const FEW_PODS = 3

/** Makes a median of distances a standard deviation. */
export const MAD = 1.4826

export function scoreOf({ shares }: Pick<Shape, 'shares'>, stable: Histogram): Score {
  const raw = shares.map((share, i) => log(share / (stable[i] ?? 1)))
  const mean = dot(stable, raw)
  const values = raw.map((value) => value - mean)
  const variance = max(sum(stable.map((share, i) => share * (values[i] ?? 0) ** 2)), 1e-9)
  return { values, variance, most: max(...values) }
}

/** Of each cell, on average over its requests. */
export const meanScores = (cells: readonly Cell[], { values }: Score): readonly number[] =>
  cells.map(({ histogram, requests }) => dot(histogram, values) / max(requests, 1))

/**
 * How far a cell's mean score is from its block's centre, at most as far as is plausible.
 * @param pods how many pods' requests it mixes
 */
export function clipped(
  distance: number,
  requests: number,
  { score, clipVariance }: Pick<Noise, 'score' | 'clipVariance'>,
  pods = 1
): number {
  if (requests <= 0) return 0
  const { variance, most } = score
  const bound = CLIP * sqrt(variance / requests + (variance * clipVariance) / pods) + most / requests
  return min(max(distance, -bound), bound)
}

/** Averages of the values by group, weighted by the cells' requests. */
function averages(
  { cells }: Past,
  values: readonly number[],
  groups: number,
  groupOf: (cell: PastCell) => number
): { readonly means: readonly number[]; readonly requests: readonly number[] } {
  const totals = new Array<number>(groups).fill(0)
  const requests = new Array<number>(groups).fill(0)
  cells.forEach((cell, i) => {
    const group = groupOf(cell)
    if (group >= groups) return
    totals[group] = (totals[group] ?? 0) + (values[i] ?? 0) * cell.requests
    requests[group] = (requests[group] ?? 0) + cell.requests
  })
  return { means: totals.map((total, i) => total / max(requests[i] ?? 0, 1)), requests }
}

export const unit = (value: number): number => min(max(value, 0), 1)

function clipVarianceOf({ cells }: Past, distances: readonly number[], { variance }: Score): number {
  const standardised = cells.map(({ requests }, i) => abs(distances[i] ?? 0) * sqrt(requests / variance))
  const mean = sum(cells.map(({ requests }) => requests)) / cells.length
  return unit(((MAD * median(standardised)) ** 2 - 1) / max(mean, 1))
}

/** @returns variance of pods' means over five minutes, without what requests explain, by analysis of variance */
function spreadOf(past: Past, distances: readonly number[], explained: number): number {
  const span = max(min(past.span, past.blocks), 1)
  const stretches = floor(past.blocks / span)
  const groupOf = ({ pod, block }: PastCell): number => floor(block / span) * past.pods + pod
  const { means, requests } = averages(past, distances, stretches * past.pods, groupOf)
  let [squares, freedom] = [0, 0]
  for (let from = 0; from < means.length; from += past.pods) {
    const there = means.slice(from, from + past.pods).filter((_, i) => (requests[from + i] ?? 0) > 0)
    const counts = requests.slice(from, from + past.pods).filter((count) => count > 0)
    if (there.length === 0) continue
    const centre = sum(there) / there.length
    const luck = sum(counts.map((count) => explained / count)) * (1 - 1 / there.length)
    squares += sum(there.map((mean) => (mean - centre) ** 2)) - luck
    freedom += there.length - 1
  }
  return max(squares / max(freedom, 1), 0)
}

/** Variance of the mean scores of pods whose durations differ by such a share. */
export const varianceFor = (spread: number, { near }: Past, { values }: Score): number =>
  ((dot(near, values) / log(1.1)) * spread) ** 2

/** What the stable version's own pods say about chance. */
export function noiseOf(past: Past, score: Score): Noise {
  const { cells, pods } = past
  const prior = varianceFor(POD_SPREAD, past, score)
  if (cells.length === 0) return { score, clipVariance: 0, correlation: 0, betweenPods: prior }
  const means = meanScores(cells, score)
  const centres = averages(past, means, past.blocks, ({ block }) => block).means
  const raw = cells.map(({ block }, i) => (means[i] ?? 0) - (centres[block] ?? 0))
  const clipVariance = clipVarianceOf(past, raw, score)
  const distances = cells.map(({ requests }, i) => clipped(raw[i] ?? 0, requests, { score, clipVariance }))
  const requests = sum(cells.map((cell) => cell.requests))
  const excess = cells.map((cell, i) => ((distances[i] ?? 0) ** 2 * cell.requests) / score.variance - 1)
  const correlation = unit(sum(excess) / requests)
  const crowd = sum(cells.map((cell) => cell.requests ** 2)) / requests
  const found = spreadOf(past, distances, score.variance * (1 + correlation * crowd))
  const pooled = (POD_FREEDOM * prior + (pods - 1) * found) / (POD_FREEDOM + pods - 1)
  const betweenPods = pods < FEW_PODS ? max(pooled, prior) : pooled
  return { score, clipVariance, correlation, betweenPods }
}
