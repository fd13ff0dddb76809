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
  /** In the metric's base unit: fraction for rates in per cent, seconds for latency, else as written. */
  readonly bound: number
  /** The unit it was written in, so that it prints back as it was. */
  readonly unit: '%' | 'ms' | 's' | '/s' | ''
}
