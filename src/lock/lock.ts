import { messageOf, TakenOver } from '../base/errors.ts'
import { isConflict } from '../kubernetes/refusals.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import type { Lease } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { leaseOf, type Holder } from './lease.ts'

/** Milliseconds. */
const RENEW_EVERY = 5000
/** Two renewals may be missed before another run can take this one for dead. */
const SURE_FOR = 10_000

/** A held lock. */
export interface Lock {
  /** This run, as the Lease names it. */
  readonly holder: string
  /** Whether the run before has not given the lock back: it may wake up, and requests of it may still arrive. */
  readonly isInherited: boolean
  /** Aborted when somebody else has taken the lock: then nothing may be written any more. */
  readonly lost: AbortSignal
  /**
   * Asks the cluster whether this run still holds the lock, if the last renewal is too long ago to be sure: while the
   * machine slept, or had no network, another run may have taken it.
   * @throws TakenOver when this run does not hold it
   */
  assure(): Promise<void>
  /** Asks in any case. @throws TakenOver when this run does not hold the lock */
  confirm(): Promise<void>
  /**
   * Asks as `confirm`, and that this run has held the lock all the time: while the Lease was deleted or cleared by hand,
   * another run may have held it.
   * @throws TakenOver when that cannot be ruled out
   */
  confirmUnbroken(): Promise<void>
  release(): Promise<void>
}

interface Held {
  readonly ports: ClusterPorts
  readonly ref: Ref
  readonly holder: Holder
  readonly isInherited: boolean
}

interface Kept extends Held {
  readonly lost: AbortController
  lease: Lease
  /** Milliseconds since the epoch. */
  renewedAt: number
  /** Whether this run took the lock again after somebody had deleted or cleared the Lease by hand. */
  isRetaken: boolean
}

/**
 * Renews the lock until it is released. A renewal that fails is tried again: the lock is lost only when the Lease names
 * another holder. Until that is read, the record on the Service keeps the two runs apart.
 */
export function keep(lease: Lease, renewedAt: number, held: Held): Lock {
  const { ports, ref, holder, isInherited } = held
  const kept: Kept = { ...held, lost: new AbortController(), lease, renewedAt, isRetaken: false }
  const stopped = new AbortController()
  const renewing = renewAgain(kept, stopped.signal).catch(() => undefined)
  const confirm = async (): Promise<void> => {
    await renew(kept)
    kept.lost.signal.throwIfAborted()
  }
  return {
    holder: holder.id,
    isInherited,
    lost: kept.lost.signal,
    async assure() {
      if (ports.clock.now() - kept.renewedAt > SURE_FOR) await confirm()
      kept.lost.signal.throwIfAborted()
    },
    confirm,
    async confirmUnbroken() {
      await confirm()
      if (kept.isRetaken) throw new TakenOver(describeRetaken(ref))
    },
    async release() {
      stopped.abort()
      await renewing
      if (kept.lost.signal.aborted) return
      await giveBack(kept)
    }
  }
}

/** Clears the holder, if that is still this run. */
async function giveBack(kept: Kept): Promise<void> {
  const { ports, ref, holder } = kept
  const free = (lease: Lease): Lease => ({ ...lease, spec: { ...lease.spec, holderIdentity: '' } })
  try {
    await ports.cluster.replace(free(kept.lease))
  } catch (error) {
    if (!isConflict(error)) throw error
    const live = await ports.cluster.get<Lease>(ref)
    if (live?.spec?.holderIdentity === holder.id) await ports.cluster.replace(free(live))
  }
}

async function renewAgain(kept: Kept, stopped: AbortSignal): Promise<void> {
  const { clock, log } = kept.ports
  while (!kept.lost.signal.aborted) {
    await clock.sleep(RENEW_EVERY, stopped)
    await renew(kept).catch((error: unknown) => {
      log.warning(`the lock could not be renewed, trying again: ${messageOf(error)}`)
    })
  }
}

/**
 * Takes a Lease again that somebody has deleted or cleared by hand, unless another run holds it: to give up would leave
 * traffic half moved.
 */
async function renew(kept: Kept): Promise<void> {
  const { ports, ref, holder } = kept
  const now = ports.clock.now()
  try {
    // A Lease that is gone is created by this: the API server allows that for a PUT of a Lease.
    const renewed = await ports.cluster.replace(leaseOf(ref, holder, kept.lease, now))
    kept.isRetaken ||= renewed.metadata.uid !== kept.lease.metadata.uid
    kept.lease = renewed
    kept.renewedAt = now
  } catch (error) {
    if (!isConflict(error)) throw error
    await look(kept, now)
  }
}

/** Finds out who has changed the Lease since it was renewed. */
async function look(kept: Kept, now: number): Promise<void> {
  const { ports, ref, holder, lost } = kept
  const live = await ports.cluster.get<Lease>(ref)
  const by = live?.spec?.holderIdentity ?? ''
  if (live === undefined || isCleared(live, kept.lease)) {
    ports.log.warning(`somebody has taken lease/${ref.name} from this run by hand: it takes it again`)
    // With the version of the deleted Lease, so that one that another run creates meanwhile is not overwritten.
    kept.lease = live ?? kept.lease
    kept.isRetaken = true
    await renew(kept)
  } else if (by === holder.id) {
    // Somebody has changed a label, or only the answer to the last renewal was lost.
    kept.lease = live
    kept.renewedAt = now
  } else {
    const whose = by === '' ? 'another run' : `another run (${by})`
    const message = `${whose} has taken over lease/${ref.name}: this one changes nothing any more`
    lost.abort(new TakenOver(message))
  }
}

const describeRetaken = ({ name }: Ref): string =>
  `somebody had taken lease/${name} away by hand, and another run may have had it: this one changes nothing any more`

/** Whether nobody holds the Lease, and no other run has held it since: that would have counted one transition more. */
const isCleared = ({ metadata, spec }: Lease, ours: Lease): boolean =>
  (spec?.holderIdentity ?? '') === '' &&
  metadata.uid === ours.metadata.uid &&
  spec?.leaseTransitions === ours.spec?.leaseTransitions
