import type { CreateSampler } from '../checks/sampler.ts'
import type { Ports } from '../execute/release-run.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Target } from '../observe/observe.ts'
import type { ReleaseOrigin } from '../plan/begin-release.ts'

/** One run of the action, as its post step knows it. */
export interface PostInvocation {
  readonly inputs: Inputs
  readonly target: Target
  readonly origin: ReleaseOrigin
  readonly ports: Ports
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal
}

/** One run of the action, with everything that it works with. */
export interface Invocation extends PostInvocation {
  readonly manifests: readonly Manifest[]
  /** Absent when the inputs name nothing that measures: then there are no checks either. */
  readonly createSampler: CreateSampler | undefined
}
