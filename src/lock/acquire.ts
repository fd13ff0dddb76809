import { isConflict } from '../kubernetes/refusals.ts'
import { canonical } from '../kubernetes/canonical.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import type { Lease } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { leaseOf, RUN_ANNOTATION, secondsOf, type Holder } from './lease.ts'
import { keep, type Lock } from './lock.ts'

const LOOK_EVERY = 1000

/** Another run is releasing the same thing. */
export class LockedError extends Error {
  override readonly name: string = 'LockedError'
}

/** The Lease has been written since it was read. */
class OutrunError extends LockedError {}

/**
 * Takes the lock, so that two runs cannot move the same traffic.
 *
 * A holder is alive if its renewTime changes within the Lease's duration by our own clock, else it is dead: the clocks
 * of two machines are never compared.
 * @throws LockedError when its holder is alive
 */
export async function acquire(
  ref: Ref,
  holder: Holder,
  ports: ClusterPorts,
  signal: AbortSignal
): Promise<Lock> {
  return take(ref, await untilFree(ref, holder, ports, signal), holder, ports)
}

/** Leases as they were a moment ago, in the order of their names. Undefined for one that could not be read. */
export type SeenLeases = readonly ({ readonly lease: Lease | undefined } | undefined)[]

/** Reads the Leases while something else is asked: who finds them free then need not ask again. */
export const readLeases = (
  refs: readonly Ref[],
  { cluster }: Pick<ClusterPorts, 'cluster'>
): Promise<SeenLeases> =>
  Promise.all(
    refs.map((ref) =>
      cluster.get<Lease>(ref).then(
        (lease) => ({ lease }),
        () => undefined
      )
    )
  )

/**
 * Takes all of these locks or none. All are watched at the same time, so that a dead holder is waited for once.
 * @param seen the Leases as they were a moment ago
 * @throws LockedError when one of them has a holder that is alive
 */
export async function acquireAll(
  refs: readonly [Ref, ...Ref[]],
  holder: Holder,
  ports: ClusterPorts,
  signal: AbortSignal,
  seen: SeenLeases = []
): Promise<Lock> {
  const ended = new AbortController()
  const either = AbortSignal.any([signal, ended.signal])
  const quiet = { ...ports, log: onlyOnce(ports.log) }
  try {
    const free = await Promise.all(
      refs.map(async (ref, at) => {
        const known = seen[at]
        return known !== undefined && isFree(known.lease, holder)
          ? known.lease
          : untilFree(ref, holder, quiet, either)
      })
    )
    return together(holder, await takeAll(refs, free, holder, quiet, either))
  } catch (error) {
    // What was seen may be from long ago.
    if (error instanceof OutrunError && seen.length > 0) return await acquireAll(refs, holder, ports, signal)
    throw error
  } finally {
    ended.abort()
  }
}

/**
 * Asks for all at once. Two runs that want the same locks meet at the first of these: whoever gets that one waits until the
 * other has given back what it has got of the rest, and so one of them gets them all.
 */
async function takeAll(
  refs: readonly [Ref, ...Ref[]],
  free: readonly (Lease | undefined)[],
  holder: Holder,
  ports: ClusterPorts,
  signal: AbortSignal
): Promise<readonly Lock[]> {
  const locks: Lock[] = []
  const takeOne = async (ref: Ref, found: Lease | undefined): Promise<void> => {
    locks.push(await take(ref, found, holder, ports))
  }
  try {
    const [first, ...others] = await Promise.allSettled(refs.map((ref, at) => takeOne(ref, free[at])))
    if (first?.status === 'rejected') throw first.reason
    const retaken = others.map(async (other, at) => {
      const ref = refs[at + 1]
      if (ref === undefined || other.status === 'fulfilled') return
      if (!(other.reason instanceof OutrunError)) throw other.reason
      await takeOne(ref, await untilFree(ref, holder, ports, signal))
    })
    for (const part of await Promise.allSettled(retaken)) if (part.status === 'rejected') throw part.reason
    return locks
  } catch (error) {
    await Promise.allSettled(locks.map((lock) => lock.release()))
    throw error
  }
}

/** Several locks of one run are watched at once; that is told once. */
function onlyOnce(log: ClusterPorts['log']): ClusterPorts['log'] {
  const told = new Set<string>()
  return {
    ...log,
    line: (text) => {
      if (!told.has(text)) log.line(text)
      told.add(text)
    }
  }
}

/** Several locks as one, which is lost as soon as one of them is. */
function together({ id }: Holder, locks: readonly Lock[]): Lock {
  const all = async (work: (lock: Lock) => Promise<void>): Promise<void> => {
    await Promise.all(locks.map(work))
  }
  return {
    holder: id,
    isInherited: locks.some(({ isInherited }) => isInherited),
    lost: AbortSignal.any(locks.map(({ lost }) => lost)),
    assure: () => all((lock) => lock.assure()),
    confirm: () => all((lock) => lock.confirm()),
    // Another run takes all locks or none: one that was held all the time rules another run out.
    async confirmUnbroken() {
      await all((lock) => lock.confirm())
      await Promise.any(locks.map((lock) => lock.confirmUnbroken())).catch((error: unknown) => {
        throw error instanceof AggregateError ? (error.errors[0] as Error) : error
      })
    },
    release: () => all((lock) => lock.release())
  }
}

/** Whether a living run holds the lock. Takes as long to find out as `acquire`, and changes nothing. */
export async function isHeld(ref: Ref, ports: ClusterPorts, signal: AbortSignal): Promise<boolean> {
  try {
    await untilFree(ref, NOBODY, ports, signal)
    return false
  } catch (error) {
    if (error instanceof LockedError) return true
    throw error
  }
}

const NOBODY: Holder = { id: '', run: '' }

/** @returns the Lease as it was when nobody had it; undefined when there was none */
async function untilFree(
  ref: Ref,
  holder: Holder,
  { cluster, clock, log }: ClusterPorts,
  signal: AbortSignal
): Promise<Lease | undefined> {
  const lease = await cluster.get<Lease>(ref)
  if (lease === undefined || isFree(lease, holder)) return lease
  const by = nameIn(lease)
  const seconds = secondsOf(lease)
  log.line(`The lock is held by ${by}; looking for up to ${seconds} s whether it is alive`)
  const deadline = clock.now() + seconds * 1000
  while (clock.now() < deadline) {
    await clock.sleep(LOOK_EVERY, signal)
    const now = await cluster.get<Lease>(ref)
    if (now === undefined || nameIn(now) === '') return now ?? withoutVersion(lease)
    if (canonical(now.spec?.renewTime) !== canonical(lease.spec?.renewTime)) throw locked(now, ref)
  }
  log.line(`${by} does not live any more`)
  return lease
}

async function take(ref: Ref, free: Lease | undefined, holder: Holder, ports: ClusterPorts): Promise<Lock> {
  // The time of the request, not of the answer: the machine may have slept in between for longer than the lock lasts.
  const asked = ports.clock.now()
  const lease = await write(ports, ref, holder, free)
  const isInherited = free?.spec?.holderIdentity !== ''
  return keep(lease, asked, { ref, holder, ports, isInherited })
}

/** Whether nobody has it, or this very run. */
function isFree(lease: Lease | undefined, holder: Holder): boolean {
  const by = lease === undefined ? '' : nameIn(lease)
  return by === '' || by === holder.id
}

/** Empty when nobody has it. */
function nameIn({ spec }: Lease): string {
  const found: unknown = spec?.holderIdentity ?? ''
  return typeof found === 'string' ? found : JSON.stringify(found)
}

const withoutVersion = (lease: Lease): Lease => ({ ...lease, metadata: { name: lease.metadata.name } })

/** `7-1-a (https://…)` */
function holderOf({ metadata, spec }: Lease): string {
  const run = metadata.annotations?.[RUN_ANNOTATION]
  return `${spec?.holderIdentity ?? 'unknown'}${run === undefined ? '' : ` (${run})`}`
}

function locked(lease: Lease, ref: Ref): LockedError {
  return new LockedError(
    `another run is releasing here right now: ${holderOf(lease)} ` +
      `holds lease/${ref.name} in namespace ${ref.namespace ?? ''}. ` +
      'Wait for it or cancel it; `concurrency:` in the workflow lets runs queue up.'
  )
}

/** Creates or takes over; two runs that try at once are told apart by the API server. */
async function write(
  { cluster, clock }: ClusterPorts,
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
    // The request was sent twice, and only the answer to the first was lost.
    const live = await cluster.get<Lease>(ref)
    if (live?.spec?.holderIdentity === holder.id) return live
    const by = live === undefined ? '' : ` (${holderOf(live)})`
    throw new OutrunError(
      `another run${by} took lease/${ref.name} in namespace ${ref.namespace ?? ''} at the same moment. Run again.`
    )
  }
}
