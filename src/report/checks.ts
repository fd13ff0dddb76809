import { counted } from '../base/counted.ts'
import type { Measurement, Outcome, Verdict } from '../domain/outcome.ts'
import { checkName, printCheck, type Check } from '../inputs/check.ts'
import { boundOf, figure } from '../inputs/figure.ts'
import { checkChart } from './chart.ts'
import { comparison } from './compared.ts'
import { timeSpan } from './figures.ts'
import { keep, type Limits } from './limits.ts'
import { details, more, paragraphs, section, table } from './markdown.ts'
import { oddsCharts } from './odds-chart.ts'
import { codeSpan, forMarkdown } from './text.ts'
import { lacksData } from './verdict.ts'

/** A check with everything that was measured for it. */
interface CheckReport {
  readonly check: Check
  /** As the user wrote it. */
  readonly line: string
  readonly samples: readonly Measurement[]
  readonly latest: number | undefined
  /** The value that was furthest on the wrong side, or nearest to it. */
  readonly worst: number | undefined
}

function worstOf({ comparison }: Check, values: readonly number[]): number | undefined {
  const worse = comparison.startsWith('>') ? Math.min : Math.max
  return values.length === 0 ? undefined : values.reduce((worst, value) => worse(worst, value))
}

function reportOf(check: Check, line: string, samples: readonly Measurement[]): CheckReport {
  const values = samples.flatMap(({ value }) =>
    value !== undefined && Number.isFinite(value) ? [value] : []
  )
  return { check, line, samples, latest: values.at(-1), worst: worstOf(check, values) }
}

/** One report a check, in the order in which they were first measured. */
export const checkReports = ({ measurements }: Outcome): readonly CheckReport[] =>
  [...Map.groupBy(measurements, ({ check }) => printCheck(check))].flatMap(([line, samples]) =>
    samples[0] === undefined ? [] : [reportOf(samples[0].check, line, samples)]
  )

const VERDICTS = ['pass', 'fail', 'held', 'no-data'] as const
const VERDICT_COLUMNS = ['Passed', 'Failed', 'Held', 'No data'] as const

const marks: Readonly<Record<Verdict, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  held: '⏸️ held',
  'no-data': '⚪ no data'
}

const valueOrDash = (check: Check, value: number | undefined): string =>
  value === undefined ? '—' : figure(check, value)

const howMany = ({ samples }: CheckReport, wanted: Verdict): string =>
  String(samples.filter(({ verdict }) => verdict === wanted).length)

function stateOf({ line, samples }: CheckReport, outcome: Outcome): string {
  if (line === outcome.failedCheck) return lacksData(outcome) ? '❌ no data' : '❌'
  return samples.at(-1)?.verdict === 'pass' ? '✅' : '⚠️'
}

function checkRow(report: CheckReport, outcome: Outcome): readonly string[] {
  const { check, latest, worst } = report
  return [
    stateOf(report, outcome),
    codeSpan(checkName(check), 60),
    codeSpan(boundOf(check)),
    valueOrDash(check, latest),
    valueOrDash(check, worst),
    ...VERDICTS.map((verdict) => howMany(report, verdict))
  ]
}

/** How near the worst value is to the bound, as a fraction of the bound; negative when it is on the wrong side. */
function margin({ check, worst }: CheckReport): number {
  if (worst === undefined) return -Infinity
  const distance = check.comparison.startsWith('>') ? worst - check.bound : check.bound - worst
  return distance / Math.max(Math.abs(check.bound), Number.MIN_VALUE)
}

/** What failed the release first, then what failed at all, then what is nearest to its bound. */
function mostTellingFirst(outcome: Outcome): readonly CheckReport[] {
  const rank = ({ line, samples }: CheckReport): number => {
    if (line === outcome.failedCheck) return 0
    return samples.some(({ verdict }) => verdict !== 'pass') ? 1 : 2
  }
  const ranked = checkReports(outcome).map((report) => ({
    report,
    rank: rank(report),
    margin: margin(report)
  }))
  return ranked
    .toSorted(
      (one, other) =>
        one.rank - other.rank || (one.margin < other.margin ? -1 : Number(one.margin > other.margin))
    )
    .map(({ report }) => report)
}

/** The checks one per line: bound, values, how often it passed. All of them in their order, or the most telling ones. */
function checkTable(outcome: Outcome, { rows }: Limits): string {
  const all = checkReports(outcome)
  const reports = all.length <= rows ? all : mostTellingFirst(outcome)
  return paragraphs(
    table(
      ['', 'Check', 'Must be', 'Latest', 'Worst', ...VERDICT_COLUMNS],
      reports.slice(0, rows).map((report) => checkRow(report, outcome))
    ),
    more(reports.length - rows, 'checks')
  )
}

/** What came out in every step; nothing when there was only one. */
function byStep({ check, line, samples }: CheckReport, { rows }: Limits): string {
  const steps = [...Map.groupBy(samples, ({ step }) => step)]
  if (steps.length < 2) return ''
  const shown = steps.slice(-rows).map(([step, taken]) => {
    const report = reportOf(check, line, taken)
    return [
      forMarkdown(step, 80),
      valueOrDash(check, report.worst),
      ...VERDICTS.map((verdict) => howMany(report, verdict))
    ]
  })
  return paragraphs(
    table(['In the step', 'Worst', ...VERDICT_COLUMNS], shown),
    more(steps.length - shown.length, 'steps before')
  )
}

const sampleRow = (sample: Measurement, startedAt: number, { characters }: Limits): readonly string[] => [
  timeSpan(sample.at - startedAt),
  forMarkdown(sample.step, 80),
  valueOrDash(sample.check, sample.value),
  sample.requests === undefined ? '' : Math.round(sample.requests).toLocaleString('en-US'),
  marks[sample.verdict],
  forMarkdown(sample.why ?? '', characters)
]

function sampleTable({ samples }: CheckReport, { startedAt }: Outcome, limits: Limits): string {
  const shown = keep(samples, limits.samples, ({ verdict }) => verdict !== 'pass')
  return paragraphs(
    table(
      ['After', 'Step', 'Value', 'Requests', 'Verdict', 'Why'],
      shown.map((sample) => sampleRow(sample, startedAt, limits))
    ),
    shown.length === 0 ? '' : more(samples.length - shown.length, 'measurements')
  )
}

/** To unfold, except for the check that failed. */
function measured(report: CheckReport, at: number, outcome: Outcome, limits: Limits): string {
  const { check, line, samples } = report
  const evidence = paragraphs(
    at < limits.charts ? checkChart(check, samples, outcome) : '',
    byStep(report, limits),
    sampleTable(report, outcome, limits)
  )
  return evidence === ''
    ? ''
    : details(
        `${checkName(check).replace(/[^\w .-]/gu, '')}: ${counted(samples.length, 'measurement')}`,
        paragraphs(codeSpan(line, limits.characters), evidence),
        line === outcome.failedCheck
      )
}

/** The checks in tables: what was compared with stable, and what has a fixed bound. */
export const checkTables = (outcome: Outcome, limits: Limits): string =>
  paragraphs(comparison(outcome, limits), checkTable(outcome, limits))

/** What was asked, what came back, and what was made of it. The check that failed comes first. */
export function checks(outcome: Outcome, limits: Limits): string {
  const all = checkReports(outcome)
  const reports =
    all.length <= limits.rows
      ? all.toSorted(
          (one, other) =>
            Number(other.line === outcome.failedCheck) - Number(one.line === outcome.failedCheck)
        )
      : mostTellingFirst(outcome)
  const perCheck: Limits = {
    ...limits,
    samples: Math.floor(limits.samples / Math.max(1, reports.length / 3))
  }
  return section(
    'Checks',
    checkTables(outcome, limits),
    oddsCharts(outcome, limits.charts),
    ...reports.slice(0, limits.rows).map((report, at) => measured(report, at, outcome, perCheck))
  )
}
