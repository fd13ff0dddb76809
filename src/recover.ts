import { giveUpStable, tidy } from './carry-out.ts'
import { StableCannotServe } from './errors.ts'
import { execute } from './execute.ts'
import { readyPods } from './execution/endpoints.ts'
import { throughOutages } from './execution/outage.ts'
import type { Ports, ReleaseRun, Settings } from './execution/run-state.ts'
import type { Lock } from './kubernetes/lease.ts'
import { withLock } from './lock.ts'
import { observe } from './observe.ts'
import type { Target } from './observe.ts'
import type { Observed } from './observed.ts'
import { isUnfinished } from './record.ts'
import type { Release, Selector } from './record.ts'
import { beginRun, drainIn, routesOf, trafficsOf } from './release-run.ts'
import type { Origin } from './strategies/prepare.ts'
import { planRestore } from './strategies/abort.ts'
import { planPromotion } from './strategies/progressive.ts'
import { planSettle } from './strategies/rollback.ts'

/**
 * Ends a release whose run has died or that waits, from its record alone: stable is put back. Only one whose canary
 * had passed and got all traffic is finished instead.
 * @throws when that does not work; then nothing else may be begun
 */
export async function recover(
  { service, workload }: Recovered,
  release: Release,
  ports: Ports,
  settings: Settings,
  lock: Lock
): Promise<ReleaseRun> {
  const routes = await routesOf(release, service, ports)
  const run = beginRun(
    { service, routes, stable: undefined, workload, release, port: 0, begun: true, lock, sampler: undefined },
    ports,
    settings
  )
  ports.log.warning(`release ${release.id} ${stateOf(release)} (${release.run ?? 'run unknown'})`)
  const ended = new AbortController()
  for (const traffic of trafficsOf(run)) traffic.guard(ended.signal)
  try {
    if (await isAsGoodAsPromoted(run)) await execute(planPromotion(rest(run), release), run, lock.lost)
    else await undo(run, lock)
  } finally {
    ended.abort()
  }
  return run
}

const rest = (run: ReleaseRun) => ({ previous: 'scale-down', bake: 0, drain: drainIn(run) }) as const

const isAsGoodAsPromoted = async (run: ReleaseRun): Promise<boolean> =>
  run.release.phase === 'promoting' && (await readyPods(run, 'canary')).length > 0

function stateOf({ phase }: Release): string {
  if (phase === 'waiting') return 'waits for approval: stable is put back'
  return phase === 'promoting'
    ? 'was left when its version had all traffic already: it is finished'
    : 'was left unfinished: stable is put back first'
}

async function undo(run: ReleaseRun, lock: Lock): Promise<void> {
  try {
    await execute(planRestore(run.release), run, lock.lost)
    await tidy(run, lock.lost)
  } catch (error) {
    if (!(error instanceof StableCannotServe) || run.release.weight !== 100) throw error
    run.ports.log.warning(`${error.message}. ${await giveUpStable(run)}`)
  }
}

/** Where the release is found. */
type Recovered = Pick<Observed, 'service' | 'workload'>

/**
 * Finishes what this very run has begun and could not finish: a release is undone, a rollback settled. What has kept the
 * run from it may last: it is tried while the cluster does not answer.
 * @returns what was done, for the summary; undefined when there was nothing to do
 */
export async function recoverOwn(
  target: Target,
  origin: Origin,
  ports: Ports,
  settings: Settings
): Promise<string | undefined> {
  const finish = (): Promise<string | undefined> => finishOwn(target, origin, ports, settings)
  return throughOutages(finish, ports, new AbortController().signal)
}

async function finishOwn(
  target: Target,
  origin: Origin,
  ports: Ports,
  settings: Settings
): Promise<string | undefined> {
  const seen = await observe(target, ports.cluster)
  if (leftOf(seen.record, origin) === undefined) return undefined
  return withLock(seen, origin, ports, new AbortController().signal, async (lock) => {
    const observed = await observe(target, ports.cluster)
    const { record } = observed
    const left = leftOf(record, origin)
    if (record === undefined || left === undefined) return undefined
    if (left !== 'undo') await settleDown(observed, record, left, ports, settings, lock)
    const run = left === 'undo' ? await recover(observed, record, ports, settings, lock) : undefined
    return `Release ${record.id} was ${deedOf(record, run)}.`
  })
}

/** @param run that has recovered it; without one only the selector was to be settled */
function deedOf(record: Release, run?: ReleaseRun): string {
  const { stable, canary } = run?.release ?? record
  if (run !== undefined && record.strategy !== undefined)
    return run.stable.hash === record.stable.hash
      ? `undone: ${stable.deployment} has its previous template again`
      : `closed: ${stable.deployment} has another template by now, which is left as it is`
  const deed = stable.deployment === record.stable.deployment && run !== undefined ? 'undone' : 'finished'
  return `${deed}: ${stable.deployment} has all traffic, ${canary.deployment} is scaled down`
}

/** What this run has left to do; the selector when only that is to be settled. */
function leftOf(record: Release | undefined, origin: Origin): 'undo' | Selector | undefined {
  if (record === undefined || (record.continuedBy ?? record.id) !== origin.release) return undefined
  if (record.phase === 'waiting') return undefined
  return isUnfinished(record) ? 'undo' : record.settle
}

/** Ends a rollback to a plain Deployment whose run has died after the traffic had moved. */
export async function settleDown(
  { service, workload }: Recovered,
  release: Release,
  selector: Selector,
  ports: Ports,
  settings: Settings,
  lock: Lock
): Promise<ReleaseRun> {
  const beginning = {
    service,
    routes: [],
    stable: undefined,
    workload,
    release,
    port: 0,
    begun: true,
    lock,
    sampler: undefined
  }
  const run = beginRun(beginning, ports, settings)
  await execute(planSettle(selector), run, lock.lost)
  return run
}
