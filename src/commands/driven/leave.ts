import { InputError } from '../../base/errors.ts'
import { sh } from '../../base/shell.ts'
import { isOpen, readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { RECORD_ANNOTATION } from '../../domain/record.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import { eraseOnLease } from '../../lock/lease-record.ts'
import { observeDriven } from '../../observe/driven.ts'
import type { DrivenInvocation } from './invocation.ts'
import { lookedAtDriven } from './looked-at.ts'
import { drivenLease, withDrivenLock } from './with-lock.ts'

/**
 * Takes the record off the Lease. There is nothing else to leave: the controller's objects are marked by nobody but it.
 * @throws InputError while a release is under way
 */
export async function leave(invocation: DrivenInvocation): Promise<Outcome> {
  const { target, ports } = invocation
  const driven = await observeDriven(target, ports.cluster)
  const ref = drivenLease(target)
  const lease = await ports.cluster.get<Lease>(ref)
  const record = readDrivenRecord(lease)
  const looked: Outcome = {
    ...lookedAtDriven(driven, invocation),
    next:
      lease === undefined
        ? []
        : [
            `The lock is left for you to delete: ${sh`kubectl -n ${target.namespace} delete lease/${ref.name}`}`
          ]
  }
  const object = `${target.engine}/${target.workload}`
  if (record === undefined)
    return { ...looked, reason: `nothing says that Greenlight was here: there is no record of ${object}` }
  refuseUnderWay(record)
  return withDrivenLock(invocation, async (lock, now) => {
    if (now !== undefined) refuseUnderWay(now)
    await eraseOnLease(ref, lock, RECORD_ANNOTATION, ports.cluster)
    const reason = `the record of ${object} is taken off lease/${ref.name}; there was nothing else of Greenlight`
    return { ...looked, result: 'promoted', reason, finishedAt: ports.clock.now() }
  })
}

function refuseUnderWay(record: DrivenRecord): void {
  if (!isOpen(record)) return
  const problem = `release ${record.id} has not ended, it is ${record.phase}, and nobody can leave in the middle of a release`
  const example = 'command: promote, follow or abort, and then command: leave'
  throw new InputError([{ input: 'command', problem, example }])
}
