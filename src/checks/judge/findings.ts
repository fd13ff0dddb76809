import type { ErrorFinding, Finding, LatencyFinding } from '../../domain/judgement.ts'
import type { StableCheck } from '../../inputs/stable-check.ts'
import type { Block } from './arms.ts'
import { ERRORS_LIMIT, LATENCY_LIMIT } from './constants.ts'
import { countErrors, largeErrors, RECENT, type ErrorMargin } from './error-size.ts'
import type { ErrorEvidence } from './errors.ts'
import { latencySize, type LatencyMargin } from './latency-size.ts'
import { EXCLUDED_STRETCH, type LatencyEvidence } from './latency.ts'
import { beginsAt, type Measured } from './measured.ts'

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
  /** The durations of both, block by block. */
  readonly blocks: readonly Block[]
  /** Shares of the stable version's buckets before the release. */
  readonly past: readonly number[]
}

/** `like stable` means these differences. */
const LIKE_STABLE = { plus: 0.001, times: 1.15 }

export function rulesOf(check: StableCheck): readonly Rule[] {
  switch (check.kind) {
    case 'like-stable':
      return [
        { metric: 'errors', check, margin: { plus: LIKE_STABLE.plus } },
        { metric: 'latency', check, margin: { times: LIKE_STABLE.times } }
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

const twice = (times: number): number => 2 * times - 1

/** Before and after differ by more than two versions do at the same time. */
const doubled = (margin: ErrorMargin): ErrorMargin =>
  'plus' in margin ? { plus: 2 * margin.plus } : { times: twice(margin.times) }

/** With the time, in milliseconds since the epoch, for the block since which is counted. */
const timed = <T extends { readonly since: number }>(counts: T, measured: Measured): T => ({
  ...counts,
  since: beginsAt(measured, counts.since)
})

function errorFinding(rule: Rule & { metric: 'errors' }, proof: Proof, block: number): ErrorFinding {
  const { measured, first } = proof
  const {
    first: step,
    step: { alone = false }
  } = measured.stepAt(block)
  const margin = alone ? doubled(rule.margin) : rule.margin
  const { logE, hidden } = proof.errors[block] ?? { logE: 0, hidden: 1 }
  const large = largeErrors(measured.compared, block, { first, step }, margin)
  return {
    metric: 'errors',
    check: rule.check,
    logE,
    isBad: logE >= ERRORS_LIMIT && large !== undefined,
    beforeAfter: alone,
    hidden,
    counts: timed(large ?? countErrors(measured.compared, first, block), measured),
    recent: timed(countErrors(measured.compared, Math.max(block + 1 - RECENT, first), block), measured)
  }
}

function latencyFinding(rule: Rule & { metric: 'latency' }, proof: Proof, block: number): LatencyFinding {
  const { measured, blocks, past } = proof
  const { alone = false } = measured.stepAt(block).step
  const margin = alone ? { ...rule.margin, times: twice(rule.margin.times) } : rule.margin
  const { logE, whole, since, shape }: LatencyEvidence = proof.latency[block] ?? {
    logE: 0,
    whole: 0,
    since: proof.first
  }
  const window = { blocks: blocks.slice(since, block + 1), past, edges: measured.durations.edges, since }
  const size = latencySize(window, margin)
  return {
    metric: 'latency',
    check: rule.check,
    logE,
    isBad: logE >= LATENCY_LIMIT && size?.isLarge === true,
    beforeAfter: alone,
    hidden: whole < 0 ? 1 : EXCLUDED_STRETCH,
    ...(size !== undefined && { counts: timed(size.counts, measured) }),
    ...(shape !== undefined && { shape: { kind: shape.kind, times: shape.times, share: shape.share } })
  }
}

export const find = (rule: Rule, proof: Proof, block: number): Finding =>
  rule.metric === 'errors' ? errorFinding(rule, proof, block) : latencyFinding(rule, proof, block)

/** Whether the odds alone would do: only then the size is worth counting. */
export const isProven = (rule: Rule, { errors, latency }: Proof, block: number): boolean =>
  rule.metric === 'errors'
    ? (errors[block]?.logE ?? 0) >= ERRORS_LIMIT
    : (latency[block]?.logE ?? 0) >= LATENCY_LIMIT
