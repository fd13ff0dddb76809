import type { StableCheck } from '../../inputs/stable-check.ts'
import type { PodSamples } from './pods.ts'
import type { RouterReport } from './router.ts'

/** A step of a release that gives the new version users. Times are milliseconds since the epoch, durations milliseconds. */
export interface ReleaseStep {
  /** As planned. */
  readonly duration: number
  /** Undefined while it is to come. */
  readonly begun?: number
  /** Everybody is on the new version, so that there is no stable one beside it. */
  readonly alone?: boolean
}

/** All that a verdict depends on. The times are those of the metrics store's clock. */
export interface Question {
  readonly checks: readonly StableCheck[]
  /** All of them, in order; the first one has begun. */
  readonly steps: readonly ReleaseStep[]
  /** From the first users on that long nothing is judged but a crash: caches are cold. */
  readonly warmUp: number
  readonly now: number
  /** Since an hour before the first users, and so for the canary since it began: pods that are gone as well. */
  readonly stable: readonly PodSamples[]
  readonly canary: readonly PodSamples[]
  /** Where the samples are those of a router's instances. */
  readonly router?: RouterReport
}
