import type { Clock } from '../base/clock.ts'
import { isBound, isComparison, type CheckLine } from '../inputs/check-line.ts'
import { isFromPrometheus, type Check, type Metric } from '../inputs/check.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { MetricsSource } from '../routes/metrics-source.ts'
import { datadogSource } from './datadog.ts'
import type { Exchange } from './exchange.ts'
import type { Metrics } from './prometheus/metrics.ts'
import { prometheusSource } from './prometheus/source.ts'
import { sample } from './sample.ts'
import type { Sampler } from './sampler.ts'
import { webSource } from './web.ts'

/** Whom checks may ask. */
export interface Askable extends Pick<Inputs, 'datadog' | 'checkHeaders'> {
  /** The Prometheus; undefined where no check needs it. */
  readonly metrics: Metrics | undefined
  /** How all others are asked. */
  readonly exchange: Exchange
}

/** Only Prometheus keeps what both versions are compared by. */
const INCOMPARABLE: Pick<Sampler, 'compare' | 'past'> = {
  compare: () => Promise.resolve({ why: 'nothing measures it', final: true }),
  past: () => Promise.resolve({ why: 'only what Prometheus measures can be replayed', final: true })
}

/** @param source whose metrics the built-in checks are counted from */
export function openSampler(
  { metrics, datadog, checkHeaders: headers, exchange }: Askable,
  clock: Clock,
  lines: readonly CheckLine[],
  source: MetricsSource
): Sampler {
  const checks = lines.filter((line) => isBound(line))
  const of = <M extends Metric>(isOne: (metric: Metric) => metric is M): readonly Check<M>[] =>
    checks.filter((check): check is Check<M> => isOne(check.metric))
  const web = of((metric) => metric.kind === 'web')
  const inDatadog = of((metric) => metric.kind === 'datadog')
  const asked = [...of(isFromPrometheus), ...lines.filter((line) => isComparison(line))]
  const prometheus = metrics && prometheusSource(metrics, clock, asked, source)
  const sources = [
    ...(prometheus === undefined ? [] : [prometheus]),
    webSource(web, { headers, exchange }, clock),
    datadogSource(inDatadog, { api: datadog, headers, exchange }, clock)
  ]
  const { compare, past } = prometheus ?? INCOMPARABLE
  return { ...sample(checks, sources, clock), compare, past }
}
