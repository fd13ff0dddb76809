import type { LatencyCounts, Part, Slow } from '../../domain/judgement.ts'
import { addHistograms, sum, type Block, type Histogram } from './arms.ts'
import { exceededBy, stretched, survival, survivalAt } from './shapes.ts'

/** How many times as long the new version may take before that matters: anywhere, or at a quantile (0..1). */
export interface LatencyMargin {
  readonly times: number
  readonly quantile?: number
}

/** Fewer requests have no distribution. */
const LEAST_REQUESTS = 50

/** Edges above which more or fewer of the stable version's requests are tell little. */
const MOST_ABOVE = 0.7
const LEAST_ABOVE = 0.001

const isTelling = (above: number): boolean => above > LEAST_ABOVE && above < MOST_ABOVE

export interface Window {
  readonly blocks: readonly Block[]
  /** Shares of the stable version's buckets before the release. */
  readonly past: Histogram
  /** In seconds, without +Inf. */
  readonly edges: readonly number[]
  /** The window's first block. */
  readonly since: number
  /** A router reports. */
  readonly isMixed?: boolean
}

type Side = 'canary' | 'stable'

const histogramOf = (block: Block, side: Side): Histogram =>
  side === 'canary' ? block.canaryHistogram : block.stableHistogram

function weighted({ blocks, edges }: Window, side: Side): number[] {
  const weights = blocks.map((block) => (side === 'canary' ? block.canaryWeight : block.stableWeight))
  const total = addHistograms(
    blocks.map((block) => histogramOf(block, side)),
    edges.length + 1,
    weights
  )
  const requests = Math.max(sum(total), 1e-9)
  return total.map((count) => count / requests)
}

/** The edge at which the canary stands out most, of those that are neither too near nor too far. */
function telling(canary: readonly number[], stable: readonly number[], past: readonly number[]): number {
  const scores = canary.map((share, i) => {
    const [own = 0, before = 0] = [stable[i], past[i]]
    const spread = Math.sqrt(Math.max(own * (1 - own), 1e-4))
    return isTelling(before) ? (share - own) / spread : -Infinity
  })
  const most = Math.max(...scores)
  return most === -Infinity ? -1 : scores.indexOf(most)
}

function slow(window: Window, side: Side, at: number, share: number): Slow {
  const all = addHistograms(
    window.blocks.map((block) => histogramOf(block, side)),
    window.edges.length + 1
  )
  return { requests: sum(all), slow: sum(all.slice(at + 1)), share }
}

const shareAbove = (histogram: Histogram, at: number): number =>
  sum(histogram.slice(at + 1)) / Math.max(sum(histogram), 1)

const part = (shares: readonly number[], than: (i: number) => number): Part => ({
  count: shares.filter((share, i) => share > than(i)).length,
  of: shares.length
})

function slowerBlocks({ blocks }: Window, at: number): Part {
  const compared = blocks.filter(({ compares }) => compares)
  return part(
    compared.map(({ canaryHistogram }) => shareAbove(canaryHistogram, at)),
    (i) => shareAbove(compared[i]?.stableHistogram ?? [], at)
  )
}

function slowerPods({ blocks, edges }: Window, at: number, stable: number): Part {
  const pods = (blocks[0]?.canary ?? []).map((_, pod) =>
    addHistograms(
      blocks.map(({ canary }) => canary[pod]?.histogram ?? []),
      edges.length + 1
    )
  )
  return part(
    pods.filter((histogram) => sum(histogram) > 0).map((histogram) => shareAbove(histogram, at)),
    () => stable
  )
}

interface Shares {
  readonly canary: Histogram
  readonly stable: Histogram
  /** In seconds, without +Inf. */
  readonly edges: readonly number[]
}

/** Whether the canary is so much slower that it matters, at an edge or at the margin's quantile. */
function isSlowAt({ canary, stable, edges }: Shares, at: number, margin: LatencyMargin): boolean {
  if (margin.quantile === undefined) {
    const bound = survival(stretched(stable, edges, margin.times))[at] ?? 1
    return (survival(canary)[at] ?? 0) >= bound
  }
  const share = 1 - margin.quantile
  const bound = exceededBy(stable, edges, share)
  return bound !== undefined && survivalAt(canary, edges, bound * margin.times) > share
}

/** Whether a version whose durations are so would be too slow anywhere. */
export function isTooSlow(shares: Shares, margin: LatencyMargin): boolean {
  const above = survival(shares.stable)
  return above.some((share, at) => isTelling(share) && isSlowAt(shares, at, margin))
}

/** The stable version's shares, none of them 0. */
function smoothed(window: Window): number[] {
  const weights = window.blocks.map(({ stableWeight }) => stableWeight)
  const histograms = window.blocks.map(({ stableHistogram }) => stableHistogram)
  const total = addHistograms(histograms, window.edges.length + 1, weights)
  const requests = Math.max(sum(total), 1e-9)
  return total.map((count) => (count + 1e-6) / (requests + 1e-6 * total.length))
}

export interface LatencySize {
  readonly counts: LatencyCounts
  readonly isLarge: boolean
}

/** What the window shows, where it shows it best; undefined when no edge tells anything. */
export function latencySize(window: Window, margin: LatencyMargin): LatencySize | undefined {
  const [canary, stable] = [weighted(window, 'canary'), weighted(window, 'stable')]
  const [above, beside] = [survival(canary), survival(stable)]
  const at = telling(above, beside, survival(window.past))
  if (at < 0) return undefined
  const counts = {
    since: window.since,
    edge: window.edges[at] ?? 0,
    canary: slow(window, 'canary', at, above[at] ?? 0),
    stable: slow(window, 'stable', at, beside[at] ?? 0),
    slowerBlocks: slowerBlocks(window, at),
    ...(window.isMixed !== true && { slowerPods: slowerPods(window, at, beside[at] ?? 0) })
  }
  const enough = counts.canary.requests >= LEAST_REQUESTS
  const shares = { canary, stable: smoothed(window), edges: window.edges }
  return { counts, isLarge: enough && isSlowAt(shares, at, margin) }
}
