import { printShifted, shiftDecimal } from './decimal.ts'

/** Counted from the requests in Prometheus. */
export type BuiltIn =
  | { readonly kind: 'success-rate' | 'error-rate' | 'request-rate' | 'mean-latency' }
  /** `quantile` in 0..1: p95 is 0.95. */
  | { readonly kind: 'latency'; readonly quantile: number }

export interface QueryMetric {
  readonly kind: 'query'
  readonly name: string
  readonly promql: string
}

/** The number at a JSONPath of what a URL answers. */
export interface WebMetric {
  readonly kind: 'web'
  readonly name: string
  /** With placeholders. */
  readonly url: string
  readonly path: string
}

export interface DatadogMetric {
  readonly kind: 'datadog'
  readonly name: string
  /** With placeholders. */
  readonly query: string
}

export type Metric = BuiltIn | QueryMetric | WebMetric | DatadogMetric

export type Comparison = '<' | '<=' | '>' | '>='

/** One line of `checks`. */
export interface Check<M extends Metric = Metric> {
  readonly metric: M
  readonly comparison: Comparison
  /** In the metric's base unit: fraction for rates in percent, seconds for latency, else as written. */
  readonly bound: number
  /** The unit it was written in, so that it prints back as it was. */
  readonly unit: '%' | 'ms' | 's' | '/s' | ''
}

/** How many decimal places a number moves on its way from its unit to the base unit. */
export const places: Record<Check['unit'], number> = { '%': -2, ms: -3, s: 0, '/s': 0, '': 0 }

/** Whether the checks of this metric need Prometheus. */
export const isFromPrometheus = (metric: Metric): metric is BuiltIn | QueryMetric =>
  metric.kind !== 'web' && metric.kind !== 'datadog'

/** What a check of this metric is called: `success-rate`, `p95 latency`, or the name before what is asked. */
export function metricName(metric: Metric): string {
  if ('name' in metric) return metric.name
  if (metric.kind === 'latency') return `p${shiftDecimal(metric.quantile, 2)} latency`
  return metric.kind === 'mean-latency' ? 'mean latency' : metric.kind
}

export const checkName = ({ metric }: Check): string => metricName(metric)

function askedOf(metric: Exclude<Metric, BuiltIn>): string {
  if (metric.kind === 'web') return `GET ${metric.url} ${metric.path}`
  return metric.kind === 'datadog' ? `datadog ${metric.query}` : metric.promql
}

/** The line that reads back as this check. */
export function printCheck({ metric, comparison, bound, unit }: Check): string {
  const asked = 'name' in metric ? `: ${askedOf(metric)}` : ''
  return `${metricName(metric)}${asked} ${comparison} ${printShifted(bound, -places[unit])}${unit}`
}
