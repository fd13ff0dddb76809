/** A regression that a new version may have. */
export type Regression =
  /** Half of all requests fail. */
  | { readonly kind: 'crash' }
  /** Errors as shares of requests. */
  | { readonly kind: 'errors'; readonly from: number; readonly to: number }
  /** Every request takes so many times as long. */
  | { readonly kind: 'latency'; readonly times: number }

/** Whether a release would find it. */
export interface Prospect {
  readonly regression: Regression
  /** In which share of all releases it is found by the end of each step. */
  readonly found: readonly number[]
  /** Milliseconds after which half of those that are found are; undefined for none. */
  readonly after?: number
}

/** What a release can find on traffic like that of the stable version. */
export interface Forecast {
  /** Requests a second of all users. */
  readonly rate: number
  /** The steps that give the new version its users, as they are called. */
  readonly steps: readonly string[]
  /** Requests to the new version in each step. */
  readonly requests: readonly number[]
  readonly prospects: readonly Prospect[]
}

/** A forecast, or why there is none: untrusted text. */
export type Foretold = Forecast | { readonly why: string }
