import { refuse } from '../../base/errors.ts'
import { isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import { LockedError } from '../../lock/acquire.ts'
import { observeDriven, type Driven } from '../../observe/driven.ts'
import { tellEnded } from './after-left.ts'
import { endLeft } from './deploy.ts'
import type { DrivenInvocation } from './invocation.ts'
import { lookedAtDriven } from './looked-at.ts'
import { drivenOutcome } from './outcome-of.ts'
import { rightsFaultsIn } from './rights.ts'
import { drivenLease } from './with-lock.ts'

/**
 * Ends what dead runs have left: a release that has come to its end is noted, one that is unfinished is undone. What waits,
 * or whose run is alive, is left alone; pods are its controller's.
 */
export async function cleanup(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports } = invocation
  const driven = await observeDriven(target, ports.cluster)
  const untouched = (reason: string): Outcome => ({ ...lookedAtDriven(driven, invocation), reason })
  const record = readDrivenRecord(await ports.cluster.get<Lease>(drivenLease(target)))
  if (record === undefined || !isOpen(record)) return untouched('there is nothing to clean up')
  if (isMeantToBeLeft(record, driven)) return untouched(`release ${record.id} waits: it is left alone`)
  refuse(await rightsFaultsIn(driven, ports))
  try {
    const isMeant = (now: DrivenRecord): boolean => now.id === record.id && now.phase === record.phase
    // Users stay where they are, tested or not: nobody has asked for another version here.
    const ended = await endLeft(invocation, { isMeant, keepsServed: () => true })
    if (ended === undefined) return untouched('another run has cleaned up meanwhile')
    const { run, ending } = ended
    const result =
      ending.unsettled === true ? 'failed' : ending.result === 'promoted' ? 'promoted' : 'rolled-back'
    return await drivenOutcome(run, { ...ending, result, reason: tellEnded(ended) }, invocation)
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    return untouched(error.message)
  }
}

/** Its run has gone on purpose, and its version is still under way. */
const isMeantToBeLeft = ({ phase, canary }: DrivenRecord, { state }: Driven): boolean =>
  phase !== 'running' &&
  phase !== 'aborting' &&
  state.at !== 'failed' &&
  state.wished === canary.hash &&
  state.wished !== state.stable
