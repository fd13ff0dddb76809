import { samplerFor } from '../../checks/sampler.ts'
import { endedRecord, isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import { emptyOutcome } from '../../domain/empty-outcome.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { RECORD_ANNOTATION } from '../../domain/record.ts'
import { tryCalls } from '../../execute/driven/call.ts'
import type { DrivenRun } from '../../execute/driven/driven-run.ts'
import { executeOrVeto, putBack, type DrivenEnding } from '../../execute/driven/execute-or-veto.ts'
import { keepRecord } from '../../execute/driven/record.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import { LockedError } from '../../lock/acquire.ts'
import { writeOnLease } from '../../lock/lease-record.ts'
import type { Lock } from '../../lock/lock.ts'
import { observeDriven, objectOf } from '../../observe/driven.ts'
import { planFollow } from '../../plan/driven-step.ts'
import { takeUp } from './deploy.ts'
import type { DrivenInvocation } from './invocation.ts'
import { lookedAtDriven } from './looked-at.ts'
import { drivenOutcome } from './outcome-of.ts'
import { drivenLease, withDrivenLock } from './with-lock.ts'

/**
 * Takes up watching a release that its run has left, or that has lost its run: tests and measures what came meanwhile, may veto,
 * and ends it when its controller is done. With nothing to follow nothing is done, so that it can run by the clock.
 */
export async function follow(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports } = invocation
  const seen = readDrivenRecord(await ports.cluster.get<Lease>(drivenLease(target)))
  if (seen === undefined || !isOpen(seen)) return nothing(invocation, NO_RELEASE)
  try {
    return await withDrivenLock(invocation, (lock, record) =>
      record === undefined || !isOpen(record)
        ? nothing(invocation, NO_RELEASE)
        : followOn(invocation, record, lock)
    )
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    return nothing(invocation, `somebody follows it already: ${error.message}`)
  }
}

const NO_RELEASE = 'there is nothing to follow: no release of it is under way'

async function nothing(invocation: DrivenInvocation, reason: string): Promise<Outcome> {
  const driven = await observeDriven(invocation.target, invocation.ports.cluster)
  return { ...lookedAtDriven(driven, invocation), reason }
}

async function followOn(invocation: DrivenInvocation, record: DrivenRecord, lock: Lock): Promise<Outcome> {
  const { inputs, origin, ports, signal, target } = invocation
  if ((await objectOf(target, ports.cluster)) === undefined) return closeDeleted(invocation, record, lock)
  const taken = await takeUp(invocation, record, lock)
  const run = { ...taken, sampler: samplerFor(inputs, invocation.createSampler, []) }
  // From here on it is this run's: should that be killed, its post step ends it.
  const phase = record.phase === 'aborting' ? 'aborting' : 'running'
  await keepRecord(run, { holder: origin.holder, phase })
  if (phase === 'running') await tryCalls(run, run.engine.resume(run.progress.seen))
  const ending = await endingOf(run, record, () => executeOrVeto(planFollow(inputs), run, signal))
  const outcome = await drivenOutcome(run, ending, invocation)
  return {
    ...outcome,
    reason: [outcome.reason, storyOf(record, ports.clock.now())].filter(Boolean).join('; ')
  }
}

/** Whose release it is, and for how long nobody has looked. */
function storyOf({ id, run, startedAt, leftAt }: DrivenRecord, now: number): string {
  const where = run === undefined ? '' : ` (${run})`
  const alone =
    leftAt === undefined
      ? 'its run was lost'
      : `nobody followed it from ${leftAt} to ${new Date(now).toISOString()}`
  return `release ${id}${where} began at ${startedAt}, and ${alone}`
}

async function endingOf(
  run: DrivenRun,
  { phase }: DrivenRecord,
  goOn: () => Promise<DrivenEnding>
): Promise<DrivenEnding> {
  if (phase === 'aborting')
    return { reason: 'it was being taken back already', ...(await putBack(run, 'rolled-back', false)) }
  // Lost before it had brought anything, or before anybody could know what.
  if (run.progress.record.canary.hash === '')
    return {
      reason: 'its run was lost before the new version was brought',
      ...(await putBack(run, 'aborted', false))
    }
  return goOn()
}

/** There is nothing left to follow, and nothing to put back. */
async function closeDeleted(
  { target, inputs, origin, ports }: DrivenInvocation,
  record: DrivenRecord,
  lock: Lock
): Promise<Outcome> {
  const now = ports.clock.now()
  const text = { [RECORD_ANNOTATION]: JSON.stringify(endedRecord(record, false, now)) }
  await writeOnLease(drivenLease(target), lock, text, ports.cluster)
  const { namespace, workload, engine } = target
  const gone = `somebody deleted ${engine}/${workload} in namespace ${namespace}`
  return {
    ...emptyOutcome(inputs.command, origin, now),
    result: 'failed',
    reason: `${gone}; ${storyOf(record, now)}`,
    namespace,
    workload,
    canary: record.canary,
    ...(record.sha === undefined ? {} : { commit: record.sha }),
    touched: true
  }
}
