import {
  LEAST_REQUESTS,
  UNEASY_ODDS,
  type Counts,
  type Crash,
  type Decision,
  type NoData
} from '../../domain/judgement.ts'
import { find, isProven, type Proof, type Rule } from './findings.ts'
import { endsAt, type Measured } from './measured.ts'
import type { Question } from './question.ts'

/** A step takes its time so often at most. */
const LONGEST = 2

/** Odds, as a logarithm, at which the next share of users is not given yet. */
const UNEASY = Math.log(UNEASY_ODDS)

/** Promotion wants odds of errors below that, and of latency below 1 : 1. */
const ERRORS_CLEAN = Math.log(3)

/** Samples are older than that only when three scrapes were missed, in milliseconds. */
const staleAfter = (gap: number): number => Math.max(3 * gap, 15_000)

/** At the end of the first block after which a check is broken. */
export function firstBad(rules: readonly Rule[], proof: Proof): Decision | undefined {
  for (let block = proof.first; block < proof.measured.pairs.length; block += 1) {
    const findings = rules
      .filter((rule) => isProven(rule, proof, block))
      .map((rule) => find(rule, proof, block))
      .filter(({ isBad }) => isBad)
    if (findings.length > 0) return { kind: 'rollback', at: endsAt(proof.measured, block), findings }
  }
  return undefined
}

/** Whichever was there first. */
function rollback(rules: readonly Rule[], proof: Proof, crash: Crash | undefined): Decision | undefined {
  const bad = firstBad(rules, proof)
  if (crash === undefined) return bad
  const isFirst = bad?.kind !== 'rollback' || crash.at <= bad.at
  return isFirst ? { kind: 'rollback', at: crash.at, crash } : bad
}

/** Why nothing can be said, if so. @param alone there is no stable version beside the new one in this step */
function silence(
  question: Question,
  measured: Measured,
  rules: readonly Rule[],
  alone: boolean
): Decision | undefined {
  const { stable, canary, now } = question
  const nothing = (why: NoData, pods: readonly string[] = []): Decision => ({ kind: 'no-data', why, pods })
  if (canary.length === 0) return nothing('no pods of the canary')
  if (stable.length === 0 && !alone) return nothing('no pods of stable')
  if (now - measured.until > staleAfter(measured.gap)) return nothing('stale', measured.slowest)
  const hasHistogram = measured.durations.edges.length > 1
  if (!hasHistogram && rules.some(({ metric }) => metric === 'latency')) return nothing('no histogram')
  return undefined
}

/** log of the odds against the new version after the last block, by metric. */
function oddsOf(
  rules: readonly Rule[],
  { errors, latency }: Proof
): readonly (readonly [Rule['metric'], number])[] {
  const metrics = [...new Set(rules.map(({ metric }) => metric))]
  const of = { errors: errors.at(-1)?.logE ?? 0, latency: latency.at(-1)?.logE ?? 0 }
  return metrics.map((metric) => [metric, of[metric]])
}

/** Nothing speaks against it, and enough was seen for a regression to have shown. */
function isClean(rules: readonly Rule[], proof: Proof, seen: Counts): boolean {
  const [errors, latency] = [proof.errors.at(-1), proof.latency.at(-1)]
  const clean = {
    errors: errors !== undefined && errors.margin < 0 && errors.logE < ERRORS_CLEAN,
    latency: latency !== undefined && latency.whole < 0 && latency.logE < 0
  }
  return seen.requests >= LEAST_REQUESTS && rules.every(({ metric }) => clean[metric])
}

/** What is seen of the canary from a moment on, the warm-up included. */
export function seenSince({ scrapes }: Measured, since: number): Counts {
  const later = scrapes.canary.filter(({ at }) => at > since)
  return {
    requests: later.reduce((total, { requests }) => total + requests, 0),
    errors: later.reduce((total, { errors }) => total + errors, 0)
  }
}

/** The step's time is over: what then? */
function whenOver(question: Question, proof: Proof, rules: readonly Rule[], isOvertime: boolean): Decision {
  const { steps } = question
  const odds = oddsOf(rules, proof)
  if (steps.at(-1)?.begun === undefined) {
    const isUneasy = odds.some(([, log]) => log >= UNEASY)
    return isUneasy && !isOvertime ? { kind: 'hold', for: 'odds' } : { kind: 'advance' }
  }
  if (isClean(rules, proof, seenSince(proof.measured, proof.measured.grid.start))) return { kind: 'promote' }
  if (!isOvertime) return { kind: 'hold', for: 'proof' }
  return { kind: 'inconclusive', why: odds.some(([, log]) => log >= 0) ? 'leaning' : 'thin' }
}

/** What the evidence comes to at this point of the release. */
export function decide(
  question: Question,
  proof: Proof,
  rules: readonly Rule[],
  crash: Crash | undefined
): Decision {
  const bad = rollback(rules, proof, crash)
  if (bad !== undefined) return bad
  const { measured } = proof
  const step = question.steps.findLast(({ begun }) => begun !== undefined) ?? { duration: 0 }
  const unknown = silence(question, measured, rules, step.alone === true)
  if (unknown !== undefined) return unknown
  const since = step.begun ?? measured.grid.start
  if (measured.until < since + step.duration) return { kind: 'hold', for: 'time' }
  if (seenSince(measured, since).requests === 0) return { kind: 'no-data', why: 'no requests', pods: [] }
  return whenOver(question, proof, rules, measured.until >= since + LONGEST * step.duration)
}
