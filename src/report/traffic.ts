import { percent } from '../base/counted.ts'
import type { Outcome, Shift } from '../domain/outcome.ts'
import type { Split } from '../routes/route.ts'
import { isNobody } from '../routes/split.ts'
import { timeSpan } from './figures.ts'
import { spread, type Limits } from './limits.ts'
import { more, paragraphs, section, table } from './markdown.ts'
import { canaryShare } from './shares.ts'
import { codeSpan } from './text.ts'
import { crashOf, lacksData } from './verdict.ts'
import { canaryName, markdown } from './versions.ts'

const sameSplit = (one: Split, other: Split): boolean =>
  one.weight === other.weight &&
  one.header?.name === other.header?.name &&
  one.header?.value === other.header?.value &&
  one.mirror === other.mirror

/** Every change of who is on the canary, from the first user on. */
function movesOf({ shifts }: Outcome): readonly Shift[] {
  const first = shifts.findIndex(({ split }) => !isNobody(split))
  const seen = first < 0 ? [] : shifts.slice(first)
  return seen.filter(({ split }, at) => {
    const before = seen[at - 1]
    return before === undefined || before.gradual === true || !sameSplit(before.split, split)
  })
}

const CELLS = 20

/** A bar as text, which shows in mails and on phones too, where a drawing is shown as its source. */
function bar(share: number): string {
  const filled = Math.round((share / 100) * CELLS)
  // What little there is must not look like nothing, nor almost everything like all of it.
  const shown = share <= 0 || share >= 100 ? filled : Math.min(CELLS - 1, Math.max(1, filled))
  return `\`${'█'.repeat(shown)}${'░'.repeat(CELLS - shown)}\``
}

function stopOf({ weight, header, mirror }: Split): string {
  const parts = [
    ...(header === undefined ? [] : [`header ${codeSpan(header.name, 40)}`]),
    ...(mirror === undefined ? [] : [`mirror ${percent(mirror)}`])
  ]
  return weight > 0 || parts.length === 0 ? [percent(weight), ...parts].join(' + ') : parts.join(' + ')
}

function causeOf(outcome: Outcome): string {
  const { command, result, failedCheck } = outcome
  if (crashOf(outcome) !== undefined) return ' at the crash'
  if (failedCheck !== undefined)
    return lacksData(outcome) ? ' when a check had no data' : ' at the failed check'
  if (result !== 'aborted') return ' when it failed'
  return command === 'abort' ? ' on request' : ' when it was stopped'
}

const MOST_STOPS = 12

/** The way of the traffic in one line: `10% → 30% → 0% at the failed check`. */
function way(moves: readonly Shift[], outcome: Outcome): string {
  const stops = moves
    .filter(({ gradual }, at) => gradual !== true || at === moves.length - 1)
    .map(({ split }) => stopOf(split))
  const half = MOST_STOPS / 2
  const shown = stops.length > MOST_STOPS ? [...stops.slice(0, half), '…', ...stops.slice(1 - half)] : stops
  const last = moves.at(-1)
  const takenBack = last !== undefined && isNobody(last.split)
  return `**${shown.join(' → ')}**${takenBack ? causeOf(outcome) : ''}`
}

/** Nobody knows how long the last one lasts. */
function lastly({ result, undecided }: Outcome): string {
  if (result === 'waiting') return undecided === true ? 'until it is decided' : 'until it is approved'
  return result === 'failed' ? '' : 'since'
}

/** What is told of the moves beside the wanted share. */
interface Columns {
  /** What it came to where pods share connections out. */
  readonly byPods: boolean
  /** What was seen through the entry. */
  readonly seen: boolean
}

/** One move a line: when, who, how many by the pods and at the entry, for how long. */
function moveRow(
  move: Shift,
  next: Shift | undefined,
  outcome: Outcome,
  { byPods, seen }: Columns
): readonly string[] {
  const { at, split, achieved, observed } = move
  const share = achieved === undefined ? '' : percent(achieved)
  const had =
    move.gradual === true
      ? 'less and less: its pods are replaced'
      : `${bar(achieved ?? split.weight)} ${canaryShare({ split }, outcome.shareOf, markdown)}`
  return [
    at < outcome.startedAt ? 'before' : `+${timeSpan(at - outcome.startedAt)}`,
    had,
    ...(byPods ? [share] : []),
    ...(seen ? [observed === undefined ? '' : `${percent(observed.share)} of ${observed.requests}`] : []),
    next === undefined ? (move.gradual === true ? 'not over yet' : lastly(outcome)) : timeSpan(next.at - at)
  ]
}

function moveTable(moves: readonly Shift[], outcome: Outcome, rows: number): string {
  const byPods = moves.some(({ achieved }) => achieved !== undefined)
  const seen = moves.some(({ observed }) => observed !== undefined)
  const shown = spread(moves, rows)
  const whose = `Traffic on ${canaryName(outcome, markdown)}`
  return paragraphs(
    table(
      ['Began', whose, ...(byPods ? ['By its pods'] : []), ...(seen ? ['Observed'] : []), 'For'],
      shown.map((move) => moveRow(move, moves[moves.indexOf(move) + 1], outcome, { byPods, seen }))
    ),
    more(moves.length - shown.length, 'shifts')
  )
}

const OF_CONNECTIONS =
  'These are shares of connections, by the number of pods behind the Service, not of requests: ' +
  'a connection that a client keeps alive stays where it is.'

const isPart = ({ split }: Shift): boolean => split.weight > 0 && split.weight < 100

/** Who was on the canary when; nothing when all traffic moved at once and stayed. */
export function trafficOverTime(outcome: Outcome, { rows }: Limits): string {
  const moves = movesOf(outcome)
  const [first, ...others] = moves
  if (first === undefined || (first.split.weight === 100 && others.length === 0)) return ''
  return section(
    'Traffic over time',
    way(moves, outcome),
    moveTable(moves, outcome, rows),
    outcome.shareOf === 'connections' && moves.some(isPart) ? OF_CONNECTIONS : ''
  )
}
