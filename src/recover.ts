import { giveUpStable, tidy } from './carry-out.ts'
import { StableCannotServe } from './errors.ts'
import { execute } from './execute.ts'
import type { Ports, ReleaseRun, Settings } from './execution/run-state.ts'
import type { Lock } from './kubernetes/lease.ts'
import { withLock } from './lock.ts'
import { observe } from './observe.ts'
import type { Target } from './observe.ts'
import type { Observed } from './observed.ts'
import { isUnfinished } from './record.ts'
import type { Release, Selector } from './record.ts'
import { beginRun } from './release-run.ts'
import type { Origin } from './strategies/prepare.ts'
import { planRestore } from './strategies/abort.ts'
import { planSettle } from './strategies/rollback.ts'

/**
 * Undoes a release whose run has died, from its record alone.
 * @throws when stable cannot be put back; then nothing else may be begun
 */
export async function recover(
  { service, workload }: Recovered,
  release: Release,
  ports: Ports,
  settings: Settings,
  lock: Lock
): Promise<ReleaseRun> {
  const run = beginRun(
    { service, stable: undefined, workload, release, port: 0, begun: true, lock, sampler: undefined },
    ports,
    settings
  )
  ports.log.warning(
    `release ${release.id} was left unfinished (${release.run ?? 'run unknown'}): stable is put back first`
  )
  const ended = new AbortController()
  run.traffic.guard(ended.signal)
  try {
    await execute(planRestore(), run, lock.lost)
    await tidy(run, lock.lost)
  } catch (error) {
    if (!(error instanceof StableCannotServe) || release.weight !== 100) throw error
    ports.log.warning(`${error.message}. ${await giveUpStable(run)}`)
  } finally {
    ended.abort()
  }
  return run
}

/** Where the release is found. */
type Recovered = Pick<Observed, 'service' | 'workload'>

/**
 * Finishes what this very run has begun and could not finish: a release is undone, a rollback settled.
 * @returns what was done, for the summary; undefined when there was nothing to do
 */
export async function recoverOwn(
  target: Target,
  origin: Origin,
  ports: Ports,
  settings: Settings
): Promise<string | undefined> {
  const seen = await observe(target, ports.cluster)
  if (leftOf(seen.record, origin) === undefined) return undefined
  return withLock(seen.service, origin, ports, new AbortController().signal, async (lock) => {
    const observed = await observe(target, ports.cluster)
    const { record } = observed
    const left = leftOf(record, origin)
    if (record === undefined || left === undefined) return undefined
    if (left === 'undo') await recover(observed, record, ports, settings, lock)
    else await settleDown(observed, record, left, ports, settings, lock)
    return `Release ${record.id} was ${left === 'undo' ? 'undone' : 'finished'}: ${record.stable.deployment} has all traffic, ${record.canary.deployment} is scaled down.`
  })
}

/** What this run has left to do; the selector when only that is to be settled. */
function leftOf(record: Release | undefined, origin: Origin): 'undo' | Selector | undefined {
  if (record?.id !== origin.release) return undefined
  return isUnfinished(record) ? 'undo' : record.settle
}

async function settleDown(
  { service, workload }: Recovered,
  release: Release,
  selector: Selector,
  ports: Ports,
  settings: Settings,
  lock: Lock
): Promise<void> {
  const beginning = {
    service,
    stable: undefined,
    workload,
    release,
    port: 0,
    begun: true,
    lock,
    sampler: undefined
  }
  await execute(planSettle(selector), beginRun(beginning, ports, settings), lock.lost)
}
