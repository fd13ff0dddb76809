import {
  LEAST_REQUESTS,
  UNEASY_ODDS,
  type Crash,
  type Decision,
  type ErrorFinding,
  type Finding,
  type Judgement,
  type LatencyFinding
} from '../domain/judgement.ts'
import { printStableCheck } from '../inputs/stable-check.ts'
import { failedBeside, findingSentence, over, slowBeside } from './comparison.ts'
import { shareText, timeOfDay, timeSpan, whole, wholes } from './figures.ts'
import { luck, odds } from './odds.ts'
import { sharedTrouble } from './shared-trouble.ts'
import { oneLine, truncate } from './text.ts'

/**
 * Why the judge decided what it did, as plain text in one line: for the reason of a release, the log and the summary, which make it
 * safe as they do with all reasons. Only names of pods in it were written by others.
 */

type Of<Kind extends Decision['kind']> = Extract<Decision, { kind: Kind }>

const ALSO = '; besides, '

/** What speaks most against the new version, if anything does. */
function worst({ findings }: Judgement): Finding | undefined {
  const [most] = findings.toSorted((one, other) => other.logE - one.logE)
  return most !== undefined && most.logE > 0 ? most : undefined
}

const sentences = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('; ')

const crashed = ({ at, canary, stable, scrapesWithErrors }: Crash): string =>
  `${whole(canary.errors)} of ${wholes(canary.requests, 'request')} failed until ${timeOfDay(at)}, ` +
  `stable ${whole(stable.errors)} of ${whole(stable.requests)}: ` +
  `a crash, seen in ${wholes(scrapesWithErrors, 'scrape')}`

const rolledBack = (decision: Of<'rollback'>, judgement: Judgement): string =>
  'crash' in decision
    ? crashed(decision.crash)
    : decision.findings
        .map((finding) => `${findingSentence(finding, judgement)}; ${luck(finding.logE)}`)
        .join(ALSO)

/** `odds of 6.2 : 1 against its latency`. */
const against = ({ metric, logE }: Finding): string => `odds of ${odds(logE)} against its ${metric}`

function standing(judgement: Judgement): string {
  const most = worst(judgement)
  return most === undefined ? 'nothing speaks against it' : `${against(most)} are not enough to tell`
}

/** A regression that would not have shown yet. */
const hiddenIn = (finding: Finding): readonly string[] =>
  finding.metric === 'errors'
    ? [`a rise of errors by ${shareText(finding.hidden)}`].filter(() => finding.hidden > 0)
    : [`requests that take ${finding.hidden} times as long`].filter(() => finding.hidden > 1)

const warmingUp = ({ judgedFrom }: Judgement): string =>
  `it warms up until ${timeOfDay(judgedFrom)}, and nothing but a crash counts`

/** Why so much is not enough. */
function tooLittle(judgement: Judgement): string {
  const { findings, seen } = judgement
  if (findings.length === 0) return warmingUp(judgement)
  const could = findings.flatMap(hiddenIn)
  const wanted = seen.requests < LEAST_REQUESTS ? `, ${LEAST_REQUESTS} are needed` : ''
  const what = could.length === 0 ? '' : `: ${could.join(' or ')} could hide`
  const are = Math.round(seen.requests) === 1 ? 'is' : 'are'
  return `${wholes(seen.requests, 'request')} ${are} too few to tell${wanted}${what}`
}

const unproven = (judgement: Judgement): string =>
  worst(judgement) === undefined ? tooLittle(judgement) : standing(judgement)

const AGAIN = 'at most for its time again'

function held({ for: reason }: Of<'hold'>, judgement: Judgement): string {
  const { findings } = judgement
  if (reason === 'odds') {
    const most = worst(judgement)
    const why = most === undefined ? 'the odds are against it' : against(most)
    return `${why}: no more users until they are below ${UNEASY_ODDS} : 1, ${AGAIN}`
  }
  if (reason === 'proof') return `${unproven(judgement)}; the step goes on, ${AGAIN}`
  return findings.length > 0 ? standing(judgement) : warmingUp(judgement)
}

function errorsPromoted(finding: ErrorFinding): string {
  const { canary, stable } = finding.counts
  const same =
    failedBeside(finding).difference <= 0 ? 'no more errors than stable' : 'errors as stable has them'
  // Of the sizes that are looked for each is twice the one before.
  const rise = Math.min(Math.max(0.001, 2 * finding.hidden), 1)
  return (
    `${same}: ${whole(canary.errors)} of ${wholes(canary.requests, 'request')} against ` +
    `${whole(stable.errors)} of ${whole(stable.requests)}, a rise by ${shareText(rise)} would have shown`
  )
}

function latencyPromoted(finding: LatencyFinding): string {
  const { counts } = finding
  if (counts === undefined) return 'as fast as stable'
  const { own, ownOf, stable } = slowBeside(counts)
  return `as fast as stable: ${own} of ${wholes(ownOf, 'request')} took ${over(finding)}, stable ${stable}`
}

function promoted({ findings }: Judgement): string {
  const all = findings.map((finding) =>
    finding.metric === 'errors' ? errorsPromoted(finding) : latencyPromoted(finding)
  )
  return sentences(...all) || 'nothing was to be compared'
}

function inconclusive({ why }: Of<'inconclusive'>, judgement: Judgement): string {
  const most = worst(judgement)
  const after = `after ${timeSpan(judgement.until - judgement.judgedFrom)}`
  return why === 'leaning' && most !== undefined
    ? `${findingSentence(most, judgement)}; ${against(most)} are not enough to tell ${after}`
    : `${tooLittle(judgement)} ${after}; a larger share, a longer step or a load line would tell`
}

const MOST_PODS = 3

function podNames(pods: readonly string[]): string {
  const names = pods.slice(0, MOST_PODS).map((pod) => truncate(oneLine(pod), 80))
  const others = pods.length - names.length
  return names.join(', ') + (others > 0 ? ` and ${wholes(others, 'more pod')}` : '')
}

function silent({ why, pods }: Of<'no-data'>, { until }: Judgement): string {
  switch (why) {
    case 'no pods of the canary':
      return 'there is no pod of the new version to measure'
    case 'no pods of stable':
      return 'there is no pod of stable to compare with'
    case 'stale':
      return `there are no samples since ${timeOfDay(until)}${pods.length === 0 ? '' : ` of ${podNames(pods)}`}`
    case 'no requests':
      return 'no request has reached the new version in this step'
    case 'no histogram':
      return 'no histogram of durations has edges that all pods have, so latency cannot be compared'
  }
}

/** Why, without what goes for all decisions. */
function why(judgement: Judgement): string {
  const { decision } = judgement
  switch (decision.kind) {
    case 'rollback':
      return rolledBack(decision, judgement)
    case 'hold':
      return held(decision, judgement)
    case 'advance':
      return `the step has passed: ${standing(judgement)}`
    case 'promote':
      return promoted(judgement)
    case 'inconclusive':
      return inconclusive(decision, judgement)
    case 'no-data':
      return `nothing can be said, which is no pass: ${silent(decision, judgement)}`
  }
}

/** Why it was decided so: one sentence without its end. */
export const judgementReason = (judgement: Judgement): string =>
  judgement.decision.kind === 'rollback'
    ? why(judgement)
    : sentences(why(judgement), sharedTrouble(judgement))

/** The line of `checks` that the release has failed; a crash fails none of them. */
export const judgedCheck = ({ decision }: Judgement): string | undefined =>
  decision.kind === 'rollback' && 'findings' in decision && decision.findings[0] !== undefined
    ? printStableCheck(decision.findings[0].check)
    : undefined
