import type { Clock } from '../base/clock.ts'
import type { Check, Metric } from '../inputs/check.ts'
import type { MetricsSource } from '../routes/metrics-source.ts'
import { judge, type Reading } from './judge.ts'
import { fillPlaceholders, type MeasuredVersion } from './measured-version.ts'
import {
  findInAnswer,
  findInTraffic,
  type MetricValue,
  type NoData,
  type ObservedTraffic
} from './metric-value.ts'
import { MetricsError, type Metrics } from './metrics.ts'
import { preflight, type PreflightReport } from './preflight.ts'
import { observeTraffic, wantedBy, type Need, type Observation } from './request-metrics.ts'

/** The step that measurements belong to; only traffic since its begin is judged. */
export interface MeasuredStep {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

export interface Sampler {
  /**
   * Asks Prometheus whether the checks can be carried out, with the stable version's pods as subject. Nothing is
   * thrown for what Prometheus answers or does not; only when the signal is aborted.
   * @param need where there must be figures: then what is certain never to bring any is a fault
   */
  preflight(stable: MeasuredVersion, signal?: AbortSignal, need?: Need): Promise<PreflightReport>
  /**
   * One reading of every check, in their order, over the time since the step began. A query that fails is a
   * reading without a value; only an aborted signal throws.
   */
  measure(step: MeasuredStep, subject: MeasuredVersion, signal?: AbortSignal): Promise<readonly Reading[]>
}

/**
 * Takes measurements for one release. It keeps the samples that it has seen, so one sampler serves the whole
 * release; waiting and deciding are the caller's:
 *
 *     const sampler = createSampler(metrics, clock, inputs.checks)
 *     const { faults, warnings } = await sampler.preflight(stable, signal)
 *     if (faults.length > 0) throw new InputError(faults)
 *
 *     let standing = initialStanding                       // once a release
 *     const step = { name: 'bake', startedAt: clock.now() } // once a step
 *     do {
 *       await clock.sleep(inputs.checkInterval, signal)
 *       const readings = await sampler.measure(step, canary, signal)
 *       measurements.push(...readings)
 *       standing = judgeRound(standing, readings, inputs)
 *       if (standing.failed) throw new ReleaseFailed(standing.failed.reason, printCheck(standing.failed.check))
 *     } while (standing.decision !== 'pass' || clock.now() < step.startedAt + duration)
 *
 * @param source whose metrics the built-in checks are counted from; for a router's the subject says more than its pods
 */
export function createSampler(
  metrics: Metrics,
  clock: Clock,
  checks: readonly Check[],
  source: MetricsSource = 'http'
): Sampler {
  const observation = observeTraffic(metrics, clock, wantedBy(checks), source)
  return {
    preflight: (stable, signal, need) => preflight({ metrics, observation, checks, need }, stable, signal),
    async measure(step, subject, signal) {
      const at = clock.now()
      const age = at - step.startedAt
      const traffic = checks.some(isBuiltIn)
        ? orMissing(observation.look(subject, step.startedAt, signal), signal)
        : Promise.resolve(notAsked)
      const find = (metric: Metric): Promise<MetricValue> =>
        metric.kind === 'query'
          ? orMissing(ask(metrics, metric, subject, age, signal), signal)
          : findIn(traffic, metric, subject)
      const findings = await Promise.all(
        checks.map(async (check) => ({ check, finding: await find(check.metric) }))
      )
      const youth = youthBy(observation)
      const circumstances = { at, step: step.name, young: age < youth, youth }
      return findings.map(({ check, finding }) => judge(check, finding, circumstances))
    }
  }
}

const notAsked: NoData = { why: 'no check needs it' }

const isBuiltIn = ({ metric }: Check): boolean => metric.kind !== 'query'

type QueryMetric = Extract<Metric, { kind: 'query' }>

const ask = async (
  metrics: Metrics,
  { promql }: QueryMetric,
  subject: MeasuredVersion,
  age: number,
  signal?: AbortSignal
): Promise<MetricValue> =>
  findInAnswer(await metrics.query(fillPlaceholders(promql, subject, age / 1000), signal), promql)

async function findIn(
  looking: Promise<ObservedTraffic | NoData>,
  metric: Exclude<Metric, QueryMetric>,
  subject: MeasuredVersion
): Promise<MetricValue> {
  const seen = await looking
  return 'why' in seen ? seen : findInTraffic(metric, seen, subject.pods.length)
}

/** Turns what the metrics store could not answer into a missing value. */
async function orMissing<T>(asking: Promise<T>, signal?: AbortSignal): Promise<T | NoData> {
  try {
    return await asking
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof MetricsError) return { why: error.message, final: error.fault === 'query' }
    throw error
  }
}

/**
 * How long a step is young, in milliseconds: until a second scrape must have come and been stored. While the
 * interval is unknown, one scrape at Prometheus' default of a minute.
 */
function youthBy(observation: Observation): number {
  const gap = observation.gap()
  return gap === undefined ? 75_000 : 2 * gap + 5_000
}
