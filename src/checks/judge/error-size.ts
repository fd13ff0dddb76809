import type { ErrorCounts } from '../../domain/judgement.ts'
import { addCounts, NOTHING } from './counts.ts'
import type { Pair } from './errors.ts'

/** By how much the new version may fail more often before that matters: as a share of all requests, or as a factor. */
export type ErrorMargin = { readonly plus: number } | { readonly times: number }

/** A single failure, or a single burst, is no regression. */
const LEAST_ERRORS = 3
const LEAST_BLOCKS = 2

/** A rise that is half of what there was is not large, unless it is half a per cent. */
const LEAST_FACTOR = 0.5
const LARGE = 0.005

/** So large a share of failures matters where stable has no requests at all to compare with. */
const LARGE_ALONE = 0.2

export const RECENT = 4

/** How often each version fails: undefined while one has no requests beside the other's. Weighs the rates of both by block, as Mantel and Haenszel do, so that neither drift nor a share that grows is a difference. */
export function ratesOf(pairs: readonly Pair[]): readonly [canary: number, stable: number] | undefined {
  let [canaryErrors, stableErrors, weight] = [0, 0, 0]
  for (const { canary, stable } of pairs) {
    const all = Math.max(canary.requests + stable.requests, 1)
    canaryErrors += (canary.errors * stable.requests) / all
    stableErrors += (stable.errors * canary.requests) / all
    weight += (canary.requests * stable.requests) / all
  }
  return weight > 0 ? [canaryErrors / weight, stableErrors / weight] : undefined
}

/** From which difference of the two rates on it matters. @param stable the stable version's rate */
export const largeFrom = (margin: ErrorMargin, stable: number): number =>
  'plus' in margin
    ? Math.max(margin.plus, Math.min(LEAST_FACTOR * stable, LARGE))
    : (margin.times - 1) * stable

export function countErrors(pairs: readonly Pair[], since: number, until: number): ErrorCounts {
  const within = pairs.slice(since, until + 1)
  return {
    since,
    canary: within.map(({ canary }) => canary).reduce(addCounts, NOTHING),
    stable: within.map(({ stable }) => stable).reduce(addCounts, NOTHING),
    blocksWithErrors: within.filter(({ canary }) => canary.errors > 0).length
  }
}

function isLarge(pairs: readonly Pair[], counts: ErrorCounts, until: number, margin: ErrorMargin): boolean {
  if (counts.canary.errors < LEAST_ERRORS || counts.blocksWithErrors < LEAST_BLOCKS) return false
  const both = ratesOf(pairs.slice(counts.since, until + 1))
  if (both === undefined) return counts.canary.errors >= LARGE_ALONE * counts.canary.requests
  const [canary, stable] = both
  return canary - stable >= largeFrom(margin, stable)
}

/**
 * Whether the difference matters, in the whole release, in its current step or in the last four blocks.
 * @param places the first judged block, and the first one of the current step
 * @returns what was counted where it does
 */
export function largeErrors(
  pairs: readonly Pair[],
  block: number,
  places: { readonly first: number; readonly step: number },
  margin: ErrorMargin
): ErrorCounts | undefined {
  return [places.first, places.step, block + 1 - RECENT]
    .map((since) => countErrors(pairs, Math.max(since, places.first), block))
    .find((counts) => isLarge(pairs, counts, block, margin))
}
