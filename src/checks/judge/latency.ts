import { addHistograms, blockCells, blockOf, cellOf, sum, type Block, type Cell, type Pod } from './arms.ts'
import { shapesBeyond, type ShapeEvidence } from './beyond.ts'
import { FROM_THE_START } from './constants.ts'
import { noiseOf, scoreOf, type Noise, type Past } from './noise.ts'
import { mixedNoise, type Mixed } from './router.ts'
import { shapesOf, stretched, type Shape } from './shapes.ts'
import { add, sumOf, tallyFrom, type Tally } from './tally.ts'
import { told } from './telling.ts'
import { podSquares, window } from './windows.ts'

const { log, max } = Math

/**
 * Is the new version slower? A likelihood ratio over the whole histogram, for shapes that a regression may have. For any common
 * distribution its expectation is at most 1 while both versions have that and requests are independent. They are not: so the
 * evidence is divided by what the stable pods show of noise.
 * Sources: Turner, Ly & Grünwald, Generic E-variables for exact sequential k-sample tests (JSPI 2024, arXiv 2106.02693), for the
 * ratio with `p0` mixed by traffic; Shin, Ramdas & Rinaldo (arXiv 2203.03532) for the sum over the blocks where it may begin.
 */
export interface LatencyEvidence {
  /** log of the odds that the new version is slower. */
  readonly logE: number
  /** The same for all of it taking 1.25 times as long since the first judged block: below 0 it rather does not. */
  readonly whole: number
  /** Where it shows most: the first block, and the shape. */
  readonly since: number
  readonly shape?: Shape
  readonly shapes: readonly ShapeEvidence[]
}

export interface Durations {
  readonly history: readonly Pod[]
  readonly stable: readonly Pod[]
  readonly canary: readonly Pod[]
  /** In seconds, without +Inf. */
  readonly edges: readonly number[]
  /** Where a router reports, and there is one of each version. */
  readonly mixed?: Mixed
}

export interface Horizon {
  /** The first block that is judged. */
  readonly first: number
  /** How many blocks the release is planned to take, the first ones included. */
  readonly planned: number
}

/** Of a release of many hours only so many blocks are asked whether it began there, beside the first one. */
const RECENT = 120

/** Shares of the buckets, none of them 0. */
function sharesOf(history: readonly Pod[], buckets: number): number[] {
  const all = history.flatMap((pod) => pod.filter((histogram) => histogram !== undefined))
  const total = addHistograms(all, buckets)
  const requests = sum(total)
  return total.map((count) => (count + 0.05) / (requests + 0.05 * buckets))
}

/** log of the prior that a regression is there from the start, and that it begins in one of so many later blocks. */
const startPriors = (later: number): readonly [first: number, later: number] =>
  later <= 0 ? [0, 0] : [log(FROM_THE_START), log((1 - FROM_THE_START) / later)]

/** What one shape comes to after each block. */
interface Tallied {
  readonly shape: Shape
  readonly tallies: readonly Tally[]
}

/** What all shapes come to after a block, and which of them shows most. */
function together(tallied: readonly Tallied[], block: number, first: number): LatencyEvidence {
  const found = tallied.map(({ shape, tallies }) => ({ shape, tally: tallies[block] ?? tallyFrom(first) }))
  const shown = found.map(({ shape, tally }) => log(shape.weight) + tally.most)
  const most = found[shown.indexOf(max(...shown))]
  const shapes = found.map(({ shape, tally }) => ({ shape, logE: sumOf(tally), whole: tally.whole }))
  return {
    ...shapesBeyond(shapes, () => false),
    since: most?.tally.since ?? first,
    ...(most !== undefined && most.tally.multiple > 0 && { shape: most.shape }),
    shapes
  }
}

export function pastOf({ history, edges, mixed }: Durations, span: number): Past {
  const shares = sharesOf(history, edges.length + 1)
  const cells = history.flatMap((histograms, pod) =>
    histograms.map((histogram, block) => ({ ...cellOf(histogram), pod, block }))
  )
  return {
    cells: cells.filter(({ requests }) => requests > 0),
    pods: history.length,
    blocks: max(0, ...history.map((pod) => pod.length)),
    span,
    shares,
    near: stretched(shares, edges, 1.1),
    ...(mixed && { mixed: mixed.past })
  }
}

export function blocksOf({ stable, canary, edges, mixed }: Durations, first: number): readonly Block[] {
  const count = max(0, ...[...stable, ...canary].map((pod) => pod.length))
  const judged = (pods: readonly Pod[], block: number, counts?: readonly number[]): readonly Cell[] =>
    block < first ? pods.map(() => cellOf()) : blockCells(pods, block, counts?.[block])
  return Array.from({ length: count }, (_, block) =>
    blockOf(judged(canary, block, mixed?.canary), judged(stable, block, mixed?.stable), edges.length + 1)
  )
}

/** A shape to look for, and how much noise there is in that. */
interface Lens {
  readonly shape: Shape
  readonly noise: Noise
}

/** What the stable version's past tells about its latency: all that evidence begins with. */
export interface KnownLatency {
  readonly past: Past
  readonly lenses: readonly Lens[]
}

export function knownLatency(past: Past, edges: readonly number[]): KnownLatency {
  const shapes = shapesOf(past.shares, edges)
  const noise = past.mixed === undefined ? noiseOf : mixedNoise
  return {
    past,
    lenses: shapes.map((shape) => ({ shape, noise: noise(past, scoreOf(shape, past.shares)) }))
  }
}

/** @returns what is known after each block since the release began */
export function slownessSince(
  { past, lenses }: KnownLatency,
  blocks: readonly Block[],
  { first, planned }: Horizon
): readonly LatencyEvidence[] {
  const priors = blocks.map((_, block) => startPriors(max(planned, block + 1) - first - 1))
  const until = (start: number): number => (start === first ? blocks.length : start + RECENT)
  const squares = blocks.map((_, start) =>
    start < first ? [] : podSquares(blocks.slice(start, until(start)))
  )
  const tallied = lenses.map(({ shape, noise }) => {
    const tallies: readonly Tally[] = blocks.map(() => tallyFrom(first))
    const tellings = blocks.map((block) => told(block, shape, noise, past.shares))
    for (let start = first; start < blocks.length; start += 1) {
      const found = window(
        tellings.slice(start, until(start)),
        squares[start] ?? [],
        noise,
        shape.kind === 'slow share'
      )
      found.forEach((value, i) => {
        const [tally, prior] = [tallies[start + i], priors[start + i]?.[start === first ? 0 : 1] ?? 0]
        if (tally === undefined) return
        add(tally, prior + value, start)
        if (start === first) tally.whole = value
      })
    }
    return { shape, tallies }
  })
  return blocks.map((_, block) => together(tallied, block, first))
}

/** The same for a version whose past is new. */
export const latencyEvidence = (
  past: Past,
  blocks: readonly Block[],
  edges: readonly number[],
  horizon: Horizon
): readonly LatencyEvidence[] => slownessSince(knownLatency(past, edges), blocks, horizon)
