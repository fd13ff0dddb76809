import type { Outcome } from '../domain/outcome.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import { beginRun, trafficsOf } from '../execute/begin-run.ts'
import { executeOrRestore } from '../execute/execute-or-restore.ts'
import { tidyConfig } from '../execute/unreferenced-config.ts'
import { untidyEnding } from '../execute/untidy.ts'
import type { Lock } from '../lock/lease.ts'
import { observe } from '../observe/observe.ts'
import type { Observed } from '../observe/observed.ts'
import { needsToEnd, requireRights } from '../preflight/rights.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt, outcomeOf } from './outcome-of.ts'
import { prepareRelease, type PreparedRelease } from './prepare-release.ts'
import { recover } from './recover.ts'
import { turnedDownAfter } from './turned-down.ts'
import { withLock } from './with-lock.ts'

/**
 * Releases a new version beside the one that serves.
 * @throws InputError, LockedError or ClusterError while nothing has been changed yet
 */
export async function deploy(invocation: Invocation): Promise<Outcome> {
  const { target, origin, ports, signal } = invocation
  const observed = await observe(target, ports)
  const { record } = observed
  if (record !== undefined && isUnfinished(record)) return afterRecovery(invocation, observed, record)
  const ready = await prepareRelease(invocation, observed)
  if ('unapplied' in ready)
    return { ...lookedAt('deploy', observed, origin, ports.clock.now()), warnings: ready.unapplied }
  return withLock(observed, origin, ports, signal, (lock) => release(invocation, observed, ready, lock))
}

async function release(
  invocation: Invocation,
  observed: Observed,
  ready: PreparedRelease,
  lock: Lock
): Promise<Outcome> {
  const { inputs, origin, ports, signal } = invocation
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
  return outcomeOf(run, ending, 'deploy', origin, ports.clock.now())
}

/** A run that died has left a release unfinished: it is undone before the new one is looked at. */
async function afterRecovery(invocation: Invocation, observed: Observed, left: Release): Promise<Outcome> {
  const { inputs, target, origin, ports, signal } = invocation
  await requireRights(observed, await needsToEnd(observed, left, ports), ports)
  const run = await withLock(observed, origin, ports, signal, async (lock) => {
    const now = await observe(target, ports)
    return now.record !== undefined && isUnfinished(now.record)
      ? recover(now, now.record, ports, inputs, lock)
      : undefined
  })
  if (run === undefined) return deploy(invocation)
  const untidy = untidyEnding(run)
  if (untidy !== undefined) return outcomeOf(run, untidy, 'deploy', origin, ports.clock.now())
  return deploy(invocation).catch((error: unknown) => turnedDownAfter(error, run, 'deploy', invocation))
}
