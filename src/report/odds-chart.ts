import { ODDS_LIMITS, type ComparedMetric } from '../domain/judgement.ts'
import type { Outcome } from '../domain/outcome.ts'
import { decimal, fenced, inSlots, LOOK, series } from './chart.ts'
import { oddsCurves, type OddsCurve } from './odds.ts'
import { details, paragraphs } from './markdown.ts'

/** The odds over time in Mermaid: above the red line the new version is worse. */

const QUESTIONS: Readonly<Record<ComparedMetric, string>> = {
  errors: 'Does it fail more often than stable?',
  latency: 'Is it slower than stable?'
}

/** Lines may be denser than bars. */
const MOST_POINTS = 60

const LEGEND =
  'Odds that the new version is worse, as powers of ten: 0 is 1 : 1, 1 is 10 : 1, 2 is 100 : 1. What is below 0 speaks for it. ' +
  'Above the red line it is rolled back, if the difference is large enough to matter.'

const minutes = (milliseconds: number): string => decimal(Math.max(0, milliseconds) / 60_000)

/** Nothing for fewer than two blocks. */
function chart({ metric, bound, points }: OddsCurve, { startedAt }: Pick<Outcome, 'startedAt'>): string {
  const [first, last] = [points.at(0), points.at(-1)]
  if (first === undefined || last === undefined) return ''
  let known = first.value
  const values = inSlots(points, Math.max, MOST_POINTS).map((value) => (known = value ?? known))
  if (values.length < 2) return ''
  const [low, high] = [Math.min(-1, ...values), Math.max(bound + 0.5, ...values)]
  return fenced([
    LOOK,
    'xychart-beta',
    `  title "${QUESTIONS[metric]} Odds (blue), rolled back above ${ODDS_LIMITS[metric]} to 1 (red)"`,
    `  x-axis "minutes since the start" ${minutes(first.at - startedAt)} --> ${minutes(last.at - startedAt)}`,
    `  y-axis "odds, powers of ten" ${decimal(low)} --> ${decimal(high)}`,
    series('line', values),
    series(
      'line',
      values.map(() => bound)
    )
  ])
}

/** How near it has come to its limit. */
const height = ({ bound, points }: OddsCurve): number => Math.max(...points.map(({ value }) => value)) - bound

/** Whether the odds are what the end of the release is about. */
function isTelling({ judgement, undecided }: Outcome, metric: ComparedMetric): boolean {
  const decision = judgement?.decision
  if (decision?.kind === 'rollback')
    return 'findings' in decision && decision.findings.some((finding) => finding.metric === metric)
  return undecided === true && (judgement?.odds.at(-1)?.[metric] ?? 0) > 0
}

/** One for each metric to unfold, what speaks most against the new version first. @param most how many of them */
export function oddsCharts(outcome: Outcome, most: number): string {
  const { judgement } = outcome
  const curves = oddsCurves(judgement ?? { odds: [] }).toSorted((one, other) => height(other) - height(one))
  const charts = curves.slice(0, most).map((curve) => {
    const drawn = chart(curve, outcome)
    const body = drawn === '' ? '' : paragraphs(drawn, LEGEND)
    return details(`Odds over time: ${curve.metric}`, body, isTelling(outcome, curve.metric))
  })
  return paragraphs(...charts)
}
