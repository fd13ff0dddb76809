import type { Outcome } from '../domain/outcome.ts'
import type { Replay, Replayed, ReplayedLine } from '../domain/replay.ts'
import { timeSpan, whole } from './figures.ts'
import { isoTime } from './json-entries.ts'
import type { Limits } from './limits.ts'
import { bullets, paragraphs, section, table } from './markdown.ts'
import { codeSpan, forMarkdown, oneLine, truncate } from './text.ts'

/** How the checks would have judged a version that is fine, in a window of the past. */

/** `2026-11-25 00:00`. */
const minute = (at: number): string => isoTime(at).slice(0, 16).replace('T', ' ')

const releases = (count: number): string => `${whole(count)} release${count === 1 ? '' : 's'}`

const heading = ({ from, to, releases: count, length }: Replay): string =>
  `Replayed ${minute(from)} to ${minute(to)} UTC: ${releases(count)} of ${timeSpan(length)}, of a version that is fine`

function ends({ releases: count, rolledBack, undecided, withoutData }: ReplayedLine): string {
  const told = [
    `${rolledBack} of ${releases(count)} rolled back`,
    undecided > 0 ? `${undecided} undecided` : '',
    withoutData > 0 ? `${withoutData} without data` : ''
  ]
  return told.filter((text) => text !== '').join(', ')
}

const firstOf = ({ first }: ReplayedLine): string =>
  first === undefined
    ? ''
    : `the release of ${minute(first.begun)} UTC, after ${timeSpan(first.after)}: ${first.reason}`

function lineText(line: ReplayedLine): string {
  const first = firstOf(line)
  return `${line.check}: ${ends(line)}${first === '' ? '' : `; the first one was ${first}`}`
}

/** What was not played, and what to know of the rest. */
const remarks = ({ releases: count, wanted, leftOut, notes }: Replay): readonly string[] => [
  ...(count < wanted
    ? [`${wanted - count} more were not played: there was no data, or it took too long`]
    : []),
  ...leftOut.map(({ check, why }) => `${check} was not played: ${why}`),
  ...notes
]

/** For the log, which may hold text of others. */
export const replayLines = (replayed: Replayed): readonly string[] =>
  'why' in replayed
    ? [`nothing was replayed: ${oneLine(replayed.why)}`]
    : [heading(replayed), ...replayed.lines.map(lineText), ...remarks(replayed)].map(oneLine)

/** A line that rolls back more often by luck alone is no help. */
const OFTEN = 0.05

/** A warning for lines that would have rolled back what was fine, more than once. */
export const falseAlarms = (replayed: Replayed): readonly string[] =>
  'why' in replayed
    ? []
    : replayed.lines
        .filter(({ rolledBack, releases: count }) => rolledBack > 1 && rolledBack / count > OFTEN)
        .map(
          ({ check, rolledBack, releases: count }) =>
            `${check} would have rolled back ${rolledBack} of ${releases(count)} of a version that was fine: ` +
            'a wider bound would not, nor would a comparison with stable (like stable)'
        )

const row = (line: ReplayedLine, { characters }: Limits): readonly string[] => [
  codeSpan(line.check, characters),
  `${line.rolledBack} of ${line.releases}`,
  String(line.undecided),
  String(line.withoutData),
  forMarkdown(firstOf(line), characters)
]

export function replayReport({ replay }: Outcome, limits: Limits): string {
  const title = 'What the checks would have done'
  if (replay === undefined) return ''
  const { characters, rows } = limits
  if ('why' in replay) return section(title, `Nothing was replayed: ${forMarkdown(replay.why, characters)}.`)
  return section(
    title,
    paragraphs(
      `${heading(replay)}.`,
      table(
        ['Check', 'Rolled back', 'Undecided', 'Without data', 'The first one that was rolled back'],
        replay.lines.slice(0, rows).map((line) => row(line, limits))
      ),
      bullets(
        remarks(replay)
          .slice(0, rows)
          .map((text) => forMarkdown(text, characters))
      )
    )
  )
}

/** What the `json` output says of it. */
export function replayJson(replayed: Replayed, { characters, rows }: Limits): object {
  const text = (original: string): string => truncate(oneLine(original), characters)
  if ('why' in replayed) return { why: text(replayed.why) }
  return {
    from: isoTime(replayed.from),
    to: isoTime(replayed.to),
    releases: replayed.releases,
    wanted: replayed.wanted,
    releaseSeconds: replayed.length / 1_000,
    checks: replayed.lines.slice(0, rows).map(({ check, first, ...counts }) => ({
      check: text(check),
      ...counts,
      first: first && {
        begun: isoTime(first.begun),
        afterSeconds: first.after / 1_000,
        reason: text(first.reason)
      }
    })),
    leftOut: replayed.leftOut
      .slice(0, rows)
      .map(({ check, why }) => ({ check: text(check), why: text(why) })),
    notes: replayed.notes.map(text)
  }
}
