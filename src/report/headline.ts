import type { Outcome, Result, Version } from '../domain/outcome.ts'
import { drivenHint } from './driven.ts'
import { whole, wholes } from './figures.ts'
import { canaryShare, isSplit, shiftNow, stableShare } from './shares.ts'
import { oneLine } from './text.ts'
import { crashOf, failsTheStep, lacksData } from './verdict.ts'
import { canaryName, markdown, nameIn, plain, type Voice } from './versions.ts'

const NOTHING = 'nothing was changed'

/** It ended before it had done anything. */
const isUntouched = ({ result, timeline, touched }: Outcome): boolean =>
  (result === 'failed' || result === 'aborted') &&
  touched !== true &&
  !timeline.some(({ status }) => status === 'done')

function withoutServing(outcome: Outcome, { code }: Voice): string {
  const { previous, result, route } = outcome
  if (isUntouched(outcome)) return NOTHING
  if (outcome.first === true) return 'nobody is served'
  const undone = result === 'rolled-back' || result === 'aborted'
  return undone && previous === undefined
    ? 'nothing gets the traffic, as before'
    : `it is not known what gets the traffic now, look at ${route === '' ? 'the route' : code(route)}`
}

/** Who gets the traffic now. */
function traffic(outcome: Outcome, voice: Voice): string {
  const { serving } = outcome
  if (serving === undefined) return withoutServing(outcome, voice)
  if (outcome.returning === true) return `the pods of ${nameIn(outcome, voice, serving)} are coming back`
  return isUntouched(outcome)
    ? `${NOTHING}, ${shares(outcome, serving, voice)}`
    : shares(outcome, serving, voice)
}

function shares(outcome: Outcome, serving: Version, voice: Voice): string {
  const { shareOf } = outcome
  const name = nameIn(outcome, voice, serving)
  const gets = (share: string): string =>
    outcome.ready === 0 ? `${name} has ${share}, but none of its pods is ready` : `${name} serves ${share}`
  if (!isSplit(outcome)) return gets('all traffic')
  const shift = shiftNow(outcome)
  const comma = outcome.ready === 0 ? ',' : ''
  return `${gets(stableShare(shift, shareOf))}${comma} and ${canaryName(outcome, voice)} has ${canaryShare(shift, shareOf, voice)}`
}

function takenOut(outcome: Outcome, voice: Voice): string {
  const { failedCheck, undecided } = outcome
  const name = canaryName(outcome, voice)
  const crash = crashOf(outcome)
  if (crash !== undefined)
    return `${name} failed ${whole(crash.canary.errors)} of ${wholes(crash.canary.requests, 'request')}`
  if (failedCheck === undefined)
    return undecided === true ? `${UNDECIDED} ${name} ${AS_GOOD}` : `${name} was not released`
  return `${name} ${lacksData(outcome) ? 'had no data for' : 'failed'} ${voice.code(failedCheck)}`
}

const UNDECIDED = 'it could not be told whether'
const AS_GOOD = 'is as good as stable'

type Sentence = (workload: string, outcome: Outcome, voice: Voice) => string

const unchanged: Sentence = (workload, outcome, voice) =>
  `${workload} is unchanged: ${traffic(outcome, voice)}`

function waiting(workload: string, outcome: Outcome, voice: Voice): string {
  const has = `${canaryName(outcome, voice)} has ${canaryShare(shiftNow(outcome), outcome.shareOf, voice)}`
  if (outcome.left === true)
    return `${workload} is still being released by ${outcome.driven?.title ?? 'its controller'}, and nobody follows it: ${has}`
  return outcome.undecided === true
    ? `${workload} waits for a decision: ${has}, ${UNDECIDED} it ${AS_GOOD}`
    : `${workload} waits for approval: ${has}`
}

function promoted(workload: string, outcome: Outcome, voice: Voice): string {
  const { undecided, failedJob } = outcome
  const although = undecided === true ? `, although ${UNDECIDED} it ${AS_GOOD}` : ''
  const but = failedJob === undefined ? '' : `, but job/${oneLine(failedJob)} after it is not complete`
  return `${workload} was released${although}${but}: ${traffic(outcome, voice)}`
}

const planned: Sentence = (workload, outcome, voice) =>
  `${canaryName(outcome, voice)} would be released to ${workload}: ${traffic(outcome, voice)}`

/** What every command may find. */
const found = { waiting, unchanged, planned }

const release: Readonly<Record<Result, Sentence>> = {
  ...found,
  promoted,
  'rolled-back': (workload, outcome, voice) =>
    `${workload} was rolled back: ${takenOut(outcome, voice)}, ${traffic(outcome, voice)}`,
  aborted: (workload, outcome, voice) =>
    `The release of ${workload} was stopped before its end: ${traffic(outcome, voice)}`,
  failed: (workload, outcome, voice) => `The release of ${workload} failed: ${traffic(outcome, voice)}`
}

const putBack: Sentence = (workload, outcome, voice) =>
  `The release of ${workload} was aborted on request: ${traffic(outcome, voice)}`

const abort: Readonly<Record<Result, Sentence>> = {
  ...found,
  // The release had passed before the abort was requested.
  promoted: release.promoted,
  'rolled-back': putBack,
  aborted: putBack,
  failed: (workload, outcome, voice) =>
    isUntouched(outcome) && outcome.serving !== undefined && outcome.canary === undefined
      ? `There is no release of ${workload} to abort: ${traffic(outcome, voice)}`
      : `The release of ${workload} could not be aborted: ${traffic(outcome, voice)}`
}

const rolledBack: Sentence = (workload, outcome, voice) =>
  `${workload} was rolled back on request: ${traffic(outcome, voice)} again`

const rollback: Readonly<Record<Result, Sentence>> = {
  ...found,
  promoted: rolledBack,
  'rolled-back': rolledBack,
  aborted: (workload, outcome, voice) =>
    `The rollback of ${workload} was stopped before its end: ${traffic(outcome, voice)}`,
  failed: (workload, outcome, voice) => `The rollback of ${workload} failed: ${traffic(outcome, voice)}`
}

const plan: Readonly<Record<Result, Sentence>> = {
  ...release,
  aborted: (workload) => `The plan for ${workload} was stopped: nothing was changed`,
  failed: (workload, outcome, voice) => `${workload} cannot be released like this: ${traffic(outcome, voice)}`
}

const cleanedUp: Sentence = (workload, outcome, voice) =>
  `${workload} was cleaned up: ${traffic(outcome, voice)}`

const cleanup: Readonly<Record<Result, Sentence>> = {
  ...release,
  promoted: cleanedUp,
  'rolled-back': cleanedUp,
  aborted: (workload) => `The cleanup of ${workload} was stopped before its end`,
  failed: (workload) => `${workload} could not be cleaned up`
}

const installed: Sentence = (workload, outcome, voice) =>
  `${workload} was installed: ${traffic(outcome, voice)}`

/** A first installation has an end of its own: there was nothing before it. */
const first: Readonly<Partial<Record<Result, Sentence>>> = {
  promoted: installed,
  planned: (workload, outcome, voice) =>
    `${workload} would be installed with ${canaryName(outcome, voice)}: no version serves yet`,
  'rolled-back': (workload, outcome, voice) =>
    `${workload} was not installed: ${takenOut(outcome, voice)}, ${traffic(outcome, voice)}`,
  aborted: (workload, outcome, voice) =>
    `The installation of ${workload} was ${outcome.command === 'abort' ? 'aborted on request' : 'stopped before its end'}: ${traffic(outcome, voice)}`
}

const notLeft: Sentence = (workload, outcome, voice) =>
  `Greenlight has not left ${workload}: ${traffic(outcome, voice)}`

const leave: Readonly<Record<Result, Sentence>> = {
  ...{ ...found, 'rolled-back': notLeft, aborted: notLeft, failed: notLeft },
  promoted: (workload, outcome, voice) => `Greenlight has left ${workload}: ${traffic(outcome, voice)}`
}

const afterwards = { abort, rollback, plan, cleanup, leave }
const sentences = { deploy: release, promote: release, follow: release, ...afterwards }

/** What status found out of the run of a release that has not ended. */
const runners: Readonly<Record<NonNullable<Outcome['runner']>, string>> = {
  alive: ', while a run releases',
  gone: ', in a release whose run is gone',
  unknown: ', in a release that has not ended'
}

function sentence(outcome: Outcome, voice: Voice): string {
  const workload = voice.name(oneLine(outcome.workload) || 'the workload')
  const { command, result } = outcome
  const ofFirst = outcome.first === true && command !== 'cleanup' ? first[result] : undefined
  if (command !== 'status') return (ofFirst ?? sentences[command][result])(workload, outcome, voice)
  return result === 'failed'
    ? `The state of ${workload} could not be read`
    : `${workload}: ${traffic(outcome, voice)}${outcome.runner === undefined ? '' : runners[outcome.runner]}${drivenHint(outcome)}`
}

function icon(outcome: Outcome): string {
  const { result, runner, ready, undecided } = outcome
  if (failsTheStep(outcome)) return result === 'aborted' ? '🛑' : '❌'
  if (result === 'planned') return '📋'
  const at = outcome.driven?.state.at ?? 'rest'
  const isVacant = outcome.first === true && outcome.serving === undefined
  if (isVacant || ready === 0 || runner === 'gone' || undecided === true || at === 'failed') return '⚠️'
  return result === 'waiting' || runner !== undefined || isSplit(outcome) || at !== 'rest' ? '⏳' : '✅'
}

/** The verdict in one sentence, for engineers and everybody else. */
export const headline = (outcome: Outcome): string => `${icon(outcome)} ${sentence(outcome, markdown)}`

/** The same as plain text in one line. */
export const plainHeadline = (outcome: Outcome): string => sentence(outcome, plain)
