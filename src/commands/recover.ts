import { StableCannotServe, TakenOver } from '../base/errors.ts'
import { readRecord } from '../domain/read-record.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import { beginRun, formerDrain, routesOf } from '../execute/begin-run.ts'
import { readyPods } from '../execute/endpoints.ts'
import { execute } from '../execute/execute.ts'
import type { ReleaseRun } from '../execute/release-run.ts'
import { giveUpStable, tidy } from '../execute/restore.ts'
import { drainIn, trafficsOf } from '../execute/route-writers.ts'
import type { Service } from '../kubernetes/objects.ts'
import { refOf } from '../kubernetes/ref.ts'
import type { Lock } from '../lock/lock.ts'
import { observe } from '../observe/observe.ts'
import type { Recorded } from '../observe/observed.ts'
import { methodOf } from '../plan/method.ts'
import { planPromotion } from '../plan/progressive.ts'
import { planReturned, settledAt } from '../plan/rollback.ts'
import type { PostInvocation } from './invocation.ts'
import { settleDown } from './settle-down.ts'

/** A release that its run has left, and where it was found. */
type Left = Pick<Recorded, 'service' | 'companions' | 'workload' | 'record'>

/** How often a record that has changed meanwhile is tried again. */
const TRIES = 5

/**
 * Ends a release that waits, or whose run has died, from its record alone: puts stable back, or finishes the release if
 * its canary has passed and has all traffic.
 *
 * If somebody has deleted the lock of a living run by hand, that run goes on writing until it notices. It does not undo
 * what it wrote, so a record that has changed meanwhile is read again and undone as well.
 * @throws when the release could not be ended; then nothing else may be begun
 */
export async function recover(
  left: Left,
  lock: Lock,
  invocation: PostInvocation,
  tries = TRIES
): Promise<ReleaseRun> {
  const { cluster, log } = invocation.ports
  try {
    return await recoverOnce(left, lock, invocation)
  } catch (error) {
    if (!(error instanceof TakenOver) || tries === 0) throw error
    await lock.confirmUnbroken()
    const live = await cluster.get<Service>(refOf(left.service))
    if (live === undefined) throw error
    const record = asFoundNow(live, left.record)
    if (!isUnfinished(record)) throw error
    log.warning(`the record of release ${record.id} was written meanwhile: looking again`)
    return recover({ ...left, service: live, record }, lock, invocation, tries - 1)
  }
}

/** The record as the release's own run has written it since. Any other record was written by hand, and does not count. */
function asFoundNow(live: Service, release: Release): Release {
  try {
    const now = readRecord(live)
    return now !== undefined && isSameRelease(now, release) ? now : release
  } catch {
    return release
  }
}

/** Whether the record is of the same release, with the names that were found to be the workload's own. */
const isSameRelease = (now: Release, release: Release): boolean =>
  now.id === release.id &&
  now.stable.deployment === release.stable.deployment &&
  now.canary.deployment === release.canary.deployment &&
  now.autoscaler === release.autoscaler

async function recoverOnce(
  { service, companions, workload, record: release }: Left,
  lock: Lock,
  { ports, inputs, target }: PostInvocation
): Promise<ReleaseRun> {
  const routes = await routesOf(release, service, ports)
  const run = beginRun(
    {
      service,
      companions,
      routes,
      workload,
      release,
      begun: true,
      lock,
      leastDrain: await formerDrain(release, service, ports)
    },
    ports,
    inputs
  )
  ports.log.warning(`release ${release.id} ${stateOf(release)} (${release.run ?? 'run unknown'})`)
  const ended = new AbortController()
  for (const traffic of trafficsOf(run)) traffic.guard(ended.signal)
  try {
    if (await isAsGoodAsPromoted(run)) await finish(run)
    else await undo(run)
  } finally {
    ended.abort()
  }
  if (run.progress.release.settle !== undefined) await settleNow(lock, { ports, inputs, target })
  return run
}

/** What else runs, which the Service would select then, is to be seen first. */
async function settleNow(
  lock: Lock,
  invocation: Pick<PostInvocation, 'ports' | 'inputs' | 'target'>
): Promise<void> {
  const observed = await observe(invocation.target, invocation.ports)
  const { record } = observed
  if (record?.settle !== undefined) await settleDown({ ...observed, record }, lock, invocation)
}

const rest = (run: ReleaseRun) => ({ previous: 'scale-down', bake: 0, drain: drainIn(run) }) as const

/** Without manifests there are no Jobs to run. */
async function finish(run: ReleaseRun): Promise<void> {
  const { release } = run.progress
  const settled = settledAt(release)
  const steps = settled === undefined ? planPromotion(rest(run), release) : planReturned(release, settled)
  await execute(steps, run, run.lock.lost)
  for (const name of release.jobs?.after ?? [])
    run.ports.log.warning(`job/${name}, which was to run after release ${release.id}, is not run any more`)
}

const isAsGoodAsPromoted = async (run: ReleaseRun): Promise<boolean> =>
  run.progress.release.phase === 'promoting' && (await readyPods(run, 'canary')).length > 0

function stateOf({ phase, first }: Release): string {
  if (first === true) return 'was left unfinished: nobody is served until it is done again'
  if (phase === 'waiting') return 'waits for approval: stable is put back'
  return phase === 'promoting'
    ? 'was left when its version had all traffic already: it is finished'
    : 'was left unfinished: stable is put back first'
}

async function undo(run: ReleaseRun): Promise<void> {
  try {
    await execute(methodOf(run.progress.release).restoring, run, run.lock.lost)
    await tidy(run, run.lock.lost)
  } catch (error) {
    if (!(error instanceof StableCannotServe) || run.progress.release.weight !== 100) throw error
    run.ports.log.warning(`${error.message}. ${await giveUpStable(run)}`)
  }
}
