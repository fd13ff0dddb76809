/** What looking at a metric has brought. */
export type MetricValue = Value | NoData

export interface Value {
  /** In the metric's base unit; finite. */
  readonly value: number
  /** How many requests it stands on. */
  readonly requests?: number
  /** The true value is above this one by an unknown amount. */
  readonly beyond?: boolean
  /** It reaches over less than one scrape: of some pods little or nothing can be in it yet. */
  readonly brief?: boolean
}

/** No value, and so never a pass. */
export interface NoData {
  readonly why: string
  /** It may only be too early: Prometheus learns of a request at its next scrape. */
  readonly early?: boolean
  /** It stays missing however often it is looked for. */
  readonly final?: boolean
}
