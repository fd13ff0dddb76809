import { printShifted, shiftDecimal } from './decimal.ts'

export type Metric =
  | { readonly kind: 'success-rate' | 'error-rate' | 'request-rate' | 'mean-latency' }
  /** `quantile` in 0..1: p95 is 0.95. */
  | { readonly kind: 'latency'; readonly quantile: number }
  | { readonly kind: 'query'; readonly name: string; readonly promql: string }

export type Comparison = '<' | '<=' | '>' | '>='

/** One line of `checks`. */
export interface Check {
  readonly metric: Metric
  readonly comparison: Comparison
  /** In the metric's base unit: fraction for rates in percent, seconds for latency, else as written. */
  readonly bound: number
  /** The unit it was written in, so that it prints back as it was. */
  readonly unit: '%' | 'ms' | 's' | '/s' | ''
}

/** How many decimal places a number moves on its way from its unit to the base unit. */
export const places: Record<Check['unit'], number> = { '%': -2, ms: -3, s: 0, '/s': 0, '': 0 }

/** What a check of this metric is called: `success-rate`, `p95 latency`, or the name before a query. */
export function metricName(metric: Metric): string {
  if (metric.kind === 'query') return metric.name
  if (metric.kind === 'latency') return `p${shiftDecimal(metric.quantile, 2)} latency`
  return metric.kind === 'mean-latency' ? 'mean latency' : metric.kind
}

export const checkName = ({ metric }: Check): string => metricName(metric)

/** The line that reads back as this check. */
export function printCheck({ metric, comparison, bound, unit }: Check): string {
  const query = metric.kind === 'query' ? `: ${metric.promql}` : ''
  return `${metricName(metric)}${query} ${comparison} ${printShifted(bound, -places[unit])}${unit}`
}
