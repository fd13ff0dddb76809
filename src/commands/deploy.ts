import type { Outcome } from '../domain/outcome.ts'
import { beginRun } from '../execute/begin-run.ts'
import { executeOrRestore } from '../execute/execute-or-restore.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { trafficsOf } from '../execute/route-writers.ts'
import { tidyConfig } from '../execute/unreferenced-config.ts'
import { untidyEnding } from '../execute/untidy.ts'
import { readRules } from '../kubernetes/rights.ts'
import { readLeases } from '../lock/acquire.ts'
import type { Lock } from '../lock/lock.ts'
import { inRelease, type Observed, type Recorded } from '../observe/observed.ts'
import { planSettle } from '../plan/rollback.ts'
import { needsOf } from '../preflight/needs.ts'
import { needsToEnd } from '../preflight/rights.ts'
import { exclusively, leasesOf, withLock } from './exclusively.ts'
import { completeFirst, observeForRelease } from './first.ts'
import type { Invocation } from './invocation.ts'
import { nothingNew } from './nothing-new.ts'
import { outcomeOf } from './outcome-of.ts'
import { prepareRelease, type PreparedRelease } from './prepare-release.ts'
import { recover } from './recover.ts'
import { settleDown } from './settle-down.ts'
import { turnedDownAfter } from './turned-down.ts'

/**
 * Releases a new version: in the place of the one that serves, or beside it.
 * @throws InputError, LockedError or ClusterError while nothing has been changed yet
 */
export async function deploy(invocation: Invocation): Promise<Outcome> {
  const { target, ports, signal } = invocation
  // What will be needed is asked for while something else is.
  const rules = soon(readRules(ports.cluster, target.namespace))
  const observed = await observeForRelease(invocation)
  const left = inRelease(observed)
  if (left !== undefined) return afterRecovery(invocation, left)
  if (observed.record?.settle !== undefined) return afterSettling(invocation, observed)
  const leases = readLeases(leasesOf(observed), ports)
  const prepared = await prepareRelease(invocation, observed, rules)
  if ('unapplied' in prepared) return nothingNew(invocation, observed, prepared.unapplied)
  return withLock(
    invocation,
    observed,
    async (lock) => {
      const run = begin(prepared, observed, lock, invocation)
      const ending = await executeOrRestore(prepared.plan, run, signal)
      await tidyConfig(run, ending, signal)
      return outcomeOf(run, ending, invocation)
    },
    await leases
  )
}

/** It may fail before anybody waits for it. */
function soon<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}

function begin(prepared: PreparedRelease, observed: Observed, lock: Lock, { ports }: Invocation): ReleaseRun {
  const stable = observed.stable.deployment
  const run = beginRun({ ...observed, ...prepared, stable, lock, begun: false }, ports, prepared.inputs)
  const { id, stable: before, canary, first } = prepared.release
  const ways = trafficsOf(run).map(({ title }) => title)
  const from = first === true ? 'first installation' : `${before.images.join(', ')} on ${before.deployment}`
  ports.log.quote(
    `release ${id} in namespace ${run.namespace}: ${from} → ${canary.images.join(', ')} on ${canary.deployment}, users come through ${ways.join(', ')}`
  )
  // One version alone: there is nothing to tell apart.
  if (first === true) run.progress.marks = 'none'
  run.journal.warnings.push(...prepared.warnings)
  if (prepared.forecast !== undefined) run.journal.forecast = prepared.forecast
  return run
}

/**
 * A rollback to the plain Deployment whose run has died still has a version running that would get users again: undone before
 * it has ended that, this release would give the Service the selector of before.
 */
async function afterSettling(invocation: Invocation, seen: Observed): Promise<Outcome> {
  const needs = needsOf({ steps: planSettle({}), routes: [] })
  await exclusively(invocation, seen, needs, async (observed, lock) => {
    const { record } = observed
    if (record?.settle !== undefined) await settleDown({ ...observed, record }, lock, invocation)
  })
  return deploy(invocation)
}

/** The release of a run that died is ended before the new one is prepared: what serves is known only then. */
async function afterRecovery(invocation: Invocation, seen: Recorded): Promise<Outcome> {
  const needs = await needsToEnd(seen, invocation.ports)
  const run = await exclusively(invocation, seen, needs, async (observed, lock) => {
    const left = inRelease(observed)
    if (left === undefined) return undefined
    return (await completeFirst(left, lock, invocation)) ?? recover(left, lock, invocation)
  })
  if (run === undefined) return deploy(invocation)
  const untidy = untidyEnding(run)
  if (untidy !== undefined) return outcomeOf(run, untidy, invocation)
  return deploy(invocation).catch((error: unknown) => turnedDownAfter(error, run, invocation))
}
