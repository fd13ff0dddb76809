/**
 * How often would the checks have rolled back a version that is fine? Releases are played on stable's own traffic of the past: in each
 * one some of its pods play the new version for their share of the users, beside the others, so that whatever differs is noise.
 *
 * `plot.ts` is the release as planned, `cast.ts` who plays what and what would be known of them, `comparison.ts` and `bounds.ts` are how
 * the two kinds of lines judge that, the latter by what `counted.ts` counts; `tally.ts` counts the ends.
 */
import { isBound, isComparison, type CheckLine } from '../../inputs/check-line.ts'
import type { Span } from '../../inputs/replay.ts'
import { scrapeGapOf } from '../judge/cells.ts'
import type { PastSamples } from '../past-samples.ts'
import { playBounds } from './bounds.ts'
import { isThere, pastPod, playersFor, type PastPod } from './cast.ts'
import { playComparison } from './comparison.ts'
import { isCounted } from './counted.ts'
import { lengthOf, longestOf, type Plot, type Played } from './plot.ts'

/** More of them tell little more, and take long. */
const MOST = 50

/** When each release begins, in milliseconds since the epoch: spread over the window, one after the other if there is room. */
export function startsIn({ from, to }: Span, plot: Plot): readonly number[] {
  const room = to - from - longestOf(plot)
  if (room < 0) return []
  const count = Math.min(MOST, Math.floor(room / lengthOf(plot)) + 1)
  return Array.from(
    { length: count },
    (_, i) => from + (count === 1 ? 0 : Math.round((i * room) / (count - 1)))
  )
}

/** Why a line cannot be played; undefined if it can. */
export function unplayable(line: CheckLine): string | undefined {
  return isComparison(line) || isCounted(line.metric)
    ? undefined
    : 'only success-rate, error-rate, request-rate, quantiles of latency and lines that name stable are counted from samples of the past'
}

export interface Act {
  readonly plot: Plot
  readonly start: number
  /** Its number, from 0. */
  readonly turn: number
  readonly lines: readonly CheckLine[]
  readonly past: PastSamples
}

export interface Acted {
  readonly played: readonly Played[]
  /** Why lines that name stable could not be played. */
  readonly incomparable?: string
  /** How much of the traffic the new version had in its first step, and how much it was to have, from 0 to 1. */
  readonly share: { readonly played: number; readonly wanted: number }
}

/** All pods play the new version, where there are no two to tell apart. */
const byAll = (plot: Plot): Plot => ({ ...plot, steps: plot.steps.map((step) => ({ ...step, share: 1 })) })

function whyIncomparable(
  { steps }: Plot,
  { isMixed }: PastSamples,
  there: readonly PastPod[]
): string | undefined {
  if (steps.every(({ share }) => share >= 1)) return undefined
  if (isMixed)
    return 'the metrics are those of a router, which does not tell pods apart, so that none can play the new version'
  return there.length < 2 ? 'it takes two pods of stable, of which one plays the new version' : undefined
}

/** One release; nothing where stable had no pods. */
export function play({ plot, start, turn, lines, past }: Act): Acted | undefined {
  const pods = past.pods.map(pastPod)
  const there = pods.filter((pod) => isThere(pod, start))
  if (there.length === 0) return undefined
  const comparisons = lines.filter(isComparison)
  const bounds = lines.filter(isBound).filter(({ metric }) => isCounted(metric))
  const incomparable = whyIncomparable(plot, past, there)
  const areOne = past.isMixed || there.length < 2
  const compared =
    comparisons.length === 0 || incomparable !== undefined
      ? []
      : playComparison({ plot, start, turn, pods }, comparisons)
  const performance = { plot: areOne ? byAll(plot) : plot, start, turn, pods }
  const wanted = plot.steps[0]?.share ?? 1
  return {
    played: [...compared, ...playBounds(performance, bounds, scrapeGapOf(past.pods))],
    ...(comparisons.length > 0 && incomparable !== undefined && { incomparable }),
    share: { wanted, played: areOne ? 1 : playersFor(wanted, there.length) / there.length }
  }
}
