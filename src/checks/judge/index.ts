/**
 * The judge: is the new version worse than the stable one beside it? Samples in, verdict out. Nothing is stored and no clock is
 * read, so that another process which asks the same gets the same answer.
 *
 * How it goes, a file a concept:
 *
 * 1. `question.ts`: what is asked. `pods.ts`, `growth.ts`, `cells.ts`, `scrapes.ts`, `measured.ts`: raw counters become cells, a pod in a block
 *    of half a minute; a block counts once the slowest pod has told about it.
 * 2. `errors.ts`: how much more likely are the errors if the new version fails more often than if it fails as often as stable does
 *    in the same half minutes? `counts.ts` knows that errors come in bursts, `base-rate.ts` and `belief.ts` how often stable fails
 *    when nothing is wrong, that this drifts, and that something both need may be down.
 * 3. `latency.ts`: the same for the whole histogram of durations, against `shapes.ts`: everything slower, some requests much
 *    slower, more beyond an edge. `noise.ts` measures how much stable's own pods differ, `telling.ts` and `windows.ts` what the
 *    blocks say, from each of them on. `arms.ts` holds the two versions' durations.
 * 4. Two keys turn a difference into a rollback: the odds are against the new version (50 : 1 for errors, 100 : 1 for latency), and
 *    it is large enough to matter (`error-size.ts`, `latency-size.ts`). `findings.ts` turns both for each check, after each block.
 * 5. `crash.ts` does not wait for evidence when most requests fail. `decide.ts`: roll back, hold, advance, promote, or say that it
 *    cannot be told.
 * 6. `forecast.ts` tells before a release what its steps could find: `plays.ts` lets the judge play itself on simulated traffic.
 *
 * By luck a good release is rolled back in at most 3 of 100 cases if the noise is as it is modelled (Ville's inequality for both
 * odds); on simulated traffic with bursts, shared incidents and pods that differ, see `__tests__/unit/checks/judge/`, in 1 to 2.
 */
import type { Judgement } from '../../domain/judgement.ts'
import { firstCrash } from './crash.ts'
import { decide, seenSince } from './decide.ts'
import { evidenceSince, knownErrors } from './errors.ts'
import { find, rulesOf, type Proof, type Rule } from './findings.ts'
import { blocksOf, latencyEvidence, pastOf } from './latency.ts'
import { beginsAt, endsAt, measure, type Measured } from './measured.ts'
import type { Question } from './question.ts'

const FIVE_MINUTES = 300_000

/** The evidence of both metrics, after each block. */
function prove(question: Question, measured: Measured): Proof {
  const { grid, durations, history, pairs } = measured
  const first = Math.ceil(question.warmUp / grid.block)
  const planned = Math.ceil(question.steps.reduce((sum, { duration }) => sum + duration, 0) / grid.block)
  const past = pastOf(durations, Math.max(Math.round(FIVE_MINUTES / grid.block), 1))
  const blocks = blocksOf(durations, first)
  const known = knownErrors(history)
  return {
    measured,
    first,
    errors: evidenceSince(known, pairs, first),
    base: known.base,
    latency: latencyEvidence(past, blocks, durations.edges, { first, planned }),
    blocks,
    past: past.shares
  }
}

function oddsOf({ measured, first, errors, latency }: Proof, rules: readonly Rule[]): Judgement['odds'] {
  const names = new Set(rules.map(({ metric }) => metric))
  return errors.slice(first).map(({ logE }, i) => ({
    at: endsAt(measured, first + i),
    ...(names.has('errors') && { errors: logE }),
    ...(names.has('latency') && { latency: latency[first + i]?.logE ?? 0 })
  }))
}

/** Judges a release by all that was measured until now. Pure. */
export function judgeRelease(question: Question): Judgement {
  const start = question.steps[0]?.begun ?? question.now
  const measured = measure(question, start)
  const rules = question.checks.flatMap((check) => rulesOf(check, question.router))
  const proof = prove(question, measured)
  const crash = firstCrash(measured, question.steps)
  const last = measured.pairs.length - 1
  return {
    decision: decide(question, proof, rules, crash),
    findings: last < proof.first ? [] : rules.map((rule) => find(rule, proof, last)),
    seen: seenSince(measured, start),
    until: measured.until,
    judgedFrom: beginsAt(measured, proof.first),
    block: measured.grid.block,
    odds: oddsOf(proof, rules),
    ...(rules.length === 0 && { crashOnly: true })
  }
}
