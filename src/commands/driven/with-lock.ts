import { messageOf } from '../../base/errors.ts'
import { within } from '../../base/within.ts'
import { readDrivenRecord, type DrivenRecord } from '../../domain/driven-record.ts'
import type { Lease } from '../../kubernetes/objects.ts'
import type { Ref } from '../../kubernetes/ref.ts'
import { acquireAll, type SeenLeases } from '../../lock/acquire.ts'
import { drivenLeaseName } from '../../lock/lease.ts'
import type { Lock } from '../../lock/lock.ts'
import type { DrivenTarget } from '../../observe/driven.ts'
import type { PostInvocation } from '../invocation.ts'

/** By which runs for one workload exclude each other, and which holds the record. */
export const drivenLease = ({ namespace, engine, workload }: DrivenTarget): Ref => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace,
  name: drivenLeaseName(engine, workload)
})

const PATIENCE = 20_000
const PATIENCE_OF_CANCELLED = 1000

/**
 * Does the work while no other run can move this workload.
 * @param seen its Lease as it was a moment ago
 */
export async function withDrivenLock<T>(
  { origin: { release, holder, run }, target, ports, signal }: PostInvocation & { target: DrivenTarget },
  work: (lock: Lock, record: DrivenRecord | undefined) => Promise<T>,
  seen?: SeenLeases
): Promise<T> {
  const ref = drivenLease(target)
  const lock = await acquireAll([ref], { id: holder, run: run ?? release }, ports, signal, seen)
  try {
    return await work(lock, readDrivenRecord(await ports.cluster.get<Lease>(ref)))
  } finally {
    const milliseconds = signal.aborted ? PATIENCE_OF_CANCELLED : PATIENCE
    await within({ milliseconds, clock: ports.clock }, () => lock.release()).catch((error: unknown) => {
      ports.log.warning(
        `the lock could not be given back, the next run waits 15 s for it: ${messageOf(error)}`
      )
    })
  }
}
