import type { ErrorCounts, ErrorFinding, Finding, LatencyFinding } from '../../domain/judgement.ts'
import type { StableCheck } from '../../inputs/stable-check.ts'
import type { Block } from './arms.ts'
import { EXCLUDED_STRETCH, risesBeyond, shapesBeyond } from './beyond.ts'
import { ERRORS_LIMIT, LATENCY_LIMIT } from './constants.ts'
import { countErrors, largeErrors, largeFrom, ratesOf, RECENT, type ErrorMargin } from './error-size.ts'
import { raisedBy, type ErrorEvidence } from './errors.ts'
import { isTooSlow, latencySize, type LatencyMargin, type LatencySize } from './latency-size.ts'
import type { LatencyEvidence } from './latency.ts'
import { beginsAt, type Measured } from './measured.ts'
import type { ReleaseStep } from './question.ts'
import type { Shape } from './shapes.ts'

/** What a metric is held against: the check as it was written, and the smallest difference that matters to it. */
export type Rule =
  | { readonly metric: 'errors'; readonly check: StableCheck; readonly margin: ErrorMargin }
  | { readonly metric: 'latency'; readonly check: StableCheck; readonly margin: LatencyMargin }

/** Everything that was measured, and what it proves after each block. */
export interface Proof {
  readonly measured: Measured
  /** The first judged block. */
  readonly first: number
  readonly errors: readonly ErrorEvidence[]
  readonly latency: readonly LatencyEvidence[]
  /** How often stable's requests fail when nothing is wrong, from 0 to 1. */
  readonly base: number
  /** The durations of both, block by block. */
  readonly blocks: readonly Block[]
  /** Shares of the stable version's buckets before the release. */
  readonly past: readonly number[]
}

/** `like stable` means these differences. */
const LIKE_STABLE = { plus: 0.001, times: 1.15 }

/** @param router where one reports: how many times as long `like stable` allows then */
export function rulesOf(check: StableCheck, router?: { readonly times: number }): readonly Rule[] {
  switch (check.kind) {
    case 'like-stable':
      return [
        { metric: 'errors', check, margin: { plus: LIKE_STABLE.plus } },
        { metric: 'latency', check, margin: { times: router?.times ?? LIKE_STABLE.times } }
      ]
    case 'error-rate':
      return [
        { metric: 'errors', check, margin: 'plus' in check ? { plus: check.plus } : { times: check.times } }
      ]
    case 'success-rate':
      return [{ metric: 'errors', check, margin: { plus: check.minus } }]
    case 'latency': {
      const { times, quantile } = check
      return [{ metric: 'latency', check, margin: { times, ...(quantile !== undefined && { quantile }) } }]
    }
  }
}

type ErrorRule = Rule & { metric: 'errors' }
type LatencyRule = Rule & { metric: 'latency' }

const twice = (times: number): number => 2 * times - 1

/** Before and after differ by more than two versions do at the same time. */
const doubled = (margin: ErrorMargin): ErrorMargin =>
  'plus' in margin ? { plus: 2 * margin.plus } : { times: twice(margin.times) }

/** What the rule's margin is in a step: doubled for one without a stable version beside the new one. */
const errorMargin = ({ margin }: ErrorRule, { alone }: ReleaseStep): ErrorMargin =>
  alone === true ? doubled(margin) : margin

const latencyMargin = ({ margin }: LatencyRule, { alone }: ReleaseStep): LatencyMargin =>
  alone === true ? { ...margin, times: twice(margin.times) } : margin

/** With the time, in milliseconds since the epoch, for the block since which is counted. */
const timed = <T extends { readonly since: number }>(counts: T, measured: Measured): T => ({
  ...counts,
  since: beginsAt(measured, counts.since)
})

/** What was counted, if it is more than the rule allows. */
function tooMany(rule: ErrorRule, { measured, first }: Proof, block: number): ErrorCounts | undefined {
  const { first: step, step: now } = measured.stepAt(block)
  return largeErrors(measured.compared, block, { first, step }, errorMargin(rule, now))
}

/** Whether errors are more than the rule allows after that block, be it by luck. */
export const isLargeNow = (rule: ErrorRule, proof: Proof, block: number): boolean =>
  tooMany(rule, proof, block) !== undefined

function errorFinding(rule: ErrorRule, proof: Proof, block: number): ErrorFinding {
  const { measured, first } = proof
  const { alone = false } = measured.stepAt(block).step
  const { logE, hidden } = proof.errors[block] ?? { logE: 0, hidden: 1 }
  const large = tooMany(rule, proof, block)
  return {
    metric: 'errors',
    check: rule.check,
    logE,
    isBad: logE >= ERRORS_LIMIT && large !== undefined && doubt(rule, proof, block).most >= 0,
    isLarge: large !== undefined,
    beforeAfter: alone,
    hidden,
    counts: timed(large ?? countErrors(measured.compared, first, block), measured),
    recent: timed(countErrors(measured.compared, Math.max(block + 1 - RECENT, first), block), measured)
  }
}

/** How slow it is where that shows most; undefined when nothing tells that. */
function slowness(rule: LatencyRule, proof: Proof, block: number): LatencySize | undefined {
  const { measured, blocks, past, latency, first } = proof
  const { edges, mixed } = measured.durations
  const since = latency[block]?.since ?? first
  const window = { blocks: blocks.slice(since, block + 1), past, edges, since, isMixed: mixed !== undefined }
  return latencySize(window, latencyMargin(rule, measured.stepAt(block).step))
}

function latencyFinding(rule: LatencyRule, proof: Proof, block: number): LatencyFinding {
  const { measured } = proof
  const { alone = false } = measured.stepAt(block).step
  const { logE, whole, shape }: Partial<LatencyEvidence> & Pick<LatencyEvidence, 'logE' | 'whole'> = proof
    .latency[block] ?? { logE: 0, whole: 0 }
  const size = slowness(rule, proof, block)
  return {
    metric: 'latency',
    check: rule.check,
    logE,
    isBad: logE >= LATENCY_LIMIT && size?.isLarge === true && doubt(rule, proof, block).most >= 0,
    beforeAfter: alone,
    hidden: whole < 0 ? 1 : EXCLUDED_STRETCH,
    ...(size !== undefined && { counts: timed(size.counts, measured) }),
    ...(shape !== undefined && { shape: { kind: shape.kind, times: shape.times, share: shape.share } })
  }
}

export const find = (rule: Rule, proof: Proof, block: number): Finding =>
  rule.metric === 'errors' ? errorFinding(rule, proof, block) : latencyFinding(rule, proof, block)

/** What speaks against the new version beyond what a rule allows. */
export interface Doubt {
  /** log of the odds. */
  readonly logE: number
  /** The same, without priors, for the most likely difference, and for what promotion must have made unlikely. */
  readonly most: number
  readonly excluded: number
  /** There is a difference, which the rule would allow were it not so large, be it by luck. */
  readonly isTooLarge: boolean
}

const NO_DOUBT: Doubt = { logE: 0, most: 0, excluded: 0, isTooLarge: false }

/** A rise of exactly what is allowed is none of those that are smaller. */
const ROUNDING = 1e-9

/** `like stable` allows no difference: it only does not roll back for a small one. */
const isExact = ({ check }: Rule): boolean => check.kind === 'like-stable'

function errorDoubt(rule: ErrorRule, proof: Proof, block: number): Doubt {
  const { measured, first, errors, base } = proof
  const evidence = errors[block]
  if (evidence === undefined) return NO_DOUBT
  const [, beside] = ratesOf(measured.compared.slice(first, block + 1)) ?? [0, 0]
  // In the first minutes stable may not have failed yet, and then a multiple of that would allow nothing.
  const stable = Math.max(beside, base)
  const allowed = largeFrom(errorMargin(rule, measured.stepAt(block).step), stable)
  const isAllowed = (rise: number): boolean =>
    !isExact(rule) && raisedBy(rise, stable) - stable < allowed - ROUNDING
  const { logE, most, margin } = risesBeyond(evidence.rises, isAllowed)
  const isThere = logE < evidence.logE && evidence.logE >= 0
  return { logE, most, excluded: margin, isTooLarge: isThere && isLargeNow(rule, proof, block) }
}

function latencyDoubt(rule: LatencyRule, proof: Proof, block: number): Doubt {
  const { measured, latency, past } = proof
  const evidence = latency[block]
  if (evidence === undefined) return NO_DOUBT
  const margin = latencyMargin(rule, measured.stepAt(block).step)
  const { edges } = measured.durations
  const isAllowed = ({ shares }: Shape): boolean =>
    !isExact(rule) && !isTooSlow({ canary: shares, stable: past, edges }, margin)
  const { logE, most, whole } = shapesBeyond(evidence.shapes, isAllowed)
  const isThere = logE < evidence.logE && evidence.logE >= 0
  const isTooLarge = isThere && slowness(rule, proof, block)?.isLarge === true
  return { logE, most, excluded: whole, isTooLarge }
}

export const doubt = (rule: Rule, proof: Proof, block: number): Doubt =>
  rule.metric === 'errors' ? errorDoubt(rule, proof, block) : latencyDoubt(rule, proof, block)

/** Whether the odds alone would do: only then the size is worth counting. */
export const isProven = (rule: Rule, { errors, latency }: Proof, block: number): boolean =>
  rule.metric === 'errors'
    ? (errors[block]?.logE ?? 0) >= ERRORS_LIMIT
    : (latency[block]?.logE ?? 0) >= LATENCY_LIMIT
