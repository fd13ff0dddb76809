import { InputError, refuse } from '../../base/errors.ts'
import { isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome, Version } from '../../domain/outcome.ts'
import { executeDriven } from '../../execute/driven/execute.ts'
import { executeOrVeto, putBack, type DrivenEnding } from '../../execute/driven/execute-or-veto.ts'
import type { DrivenRun } from '../../execute/driven/driven-run.ts'
import { canonical } from '../../kubernetes/canonical.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import type { SeenLeases } from '../../lock/acquire.ts'
import type { Lock } from '../../lock/lock.ts'
import { observeDriven, type Driven } from '../../observe/driven.ts'
import { wishBefore } from '../../plan/driven-wish.ts'
import type { PostInvocation } from '../invocation.ts'
import { afterLeft } from './after-left.ts'
import { beginDriven } from './begin.ts'
import type { DrivenInvocation } from './invocation.ts'
import { lookedAtDriven } from './looked-at.ts'
import { drivenOutcome } from './outcome-of.ts'
import { prepareDriven, type PreparedDriven } from './prepare.ts'
import { drivenLease, withDrivenLock } from './with-lock.ts'

/**
 * Releases a new version through its controller.
 * @throws InputError, LockedError or ClusterError while nothing has been changed yet
 */
export async function deploy(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports } = invocation
  const [lease, driven] = await Promise.all([
    ports.cluster.get<Lease>(drivenLease(target)),
    observeDriven(target, ports.cluster)
  ])
  const left = readDrivenRecord(lease)
  if (left === undefined || !isOpen(left)) return release(invocation, driven, [{ lease }])
  const anew = async (): Promise<Outcome> => release(invocation, await observeDriven(target, ports.cluster))
  const ended = await endLeft(invocation, { keepsServed: isProved })
  return ended === undefined ? anew() : afterLeft(ended, invocation, anew)
}

/**
 * What serves by now stays, even if its run was lost. Not so a version that has passed none of its smoke tests: whoever
 * runs its release again would hear that nothing is to do, and it would never be tested.
 */
const isProved = ({ proved }: DrivenRecord): boolean => proved === true

/** @param seen the Lease as it was a moment ago */
async function release(invocation: DrivenInvocation, driven: Driven, seen?: SeenLeases): Promise<Outcome> {
  const ready = await prepareDriven(invocation, driven)
  if (ready.isUnchanged) return { ...lookedAtDriven(driven, invocation), warnings: ready.warnings }
  return withDrivenLock(
    invocation,
    async (lock, before) => {
      const record = recordOf(driven, ready, invocation, before)
      const [run] = await Promise.all([
        beginDriven({ driven, record, lock, sampler: ready.sampler, begun: false }, invocation),
        requireSame(driven, invocation)
      ])
      run.journal.warnings.push(...ready.warnings)
      if (ready.forecast !== undefined) run.journal.forecast = ready.forecast
      const ending = await executeOrVeto(ready.steps, run, invocation.signal)
      return drivenOutcome(run, ending, invocation)
    },
    seen
  )
}

/** What was checked is what is written on: everything else is tried anew. */
export async function requireSame(
  { engine, seen }: Driven,
  { target, ports }: DrivenInvocation
): Promise<void> {
  const now = await observeDriven(target, ports.cluster)
  if (canonical(engine.wish(now.seen)) === canonical(engine.wish(seen))) {
    refuse(engine.problem(now.seen, now.seen))
    return
  }
  throw new InputError([
    {
      input: 'workload',
      problem: `somebody has changed ${engine.kind}/${target.workload} while this release was prepared`,
      example: 'run it again'
    }
  ])
}

/** The record with which a release begins. */
export function recordOf(
  driven: Driven,
  { brought, images }: Pick<PreparedDriven, 'brought' | 'images'>,
  { origin, inputs }: Pick<DrivenInvocation, 'origin' | 'inputs'>,
  before: DrivenRecord | undefined
): DrivenRecord {
  const { engine, seen, state, workload } = driven
  const { release, holder, run, actor, sha, startedAt } = origin
  const old = engine.versions(seen).find(({ hash }) => hash === state.stable)
  const version = (slot: string, hash: string, of: readonly string[]): Version => ({
    ...{ slot, deployment: workload, hash, images: of },
    replicas: old?.replicas ?? 1
  })
  return {
    ...{ version: 1, id: release, holder },
    command: inputs.command === 'rollback' ? 'rollback' : 'deploy',
    ...(run === undefined ? {} : { run }),
    ...(actor === undefined ? {} : { actor }),
    ...(sha === undefined ? {} : { sha }),
    phase: 'running',
    startedAt: new Date(startedAt).toISOString(),
    before: wishBefore(driven),
    brought,
    stable: version('stable', state.stable, old?.images ?? []),
    canary: version('canary', '', images),
    ...(inputs.command === 'deploy' && inputs.smokeTests.length > 0 ? {} : { proved: true }),
    ...(before?.previous === undefined ? {} : { previous: before.previous }),
    history: before?.history ?? []
  }
}

/** A release that was ended for another run, and what came of it. */
export interface Ended {
  readonly run: DrivenRun
  readonly ending: Omit<DrivenEnding, 'reason'>
}

interface Ending {
  /** Which records are meant; others are left alone. */
  readonly isMeant?: (record: DrivenRecord) => boolean
  /** Whether a version stays that its controller has let serve fully while nobody looked. */
  readonly keepsServed?: (record: DrivenRecord) => boolean
}

/** Ends what a run has left: its version is taken out, or it is noted that it serves. */
export async function endLeft(
  invocation: PostInvocation & Pick<DrivenInvocation, 'target'>,
  { isMeant = () => true, keepsServed = () => false }: Ending = {}
): Promise<Ended | undefined> {
  return withDrivenLock(invocation, async (lock, record) => {
    if (record === undefined || !isOpen(record) || !isMeant(record)) return undefined
    const run = await takeUp(invocation, record, lock)
    if (!hasServed(run) || !keepsServed(record)) return { run, ending: await putBack(run, 'aborted', false) }
    await executeDriven([{ kind: 'finish' }], run, lock.lost)
    return { run, ending: { result: 'promoted' } }
  })
}

/** Its controller is done with it: all users are on the new version. */
export function hasServed({ progress: { state, record } }: DrivenRun): boolean {
  const { canary, stable } = record
  return state.at === 'rest' && state.stable === canary.hash && canary.hash !== stable.hash
}

/** A release that an earlier run has begun, as this run goes on with it. */
export async function takeUp(
  { target, inputs, origin, ports }: Pick<DrivenInvocation, 'target' | 'inputs' | 'origin' | 'ports'>,
  record: DrivenRecord,
  lock: Lock
): Promise<DrivenRun> {
  const driven = withNoted(await observeDriven(target, ports.cluster), record)
  // The run may have died before it was told which template it had brought.
  const hash =
    record.canary.hash === '' && isBrought(driven, record) ? driven.state.wished : record.canary.hash
  const known = { ...record, canary: { ...record.canary, hash } }
  return beginDriven({ driven, record: known, lock, begun: true }, { inputs, origin, ports, target })
}

/** What was noted before the release was brought, so that the status is read as that run has read it. */
function withNoted(driven: Driven, { noted }: DrivenRecord): Driven {
  if (noted === undefined) return driven
  const seen = { ...driven.seen, noted }
  return { ...driven, seen, state: driven.engine.state(seen) }
}

const isBrought = ({ engine, seen, state }: Driven, { brought, stable }: DrivenRecord): boolean =>
  state.at !== 'unseen' &&
  state.wished !== stable.hash &&
  brought !== undefined &&
  canonical(engine.wish(seen)) === canonical(brought)
