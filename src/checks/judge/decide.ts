import {
  LEAST_REQUESTS,
  UNEASY_ODDS,
  type Counts,
  type Crash,
  type Decision,
  type NoData
} from '../../domain/judgement.ts'
import { blockAt } from './cells.ts'
import { doubt, find, isLargeNow, isProven, type Proof, type Rule } from './findings.ts'
import { beginsAt, endsAt, type Measured } from './measured.ts'
import type { Question } from './question.ts'
import { withoutDurations } from './timed.ts'

/** A step takes its time so often at most. */
const LONGEST = 2

/** Before that many judged blocks the last step is not given up. */
const LEAST_BLOCKS = 2

/** Odds, as a logarithm, at which the next share of users is not given yet. */
const UNEASY = Math.log(UNEASY_ODDS)

/** Promotion wants odds of errors below that, and of latency below 1 : 1. */
const ERRORS_CLEAN = Math.log(1.5)

/** So long it wants that when the step's time is over, in blocks: one alone may be luck. */
const CLEAN_BLOCKS = 2

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
  const { stable, canary, now, router } = question
  const nothing = (why: NoData, pods: readonly string[] = []): Decision => ({ kind: 'no-data', why, pods })
  // A router has nothing of a version before its first request.
  if (canary.length === 0 && router === undefined) return nothing('no pods of the canary')
  if (stable.length === 0 && !alone) return nothing('no pods of stable')
  if (now - measured.until > staleAfter(measured.gap)) return nothing('stale', measured.slowest)
  const untimed = withoutDurations(measured)
  return untimed !== undefined && rules.some(({ metric }) => metric === 'latency')
    ? nothing(untimed)
    : undefined
}

/** Nothing speaks against it after that block, and enough was seen for a regression to have shown. */
function isClean(rules: readonly Rule[], proof: Proof, block: number): boolean {
  return rules.every((rule) => {
    const { logE, excluded, isTooLarge } = doubt(rule, proof, block)
    return !isTooLarge && excluded < 0 && logE < (rule.metric === 'errors' ? ERRORS_CLEAN : 0)
  })
}

/**
 * Whether the step has proven the new version. It is asked when the step's time is over and when it has taken all the time that it
 * may, not in between: asked after every block, a bad version would be promoted after the first lucky one.
 * @param due when the step's time is over, in milliseconds since the epoch
 */
function hasProven(rules: readonly Rule[], proof: Proof, due: number, isOvertime: boolean): boolean {
  const { measured, first } = proof
  const newest = measured.pairs.length - 1
  const last = Math.min(blockAt(measured.grid, due + 1) - 1, newest)
  const blocks = Array.from({ length: CLEAN_BLOCKS }, (_, i) => last - i).filter((block) => block >= first)
  return (
    seenSince(measured, measured.grid.start).requests >= LEAST_REQUESTS &&
    isClean(rules, proof, newest) &&
    (isOvertime || blocks.every((block) => isClean(rules, proof, block)))
  )
}

/** Whether it has more errors than it may, whatever the odds make of that: they may take it for trouble that would have come anyway. */
function failsMore(rules: readonly Rule[], proof: Proof): boolean {
  const last = proof.measured.pairs.length - 1
  return rules.some((rule) => rule.metric === 'errors' && isLargeNow(rule, proof, last))
}

/** What is seen of the canary from a moment on, the warm-up included. */
export function seenSince({ scrapes }: Measured, since: number): Counts {
  const later = scrapes.canary.filter(({ at }) => at > since)
  return {
    requests: later.reduce((total, { requests }) => total + requests, 0),
    errors: later.reduce((total, { errors }) => total + errors, 0)
  }
}

/**
 * The step that has to prove the new version, before everybody gets it: the last one with a stable version beside it, if that takes
 * any time; one that somebody approves does not.
 */
function provingStep({ steps }: Question): number {
  const beside = steps.findLastIndex(({ alone, duration }) => alone !== true && duration > 0)
  return beside < 0 ? steps.length - 1 : beside
}

/** When a step's time is over, and when it has taken all that it may: in milliseconds since the epoch. */
interface Times {
  readonly due: number
  readonly latest: number
}

/** The step's time is over: what then? */
function whenOver(
  question: Question,
  proof: Proof,
  rules: readonly Rule[],
  { due, latest }: Times
): Decision {
  const isOvertime = proof.measured.until >= latest
  const { steps } = question
  const newest = proof.measured.pairs.length - 1
  const odds = rules.map((rule) => doubt(rule, proof, newest).logE)
  const isUneasy = odds.some((log) => log >= UNEASY)
  const step = steps.findLastIndex(({ begun }) => begun !== undefined)
  const proving = provingStep(question)
  const passed: Decision = { kind: step === steps.length - 1 ? 'promote' : 'advance' }
  if (step < proving) return isUneasy && !isOvertime ? { kind: 'hold', for: 'odds' } : passed
  if (step > proving) {
    if (!isUneasy && !failsMore(rules, proof)) return passed
    return isOvertime ? { kind: 'inconclusive', why: 'leaning' } : { kind: 'hold', for: 'odds' }
  }
  if (hasProven(rules, proof, due, isOvertime)) return passed
  if (!isOvertime) return { kind: 'hold', for: 'proof' }
  const isWorse = odds.some((log) => log >= 0) || failsMore(rules, proof)
  return { kind: 'inconclusive', why: isWorse ? 'leaning' : 'thin' }
}

/** Whatever the new version does, nobody knows what stable does: then even many errors would seem usual. */
const isIncomparable = (rules: readonly Rule[], { history, scrapes }: Measured): boolean =>
  rules.length > 0 && [...history, ...scrapes.stable].every(({ requests }) => requests === 0)

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
  if (isIncomparable(rules, measured)) return { kind: 'no-data', why: 'no requests of stable', pods: [] }
  // The warm-up tells nothing, however short the step is to be.
  const told = Math.max(since, beginsAt(measured, proof.first))
  const due = Math.max(since + step.duration, told + measured.grid.block)
  if (measured.until < due) return { kind: 'hold', for: 'time' }
  const latest = Math.max(since + LONGEST * step.duration, told + LEAST_BLOCKS * measured.grid.block)
  return whenOver(question, proof, rules, { due, latest })
}
