import { StableCannotServe, TakenOver } from '../base/errors.ts'
import type { Version } from '../domain/outcome.ts'
import { readRecord } from '../domain/read-record.ts'
import { isUnfinished, type Release, type Selector } from '../domain/record.ts'
import { beginRun, drainIn, routesOf, trafficsOf } from '../execute/begin-run.ts'
import { readyPods } from '../execute/endpoints.ts'
import { execute } from '../execute/execute.ts'
import type { Ports, ReleaseRun, Settings } from '../execute/release-run.ts'
import { giveUpStable, tidy } from '../execute/restore.ts'
import { untidied } from '../execute/untidy.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Service } from '../kubernetes/objects.ts'
import { NOWHERE } from '../kubernetes/ports.ts'
import { refOf } from '../kubernetes/ref.ts'
import { LockedError } from '../lock/acquire.ts'
import type { Lock } from '../lock/lease.ts'
import { observe, type Target } from '../observe/observe.ts'
import type { Observed } from '../observe/observed.ts'
import type { ReleaseOrigin } from '../plan/prepare.ts'
import { planPromotion } from '../plan/progressive.ts'
import { planRestore } from '../plan/restore.ts'
import { retirable } from '../plan/retirement.ts'
import { throughOutages } from '../traffic/through-outages.ts'
import { retireVersions } from './retire-versions.ts'
import { settleDown } from './settle-down.ts'
import { withLock } from './with-lock.ts'

/** Writes of a run that has not heard yet that its lock was taken away are few. */
const TRIES = 5

/**
 * Ends a release whose run has died or that waits, from its record alone: stable is put back. Only one whose canary
 * had passed and got all traffic is finished instead.
 *
 * A run that lives and whose lock somebody has taken away by hand goes on until it hears of that: what it writes
 * meanwhile is undone as well, since it will not do it itself.
 * @throws when that does not work; then nothing else may be begun
 */
export async function recover(
  { service, companions, workload }: Recovered,
  release: Release,
  ports: Ports,
  settings: Settings,
  lock: Lock,
  tries = TRIES
): Promise<ReleaseRun> {
  try {
    return await recoverOnce({ service, companions, workload }, release, ports, settings, lock)
  } catch (error) {
    if (!(error instanceof TakenOver) || tries === 0) throw error
    await lock.confirmUnbroken()
    const live = await ports.cluster.get<Service>(refOf(service))
    if (live === undefined) throw error
    const record = asFoundNow(live, release)
    if (!isUnfinished(record)) throw error
    ports.log.warning(`the record of release ${release.id} was written meanwhile: looking again`)
    return recover({ service: live, companions, workload }, record, ports, settings, lock, tries - 1)
  }
}

/** What its own run has made of it meanwhile; anything else somebody has written over it while nobody else has the lock. */
function asFoundNow(live: Service, release: Release): Release {
  try {
    const now = readRecord(live)
    return now !== undefined && isSameRelease(now, release) ? now : release
  } catch {
    return release
  }
}

/** With the names that it was accepted with. */
const isSameRelease = (now: Release, release: Release): boolean =>
  now.id === release.id &&
  now.stable.deployment === release.stable.deployment &&
  now.canary.deployment === release.canary.deployment &&
  now.autoscaler === release.autoscaler

async function recoverOnce(
  { service, companions, workload }: Recovered,
  release: Release,
  ports: Ports,
  settings: Settings,
  lock: Lock
): Promise<ReleaseRun> {
  const routes = await routesOf(release, service, ports)
  const run = beginRun(
    {
      service,
      companions,
      routes,
      stable: undefined,
      workload,
      release,
      entrance: NOWHERE,
      begun: true,
      lock,
      sampler: undefined
    },
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

type OwnSettings = Settings & Pick<Inputs, 'previous'>

/** Where the release is found. */
type Recovered = Pick<Observed, 'service' | 'companions' | 'workload'>

/**
 * Finishes what this very run has begun and could not finish: a release is undone, a rollback settled, the version that
 * served before a promotion is scaled down. What has kept the run from it may last: it is tried while the cluster does
 * not answer.
 * @returns what was done, for the summary; undefined when there was nothing to do
 */
export async function recoverOwn(
  target: Target,
  origin: ReleaseOrigin,
  ports: Ports,
  settings: OwnSettings
): Promise<string | undefined> {
  const finish = (): Promise<string | undefined> => finishOwn(target, origin, ports, settings)
  try {
    return await throughOutages(finish, ports, new AbortController().signal)
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    ports.log.line(`what this run has left is undone by the one that has taken over: ${error.message}`)
    return undefined
  }
}

async function finishOwn(
  target: Target,
  origin: ReleaseOrigin,
  ports: Ports,
  settings: OwnSettings
): Promise<string | undefined> {
  const seen = await observe(target, ports)
  if (leftOf(seen, origin, settings) === undefined) return undefined
  return withLock(seen, origin, ports, new AbortController().signal, async (lock) => {
    const observed = await observe(target, ports)
    const { record } = observed
    const left = leftOf(observed, origin, settings)
    if (record === undefined || left === undefined) return undefined
    const run = left === 'undo' ? await recover(observed, record, ports, settings, lock) : undefined
    if (left === 'retire')
      await retireVersions(replacedIn(observed), { ...observed, record }, ports, settings, lock, lock.lost)
    else if (left !== 'undo') await settleDown(observed, record, left, ports, settings, lock)
    const untidy = run === undefined ? undefined : untidied(run)
    return untidy === undefined
      ? `Release ${record.id} was ${deedOf(record, run)}.`
      : `Release ${record.id} was undone: ${record.stable.deployment} has all traffic. Tidying up is not finished: ${untidy}; the next run does it first.`
  })
}

/**
 * What was done with a release that its run had left.
 * @param run that has recovered it; without one the traffic was where it is to stay
 */
export function deedOf(record: Release, run?: ReleaseRun): string {
  const { stable, canary } = run?.release ?? record
  if (run !== undefined && record.strategy !== undefined)
    return run.stable.hash === record.stable.hash
      ? `undone: ${stable.deployment} has its previous template again`
      : `closed: ${stable.deployment} has another template by now, which is left as it is`
  const deed = stable.deployment === record.stable.deployment && run !== undefined ? 'undone' : 'finished'
  return `${deed}: ${stable.deployment} has all traffic, ${canary.deployment} is scaled down`
}

/** What this run has left to do; the selector when only that is to be settled. */
function leftOf(
  observed: Observed,
  { release, holder }: ReleaseOrigin,
  { previous }: OwnSettings
): 'undo' | 'retire' | Selector | undefined {
  const { record } = observed
  if (record === undefined) return undefined
  if (record.holder === undefined ? record.id !== release : record.holder !== holder) return undefined
  if (record.phase === 'waiting') return undefined
  if (isUnfinished(record)) return 'undo'
  if (record.settle !== undefined) return record.settle
  return previous === 'scale-down' && replacedIn(observed).length > 0 ? 'retire' : undefined
}

/** The version that served before, if it still runs. */
const replacedIn = (observed: Observed): readonly Version[] =>
  retirable(observed).versions.filter(({ deployment }) => deployment === observed.record?.canary.deployment)
