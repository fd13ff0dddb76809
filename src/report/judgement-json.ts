import type { Finding, Judgement } from '../domain/judgement.ts'
import { printStableCheck } from '../inputs/stable-check.ts'
import { isoTime } from './json-entries.ts'
import { tellingFindings } from './comparison.ts'
import { judgementReason } from './judgement.ts'
import { oddsCurves } from './odds.ts'

/** Digits that JSON has of logarithms of odds. */
const short = (logarithm: number): number => Number(logarithm.toFixed(2)) + 0

const time = (at: number): string | undefined => (Number.isFinite(at) ? isoTime(at) : undefined)

const countsOf = ({ counts }: Finding): object | undefined =>
  counts && { ...counts, since: time(counts.since) }

/** What the `json` output says of a comparison: the odds as logarithms to the base of 10, times as ISO 8601. */
export const judgementJson = (judgement: Judgement): object => ({
  decision: judgement.decision.kind,
  why: judgementReason(judgement),
  seen: judgement.seen,
  until: time(judgement.until),
  checks: tellingFindings(judgement).map((finding) => ({
    check: printStableCheck(finding.check),
    metric: finding.metric,
    failed: finding.isBad,
    odds: short(finding.logE / Math.LN10),
    beforeAfter: finding.beforeAfter,
    counts: countsOf(finding),
    shape: finding.metric === 'latency' ? finding.shape : undefined
  })),
  odds: oddsCurves(judgement).map(({ metric, bound, points }) => ({
    metric,
    bound: short(bound),
    points: points.map(({ at, value }) => ({ at: time(at), value: short(value) }))
  }))
})
