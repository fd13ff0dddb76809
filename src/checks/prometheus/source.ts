import type { Clock } from '../../base/clock.ts'
import type { BuiltIn, Check, QueryMetric } from '../../inputs/check.ts'
import { isBound } from '../../inputs/check-line.ts'
import type { StableCheck } from '../../inputs/stable-check.ts'
import type { MetricsSource } from '../../routes/metrics-source.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { MetricValue, NoData } from '../metric-value.ts'
import { MetricsError } from '../metrics-error.ts'
import type { Sampler } from '../sampler.ts'
import type { Source } from '../source.ts'
import { openComparison } from './comparison.ts'
import type { Metrics } from './metrics.ts'
import { openPast } from './past.ts'
import { fillPlaceholders } from './placeholders.ts'
import { preflight } from './preflight.ts'
import { wantedBy } from './recipes.ts'
import { openRequestMetrics, type RequestMetrics } from './request-metrics.ts'
import { findInAnswer, findInTraffic, type ObservedTraffic } from './values.ts'

/** A line of `checks` that Prometheus can answer. */
export type PrometheusLine = Check<BuiltIn | QueryMetric> | StableCheck

/**
 * Built-in checks, of which all are counted from one look at the requests, and the user's own queries. It keeps what it has
 * seen of a release.
 * @param source whose metrics the built-in checks are counted from
 */
export function prometheusSource(
  metrics: Metrics,
  clock: Clock,
  lines: readonly PrometheusLine[],
  source: MetricsSource
): Source & Pick<Sampler, 'compare' | 'past'> {
  const checks = lines.filter((line) => isBound(line))
  const requests = openRequestMetrics(metrics, clock, wantedBy(lines), source)
  const comparison = openComparison(metrics, clock, wantedBy(lines), source)
  const past = openPast(metrics, clock, wantedBy(lines), source)
  return {
    checks,
    youth: () => youthBy(requests),
    preflight: (stable, signal, need) => preflight({ metrics, requests, lines, need }, stable, signal),
    compare: (versions, firstUsers, signal) =>
      orMissing(comparison.look(versions, firstUsers, signal), signal),
    past: (stable, span, signal) => orMissing(past.read(stable, span, signal), signal),
    measure({ version, since, now }, signal) {
      const traffic = checks.some(isBuiltIn)
        ? orMissing(requests.look(version, since, signal), signal)
        : Promise.resolve(notAsked)
      const find = ({ metric, bound }: Check<BuiltIn | QueryMetric>): Promise<MetricValue> => {
        if (metric.kind !== 'query') return findIn(traffic, { metric, bound }, version)
        const filled = fillPlaceholders(metric.promql, version, (now - since) / 1000)
        return orMissing(ask(metrics, metric.promql, filled, signal), signal)
      }
      return Promise.all(checks.map(find))
    }
  }
}

const notAsked: NoData = { why: 'no check needs it' }

const isBuiltIn = ({ metric }: Check): boolean => metric.kind !== 'query'

const ask = async (
  metrics: Metrics,
  written: string,
  filled: string,
  signal?: AbortSignal
): Promise<MetricValue> => findInAnswer(await metrics.query(filled, signal), written)

async function findIn(
  looking: Promise<ObservedTraffic | NoData>,
  check: Pick<Check<BuiltIn>, 'metric' | 'bound'>,
  measured: MeasuredVersion
): Promise<MetricValue> {
  const seen = await looking
  return 'why' in seen ? seen : findInTraffic(check, seen, measured.pods.length)
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
