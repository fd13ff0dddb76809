import type { Clock } from '../clock.ts'
import { ClusterError, messageOf, TakenOver } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Cluster, Ref } from './cluster.ts'
import type { Lease } from './objects.ts'

const DURATION_SECONDS = 15
const RENEW_EVERY = 5000
const LOOK_EVERY = 1000
/** Two renewals may be missed before another run can think that we are dead. */
const SURE_FOR = 10_000
const RUN_ANNOTATION = 'greenlight.dev/run'

export interface Holder {
  /** Release id. */
  readonly id: string
  /** Address of the workflow run, for whoever finds the lock taken. */
  readonly run: string
}

interface Ports {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
}

/** A held lock. */
export interface Lock {
  /** Of its holder. */
  readonly id: string
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
  release(): Promise<void>
}

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
  const { holderIdentity = '', renewTime, leaseDurationSeconds = DURATION_SECONDS } = lease.spec ?? {}
  if (holderIdentity === '' || holderIdentity === holder.id) return lease
  log.line(
    `The lock is held by run ${holderIdentity}; looking for ${leaseDurationSeconds} s whether it is alive`
  )
  const deadline = clock.now() + leaseDurationSeconds * 1000
  while (clock.now() < deadline) {
    await clock.sleep(LOOK_EVERY, signal)
    const now = await cluster.get<Lease>(ref)
    if ((now?.spec?.holderIdentity ?? '') === '') return now ?? withoutVersion(lease)
    if (now?.spec?.renewTime !== renewTime) throw locked(now ?? lease, ref)
  }
  log.line(`Run ${holderIdentity} does not live any more: taking the lock over`)
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
    if (!(error instanceof ClusterError && error.status === 409)) throw error
    // Ours, sent twice: only the answer to the first was lost.
    const live = await cluster.get<Lease>(ref)
    if (live?.spec?.holderIdentity === holder.id) return live
    throw new LockedError(
      `another run took lease/${ref.name} in namespace ${ref.namespace ?? ''} at the same moment. Nothing was changed. Run again.`
    )
  }
}

function leaseOf(ref: Ref, holder: Holder, found: Lease | undefined, now: number): Lease {
  const time = microTime(now)
  const taken = found !== undefined && found.spec?.holderIdentity !== holder.id
  return {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: {
      name: ref.name,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      ...(found?.metadata.resourceVersion === undefined
        ? {}
        : { resourceVersion: found.metadata.resourceVersion }),
      labels: { ...found?.metadata.labels },
      annotations: { ...found?.metadata.annotations, [RUN_ANNOTATION]: holder.run }
    },
    spec: {
      holderIdentity: holder.id,
      leaseDurationSeconds: DURATION_SECONDS,
      acquireTime: taken ? time : (found?.spec?.acquireTime ?? time),
      renewTime: time,
      leaseTransitions: (found?.spec?.leaseTransitions ?? 0) + (taken ? 1 : 0)
    }
  }
}

/** MicroTime as the API server wants it. */
const microTime = (now: number): string => new Date(now).toISOString().replace('Z', '000Z')

interface Held {
  readonly ports: Ports
  readonly ref: Ref
  readonly holder: Holder
  readonly isInherited: boolean
}

interface Kept extends Held {
  readonly lost: AbortController
  lease: Lease
  /** Milliseconds since the epoch. */
  renewedAt: number
}

/**
 * Renews the lock until it is released. A renewal that fails is tried again: only another holder's name says that
 * the lock is lost, and the record on the route keeps two runs apart until that is read.
 */
function keep(lease: Lease, renewedAt: number, held: Held): Lock {
  const { ports, holder, isInherited } = held
  const kept: Kept = { ...held, lost: new AbortController(), lease, renewedAt }
  const stopped = new AbortController()
  const renewing = renewAgain(kept, stopped.signal).catch(() => undefined)
  const confirm = async (): Promise<void> => {
    await renew(kept)
    kept.lost.signal.throwIfAborted()
  }
  return {
    id: holder.id,
    isInherited,
    lost: kept.lost.signal,
    async assure() {
      if (ports.clock.now() - kept.renewedAt > SURE_FOR) await confirm()
      kept.lost.signal.throwIfAborted()
    },
    confirm,
    async release() {
      stopped.abort()
      await renewing
      if (kept.lost.signal.aborted) return
      await ports.cluster.replace({ ...kept.lease, spec: { ...kept.lease.spec, holderIdentity: '' } })
    }
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

/** A lock that somebody has deleted is put up again, unless another run has done that for itself by then. */
async function putUp({ ports, ref, holder, lease }: Kept, now: number): Promise<Lease> {
  try {
    return await ports.cluster.replace(leaseOf(ref, holder, lease, now))
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 404)) throw error
    return ports.cluster.create(leaseOf(ref, holder, undefined, now))
  }
}

async function renew(kept: Kept): Promise<void> {
  const { ports, ref, holder } = kept
  const now = ports.clock.now()
  try {
    kept.lease = await putUp(kept, now)
    kept.renewedAt = now
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 409)) throw error
    // Somebody may have put a label on it, or our own last renewal has arrived and only its answer has not.
    const live = await ports.cluster.get<Lease>(ref)
    if (live?.spec?.holderIdentity === holder.id) {
      kept.lease = live
      kept.renewedAt = now
      return
    }
    const message = `another run has taken over lease/${ref.name}: this one changes nothing any more`
    kept.lost.abort(new TakenOver(message))
  }
}
