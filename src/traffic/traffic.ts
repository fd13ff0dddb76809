import { ClusterError, RouteGone } from '../base/errors.ts'
import type { ForeignWrite } from '../domain/outcome.ts'
import { isUnfinished, printRecord, type Release } from '../domain/record.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { keyOf } from '../kubernetes/ref.ts'
import { fenceOf } from '../lock/fence.ts'
import { type RouteObjects, withObject } from '../routes/route.ts'
import { changeFrom, tellForeignWrite, type Change } from './foreign-write.ts'
import {
  refuseIfTakenOver,
  overwriting,
  recordOf,
  refuseOvertaken,
  send,
  undoing,
  writesFor,
  type Edit,
  type Place,
  type Sent,
  type TrafficState
} from './state.ts'
import { throughOutages } from './through-outages.ts'

/** The one way to write to the objects of a route. */
export interface Traffic {
  /** `httproute/web` */
  readonly title: string
  /** Name of the object that the user named. */
  readonly name: string
  /**
   * Writes traffic and record of an object in one request. What others change in between is read and kept.
   * @param release the record to leave on the objects; undefined: none, and the route is as before the release
   * @throws TakenOver when another run has the lock, RouteGone when a record is to be left on what was deleted
   */
  write(edit: Edit, release: Release | undefined): Promise<void>
  /** Reads the objects anew. @throws TakenOver when another run may have written them */
  refresh(): Promise<void>
  /** Notes in the record that somebody else has sent users to a version that the release had not. */
  noteStrayTraffic(): Promise<void>
  /** The objects as they were last read or written. */
  current(): RouteObjects
  /** From the first write until the signal: puts traffic back that others move. */
  guard(signal: AbortSignal): void
  /** Aborted when this run must not go on: another has taken over, or somebody resets the traffic again and again. */
  readonly broken: AbortSignal
  readonly foreignWrites: readonly ForeignWrite[]
}

const ATTEMPTS = 8

export function openTraffic(place: Place, ports: ClusterPorts): Traffic {
  const [{ kind, metadata }] = place.objects
  const state: TrafficState = {
    ports,
    place,
    title: `${kind.toLowerCase()}/${metadata.name}`,
    known: place.objects,
    ours: new Set(place.objects.map(recordOf)),
    claims: new Set([place.holder, ...place.objects.map(fenceOf)]),
    last: undefined,
    sent: undefined,
    queue: Promise.resolve(),
    guarding: undefined,
    hadStrayTraffic: false,
    watched: new Set(),
    broken: new AbortController(),
    foreignWrites: []
  }
  return {
    title: state.title,
    name: metadata.name,
    refresh: () => inTurn(state, () => readAgain(state)),
    noteStrayTraffic: () => inTurn(state, () => noteStrayTraffic(state)),
    current: () => state.known,
    write: (edit, release) =>
      inTurn(state, () => write(state, { edit, release }).catch(unlessGone(state, release))),
    guard: (signal) => {
      state.guarding = signal
      guardAll(state)
    },
    broken: state.broken.signal,
    foreignWrites: state.foreignWrites
  }
}

function inTurn<T>(state: TrafficState, work: () => Promise<T>): Promise<T> {
  const turn = state.queue.then(work)
  state.queue = turn.catch(() => undefined)
  return turn
}

/** Fences before it keeps what it reads: a write with the version of another run's object would be accepted. */
async function readAgain(state: TrafficState): Promise<void> {
  const live = await state.place.read()
  for (const object of live) await refuseIfTakenOver(state, object)
  await state.place.anchor?.refresh()
  state.known = live
}

/** An object that was deleted has no trace of the release that could be taken out. */
const unlessGone =
  ({ ports }: TrafficState, release: Release | undefined) =>
  (error: unknown): void => {
    if (!(error instanceof RouteGone) || release !== undefined) throw error
    ports.log.warning(error.message)
  }

/** Somebody has written the object, or deleted it, since it was read. */
const isOutdated = (error: unknown): boolean =>
  error instanceof ClusterError && (error.status === 409 || error.status === 404)

/** A write undoes what others did to the traffic just before it. The watch shows no trace of that, so it is told here. */
async function write(state: TrafficState, wanted: Sent): Promise<void> {
  const since = state.ports.clock.now()
  const undone = await attempt(state, wanted, ATTEMPTS)
  if (undone !== undefined) await tellForeignWrite(state, undone, since)
}

/** @returns what others had done to the traffic since the last write, if this one has undone something */
async function attempt(state: TrafficState, wanted: Sent, left: number): Promise<Change | undefined> {
  const { edit } = wanted
  const release = state.hadStrayTraffic ? withStrayTraffic(wanted.release) : wanted.release
  for (const object of state.known) await refuseIfTakenOver(state, object)
  if (release !== undefined) state.ours.add(printRecord(release))
  state.sent = { edit, release }
  try {
    for (const write of writesFor(state, state.known, edit, release)) await send(state, write)
    state.last = state.sent
    guardAll(state)
    return undefined
  } catch (error) {
    if (!isOutdated(error) || left === 0) throw error
    const before = state.known
    await readAgain(state)
    refuseOvertaken(state, before)
    const theirs = overwriting(state)
    if (theirs !== undefined) state.hadStrayTraffic = true
    const later = await attempt(state, { edit, release }, left - 1)
    return theirs === undefined ? later : changeFrom(theirs)
  }
}

function guardAll(state: TrafficState): void {
  const { guarding, known, watched } = state
  if (guarding === undefined) return
  for (const object of known) {
    if (watched.has(keyOf(object))) continue
    watched.add(keyOf(object))
    guard(state, object, guarding)
  }
}

function guard(state: TrafficState, object: KubernetesObject, signal: AbortSignal): void {
  const { cluster, clock } = state.ports
  const { apiVersion, kind, metadata } = object
  const stop = (error: unknown): void => {
    if (!signal.aborted) state.broken.abort(error)
  }
  const onChange = ([live]: readonly KubernetesObject[]): void => {
    // The watch begins with the object that it was given.
    if (live === object) return
    const seenAt = clock.now()
    const put = (): Promise<void> => answer(state, live, seenAt, signal)
    void inTurn(state, () => throughOutages(put, state.ports, signal)).catch(stop)
  }
  const query = { apiVersion, kind, namespace: metadata.namespace, fields: `metadata.name=${metadata.name}` }
  const known = metadata.resourceVersion === undefined ? undefined : object
  cluster.watch(query, onChange, signal, known).catch(stop)
}

/** Reads before it writes: the change that was seen may be our own, or have been undone since. */
async function answer(
  state: TrafficState,
  seen: KubernetesObject | undefined,
  seenAt: number,
  signal: AbortSignal
): Promise<void> {
  if (signal.aborted || state.last === undefined) return
  if (seen !== undefined && undoing(state, withObject(state.known, seen)) === undefined) {
    // Nothing that moves traffic has changed, but the next write has to be for this version.
    state.known = withObject(state.known, seen)
    return
  }
  await readAgain(state)
  const write = undoing(state, state.known)
  if (write === undefined) return
  state.hadStrayTraffic = true
  await attempt(state, state.last, ATTEMPTS)
  await tellForeignWrite(state, changeFrom(write), seenAt)
}

const withStrayTraffic = (release: Release | undefined): Release | undefined =>
  release === undefined || !isUnfinished(release) ? release : { ...release, exposed: true }

async function noteStrayTraffic(state: TrafficState): Promise<void> {
  const { last, hadStrayTraffic } = state
  state.hadStrayTraffic = true
  if (last !== undefined && !hadStrayTraffic) await write(state, last)
}
