import { refuse } from '../base/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import { beginRun, formerDrain } from '../execute/begin-run.ts'
import { executeOrRestore } from '../execute/execute-or-restore.ts'
import { withOriginalConfig } from '../execute/original-config.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { drainIn } from '../execute/route-writers.ts'
import type { Lock } from '../lock/lock.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, type FoundRoute, type Observed } from '../observe/observed.ts'
import { planLeave, prepareLeave } from '../plan/leave.ts'
import { retirable } from '../plan/retirement.ts'
import { leavingFindings } from '../preflight/leaving.ts'
import type { Invocation } from './invocation.ts'
import { outcomeOf } from './outcome-of.ts'
import { recover } from './recover.ts'
import { retireVersions } from './retire-versions.ts'
import { settleDown } from './settle-down.ts'

/** What a run that leaves works with. */
export interface Departure {
  /** Those that releases have moved traffic on. */
  readonly routes: readonly FoundRoute[]
  readonly lock: Lock
  readonly invocation: Invocation
}

/** Ends what an earlier run that was leaving has left half done, and versions that were kept for a rollback. */
export async function endWhatIsLeft(
  first: Observed,
  { lock, invocation }: Departure
): Promise<{ readonly observed: Observed; readonly runs: readonly ReleaseRun[] }> {
  const { target, ports } = invocation
  const runs: ReleaseRun[] = []
  let observed = first
  const left = inRelease(observed)
  if (left !== undefined) {
    runs.push(await recover(left, lock, invocation))
    observed = await observe(target, ports)
  }
  if (observed.record?.settle !== undefined) {
    runs.push(await settleDown({ ...observed, record: observed.record }, lock, invocation))
    observed = await observe(target, ports)
  }
  const { versions } = retirable(observed, Infinity)
  if (versions.length > 0 && observed.record !== undefined) {
    runs.push(...(await retireVersions(versions, { ...observed, record: observed.record }, lock, invocation)))
    observed = await observe(target, ports)
  }
  return { observed, runs }
}

interface Moved {
  readonly run: ReleaseRun
  /** Why copies of config stay in use, a sentence each. */
  readonly kept: readonly string[]
  /** How it ended, if users did not come home, or not everything was done after that. */
  readonly failed?: Outcome
}

/** Moves all users from the slot that serves to the plain Deployment, which gets the same template. */
export async function moveHome(observed: Observed, departure: Departure): Promise<Moved> {
  const { lock, invocation, routes } = departure
  const { ports, inputs, origin, signal } = invocation
  const { namespace, service, stable, slots } = observed
  const { plain = stable.deployment } = slots
  const { template, kept } = await withOriginalConfig(
    stable.deployment.spec.template,
    namespace,
    ports.cluster
  )
  const names = routes.map(({ name }) => name)
  const prepared = prepareLeave(observed, plain, template, { origin, routes: names })
  refuse(prepared.faults)
  const { faults, warnings } = await leavingFindings(prepared, observed, ports.cluster)
  refuse(faults)
  const { release } = prepared
  const beginning = { ...observed, routes: [], stable: stable.deployment, release, begun: false, lock }
  const leastDrain = await formerDrain(release, service, ports)
  const run = beginRun({ ...beginning, leastDrain }, ports, { ...inputs, checks: [], smokeTests: [] })
  run.journal.warnings.push(...warnings)
  const ending = await executeOrRestore(
    planLeave(prepared, { learn: leastDrain, drain: drainIn(run) }),
    run,
    signal
  )
  if (ending.result === 'promoted' && ending.unsettled !== true) return { run, kept }
  const outcome = outcomeOf(run, ending, invocation)
  const failed = ending.result === 'promoted' ? ({ ...outcome, result: 'failed' } as const) : outcome
  return { run, kept, failed }
}
