import type { Fault } from '../errors.ts'
import { checkName, type Check, type Metric } from '../grammar/check.ts'
import { findInAnswer } from './finding.ts'
import { MetricsError, type Metrics, type Series } from './metrics.ts'
import type { Observation } from './observation.ts'
import { searchedBuckets, searchedCounters, searchedStatusLabels, type Detection } from './recipes.ts'
import { fillPlaceholders, type Subject } from './subject.ts'

/** What is known of the checks before anything is changed. */
export interface PreflightReport {
  /** The release must not begin. */
  readonly faults: readonly Fault[]
  readonly warnings: readonly string[]
}

/** Seconds that `$window` stands for: no step has begun, and the stable version has served for long. */
const window = 300

const nothingFound: PreflightReport = { faults: [], warnings: [] }

type QueryMetric = Extract<Metric, { kind: 'query' }>

/** Tries every check on the stable version's pods. */
export const preflight = async (
  metrics: Metrics,
  observation: Observation,
  checks: readonly Check[],
  stable: Subject,
  signal?: AbortSignal
): Promise<PreflightReport> => {
  const builtIn = checks.filter(({ metric }) => metric.kind !== 'query')
  const queries = checks.flatMap(({ metric }) => (metric.kind === 'query' ? [metric] : []))
  const reports = await Promise.all([
    builtIn.length === 0
      ? nothingFound
      : tried(undefined, async () => tryBuiltIn(await observation.study(stable, signal), builtIn), signal),
    ...queries.map((metric) => tried(metric, () => tryQuery(metrics, metric, stable, signal), signal))
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

const tried = async (
  metric: QueryMetric | undefined,
  attempt: () => Promise<PreflightReport>,
  signal?: AbortSignal
): Promise<PreflightReport> => {
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

const tryQuery = async (
  metrics: Metrics,
  { name, promql }: QueryMetric,
  stable: Subject,
  signal?: AbortSignal
): Promise<PreflightReport> => {
  const answer = await metrics.query(fillPlaceholders(promql, stable, window), signal)
  const finding = findInAnswer(answer)
  if ('value' in finding) return nothingFound
  const problem = `${name}: ${finding.why}`
  return isOneNumber(answer)
    ? { faults: [], warnings: [`${problem} (asked for the stable version)`] }
    : { faults: [{ input: 'checks', problem, example: `${name}: sum(${promql}) < 100` }], warnings: [] }
}

/** Or none at all, which more traffic may change; several series or samples are a matter of the query. */
const isOneNumber = (answer: readonly Series[]): boolean =>
  answer.length === 0 || (answer.length === 1 && answer[0]?.samples.length === 1)

/** What of the metrics that the built-in checks stand on the stable version's pods do not report. */
const tryBuiltIn = ({ recipe, scraped }: Detection, checks: readonly Check[]): PreflightReport => {
  const warnings = checks.flatMap((check) => {
    const lacking = recipe === undefined ? lackOfAll(scraped) : lackFor(check.metric, recipe)
    return lacking === undefined ? [] : [`${checkName(check)} may have no data: ${lacking}`]
  })
  return { faults: [], warnings }
}

const lackOfAll = (scraped: boolean): string =>
  scraped
    ? `the stable version's pods are scraped, but report none of ${searchedCounters}`
    : `Prometheus has nothing from the stable version's pods (searched for ${searchedCounters})`

const lackFor = (metric: Metric, { requests, status, latency }: NonNullable<Detection['recipe']>) => {
  switch (metric.kind) {
    case 'success-rate':
    case 'error-rate':
      return status === undefined
        ? `${requests} has none of the labels ${searchedStatusLabels} with an HTTP status`
        : undefined
    case 'latency':
      return latency?.hasBuckets ? undefined : `the stable version's pods report none of ${searchedBuckets}`
    case 'mean-latency':
      return latency === undefined ? "the stable version's pods report no durations of requests" : undefined
    default:
      return undefined
  }
}
