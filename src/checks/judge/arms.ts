/**
 * The durations of two versions' requests, block by block. What is compared is what they did in the same block: `canaryWeight`
 * and `stableWeight` are the weights of Mantel and Haenszel for that, so that neither drift over time nor a share that grows
 * can look like a difference.
 * Source: Mantel & Haenszel, Statistical aspects of the analysis of data from retrospective studies (1959).
 */

/** How many requests fell into each bucket of a histogram, the last of which is +Inf. Not cumulative. */
export type Histogram = readonly number[]

/** A pod, or a router's instance: undefined in a block for which it has nothing. */
export type Pod = readonly (Histogram | undefined)[]

export interface Cell {
  readonly requests: number
  readonly histogram: Histogram
  /** How many pods' requests it mixes: 1 unless a router reports. */
  readonly pods: number
}

export interface Block {
  readonly canary: readonly Cell[]
  readonly stable: readonly Cell[]
  readonly canaryRequests: number
  readonly stableRequests: number
  /** Sums of the squares of the pods' requests; those of one cell have equally many. */
  readonly canaryCrowd: number
  readonly stableCrowd: number
  readonly canaryWeight: number
  readonly stableWeight: number
  readonly canaryHistogram: Histogram
  readonly stableHistogram: Histogram
  /** Both have had requests. */
  readonly compares: boolean
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Sum of products. */
export function dot(one: readonly number[], other: readonly number[]): number {
  let total = 0
  for (let i = 0; i < one.length; i += 1) total += (one[i] ?? 0) * (other[i] ?? 0)
  return total
}

/** @param weights one for each histogram, 1 by default */
export function addHistograms(
  histograms: readonly Histogram[],
  buckets: number,
  weights?: readonly number[]
): number[] {
  const total = new Array<number>(buckets).fill(0)
  histograms.forEach((histogram, at) => {
    const weight = weights?.[at] ?? 1
    for (let i = 0; i < buckets; i += 1) total[i] = (total[i] ?? 0) + (histogram[i] ?? 0) * weight
  })
  return total
}

/** A pod keeps its place among the cells in every block: one without requests says nothing, and weighs nothing. */
export const cellOf = (histogram: Histogram = [], pods = 1): Cell => ({
  requests: sum(histogram),
  histogram,
  pods
})

/** @param mixed how many pods' requests each one mixes */
export const blockCells = (pods: readonly Pod[], block: number, mixed?: number): readonly Cell[] =>
  pods.map((pod) => cellOf(pod[block], mixed))

const histogramsOf = (cells: readonly Cell[]): Histogram[] => cells.map(({ histogram }) => histogram)

const crowd = (cells: readonly Cell[]): number => sum(cells.map(({ requests, pods }) => requests ** 2 / pods))

export function blockOf(canary: readonly Cell[], stable: readonly Cell[], buckets: number): Block {
  const canaryRequests = sum(canary.map(({ requests }) => requests))
  const stableRequests = sum(stable.map(({ requests }) => requests))
  const all = Math.max(canaryRequests + stableRequests, 1)
  const compares = canaryRequests > 0 && stableRequests > 0
  return {
    canary,
    stable,
    canaryRequests,
    stableRequests,
    canaryCrowd: crowd(canary),
    stableCrowd: crowd(stable),
    canaryWeight: compares ? stableRequests / all : 0,
    stableWeight: compares ? canaryRequests / all : 0,
    canaryHistogram: addHistograms(histogramsOf(canary), buckets),
    stableHistogram: addHistograms(histogramsOf(stable), buckets),
    compares
  }
}
