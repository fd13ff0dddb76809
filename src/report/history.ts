import type { Outcome, PastVersion } from '../domain/outcome.ts'
import type { Limits } from './limits.ts'
import { link, more, section, table } from './markdown.ts'
import { clean, codeSpan, forMarkdown, oneLine } from './text.ts'

/** Of rows with the same template only the newest is called what serves. */
const isServing = (version: PastVersion, versions: readonly PastVersion[]): boolean =>
  version === versions.find(({ serves }) => serves)

const became: Readonly<Record<NonNullable<PastVersion['phase']>, string>> = {
  running: 'is being released',
  waiting: 'waits for approval',
  left: 'is being released, followed by nobody',
  aborting: 'is being rolled back',
  promoting: 'has passed, is being promoted'
}

function becameOf({ release, command, served, serves, phase, abandoned }: PastVersion): string {
  if (abandoned === true) return 'left unfinished, its run is gone'
  if (phase !== undefined) return became[phase]
  if (release === undefined) return serves ? 'the same template' : 'not on record'
  if (served === undefined) return 'it is not recorded'
  if (command === 'leave')
    return served ? 'moved to its own Deployment' : 'the move to its own Deployment failed'
  if (command === 'rollback') return served ? 'brought back by a rollback' : 'the rollback failed'
  return served ? 'promoted' : 'rolled back, never promoted'
}

function states(version: PastVersion, versions: readonly PastVersion[], now: string): string {
  const end = becameOf(version)
  if (isServing(version, versions)) return version.release === undefined ? now : `${now}, ${end}`
  return version.serves && version.release !== undefined ? `${end}; the same template serves` : end
}

/** To the minute, as people compare it. */
function whenOf({ at }: PastVersion): string {
  const time = Date.parse(at)
  return Number.isNaN(time) ? oneLine(at) : new Date(time).toISOString().slice(0, 16).replace('T', ' ')
}

const placeOf = ({ deployment = '', revision, kept }: PastVersion): readonly string[] =>
  kept ? [deployment, ...(revision === undefined ? [] : [`revision ${revision}`])] : ['gone']

const MOST_IMAGES = 6

const originOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined

/** The record can be edited by others: only addresses on this run's own server become links. */
function runOf({ run }: PastVersion, { runUrl }: Outcome): string {
  if (run === undefined) return ''
  return originOf(run) === originOf(runUrl) ? link('View run', run) : codeSpan(run, 120)
}

const row = (version: PastVersion, versions: readonly PastVersion[], outcome: Outcome): readonly string[] => [
  version.release === undefined ? '' : codeSpan(version.release, 80),
  forMarkdown(whenOf(version), 40),
  states(version, versions, '**serves**'),
  version.images
    .slice(0, MOST_IMAGES)
    .map((image) => codeSpan(image))
    .join('<br>'),
  placeOf(version)
    .map((part) => forMarkdown(part, 80))
    .join(', '),
  runOf(version, outcome)
]

/** What can be gone back to, as `kubectl rollout history` lists it. */
export function versionTable(outcome: Outcome, { rows }: Limits): string {
  const { versions = [] } = outcome
  return section(
    'Versions',
    table(
      ['Release', 'When (UTC)', 'Outcome', 'Images', 'Template', ''],
      versions.slice(0, rows).map((version) => row(version, versions, outcome))
    ),
    more(versions.length - rows, 'versions'),
    versions.some(
      ({ serves, kept, served, command, phase }) =>
        !serves && kept && (served !== false || (command ?? 'deploy') !== 'deploy') && phase === undefined
    )
      ? 'To go back to one of them whose template is there: `command: rollback` with its release or image as `to`.'
      : ''
  )
}

/** The same for the log, one line each. What others have written is in it. */
export const versionLines = (versions: readonly PastVersion[]): readonly string[] =>
  versions.map((version) =>
    [
      version.release ?? '-',
      whenOf(version),
      states(version, versions, 'serves'),
      version.images.join(', '),
      placeOf(version).join(', '),
      version.run ?? ''
    ]
      .map((part) => oneLine(clean(part)))
      .filter((part) => part !== '')
      .join('  ')
  )
