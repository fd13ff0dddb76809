import type { Outcome } from '../domain/outcome.ts'
import { beginRun, trafficsOf } from '../execute/begin-run.ts'
import { executeOrRestore } from '../execute/execute-or-restore.ts'
import { tidyConfig } from '../execute/unreferenced-config.ts'
import { untidyEnding } from '../execute/untidy.ts'
import type { Lock } from '../lock/lease.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, type Observed, type Recorded } from '../observe/observed.ts'
import { needsToEnd } from '../preflight/rights.ts'
import { exclusively, withLock } from './exclusively.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt, outcomeOf } from './outcome-of.ts'
import { prepareRelease, type PreparedRelease } from './prepare-release.ts'
import { recover } from './recover.ts'
import { turnedDownAfter } from './turned-down.ts'

/**
 * Releases a new version beside the one that serves.
 * @throws InputError, LockedError or ClusterError while nothing has been changed yet
 */
export async function deploy(invocation: Invocation): Promise<Outcome> {
  const observed = await observe(invocation.target, invocation.ports)
  const left = inRelease(observed)
  if (left !== undefined) return afterRecovery(invocation, left)
  const ready = await prepareRelease(invocation, observed)
  if ('unapplied' in ready) return { ...lookedAt(observed, invocation), warnings: ready.unapplied }
  return withLock(invocation, observed, (lock) => release(invocation, observed, ready, lock))
}

async function release(
  invocation: Invocation,
  observed: Observed,
  ready: PreparedRelease,
  lock: Lock
): Promise<Outcome> {
  const { inputs, ports, signal } = invocation
  const { release: record, routes, entrance, sampler, warnings } = ready
  const run = beginRun(
    {
      service: observed.service,
      companions: observed.companions,
      routes,
      stable: observed.stable.deployment,
      autoscaler: observed.autoscaler,
      workload: observed.workload,
      release: record,
      entrance,
      begun: false,
      lock,
      sampler
    },
    ports,
    inputs
  )
  const ways = trafficsOf(run).map(({ title }) => title)
  ports.log.quote(
    `release ${record.id} in namespace ${run.namespace}: ${record.stable.images.join(', ')} on ${record.stable.deployment} → ${record.canary.images.join(', ')} on ${record.canary.deployment}, users come through ${ways.join(', ')}`
  )
  run.warnings.push(...warnings)
  const ending = await executeOrRestore(ready.plan, run, signal)
  if (ending.result === 'promoted' && ending.unsettled !== true) await tidyConfig(run, signal)
  return outcomeOf(run, ending, invocation)
}

/** A run that died has left a release unfinished: it is undone before the new one is looked at. */
async function afterRecovery(invocation: Invocation, seen: Recorded): Promise<Outcome> {
  const needs = await needsToEnd(seen, invocation.ports)
  const run = await exclusively(invocation, seen, needs, async (observed, lock) => {
    const left = inRelease(observed)
    return left === undefined ? undefined : recover(left, lock, invocation)
  })
  if (run === undefined) return deploy(invocation)
  const untidy = untidyEnding(run)
  if (untidy !== undefined) return outcomeOf(run, untidy, invocation)
  return deploy(invocation).catch((error: unknown) => turnedDownAfter(error, run, invocation))
}
