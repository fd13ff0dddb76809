import type { Outcome, Result, Version } from '../outcome.ts'
import { codeSpan, forMarkdown, oneLine, truncate } from './text.ts'
import { failsTheStep, isSplit, sameVersion } from './verdict.ts'

/** How words that others chose are set within a sentence of ours. */
interface Voice {
  readonly name: (text: string) => string
  readonly code: (text: string) => string
}

const markdown: Voice = {
  name: (text) => `**${forMarkdown(text, 100)}**`,
  code: (text) => codeSpan(text, 150)
}
const plain: Voice = {
  name: (text) => truncate(oneLine(text), 100),
  code: (text) => truncate(oneLine(text), 150)
}

/** The image with no more of its digest than a person compares. */
const shortDigest = (image: string): string => image.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+/u, '$1…')

const withoutRegistry = (image: string): string => image.replace(/^(?:[^/]*[.:][^/]*|localhost)\//u, '')

/** The image without its registry, unless that is what tells it from the others. */
const shortImage = (image: string, others: readonly string[]): string => {
  const short = shortDigest(withoutRegistry(image))
  const ambiguous = others.some((other) => other !== image && shortDigest(withoutRegistry(other)) === short)
  return ambiguous ? shortDigest(image) : short
}

const mostNamed = 2

/** What tells a version from the other one: the images that differ, else the template. */
const versionName = (version: Version, other: Version | undefined, { code }: Voice): string => {
  const differing = version.images.filter((image) => !other?.images.includes(image))
  const images = differing.length > 0 ? differing : version.images
  if (images.length === 0) return code(version.deployment)
  const names = images.slice(0, mostNamed).map((image) => code(shortImage(image, other?.images ?? [])))
  const rest = images.length > mostNamed ? [`${images.length - mostNamed} more`] : []
  const template = differing.length > 0 || other === undefined ? '' : ` (template ${code(version.hash)})`
  return [...names, ...rest].join(' and ') + template
}

/** The other version of the story, from which this one has to be told apart. */
const counterpart = (version: Version, { serving, canary, previous }: Outcome): Version | undefined =>
  [canary, serving, previous].find((other) => other !== undefined && !sameVersion(other, version))

const nameIn = (outcome: Outcome, voice: Voice, version: Version): string =>
  versionName(version, counterpart(version, outcome), voice)

const canaryName = (outcome: Outcome, voice: Voice): string =>
  outcome.canary === undefined ? 'the new version' : nameIn(outcome, voice, outcome.canary)

const withoutServing = ({ previous, result, route, timeline }: Outcome, { code }: Voice): string => {
  if (!timeline.some(({ status }) => status === 'done')) return 'nothing was changed'
  const undone = result === 'rolled-back' || result === 'aborted'
  return undone && previous === undefined
    ? 'nothing gets the traffic, as before'
    : `it is not known what gets the traffic now, look at ${code(route)}`
}

/** Who gets the traffic now. */
const traffic = (outcome: Outcome, voice: Voice): string => {
  const { serving, weight } = outcome
  if (serving === undefined) return withoutServing(outcome, voice)
  const name = nameIn(outcome, voice, serving)
  return isSplit(outcome)
    ? `${name} serves ${100 - weight} % of the traffic and ${canaryName(outcome, voice)} ${weight} %`
    : `${name} serves all traffic`
}

const takenOut = (outcome: Outcome, voice: Voice): string =>
  canaryName(outcome, voice) +
  (outcome.failedCheck === undefined ? ' was taken out' : ` failed ${voice.code(outcome.failedCheck)}`)

type Sentence = (workload: string, outcome: Outcome, voice: Voice) => string

const unchanged: Sentence = (workload, outcome, voice) =>
  `${workload} is unchanged: ${traffic(outcome, voice)}`

const deploy: Readonly<Record<Result, Sentence>> = {
  promoted: (workload, outcome, voice) => `${workload} was released: ${traffic(outcome, voice)}`,
  'rolled-back': (workload, outcome, voice) =>
    `${workload} was rolled back: ${takenOut(outcome, voice)}, ${traffic(outcome, voice)}`,
  aborted: (workload, outcome, voice) =>
    `The release of ${workload} was stopped before its end: ${traffic(outcome, voice)}`,
  unchanged,
  failed: (workload, outcome, voice) => `The release of ${workload} failed: ${traffic(outcome, voice)}`
}

const rolledBack: Sentence = (workload, outcome, voice) =>
  `${workload} was rolled back as asked: ${traffic(outcome, voice)} again`

const rollback: Readonly<Record<Result, Sentence>> = {
  promoted: rolledBack,
  'rolled-back': rolledBack,
  aborted: (workload, outcome, voice) =>
    `The rollback of ${workload} was stopped before its end: ${traffic(outcome, voice)}`,
  unchanged,
  failed: (workload, outcome, voice) => `The rollback of ${workload} failed: ${traffic(outcome, voice)}`
}

const sentence = (outcome: Outcome, voice: Voice): string => {
  const workload = voice.name(oneLine(outcome.workload) || 'the workload')
  const { command, result } = outcome
  if (command === 'deploy') return deploy[result](workload, outcome, voice)
  if (command === 'rollback') return rollback[result](workload, outcome, voice)
  return result === 'failed'
    ? `The state of ${workload} could not be read`
    : `${workload}: ${traffic(outcome, voice)}`
}

const icon = (outcome: Outcome): string => {
  if (failsTheStep(outcome)) return outcome.result === 'aborted' ? '🛑' : '❌'
  return isSplit(outcome) ? '⏳' : '✅'
}

/** The verdict in one sentence, for engineers and everybody else. */
export const headline = (outcome: Outcome): string => `${icon(outcome)} ${sentence(outcome, markdown)}`

/** The same as plain text in one line. */
export const plainHeadline = (outcome: Outcome): string => sentence(outcome, plain)
