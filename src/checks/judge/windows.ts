import type { Block } from './arms.ts'
import { NO_EVIDENCE } from './constants.ts'
import type { Noise } from './noise.ts'
import { SILENT, type Told } from './telling.ts'

const { max, sqrt } = Math

/**
 * Of each pod what it weighs from the first of the blocks until each one; the sum of the squares. Where a cell mixes pods each weighs
 * its part; while their number changes at most that, as standard deviations add up.
 */
export function podSquares(blocks: readonly Block[]): readonly number[] {
  const weights = new Array<number>((blocks[0]?.canary.length ?? 0) + (blocks[0]?.stable.length ?? 0)).fill(0)
  return blocks.map(({ canary, stable, canaryWeight, stableWeight }) => {
    canary.forEach(({ requests, pods }, i) => {
      weights[i] = (weights[i] ?? 0) + (canaryWeight * requests) / sqrt(pods)
    })
    stable.forEach(({ requests, pods }, i) => {
      const at = canary.length + i
      weights[at] = (weights[at] ?? 0) + (stableWeight * requests) / sqrt(pods)
    })
    return weights.reduce((total, weight) => total + weight ** 2, 0)
  })
}

/** So much of what the largest cell says is taken off where a single slow spell looks like the shape. */
const WORST_OFF = 0.5

/** Evidence of the blocks from `start` on, after each of them: one alone does not count. */
export function window(
  tellings: readonly Told[],
  squares: readonly number[],
  noise: Noise,
  halve: boolean
): readonly number[] {
  let ratio = 0
  let variance = 0
  let independent = 0
  let worst = 0
  return squares.map((square, i) => {
    const one = tellings[i] ?? SILENT
    ratio += one.ratio
    variance += one.variance
    independent += one.independent
    worst = max(worst, one.worst)
    const inflation = max((variance + noise.betweenPods * square) / max(independent, 1e-9), 1)
    return i === 0 ? NO_EVIDENCE : (ratio - (halve ? WORST_OFF * worst : 0)) / inflation
  })
}
