import type { Findings } from '../base/errors.ts'
import type { Check } from '../inputs/check.ts'
import type { MeasuredVersion } from './measured-version.ts'
import type { MetricValue } from './metric-value.ts'
import type { Need } from './sampler.ts'

/** Whose values are wanted, and of which time: milliseconds since the epoch. */
export interface Asked {
  readonly version: MeasuredVersion
  readonly since: number
  readonly now: number
}

/** Where the values of some checks come from; each is a file of its own. Only an aborted signal throws. */
export interface Source {
  /** Those that it measures. */
  readonly checks: readonly Check[]
  /** Tries them on the stable version, as `Sampler` says. */
  preflight(stable: MeasuredVersion, signal?: AbortSignal, need?: Need): Promise<Findings>
  /** A value of each check, in their order. */
  measure(asked: Asked, signal?: AbortSignal): Promise<readonly MetricValue[]>
  /** How long after the begin of a step a missing value does not count yet, in milliseconds. */
  youth(): number
}
