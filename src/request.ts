import type { Metrics } from './analysis/metrics.ts'
import type { Ports } from './execution/run-state.ts'
import type { Inputs } from './inputs.ts'
import type { Manifest } from './kubernetes/manifests.ts'
import type { Target } from './observe.ts'
import type { Origin } from './strategies/prepare.ts'

/** One run of the action, with everything that it works with. */
export interface Request {
  readonly inputs: Inputs
  readonly target: Target
  readonly manifests: readonly Manifest[]
  /** Absent when no Prometheus is given: then there are no checks either. */
  readonly metrics: Metrics | undefined
  readonly origin: Origin
  readonly ports: Ports
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
}
