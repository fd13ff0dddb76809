import {
  LEAST_REQUESTS,
  ODDS_LIMITS,
  UNEASY_ODDS,
  type Crash,
  type Decision,
  type Finding,
  type Judgement
} from '../domain/judgement.ts'
import { printStableCheck } from '../inputs/stable-check.ts'
import { findingSentence, isNone } from './comparison.ts'
import { shareText, timeOfDay, timeSpan, whole, wholes } from './figures.ts'
import { luck, odds } from './odds.ts'
import { hasNoneBeside, isUntimed, NOT_TIMED, NOTHING_BESIDE, once, promoted, sentences } from './promoted.ts'
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

/** A crash that ends a release by itself. */
export const crashed = ({ at, since, canary, stable, scrapesWithErrors }: Crash): string =>
  `${whole(canary.errors)} of ${wholes(canary.requests, 'request')} failed ` +
  `${since === undefined ? '' : `from ${timeOfDay(since)} `}until ${timeOfDay(at)}, ` +
  `stable ${whole(stable.errors)} of ${whole(stable.requests)}: ` +
  `a crash, seen in ${wholes(scrapesWithErrors, 'scrape')}`

const rolledBack = (decision: Of<'rollback'>, judgement: Judgement): string =>
  'crash' in decision
    ? crashed(decision.crash)
    : once(
        decision.findings.map((finding) => `${findingSentence(finding, judgement)}; ${luck(finding.logE)}`)
      ).join(ALSO)

/** `odds of 6.2 : 1 against its latency`. */
const against = ({ metric, logE }: Finding): string => `odds of ${odds(logE)} against its ${metric}`

const CRASH_ONLY = 'its requests are others than stable has, so only a crash is looked for'

const failedOf = ({ seen }: Judgement): string =>
  `${whole(seen.errors)} of ${wholes(seen.requests, 'request')} failed`

/** Beyond the limit it is no luck, so that only its size can have kept the version. */
function doubt(finding: Finding, after = ''): string {
  if (finding.logE < Math.log(ODDS_LIMITS[finding.metric]))
    return `${against(finding)} are not enough to tell${after}`
  const kept = hasNoneBeside(finding) ? NOTHING_BESIDE : 'the difference is no larger than the check allows'
  return `${against(finding)}, but ${kept}`
}

/** What the comparison comes to so far. */
export function standing(judgement: Judgement): string {
  if (judgement.crashOnly === true) return `no crash, ${failedOf(judgement)}`
  if (isNone(judgement.seen.requests)) return 'none of its requests was counted yet'
  const most = worst(judgement)
  return most === undefined ? 'nothing speaks against it' : doubt(most)
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
  if (seen.requests >= LEAST_REQUESTS) {
    if (findings.some(hasNoneBeside)) return NOTHING_BESIDE
    if (findings.some(isUntimed)) return NOT_TIMED
  }
  const could = findings.flatMap(hiddenIn)
  const what = could.length === 0 ? '' : `: ${could.join(' or ')} could hide`
  const requests = wholes(seen.requests, 'request')
  const are = Math.round(seen.requests) === 1 ? 'is' : 'are'
  // It is not always more of them that would tell: trouble of both versions hides a difference as well.
  return seen.requests < LEAST_REQUESTS
    ? `${requests} ${are} too few to tell, ${LEAST_REQUESTS} are needed${what}`
    : `${requests} do not tell enough${what}`
}

const unproven = (judgement: Judgement): string =>
  worst(judgement) === undefined ? tooLittle(judgement) : standing(judgement)

const AGAIN = 'at most for its time again'

function held({ for: reason }: Of<'hold'>, judgement: Judgement): string {
  const { findings, crashOnly } = judgement
  if (crashOnly === true) return CRASH_ONLY
  if (reason === 'odds') {
    const most = worst(judgement)
    const why = most === undefined ? 'the odds are against it' : against(most)
    return `${why}: no more users until they are below ${UNEASY_ODDS} : 1, ${AGAIN}`
  }
  if (reason === 'proof') return `${unproven(judgement)}; the step goes on, ${AGAIN}`
  return findings.length > 0 ? standing(judgement) : warmingUp(judgement)
}

function leaning(judgement: Judgement, after: string): string | undefined {
  const most = worst(judgement)
  if (most !== undefined) return `${findingSentence(most, judgement)}; ${doubt(most, ` ${after}`)}`
  const large = judgement.findings.find((finding) => finding.metric === 'errors' && finding.isLarge)
  return (
    large &&
    `${findingSentence(large, judgement)}; that is more than the check allows, but ${after} it may as well be luck: ${against(large)}`
  )
}

function inconclusive({ why }: Of<'inconclusive'>, judgement: Judgement): string {
  const after = `after ${timeSpan(judgement.until - judgement.judgedFrom)}`
  const found = why === 'leaning' ? leaning(judgement, after) : undefined
  return found ?? `${after} ${tooLittle(judgement)}; a larger share or a longer step would tell`
}

const MOST_PODS = 3

function podNames(pods: readonly string[]): string {
  const names = pods.slice(0, MOST_PODS).map((pod) => truncate(oneLine(pod), 80))
  const others = pods.length - names.length
  return names.join(', ') + (others > 0 ? ` and ${wholes(others, 'more pod')}` : '')
}

const NOTHING_TIMED =
  'not how long they take: its histogram of durations is empty, so latency cannot be compared'

/** Of pods that have no sample at all nobody knows. */
const IS_IT_SCRAPED = 'is it scraped, and does it count its requests?'

function silent({ why, pods }: Of<'no-data'>, { until, seen }: Judgement): string {
  switch (why) {
    case 'no pods of the canary':
      return 'there is no pod of the new version to measure'
    case 'no pods of stable':
      return 'there is no pod of stable to compare with'
    case 'stale':
      return (
        `there are no samples since ${timeOfDay(until)}${pods.length === 0 ? '' : ` of ${podNames(pods)}`}` +
        (isNone(seen.requests) ? `; no request of the new version was ever counted: ${IS_IT_SCRAPED}` : '')
      )
    case 'no requests of stable':
      return 'stable has had no request to compare with'
    case 'no requests':
      return isNone(seen.requests)
        ? `no request of the new version was ever counted: ${IS_IT_SCRAPED}`
        : 'no request of the new version was counted in this step'
    case 'no histogram':
      return 'no histogram of durations has edges that all pods have, so latency cannot be compared'
    case 'no durations':
      return `the new version counts its requests, but ${NOTHING_TIMED}`
    case 'no durations of stable':
      return `stable counts its requests, but ${NOTHING_TIMED}`
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
