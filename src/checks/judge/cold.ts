import type { PodCells } from './cells.ts'

const { ceil } = Math

/** Blocks that a pod takes to warm up. */
export interface WarmUp {
  /** Milliseconds. */
  readonly duration: number
  /** Of a block, in milliseconds. */
  readonly block: number
  /** Place of the block with the release's first users among the cells. */
  readonly begin: number
}

/**
 * A pod's cells without those in which its caches are cold: a larger share brings new pods, and an autoscaler does, to either version.
 * They serve as soon as they are ready, and their first requests say as little of the version as those of its first pods.
 * @param isNew it came up while it was watched: of an older one nobody knows when it began to serve
 */
export function withoutCold(cells: PodCells, isNew: boolean, { duration, block, begin }: WarmUp): PodCells {
  const first = cells.findIndex((cell) => cell !== undefined && cell.requests > 0)
  if (!isNew || first < 0) return cells
  // Its first requests may have come at the end of their block, unless the release began with them.
  const cold = ceil(duration / block) + (first === begin ? 0 : 1)
  const until = first + cold
  return duration === 0 ? cells : cells.map((cell, i) => (i < until ? undefined : cell))
}
