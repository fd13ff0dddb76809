import type { Block, Cell, Histogram } from './arms.ts'
import { clipped, meanScores, type Noise } from './noise.ts'
import type { Shape } from './shapes.ts'

const { log, max } = Math

/** What one block says about one shape. */
export interface Told {
  /** log-likelihood ratio. */
  readonly ratio: number
  /** Of the canary's cell that speaks most for it. */
  readonly worst: number
  /** Variance as the pods are, and as it would be if requests were independent. */
  readonly variance: number
  readonly independent: number
}

export const SILENT: Told = { ratio: 0, worst: 0, variance: 0, independent: 0 }

/** `p_g / p0` for the canary's requests and `p / p0` for stable's; p0 is what both have together when neither differs. */
function rawRatio(block: Block, { shares }: Shape, stable: Histogram): number {
  const part = block.canaryRequests / (block.canaryRequests + block.stableRequests)
  let ratio = 0
  shares.forEach((share, i) => {
    const own = stable[i] ?? 0
    const together = part * share + (1 - part) * own
    ratio += (block.canaryHistogram[i] ?? 0) * log(share / together)
    ratio += (block.stableHistogram[i] ?? 0) * log(own / together)
  })
  return ratio
}

/** What of the cells lies beyond the plausible, and the largest of what does not. */
function clip(cells: readonly Cell[], means: readonly number[], centre: number, noise: Noise) {
  let beyond = 0
  let worst = 0
  cells.forEach(({ requests, pods }, i) => {
    const distance = (means[i] ?? 0) - centre
    const plausible = clipped(distance, requests, noise, pods)
    beyond += (distance - plausible) * requests
    worst = max(worst, plausible * requests)
  })
  return { beyond, worst }
}

/** The mean score of all requests of the cells. */
const centreOf = (cells: readonly Cell[], means: readonly number[], requests: number): number =>
  cells.reduce((total, cell, i) => total + (means[i] ?? 0) * cell.requests, 0) / max(requests, 1)

export function told(block: Block, shape: Shape, noise: Noise, stable: Histogram): Told {
  if (!block.compares) return SILENT
  const { canaryWeight, canaryRequests, canaryCrowd, stableWeight, stableRequests, stableCrowd } = block
  const { score, correlation } = noise
  const means = meanScores(block.stable, score)
  const centre = centreOf(block.stable, means, stableRequests)
  const own = clip(block.canary, meanScores(block.canary, score), centre, noise)
  const others = clip(block.stable, means, centre, noise)
  return {
    ratio: rawRatio(block, shape, stable) - own.beyond * canaryWeight + others.beyond * stableWeight,
    worst: own.worst * canaryWeight,
    variance:
      canaryWeight ** 2 * score.variance * (canaryRequests + correlation * canaryCrowd) +
      stableWeight ** 2 * score.variance * (stableRequests + correlation * stableCrowd),
    independent: score.variance * (canaryWeight ** 2 * canaryRequests + stableWeight ** 2 * stableRequests)
  }
}
