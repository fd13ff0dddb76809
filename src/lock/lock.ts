import { messageOf, TakenOver } from '../base/errors.ts'
import { isConflict } from '../kubernetes/api/conflict.ts'
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
  /** As the cluster names us. */
  readonly holder: string
  /** Whether the run that had it before has not given it back: then it may wake up, or what it has sent may arrive. */
  readonly isInherited: boolean
  /** Aborted when somebody else has taken the lock: then nothing may be written any more. */
  readonly lost: AbortSignal
  /**
   * Asks the cluster whether we still hold it when the last renewal is too long ago to be sure: a machine that
   * slept, or a network that was gone, may have let another run in.
   * @throws TakenOver when we do not
   */
  assure(): Promise<void>
  /** Asks in any case. @throws TakenOver when we do not hold it */
  confirm(): Promise<void>
  /**
   * The same, and whether it was ours all the time: while somebody had deleted or cleared it by hand, another run may
   * have had it.
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
  /** Whether it was taken again after somebody had taken it away by hand. */
  isRetaken: boolean
}

/**
 * Renews the lock until it is released. A renewal that fails is tried again: only another holder's name says that
 * the lock is lost, and the record on the route keeps two runs apart until that is read.
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

/** To whoever comes next; what is not ours any more is nobody's to give back. */
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
 * A lock that somebody has deleted or cleared by hand is taken again, as long as nobody else has it: a run that gave up
 * for that would leave traffic half moved, and nobody to put it back.
 */
async function renew(kept: Kept): Promise<void> {
  const { ports, ref, holder } = kept
  const now = ports.clock.now()
  try {
    // A Lease that is gone is made anew by this: the API server lets a PUT do that for Leases.
    const renewed = await ports.cluster.replace(leaseOf(ref, holder, kept.lease, now))
    kept.isRetaken ||= renewed.metadata.uid !== kept.lease.metadata.uid
    kept.lease = renewed
    kept.renewedAt = now
  } catch (error) {
    if (!isConflict(error)) throw error
    await look(kept, now)
  }
}

/** The Lease is not as we left it: whose is it? */
async function look(kept: Kept, now: number): Promise<void> {
  const { ports, ref, holder, lost } = kept
  const live = await ports.cluster.get<Lease>(ref)
  const by = live?.spec?.holderIdentity ?? ''
  if (live === undefined || isCleared(live, kept.lease)) {
    ports.log.warning(`somebody has taken lease/${ref.name} from this run by hand: it takes it again`)
    // With the version of what is gone: nothing that another run makes meanwhile is overwritten.
    kept.lease = live ?? kept.lease
    kept.isRetaken = true
    await renew(kept)
  } else if (by === holder.id) {
    // Somebody may have put a label on it, or our own last renewal has arrived and only its answer has not.
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

/** Nobody has it, and no run that is over by now has had it since: that would count as one more holder. */
const isCleared = ({ metadata, spec }: Lease, ours: Lease): boolean =>
  (spec?.holderIdentity ?? '') === '' &&
  metadata.uid === ours.metadata.uid &&
  spec?.leaseTransitions === ours.spec?.leaseTransitions
