import type { Clock } from '../../base/clock.ts'
import type { Check, Metric } from '../../inputs/check.ts'
import type { MetricsSource } from '../../routes/metrics-source.ts'
import { judge } from '../judge.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { MetricValue, NoData } from '../metric-value.ts'
import type { Sampler } from '../sampler.ts'
import { MetricsError, type Metrics } from './metrics.ts'
import { fillPlaceholders } from './placeholders.ts'
import { preflight } from './preflight.ts'
import { wantedBy } from './recipes.ts'
import { openRequestMetrics, type RequestMetrics } from './request-metrics.ts'
import { findInAnswer, findInTraffic, type ObservedTraffic } from './values.ts'

/** @param source whose metrics the built-in checks are counted from */
export function createSampler(
  metrics: Metrics,
  clock: Clock,
  checks: readonly Check[],
  source: MetricsSource = 'http'
): Sampler {
  const requests = openRequestMetrics(metrics, clock, wantedBy(checks), source)
  return {
    preflight: (stable, signal, need) => preflight({ metrics, requests, checks, need }, stable, signal),
    async measure(step, measured, signal) {
      const at = clock.now()
      const age = at - step.startedAt
      const traffic = checks.some(isBuiltIn)
        ? orMissing(requests.look(measured, step.startedAt, signal), signal)
        : Promise.resolve(notAsked)
      const find = (metric: Metric): Promise<MetricValue> => {
        if (metric.kind !== 'query') return findIn(traffic, metric, measured)
        const filled = fillPlaceholders(metric.promql, measured, age / 1000)
        return orMissing(ask(metrics, metric.promql, filled, signal), signal)
      }
      const findings = await Promise.all(
        checks.map(async (check) => ({ check, finding: await find(check.metric) }))
      )
      const youth = youthBy(requests)
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
  written: string,
  filled: string,
  signal?: AbortSignal
): Promise<MetricValue> => findInAnswer(await metrics.query(filled, signal), written)

async function findIn(
  looking: Promise<ObservedTraffic | NoData>,
  metric: Exclude<Metric, QueryMetric>,
  measured: MeasuredVersion
): Promise<MetricValue> {
  const seen = await looking
  return 'why' in seen ? seen : findInTraffic(metric, seen, measured.pods.length)
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
function youthBy(requests: RequestMetrics): number {
  const gap = requests.gap()
  return gap === undefined ? 75_000 : 2 * gap + 5_000
}
