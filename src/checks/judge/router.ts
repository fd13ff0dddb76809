import { median } from 'simple-statistics'
import { addHistograms, sum, type Histogram, type Pod } from './arms.ts'
import { beginOf, type Grid } from './cells.ts'
import type { Durations } from './latency.ts'
import { clipped, MAD, meanScores, unit, varianceFor, type Noise, type Past, type Score } from './noise.ts'

const { abs, max, sqrt } = Math

/**
 * Where a router reports, the requests of a version's pods are mixed: nobody sees how much pods differ. So the instances are added up,
 * the number of pods is known from Kubernetes, how much they differ is what pods usually do, and how noisy a half minute is shows in
 * how much stable's neighbouring ones differ.
 */

/** What is known of the pods behind a router. */
export interface RouterReport {
  /** When each of a version's pods was created, in milliseconds since the epoch. */
  readonly pods: { readonly stable: readonly number[]; readonly canary: readonly number[] }
  /** How many times as long `like stable` allows: a difference between pods is not told from one between versions. */
  readonly times: number
}

/** How many pods each version had: in every block since the release began, and stable before. */
export interface Mixed {
  readonly stable: readonly number[]
  readonly canary: readonly number[]
  readonly past: number
  readonly times: number
}

/** How many pods there were in a block, by version. */
type Pods = Pick<Mixed, 'past' | 'times'> & Record<'stable' | 'canary', (block: number) => number>

/**
 * Pods are taken to differ by 7.5 %, by more than where that is measured: so that even pods that differ by 10 % roll back hardly any
 * good version.
 */
const POD_SPREAD = 0.075

/** Of those that there are now; at least one was there before. */
export function podsBy({ pods, times }: RouterReport, grid: Grid): Pods {
  const until =
    (created: readonly number[]) =>
    (block: number): number =>
      max(created.filter((at) => at <= beginOf(grid, block)).length, 1)
  return {
    stable: until(pods.stable),
    canary: until(pods.canary),
    past: max(pods.stable.length, 1),
    times
  }
}

export const constantly = ({ stable, canary }: { readonly stable: number; readonly canary: number }) => ({
  stable: () => stable,
  canary: () => canary,
  past: stable
})

/** All instances together; undefined in a block for which none has anything. */
function together(instances: readonly Pod[], buckets: number): Pod {
  const blocks = max(0, ...instances.map((instance) => instance.length))
  return Array.from({ length: blocks }, (_, block): Histogram | undefined => {
    const found = instances.flatMap((instance) => [instance[block]].filter((one) => one !== undefined))
    return found.length === 0 ? undefined : addHistograms(found, buckets)
  })
}

/** One of each version in place of the router's instances. */
export function mixed(durations: Durations, pods: Pods): Durations {
  const { history, stable, canary, edges } = durations
  const blocks = Array.from(
    { length: max(0, ...[...stable, ...canary].map((one) => one.length)) },
    (_, i) => i
  )
  const all = (instances: readonly Pod[]): readonly Pod[] =>
    instances.length === 0 ? [] : [together(instances, edges.length + 1)]
  return {
    history: all(history),
    stable: all(stable),
    canary: all(canary),
    edges,
    mixed: {
      stable: blocks.map(pods.stable),
      canary: blocks.map(pods.canary),
      past: pods.past,
      times: pods.times
    }
  }
}

/** How much the mean scores of two neighbouring blocks differ, and the requests that such a difference stands on. */
function steps({ cells }: Past, score: Score): readonly { readonly by: number; readonly requests: number }[] {
  const means = meanScores(cells, score)
  return cells.flatMap((cell, i) => {
    const next = cells[i + 1]
    if (next?.block !== cell.block + 1) return []
    const by = (means[i + 1] ?? 0) - (means[i] ?? 0)
    return { by, requests: 1 / (1 / cell.requests + 1 / next.requests) }
  })
}

/**
 * What a router's figures of the stable version say about chance. A difference of two neighbouring blocks has twice the variance that
 * a block has beyond its requests', and that is the pods' by their number. What moves all pods at once is taken for that too.
 */
export function mixedNoise(past: Past, score: Score): Noise {
  const pods = past.mixed ?? 1
  const betweenPods = varianceFor(POD_SPREAD, past, score)
  const found = steps(past, score)
  const ofPods = betweenPods / score.variance
  if (found.length === 0) return { score, clipVariance: ofPods, correlation: 0, betweenPods }
  const weight = (2 * sum(found.map(({ requests }) => requests))) / pods
  const robust =
    (MAD * median(found.map(({ by, requests }) => abs(by) * sqrt(requests / score.variance)))) ** 2 - 1
  const apart = unit((robust * found.length) / max(weight, 1))
  const bounds = { score, clipVariance: (2 * apart) / pods }
  const excess = found.map(
    ({ by, requests }) => (clipped(by, requests, bounds) ** 2 * requests) / score.variance - 1
  )
  return { score, clipVariance: apart + ofPods, correlation: unit(sum(excess) / weight), betweenPods }
}
