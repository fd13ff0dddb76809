import { preflight as preflightChecks } from './analysis/sampling.ts'
import { carryOut } from './carry-out.ts'
import type { Ending } from './carry-out.ts'
import { InputError } from './errors.ts'
import type { Fault } from './errors.ts'
import type { Ports, ReleaseRun } from './execution/run-state.ts'
import type { Inputs } from './inputs.ts'
import type { Manifest } from './kubernetes/manifests.ts'
import type { Deployment } from './kubernetes/objects.ts'
import { rightsFor } from './kubernetes/needs.ts'
import { explainMissing, missingRights } from './kubernetes/rights.ts'
import { SLOT_LABEL } from './kubernetes/slots.ts'
import { withLock } from './lock.ts'
import { observe } from './observe.ts'
import type { Target } from './observe.ts'
import type { Observed } from './observed.ts'
import type { Outcome } from './outcome.ts'
import { recover } from './recover.ts'
import { isUnfinished } from './record.ts'
import { beginRun } from './release-run.ts'
import { outcomeOf, unchanged } from './report/outcome.ts'
import { planBlueGreen } from './strategies/blue-green.ts'
import { placementOf, prepare } from './strategies/prepare.ts'
import type { Origin, Prepared } from './strategies/prepare.ts'
import { isUnchanged } from './strategies/unchanged.ts'

export interface Deploy {
  readonly inputs: Inputs
  readonly target: Target
  readonly manifests: readonly Manifest[]
  readonly origin: Origin
}
