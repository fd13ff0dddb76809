import type { Finding, Judgement } from '../domain/judgement.ts'
import { printStableCheck } from '../inputs/stable-check.ts'
import { isoTime, text } from './json-entries.ts'
import { tellingFindings } from './comparison.ts'
import { judgementReason } from './judgement.ts'
import { keep, type Limits } from './limits.ts'
import { oddsCurves, type OddsCurve } from './odds.ts'

/** Digits that JSON has of logarithms of odds. */
const short = (logarithm: number): number => Number(logarithm.toFixed(2)) + 0

const time = (at: number): string | undefined => (Number.isFinite(at) ? isoTime(at) : undefined)

const countsOf = ({ counts }: Finding): object | undefined =>
  counts && { ...counts, since: time(counts.since) }

/** A step of six hours has hundreds of blocks; so many show how the odds went. */
const MOST_POINTS = 120

/** Evenly spread, with the highest one among them. */
function thinned({ points }: OddsCurve, most: number): OddsCurve['points'] {
  const top = Math.max(...points.map(({ value }) => value))
  const highest = points.find(({ value }) => value === top)
  return keep(points, Math.min(most, MOST_POINTS), (point) => point === highest)
}

/** What the `json` output says of a comparison: the odds as logarithms to the base of 10, times as ISO 8601. */
export const judgementJson = (judgement: Judgement, limits: Limits): object => ({
  decision: judgement.decision.kind,
  why: text(judgementReason(judgement), limits),
  crashOnly: judgement.crashOnly,
  seen: judgement.seen,
  until: time(judgement.until),
  checks: tellingFindings(judgement)
    .slice(0, limits.rows)
    .map((finding) => ({
      check: printStableCheck(finding.check),
      metric: finding.metric,
      failed: finding.isBad,
      odds: short(finding.logE / Math.LN10),
      beforeAfter: finding.beforeAfter,
      counts: countsOf(finding),
      shape: finding.metric === 'latency' ? finding.shape : undefined
    })),
  odds: oddsCurves(judgement).map((curve) => ({
    metric: curve.metric,
    bound: short(curve.bound),
    points: thinned(curve, limits.samples).map(({ at, value }) => ({ at: time(at), value: short(value) }))
  }))
})
