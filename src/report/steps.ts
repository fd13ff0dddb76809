import { counted } from '../base/counted.ts'
import type { Outcome, SmokeResult, TimelineEntry } from '../domain/outcome.ts'
import { nameSmokeTest } from '../inputs/smoke-test.ts'
import { timeSpan } from './figures.ts'
import { keep, type Limits } from './limits.ts'
import { more, paragraphs, section, table } from './markdown.ts'
import { codeSpan, forMarkdown } from './text.ts'

const marks: Readonly<Record<TimelineEntry['status'], string>> = {
  done: '✅',
  undecided: '⚠️',
  failed: '❌',
  skipped: '⏭️'
}

/** Rows that are shown before others. */
const isTelling = ({ status }: TimelineEntry): boolean => status === 'failed' || status === 'undecided'

function stepRow(entry: TimelineEntry, outcome: Outcome, { characters }: Limits): readonly string[] {
  const ran = entry.status !== 'skipped'
  return [
    `${outcome.timeline.indexOf(entry) + 1} ${marks[entry.status]}`,
    forMarkdown(entry.title, 120),
    ran ? `+${timeSpan(entry.startedAt - outcome.startedAt)}` : '',
    ran ? timeSpan(entry.milliseconds) : 'skipped',
    forMarkdown(entry.detail ?? '', characters)
  ]
}

/** The steps one per line. */
export function stepTable(outcome: Outcome, limits: Limits): string {
  const { timeline } = outcome
  const shown = keep(timeline, limits.rows, isTelling)
  return paragraphs(
    table(
      ['', 'Step', 'Began', 'Took', 'Result'],
      shown.map((entry) => stepRow(entry, outcome, limits))
    ),
    more(timeline.length - shown.length, 'steps')
  )
}

/** What was done when. */
export const timeline = (outcome: Outcome, limits: Limits): string =>
  section('Timeline', stepTable(outcome, limits))

const smokeRow = (result: SmokeResult, { characters }: Limits): readonly string[] => [
  result.passed ? '✅' : '❌',
  codeSpan(nameSmokeTest(result.test, result.number), characters),
  result.pods.length === 0 ? '' : counted(result.pods.length, 'pod'),
  timeSpan(result.milliseconds),
  forMarkdown(result.detail, characters)
]

/** The smoke tests one per line. */
export function smokeTests({ smokeTests: results }: Outcome, limits: Limits): string {
  const shown = keep(results, limits.rows, ({ passed }) => !passed)
  return section(
    'Smoke tests',
    table(
      ['', 'Test', 'Sent to', 'Took', 'Response'],
      shown.map((result) => smokeRow(result, limits))
    ),
    more(results.length - shown.length, 'smoke tests')
  )
}
