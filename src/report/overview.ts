import type { ForeignWrite, Outcome, Version } from '../domain/outcome.ts'
import { minuteOf, timeSpan } from './figures.ts'
import { helpForLines } from './help.ts'
import type { Limits } from './limits.ts'
import { alert, bullets, link, more, paragraphs, section, table } from './markdown.ts'
import { canaryShare, isSplit, shiftNow, stableShare } from './shares.ts'
import { clean, codeSpan, forMarkdown } from './text.ts'
import { failsTheStep } from './verdict.ts'
import { markdown } from './versions.ts'

function restored({ restoreSeconds: seconds, unexposed, returning, shifts, first }: Outcome): string {
  if (unexposed === true) return '**no user was ever on the new version**'
  if (returning === true) return '**the pods that served before are not all back yet**'
  if (seconds === undefined) return ''
  if (first === true) return `users were taken off it after **${timeSpan(seconds * 1_000)}**`
  const inPlace = shifts.some(({ gradual }) => gradual === true)
  return `${inPlace ? 'the pods that served before were all back' : 'traffic was back'} after **${timeSpan(seconds * 1_000)}**`
}

const withoutPods = ({ gapSeconds }: Outcome): string =>
  gapSeconds === undefined
    ? ''
    : `**nobody served for up to ${timeSpan(gapSeconds * 1_000)}**, between the old pods and the new ones`

/** How long it took, and where to read on. */
export function facts(outcome: Outcome): string {
  const { startedAt, finishedAt, release, runUrl } = outcome
  return [
    `Took ${timeSpan(finishedAt - startedAt)}`,
    restored(outcome),
    withoutPods(outcome),
    release === '' ? '' : `release ${codeSpan(release, 80)}`,
    link('View run', runUrl)
  ]
    .filter((fact) => fact !== '')
    .join(' · ')
}

const list = (texts: readonly string[], { rows, characters }: Limits, what: string): string =>
  paragraphs(
    bullets(texts.slice(0, rows).map((text) => forMarkdown(text, characters))),
    more(texts.length - rows, what)
  )

const MOST_LINKS = 3

/** Where the documentation says more about it. */
function helpLinks(reason: string): string {
  const links = helpForLines(reason).slice(0, MOST_LINKS)
  return links.map((address) => link('What this means, and what to do', address)).join(' · ')
}

/** Why it ended as it did. Several lines, as for inputs with several faults, become a list. */
export function reasonBox(outcome: Outcome, limits: Limits): string {
  const lines = clean(outcome.reason)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const body =
    lines.length === 1 ? forMarkdown(lines.join(''), limits.characters * 2) : list(lines, limits, 'lines')
  const kind = outcome.undecided === true ? 'WARNING' : 'NOTE'
  return alert(failsTheStep(outcome) ? 'CAUTION' : kind, paragraphs(body, helpLinks(outcome.reason)))
}

/** What to do now. */
export const nextSteps = ({ next }: Outcome, limits: Limits): string =>
  section('What to do now', list(next, limits, 'things'))

/** What the run found odd but went on with. */
export const warnings = (outcome: Outcome, limits: Limits): string =>
  alert('WARNING', list(outcome.warnings, limits, 'warnings'))

function foreignWrite(write: ForeignWrite, startedAt: number, { characters }: Limits): string {
  const { object, manager, at, change, restoredAfter } = write
  const end =
    restoredAfter === undefined
      ? 'It was left as it is.'
      : `The traffic was put back after **${timeSpan(restoredAfter)}**.`
  return (
    `${timeSpan(at - startedAt)} after the start ${codeSpan(manager, 80)} changed ${codeSpan(object, 80)}: ` +
    `${forMarkdown(change, characters)}. ${end}`
  )
}

/** Who else wrote to the route. */
export const foreignWrites = ({ foreignWrites: writes, startedAt }: Outcome, limits: Limits): string =>
  section(
    'Somebody else changed the route during the release',
    bullets(writes.slice(0, limits.rows).map((write) => foreignWrite(write, startedAt, limits))),
    more(writes.length - limits.rows, 'changes')
  )

function canaryRole(outcome: Outcome, { replicas }: Version): string {
  if (outcome.result === 'planned') return 'would be released'
  if (isSplit(outcome)) return `**gets ${canaryShare(shiftNow(outcome), outcome.shareOf, markdown)}**`
  return replicas > 0 ? 'no traffic, still runs' : 'no traffic, not released'
}

function previousRole({ runner, keptUntil, finishedAt }: Outcome, { replicas }: Version): string {
  if (replicas === 0) return 'previous version, scaled to 0'
  if (keptUntil !== undefined && runner === undefined)
    return keptUntil < finishedAt
      ? `previous version, still running: it was to be kept until ${minuteOf(keptUntil)}`
      : `previous version, kept until ${minuteOf(keptUntil)}: a rollback is instant`
  return `previous version, still running: ${runner === undefined ? 'a rollback is instant' : 'the way back'}`
}

/** Every version of the story with what became of it. */
function roles(outcome: Outcome): readonly (readonly [role: string, version: Version])[] {
  const { serving, canary, previous, shareOf } = outcome
  const share = isSplit(outcome) ? stableShare(shiftNow(outcome), shareOf) : 'all traffic'
  const servingRole =
    outcome.returning === true
      ? '**its pods are coming back**'
      : `**gets ${share}**${outcome.ready === 0 ? ', none of its pods is ready' : ''}`
  // A Deployment runs one template. A version that ran in it before or after has no pods.
  const seen = (version: Version, ...others: readonly (Version | undefined)[]): boolean =>
    others.some((other) => version.deployment === other?.deployment)
  return [
    ...(serving ? [[servingRole, serving] as const] : []),
    ...(canary && !seen(canary, serving) ? [[canaryRole(outcome, canary), canary] as const] : []),
    ...(previous && !seen(previous, serving, canary)
      ? [[previousRole(outcome, previous), previous] as const]
      : [])
  ]
}

const MOST_IMAGES = 6

const versionRow = (
  role: string,
  { deployment, slot, images, replicas, hash }: Version
): readonly string[] => [
  role,
  `${codeSpan(deployment, 80)} (${forMarkdown(slot, 40)})`,
  [
    ...images.slice(0, MOST_IMAGES).map((image) => codeSpan(image)),
    ...(images.length > MOST_IMAGES ? [`${images.length - MOST_IMAGES} more`] : [])
  ].join('<br>'),
  String(replicas),
  hash === '' ? '' : codeSpan(hash, 40)
]

/** What runs where at the end. */
export function whatRunsNow(outcome: Outcome): string {
  const versions = table(
    [
      `${codeSpan(outcome.route, 80)} in ${codeSpan(outcome.namespace, 80)}`,
      outcome.driven === undefined ? 'Deployment' : 'Workload',
      'Images',
      'Replicas',
      'Template'
    ],
    roles(outcome).map(([role, version]) => versionRow(role, version))
  )
  return section('What runs now', versions)
}
