/** One sample of a time series. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** May be NaN or infinite. */
  readonly value: number
}

/** A native histogram at a time. */
export interface HistogramSample {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** NaN where the store says that the series has ended. */
  readonly count: number
  /** Those that hold anything, in order; not cumulative. */
  readonly buckets: readonly NativeBucket[]
}

/** Observations above `lower` up to `upper`, in the metric's unit. */
export interface NativeBucket {
  readonly lower: number
  readonly upper: number
  readonly count: number
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** Those of a native histogram are what it has counted. */
  readonly samples: readonly Sample[]
  /** Of a native histogram, as a range selector brings it. */
  readonly histograms?: readonly HistogramSample[]
}

/** The metrics store. */
export interface Metrics {
  /** Instant query; a range selector (`m[30s]`) brings the stored samples. Throws MetricsError. */
  query(promql: string, signal?: AbortSignal): Promise<readonly Series[]>
}
