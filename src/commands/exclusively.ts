import { formatDuration } from '../base/duration.ts'
import { messageOf } from '../base/errors.ts'
import { within } from '../base/within.ts'
import type { Ports } from '../execute/release-run.ts'
import type { Ref } from '../kubernetes/ref.ts'
import type { Right } from '../kubernetes/rights.ts'
import { acquireAll, type SeenLeases } from '../lock/acquire.ts'
import { leaseName, workloadLeaseName } from '../lock/lease.ts'
import type { Lock } from '../lock/lock.ts'
import { observe } from '../observe/observe.ts'
import type { Observed } from '../observe/observed.ts'
import { requireRights } from '../preflight/rights.ts'
import { fenceInherited, type Place } from './fence-inherited.ts'
import type { PostInvocation } from './invocation.ts'

/** The Lease that every run for this workload takes, whatever its Services. */
export const workloadLease = ({ namespace, workload }: Pick<Place, 'namespace' | 'workload'>): Ref =>
  leaseRef(namespace, workloadLeaseName(workload))

const leaseRef = (namespace: string, name: string): Ref => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace,
  name
})

/** Milliseconds for giving the lock back: a cancelled run is killed after 10 s. */
const PATIENCE = 20_000
const PATIENCE_OF_CANCELLED = 1000

/**
 * Asks for rights to what was seen, takes the lock, and does the work on what is observed under it: another run may have
 * changed anything until then.
 * @throws InputError when rights are lacking, LockedError when another run is at work; then nothing was changed
 */
export async function exclusively<T>(
  invocation: PostInvocation,
  seen: Observed,
  needs: readonly Right[],
  work: (observed: Observed, lock: Lock) => Promise<T>
): Promise<T> {
  const { target, ports } = invocation
  if (needs.length > 0) await requireRights(seen, needs, ports)
  return withLock(invocation, seen, async (lock) => work(await observe(target, ports), lock))
}

/**
 * Does the work while no other run can move the traffic of this Service, or touch the Deployments of this workload.
 * @param seen its Leases as they were a moment ago
 */
export async function withLock<T>(
  { origin: { release, holder, run }, ports, signal }: PostInvocation,
  place: Place,
  work: (lock: Lock) => Promise<T>,
  seen?: SeenLeases
): Promise<T> {
  const lock = await acquireAll(leasesOf(place), { id: holder, run: run ?? release }, ports, signal, seen)
  try {
    await fenceInherited(place, lock, ports, AbortSignal.any([signal, lock.lost]))
    return await work(lock)
  } finally {
    await giveBack(lock, ports, signal.aborted ? PATIENCE_OF_CANCELLED : PATIENCE)
  }
}

export function leasesOf({ namespace, workload, service, companions }: Place): readonly [Ref, ...Ref[]] {
  const services = [service, ...companions].map(({ metadata }) => metadata.name)
  return [
    workloadLease({ namespace, workload }),
    ...services.map((name) => leaseRef(namespace, leaseName(name)))
  ]
}

async function giveBack(lock: Lock, { clock, log }: Ports, patience: number): Promise<void> {
  const late = (): Error => new Error(`no answer within ${formatDuration(patience)}`)
  try {
    await within({ milliseconds: patience, clock, late }, () => lock.release())
  } catch (error) {
    log.warning(`the lock could not be given back, the next run waits 15 s for it: ${messageOf(error)}`)
  }
}
