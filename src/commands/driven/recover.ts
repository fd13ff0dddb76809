import { isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import { objectTitle } from '../../execute/driven/driven-run.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import type { DrivenTarget } from '../../observe/driven.ts'
import type { Target } from '../../observe/observe.ts'
import type { PostInvocation } from '../invocation.ts'
import { endLeft } from './deploy.ts'
import { drivenLease } from './with-lock.ts'

const MEANT_TO_BE_LEFT: ReadonlySet<DrivenRecord['phase']> = new Set(['waiting', 'left'])

export const isDrivenTarget = (target: Target): target is Target & DrivenTarget => target.engine !== undefined

/**
 * The post step of a workload that a controller releases: puts back what its own run has left. A release that waits for a
 * yes, or that its controller goes on with, is meant to be left.
 * @returns what was done; undefined when there was nothing to do
 */
export async function recoverDriven(
  invocation: PostInvocation & { readonly target: Target & DrivenTarget }
): Promise<string | undefined> {
  const { origin, ports, target } = invocation
  const isLeft = (record: DrivenRecord): boolean =>
    isOpen(record) && record.holder === origin.holder && !MEANT_TO_BE_LEFT.has(record.phase)
  const seen = readDrivenRecord(await ports.cluster.get<Lease>(drivenLease(target)))
  if (seen === undefined || !isLeft(seen)) return undefined
  // A rollback has nothing left to do once its controller is done: nothing of it is tested.
  const ended = await endLeft(invocation, {
    isMeant: isLeft,
    keepsServed: ({ command }) => command === 'rollback'
  })
  if (ended === undefined) return undefined
  const { run, ending } = ended
  const { id, stable, canary } = run.progress.record
  if (ending.result === 'promoted')
    return `Rollback ${id} of ${objectTitle(run)} was finished: ${canary.images.join(', ')} serves.`
  return ending.unsettled === true
    ? `Release ${id} of ${objectTitle(run)} could not be undone: ${run.journal.warnings.join('; ')}. The next run does it first.`
    : `Release ${id} of ${objectTitle(run)} was undone: ${stable.images.join(', ')} serves.`
}
