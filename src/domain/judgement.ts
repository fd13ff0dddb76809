import type { StableCheck } from '../inputs/stable-check.ts'

/**
 * What the comparison of a new version with stable has come to, in counts. Times are milliseconds since the epoch, by the clock of
 * the metrics store. Odds are against the new version, and logarithms are natural ones.
 */
export interface Judgement {
  readonly decision: Decision
  /** How each check stands after the last block that is judged; none before there is one. */
  readonly findings: readonly Finding[]
  /** Requests to the new version since its first users, the warm-up included. */
  readonly seen: Counts
  /** What came later is not known yet. */
  readonly until: number
  /** When the first judged block begins. */
  readonly judgedFrom: number
  /** How long a block is, in milliseconds. */
  readonly block: number
  /** log of the odds after each judged block, for those metrics that a check names. */
  readonly odds: readonly Odds[]
  /** Nothing is compared, because the requests of this step are others than stable's. */
  readonly crashOnly?: boolean
}

export interface Odds extends Partial<Readonly<Record<ComparedMetric, number>>> {
  readonly at: number
}

export type ComparedMetric = 'errors' | 'latency'

/** The odds at which a version is rolled back: to 1. */
export const ODDS_LIMITS: Readonly<Record<ComparedMetric, number>> = { errors: 50, latency: 100 }

/** The odds at which the next share of users is not given yet: to 1. */
export const UNEASY_ODDS = 10

/** Fewer requests to a new version prove nothing. */
export const LEAST_REQUESTS = 100

/** What is to happen now. */
export type Decision =
  /** The new version is worse. Once that was so, it stays so. */
  | { readonly kind: 'rollback'; readonly at: number; readonly crash: Crash }
  | { readonly kind: 'rollback'; readonly at: number; readonly findings: readonly Finding[] }
  /** Go on measuring: the step's time is not over; or it is, and the odds are against the new version; or nothing is proven. */
  | { readonly kind: 'hold'; readonly for: 'time' | 'odds' | 'proof' }
  /** The step has passed, and another one comes. */
  | { readonly kind: 'advance' }
  /** The last step has passed. */
  | { readonly kind: 'promote' }
  /** The last step took twice its time, and it is still not known: the odds lean against it, or there is too little to tell. */
  | { readonly kind: 'inconclusive'; readonly why: 'leaning' | 'thin' }
  /** Nothing can be said, which is no pass. The names of pods are untrusted text. */
  | { readonly kind: 'no-data'; readonly why: NoData; readonly pods: readonly string[] }

export type NoData =
  | 'no pods of the canary'
  | 'no pods of stable'
  | 'stale'
  | 'no requests'
  | 'no requests of stable'
  | 'no histogram'
  | 'no durations'
  | 'no durations of stable'

/** How a check stands after a block. */
export type Finding = {
  readonly check: StableCheck
  /** log of the odds that the new version is worse; by luck they reach `logE` in fewer than one of exp(logE) releases. */
  readonly logE: number
  /** The odds are high enough, and the difference is large enough. */
  readonly isBad: boolean
  /** There is no stable version beside the new one: it was compared with the one before, by doubled margins. */
  readonly beforeAfter: boolean
} & (
  | {
      readonly metric: 'errors'
      readonly counts: ErrorCounts
      /** More than the check allows, be it by luck. */
      readonly isLarge: boolean
      /** The same of the last few blocks. */
      readonly recent: ErrorCounts
      /** The largest rise, as a share of requests, that may yet hide; 0 for none. */
      readonly hidden: number
    }
  | {
      readonly metric: 'latency'
      /** Undefined where no histogram tells anything. */
      readonly counts?: LatencyCounts
      /** What the difference looks most like. */
      readonly shape?: SlowShape
      /** So many times as long all requests may take without having shown; 1 for none. */
      readonly hidden: number
    }
)

export type ErrorFinding = Extract<Finding, { metric: 'errors' }>
export type LatencyFinding = Extract<Finding, { metric: 'latency' }>

/** Requests, and how many of them failed. */
export interface Counts {
  readonly requests: number
  readonly errors: number
}

/** A version that failed most of its requests, which was not waited out. */
export interface Crash {
  readonly at: number
  /** When what is counted begins; undefined where that is everything. */
  readonly since?: number
  readonly canary: Counts
  readonly stable: Counts
  /** Scrapes of a pod that brought errors. */
  readonly scrapesWithErrors: number
}

/** Errors in some blocks, the stable version's in the same ones. */
export interface ErrorCounts {
  /** When they begin; while it is counted, the number of the first block. */
  readonly since: number
  readonly canary: Counts
  readonly stable: Counts
  /** Blocks in which the canary has failed requests. */
  readonly blocksWithErrors: number
}

/** How many requests took longer than an edge of the histogram, in some blocks. */
export interface LatencyCounts {
  /** When they begin; while it is counted, the number of the first block. */
  readonly since: number
  /** Seconds. */
  readonly edge: number
  readonly canary: Slow
  readonly stable: Slow
  /** In how many blocks, and on how many of its pods, the canary has a larger share of slow requests than stable has. */
  readonly slowerBlocks: Part
  /** Undefined where a router reports, which does not tell pods apart. */
  readonly slowerPods?: Part
}

export interface Part {
  readonly count: number
  readonly of: number
}

export interface Slow {
  readonly requests: number
  readonly slow: number
  /** The share of slow requests when both versions are weighed alike by block. */
  readonly share: number
}

/** How a version is slower: all of it, a share of its requests, or more of them above an edge. */
export interface SlowShape {
  readonly kind: 'stretch' | 'slow share' | 'above an edge'
  /** Times as long, or as many. */
  readonly times: number
  /** Of the requests that are slow, or of the stable version's that are above the edge. */
  readonly share: number
}
