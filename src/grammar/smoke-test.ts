export interface Expectation {
  readonly status: number
  readonly contains?: string
  /** Milliseconds from the request until the whole answer is there. */
  readonly within: number
}

interface HttpRequest {
  readonly method: string
  /** A path on every pod of the canary, or an absolute URL. */
  readonly target: string
  readonly body?: string
  readonly expect: Expectation
}

/** One line of `smoke-tests`. */
export type SmokeTest =
  | ({ readonly kind: 'request' } & HttpRequest)
  | ({ readonly kind: 'load'; readonly perSecond: number; readonly duration: number } & HttpRequest)
  | { readonly kind: 'command'; readonly run: string }
