import type { Clock } from '../clock.ts'
import { ClusterError, ReleaseFailed, TakenOver } from '../errors.ts'
import type { Cluster, JsonPatch, Ref } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Log } from '../log.ts'
import type { ForeignWrite } from '../outcome.ts'
import { printRecord, RECORD_ANNOTATION } from '../record.ts'
import type { Release } from '../record.ts'
import { changeOf, trafficOf } from '../routes/foreign.ts'
import type { Change } from '../routes/foreign.ts'

interface Ports {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
}

/** What a write makes of the live object; the record in it is `release`. */
export type Edit = (object: KubernetesObject, release: Release) => JsonPatch

/** The one way to write to the route object. */
export interface Traffic {
  /** Name of the route object. */
  readonly name: string
  /**
   * Traffic and record in one write. A change by somebody else in between is read and kept.
   * @throws ReleaseFailed when the record is no longer the one that we wrote: another run has taken over
   */
  write(edit: Edit, release: Release): Promise<KubernetesObject>
  /** Reads the object anew. @throws TakenOver when its record is another run's */
  refresh(): Promise<void>
  /** The object as it was last read or written. */
  current(): KubernetesObject
  /** From the first write on: puts traffic back that others move. Ends with the signal. */
  guard(signal: AbortSignal): void
  /** Aborted when this run must not go on: taken over, or somebody resets the traffic again and again. */
  readonly broken: AbortSignal
  readonly foreignWrites: readonly ForeignWrite[]
}

const ATTEMPTS = 8
const MOST_FOREIGN_WRITES = 10

interface State {
  readonly ports: Ports
  readonly ref: Ref
  /** `service/web` */
  readonly title: string
  /** The object as it was last read. */
  known: KubernetesObject
  /** What its record may say: what was there, what we wrote, and what we sent without hearing whether it arrived. */
  readonly ours: Set<string | undefined>
  last: { readonly edit: Edit; readonly release: Release } | undefined
  /** Writes and answers to foreign writes, one after the other. */
  queue: Promise<unknown>
  readonly broken: AbortController
  readonly foreignWrites: ForeignWrite[]
}

/** @param observed the route object as the release was planned on */
export function openTraffic(observed: KubernetesObject, ports: Ports): Traffic {
  const { apiVersion, kind, metadata } = observed
  const ref: Ref = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
  const state: State = {
    ports,
    ref,
    title: `${kind.toLowerCase()}/${metadata.name}`,
    known: observed,
    ours: new Set([recordOf(observed)]),
    last: undefined,
    queue: Promise.resolve(),
    broken: new AbortController(),
    foreignWrites: []
  }
  return {
    name: metadata.name,
    refresh: () =>
      inTurn(state, async () => {
        state.known = await read(state)
        fence(state, state.known)
      }),
    current: () => state.known,
    write: (edit, release) => inTurn(state, () => attempt(state, edit, release, ATTEMPTS)),
    guard: (signal) => {
      guard(state, signal)
    },
    broken: state.broken.signal,
    foreignWrites: state.foreignWrites
  }
}

const recordOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.[RECORD_ANNOTATION]

function inTurn<T>(state: State, work: () => Promise<T>): Promise<T> {
  const turn = state.queue.then(work)
  state.queue = turn.catch(() => undefined)
  return turn
}

async function read({ ports, ref, title }: State): Promise<KubernetesObject> {
  const live = await ports.cluster.get(ref)
  if (live !== undefined) return live
  throw new ReleaseFailed(`${title} in namespace ${ref.namespace ?? ''} was deleted while the release ran`)
}

/** A run that was declared dead and wakes up finds another record and writes nothing. */
function fence({ ours, last, title }: State, live: KubernetesObject): void {
  const text = recordOf(live)
  if (ours.has(text) || (text === undefined && last !== undefined)) return
  throw new TakenOver(`the record on ${title} was written by another run: this one changes nothing any more`)
}

async function attempt(state: State, edit: Edit, release: Release, left: number): Promise<KubernetesObject> {
  fence(state, state.known)
  state.ours.add(printRecord(release))
  try {
    const written = await state.ports.cluster.patch(state.ref, edit(state.known, release))
    state.last = { edit, release }
    state.known = written
    return written
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 409) || left === 0) throw error
    const before = state.known
    state.known = await read(state)
    refuseOvertaken(state, before)
    return attempt(state, edit, release, left - 1)
  }
}

/** Before the first write somebody may have moved the traffic: then what was planned is about another stable. */
function refuseOvertaken({ last, known, title }: State, before: KubernetesObject): void {
  if (last !== undefined || trafficOf(known) === trafficOf(before)) return
  throw new TakenOver(
    `somebody moved the traffic of ${title} while the release was prepared. Nothing was changed. Run again.`
  )
}

function guard(state: State, signal: AbortSignal): void {
  const { cluster, clock } = state.ports
  const { apiVersion, kind, namespace, name } = state.ref
  const stop = (error: unknown): void => {
    if (!signal.aborted) state.broken.abort(error)
  }
  const onChange = ([live]: readonly KubernetesObject[]): void => {
    const seenAt = clock.now()
    void inTurn(state, () => answer(state, live, seenAt, signal)).catch(stop)
  }
  cluster
    .watch({ apiVersion, kind, namespace, fields: `metadata.name=${name}` }, onChange, signal, state.known)
    .catch(stop)
}

const changeIn = ({ last }: State, live: KubernetesObject): Change | undefined =>
  last === undefined ? undefined : changeOf(live, last.edit(live, last.release))

/** A change that was seen may be one that we have answered or made since: what counts is what is live now. */
async function answer(
  state: State,
  seen: KubernetesObject | undefined,
  seenAt: number,
  signal: AbortSignal
): Promise<void> {
  if (signal.aborted || seen === undefined || changeIn(state, seen) === undefined) return
  state.known = await read(state)
  const change = changeIn(state, state.known)
  if (change !== undefined) await putBack(state, change, seenAt)
}

async function putBack(state: State, { manager, change }: Change, seenAt: number): Promise<void> {
  const { ports, last, title, foreignWrites } = state
  if (last === undefined) return
  await attempt(state, last.edit, last.release, ATTEMPTS)
  const restoredAfter = ports.clock.now() - seenAt
  foreignWrites.push({ object: title, manager, change, at: seenAt, restoredAfter })
  ports.log.warning(
    `somebody moved the traffic of ${title} while the release ran; it was put back after ${restoredAfter} ms`
  )
  ports.log.quote(`${manager}: ${change}`)
  if (foreignWrites.length >= MOST_FOREIGN_WRITES) {
    throw new ReleaseFailed(`${manager} resets the traffic of ${title} again and again`)
  }
}
