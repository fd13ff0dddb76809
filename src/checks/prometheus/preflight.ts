import { formatDuration } from '../../base/duration.ts'
import type { Fault, Findings } from '../../base/errors.ts'
import { printCheck, type Check, type Metric } from '../../inputs/check.ts'
import { checkLineName, isComparison, type CheckLine } from '../../inputs/check-line.ts'
import { metricsIn, withZero } from '../../inputs/promql.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Need } from '../sampler.ts'
import { MetricsError } from '../metrics-error.ts'
import { coarse, hopeless, incomparable, lackFor } from './lacking.ts'
import type { Metrics, Series } from './metrics.ts'
import { fillPlaceholders } from './placeholders.ts'
import type { RequestMetrics } from './request-metrics.ts'
import type { Lacks, SourceReport } from './source-queries.ts'
import { findInAnswer } from './values.ts'

/** Seconds that `$window` stands for: no step has begun, and the stable version has served for long. */
const WINDOW = 300

const nothingFound: Findings = { faults: [], warnings: [] }

type QueryMetric = Extract<Metric, { kind: 'query' }>
type QueryCheck = Check & { readonly metric: QueryMetric }

interface Tried {
  readonly metrics: Metrics
  readonly requests: RequestMetrics
  readonly lines: readonly CheckLine[]
  readonly need: Need | undefined
}

const isQuery = (line: CheckLine): line is QueryCheck => !isComparison(line) && line.metric.kind === 'query'

/** Tries every line of `checks` on the stable version's pods. */
export async function preflight(
  { metrics, requests, lines, need }: Tried,
  stable: MeasuredVersion,
  signal?: AbortSignal
): Promise<Findings> {
  const builtIn = lines.filter((line) => !isQuery(line))
  const study = async () => tryBuiltIn(await requests.study(stable, signal, need), builtIn, need)
  const reports = await Promise.all([
    builtIn.length === 0 ? nothingFound : tried(undefined, study, signal),
    ...lines
      .filter(isQuery)
      .map((check) => tried(check.metric, () => tryQuery({ metrics, need }, check, stable, signal), signal))
  ])
  return {
    faults: distinct(reports.flatMap(({ faults }) => faults)),
    warnings: reports.flatMap(({ warnings }) => warnings)
  }
}

/** Several checks meet the same dead Prometheus; once is enough to say so. */
const distinct = (faults: readonly Fault[]): readonly Fault[] => [
  ...new Map(faults.map((fault) => [`${fault.input} ${fault.problem}`, fault])).values()
]

async function tried(
  metric: QueryMetric | undefined,
  attempt: () => Promise<Findings>,
  signal?: AbortSignal
): Promise<Findings> {
  try {
    return await attempt()
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof MetricsError)) throw error
    const { message } = error
    const ofQuery = error.fault === 'query' && metric !== undefined
    const fault = ofQuery
      ? { input: 'checks', problem: `${metric.name}: ${message}` }
      : { input: 'prometheus', problem: message }
    return { faults: [fault], warnings: [] }
  }
}

async function tryQuery(
  { metrics, need }: Pick<Tried, 'metrics' | 'need'>,
  check: QueryCheck,
  stable: MeasuredVersion,
  signal?: AbortSignal
): Promise<Findings> {
  const { name, promql } = check.metric
  const answer = await metrics.query(fillPlaceholders(promql, stable, WINDOW), signal)
  const finding = findInAnswer(answer, promql)
  if ('value' in finding) return nothingFound
  const problem = `${name}: ${finding.why}`
  if (!isOneNumber(answer))
    return { faults: [{ input: 'checks', problem, example: `${name}: sum(${promql}) < 100` }], warnings: [] }
  const remedy = answer.length === 0 ? await remedyFor(metrics, check, stable, signal) : undefined
  const unknown =
    need !== undefined && remedy === undefined && answer.length === 0
      ? await unknownMetric(metrics, promql, signal)
      : undefined
  if (unknown !== undefined) return { faults: [unknownFault(name, unknown)], warnings: [] }
  return { faults: [], warnings: [remedy ?? `${problem} (asked for the stable version)`] }
}

/** A metric that a query names and of which Prometheus has no series at all, of any workload. */
async function unknownMetric(
  metrics: Metrics,
  promql: string,
  signal?: AbortSignal
): Promise<string | undefined> {
  const counts = await Promise.all(
    metricsIn(promql).map(async (metric) => ({
      metric,
      isThere: (await metrics.query(`count(${metric})`, signal)).length > 0
    }))
  )
  return counts.find(({ isThere }) => !isThere)?.metric
}

/** With a load line the missing value is found out before users are on the new version. */
const unknownFault = (name: string, metric: string): Fault => ({
  input: 'checks',
  problem:
    `${name}: Prometheus has no series of ${metric}, of whatever pods. Is the name right? ` +
    'With on-no-data: fail the release would be put back for that after users were on it. If only the new version has this metric, ' +
    'or has it only under requests, add a load line to smoke-tests: it is measured before users come then',
  example: 'GET / at 20/s for 30s -> 200'
})

/** A ratio that is empty only because nothing has failed: with a zero above its line it has a value. */
async function remedyFor(
  metrics: Metrics,
  check: QueryCheck,
  stable: MeasuredVersion,
  signal?: AbortSignal
): Promise<string | undefined> {
  const { name, promql } = check.metric
  const zeroed = withZero(promql)
  if (zeroed === undefined) return undefined
  const answer = await metrics.query(fillPlaceholders(zeroed, stable, WINDOW), signal)
  if (!('value' in findInAnswer(answer, zeroed))) return undefined
  const line = printCheck({ ...check, metric: { ...check.metric, promql: zeroed } })
  return (
    `${name}: no series, not even for the old version, since there is nothing yet of what stands above the line; ` +
    `no data is never a pass, so while nothing fails this check would fail the release. Write: ${line}`
  )
}

/** Whether the query gave one number, or nothing, which more traffic may change. More than one is the query's own fault. */
const isOneNumber = (answer: readonly Series[]): boolean =>
  answer.length === 0 || (answer.length === 1 && answer[0]?.samples.length === 1)

/** What of the metrics that the built-in checks stand on the stable version lacks. */
function tryBuiltIn(
  { found, lacks, blind, requests }: SourceReport,
  lines: readonly CheckLine[],
  need: Need | undefined
): Findings {
  const { recipe, scraped } = found
  if (blind) return { faults: [unmeasurable(lines, lacks)], warnings: [] }
  const warnings = lines.flatMap((line) => {
    const lacking = recipe === undefined ? lacks.counter(scraped) : lackFor(line, recipe, lacks)
    if (lacking !== undefined) return [`${checkLineName(line)} may have no data: ${lacking}`]
    return recipe?.latency === undefined ? [] : coarse(line, recipe.latency)
  })
  const idle = requests === 0 ? withoutUsers(lines, need) : []
  if (recipe === undefined) return { faults: [], warnings: [...warnings, ...idle] }
  // Without users what is missing may come with them.
  const lacking = (requests ?? 0) > 0 ? incomparable(lines, recipe, lacks) : []
  return { faults: [...hopeless(lines, recipe), ...lacking], warnings: [...warnings, ...idle] }
}

/** Only a warning: users may still come to the new version. */
function withoutUsers(lines: readonly CheckLine[], need: Need | undefined): readonly string[] {
  const compared = lines.filter(isComparison)
  if (need !== undefined) return [unmeasured(lines)]
  return compared.length === 0 ? [] : [unmet(compared)]
}

/** A load line, and waiting for users, do not help a comparison if none come. */
const unmet = (lines: readonly CheckLine[]): string =>
  `${lines.map(checkLineName).join(', ')}: no request of users reached the old version in the last ${formatDuration(WINDOW * 1000)}. ` +
  'Without users on both versions there is nothing to compare, and a release that stays without them is put back for that. ' +
  'Where there are hardly any, write a bound (success-rate >= 99%) and a load line in smoke-tests, by which it is measured'

const unmeasured = (lines: readonly CheckLine[]): string =>
  `${lines.map(checkLineName).join(', ')}: no request of users reached the old version in the last ${formatDuration(WINDOW * 1000)}. ` +
  'If none reach the new one, nothing can be measured, and with on-no-data: fail the release is put back after users were moved. ' +
  'Add a load line to smoke-tests, GET / at 20/s for 30s -> 200, which is measured before that; or set on-no-data: wait, which gives requests no-data-timeout to come'

/** The new version's pods are scraped as little as the old one's, so the release would fail with users on it. */
const unmeasurable = (lines: readonly CheckLine[], lacks: Lacks): Fault => ({
  input: 'checks',
  problem:
    `${lines.map(checkLineName).join(', ')} cannot be measured: ${lacks.counter(false)}, and will have nothing from the new version's. ` +
    'With on-no-data: fail the release would be put back for that after users were on it. Have the pods scraped, ' +
    'name the router in front of them in metrics, or write the check as a query of metrics that there are',
  example:
    "prometheus.io/scrape: 'true' and prometheus.io/port: '8080' as annotations of the pod template, or a PodMonitor, as your Prometheus finds its targets"
})
