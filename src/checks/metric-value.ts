/** What looking at a metric has brought. */
export type MetricValue = Value | NoData

export interface Value {
  /** In the metric's base unit; finite. */
  readonly value: number
  /** How many requests it stands on. */
  readonly requests?: number
  /** Of a quantile: how many of these took longer than the check's bound. */
  readonly above?: number
  /** The true value is above this one by an unknown amount. */
  readonly beyond?: boolean
  /** It covers less than one scrape interval: some pods' requests may not be in it yet. */
  readonly brief?: boolean
}

/** No value, and so never a pass. */
export interface NoData {
  readonly why: string
  /** It may only be too early: metrics show a request some time after it was answered. */
  readonly early?: boolean
  /** What was asked for is not there at all, as if its name were wrong. */
  readonly unknown?: boolean
  /** Measuring again cannot bring a value. */
  readonly final?: boolean
}
