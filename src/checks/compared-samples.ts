import type { PodSamples } from './judge/pods.ts'
import type { RouterReport } from './judge/router.ts'
import type { MeasuredVersion } from './measured-version.ts'

/** Both versions; the new one is undefined until it has pods. */
export interface Versions {
  readonly stable: MeasuredVersion
  readonly canary: MeasuredVersion | undefined
}

/** Which of the two. */
export type Version = keyof Versions

/** What the judge is asked with. Times are milliseconds since the epoch, by the clock of the metrics store. */
export interface ComparedSamples {
  readonly stable: readonly PodSamples[]
  readonly canary: readonly PodSamples[]
  readonly now: number
  /** How far that clock is ahead of ours: the steps began so much later by it. */
  readonly ahead: number
  /** Where the samples are those of a router's instances. */
  readonly router?: RouterReport
}
