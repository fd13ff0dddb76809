import { NO_EVIDENCE } from './constants.ts'
import { logSumExp } from './counts.ts'
import type { Shape } from './shapes.ts'

/**
 * What speaks against a version beyond what its check allows. A wide margin takes a difference for good that is certain, so the
 * question is not whether there is one, but whether more than that is the better explanation of what was seen.
 */

const { log, max } = Math

/** The rise, and the stretch, that promotion must have made unlikely: smaller ones would take too long to tell. */
const EXCLUDED_RISE = 0.004
export const EXCLUDED_STRETCH = 1.25

/** How much more likely a rise of errors is than none: as a logarithm, without its prior. */
export interface RiseEvidence {
  /** As a share of requests. */
  readonly rise: number
  readonly prior: number
  readonly ratio: number
}

/**
 * The odds for a rise that is not allowed against none, or against the allowed one that explains most.
 * @param isAllowed whether a version whose errors have risen by that share of all requests is as good as wanted
 * @returns log of the odds; without priors, `most` for the most likely one, `margin` for that of those that promotion must have made
 *   unlikely
 */
export function risesBeyond(
  rises: readonly RiseEvidence[],
  isAllowed: (rise: number) => boolean
): { readonly logE: number; readonly most: number; readonly margin: number } {
  const others = rises.filter(({ rise }) => !isAllowed(rise))
  const allowed = rises.filter(({ rise }) => isAllowed(rise))
  const explained = max(0, ...allowed.map(({ ratio }) => ratio))
  const excluded = others.filter(({ rise }) => rise >= EXCLUDED_RISE)
  return {
    logE: logSumExp(others.map(({ prior, ratio }) => ratio + log(prior))) - explained,
    most: max(...others.map(({ ratio }) => ratio)) - explained,
    margin: max(...excluded.map(({ ratio }) => ratio)) - explained
  }
}

/** log of the odds for one shape of slowness, without its prior; `whole` since the first judged block. */
export interface ShapeEvidence {
  readonly shape: Shape
  readonly logE: number
  readonly whole: number
}

/**
 * The odds for a shape that is not allowed against none, or against the allowed one that explains most.
 * @param isAllowed whether a version that is slower in this way is as fast as wanted
 * @returns log of the odds; without priors, `most` for the most likely one, `whole` for the smallest stretch that promotion must have
 *   made unlikely
 */
export function shapesBeyond(
  shapes: readonly ShapeEvidence[],
  isAllowed: (shape: Shape) => boolean
): { readonly logE: number; readonly most: number; readonly whole: number } {
  const [allowed, others] = [
    shapes.filter(({ shape }) => isAllowed(shape)),
    shapes.filter(({ shape }) => !isAllowed(shape))
  ]
  const explained = max(0, ...allowed.map(({ logE }) => logE))
  const excluded = others.find(({ shape }) => shape.kind === 'stretch' && shape.times >= EXCLUDED_STRETCH)
  const found = logSumExp(others.map(({ shape, logE }) => log(shape.weight) + logE))
  return {
    logE: (others.length === 0 ? NO_EVIDENCE : found) - explained,
    most: max(...others.map(({ logE }) => logE)) - explained,
    whole: (excluded?.whole ?? NO_EVIDENCE) - explained
  }
}
