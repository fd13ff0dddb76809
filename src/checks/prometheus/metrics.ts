/** One sample of a time series. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** May be NaN or infinite. */
  readonly value: number
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly Sample[]
}

/** Why a question to the metrics store brought no answer. */
export class MetricsError extends Error {
  override readonly name = 'MetricsError'
  /** `query`: the store answered that the query itself is wrong, asking again cannot help. */
  readonly fault: 'query' | 'unreachable' | 'timeout' | 'refused' | 'answer'

  constructor(message: string, fault: MetricsError['fault'], options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/** The metrics store. */
export interface Metrics {
  /** Instant query; a range selector (`m[30s]`) brings the stored samples. Throws MetricsError. */
  query(promql: string, signal?: AbortSignal): Promise<readonly Series[]>
}
