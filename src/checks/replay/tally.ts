import type { Replay, ReplayedLine } from '../../domain/replay.ts'
import { isComparison, printCheckLine, type CheckLine } from '../../inputs/check-line.ts'
import type { Span } from '../../inputs/replay.ts'
import { unplayable, type Acted } from './index.ts'
import { lengthOf, type Played, type Plot } from './plot.ts'

/** A release that was played, and when it began. */
export interface Run extends Acted {
  readonly start: number
}

interface Told extends Played {
  readonly start: number
}

function lineOf(line: CheckLine, all: readonly Told[]): ReplayedLine {
  const ended = (end: Played['end']): readonly Told[] => all.filter((one) => one.end === end)
  const rolledBack = ended('rolled back')
  const [first] = rolledBack
  return {
    check: printCheckLine(line),
    releases: all.length,
    rolledBack: rolledBack.length,
    withoutData: all.filter(({ withoutData }) => withoutData === true).length,
    undecided: ended('undecided').length,
    ...(first && {
      first: {
        begun: first.start,
        after: (first.at ?? first.start) - first.start,
        reason: first.reason ?? ''
      }
    })
  }
}

/** A share that differs by more is to be known. */
const MUCH = 0.05

const percent = (share: number): string => `${Math.round(100 * share)}%`

function notesOf(runs: readonly Run[]): readonly string[] {
  const shares = runs
    .map(({ share }) => share)
    .filter(({ played, wanted }) => Math.abs(played - wanted) > MUCH)
  const [other] = shares
  return other === undefined
    ? []
    : [
        `whole pods play the new version: it has ${percent(other.played)} of the requests where the first step gives it ${percent(other.wanted)}`
      ]
}

export interface Season {
  readonly plot: Plot
  readonly span: Span
  readonly lines: readonly CheckLine[]
  /** How many releases there were to be. */
  readonly wanted: number
}

/** What all of them came to. */
export function tally({ plot, span, lines, wanted }: Season, runs: readonly Run[]): Replay {
  const told = runs.flatMap(({ start, played }) => played.map((one) => ({ ...one, start })))
  const played = (line: CheckLine): readonly Told[] => told.filter((one) => one.line === line)
  const why = (line: CheckLine): string =>
    unplayable(line) ??
    (isComparison(line) ? runs.find((run) => run.incomparable)?.incomparable : undefined) ??
    ''
  const [out, counted] = [true, false].map((is) => lines.filter((line) => (played(line).length === 0) === is))
  return {
    ...span,
    releases: runs.length,
    wanted,
    length: lengthOf(plot),
    lines: (counted ?? []).map((line) => lineOf(line, played(line))),
    leftOut: (out ?? []).map((line) => ({ check: printCheckLine(line), why: why(line) })),
    notes: notesOf(runs)
  }
}
