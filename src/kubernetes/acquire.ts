import { isConflict } from './conflict.ts'
import type { Ref } from './cluster.ts'
import { keep, leaseOf, LOCK_SECONDS, RUN_ANNOTATION } from './lease.ts'
import type { Holder, Lock, Ports } from './lease.ts'
import type { Lease } from './objects.ts'

const LOOK_EVERY = 1000

/** Another run is releasing the same thing. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
}

/**
 * Takes the lock, so that two runs cannot move the same traffic.
 *
 * A holder is alive when its renewTime changes while we look, and dead when it does not for the Lease's whole
 * duration by our own clock: the clocks of two machines are never compared.
 * @throws LockedError when its holder is alive
 */
export async function acquire(ref: Ref, holder: Holder, ports: Ports, signal: AbortSignal): Promise<Lock> {
  const found = await ports.cluster.get<Lease>(ref)
  const free = found === undefined ? undefined : await whenFree(found, ref, holder, ports, signal)
  // Before the question, not after the answer: a machine may have slept in between for longer than the lock lasts.
  const asked = ports.clock.now()
  const lease = await write(ports, ref, holder, free)
  const isInherited = free?.spec?.holderIdentity !== ''
  return keep(lease, asked, { ref, holder, ports, isInherited })
}

async function whenFree(
  lease: Lease,
  ref: Ref,
  holder: Holder,
  { cluster, clock, log }: Ports,
  signal: AbortSignal
): Promise<Lease> {
  const { holderIdentity = '', renewTime, leaseDurationSeconds = LOCK_SECONDS } = lease.spec ?? {}
  if (holderIdentity === '' || holderIdentity === holder.id) return lease
  log.line(`The lock is held by ${holderIdentity}; looking for ${leaseDurationSeconds} s whether it is alive`)
  const deadline = clock.now() + leaseDurationSeconds * 1000
  while (clock.now() < deadline) {
    await clock.sleep(LOOK_EVERY, signal)
    const now = await cluster.get<Lease>(ref)
    if ((now?.spec?.holderIdentity ?? '') === '') return now ?? withoutVersion(lease)
    if (now?.spec?.renewTime !== renewTime) throw locked(now ?? lease, ref)
  }
  log.line(`${holderIdentity} does not live any more: taking the lock over`)
  return lease
}

const withoutVersion = (lease: Lease): Lease => ({ ...lease, metadata: { name: lease.metadata.name } })

function locked({ metadata, spec }: Lease, ref: Ref): LockedError {
  const run = metadata.annotations?.[RUN_ANNOTATION]
  return new LockedError(
    `another run is releasing here right now: ${spec?.holderIdentity ?? 'unknown'}${run === undefined ? '' : ` (${run})`} ` +
      `holds lease/${ref.name} in namespace ${ref.namespace ?? ''}. Nothing was changed. ` +
      'Wait for it or cancel it; `concurrency:` in the workflow lets runs queue up.'
  )
}

/** Creates or takes over; two runs that try at once are told apart by the API server. */
async function write(
  { cluster, clock }: Ports,
  ref: Ref,
  holder: Holder,
  found: Lease | undefined
): Promise<Lease> {
  const lease = leaseOf(ref, holder, found, clock.now())
  try {
    return found?.metadata.resourceVersion === undefined
      ? await cluster.create(lease)
      : await cluster.replace(lease)
  } catch (error) {
    if (!isConflict(error)) throw error
    // Ours, sent twice: only the answer to the first was lost.
    const live = await cluster.get<Lease>(ref)
    if (live?.spec?.holderIdentity === holder.id) return live
    throw new LockedError(
      `another run took lease/${ref.name} in namespace ${ref.namespace ?? ''} at the same moment. Nothing was changed. Run again.`
    )
  }
}
