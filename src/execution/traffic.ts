import type { Clock } from '../clock.ts'
import { ClusterError, ReleaseFailed, TakenOver } from '../errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Log } from '../log.ts'
import type { ForeignWrite } from '../outcome.ts'
import { printRecord, RECORD_ANNOTATION } from '../record.ts'
import type { Release } from '../record.ts'
import { changeFrom } from '../routes/foreign.ts'
import type { Change } from '../routes/foreign.ts'
import type { RouteObjects } from '../routes/route.ts'
import { keyOf, refOf, trafficOf, withObject, withoutObject, writesOf } from '../routes/writes.ts'
import type { Write } from '../routes/writes.ts'

interface Ports {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
}

/** What a write makes of the live objects. */
export type Edit = (objects: RouteObjects) => readonly KubernetesObject[]

/** The one way to write to the objects of a route. */
export interface Traffic {
  /** `httproute/web` */
  readonly title: string
  /** Name of the object that the user named. */
  readonly name: string
  /**
   * Traffic and record in one write an object. A change by somebody else in between is read and kept.
   * @param release the record to leave there; undefined: none, this route is as it was
   * @throws TakenOver when the record is no longer one that we wrote
   */
  write(edit: Edit, release: Release | undefined): Promise<void>
  /** Reads the objects anew. @throws TakenOver when a record in them is another run's */
  refresh(): Promise<void>
  /** The objects as they were last read or written. */
  current(): RouteObjects
  /** From the first write on: puts traffic back that others move. Ends with the signal. */
  guard(signal: AbortSignal): void
  /** Aborted when this run must not go on: taken over, or somebody resets the traffic again and again. */
  readonly broken: AbortSignal
  readonly foreignWrites: readonly ForeignWrite[]
}

const ATTEMPTS = 8
const MOST_FOREIGN_WRITES = 10

/** A route's objects, and who else must agree to a write. */
export interface Place {
  /** As the release was planned on. */
  readonly objects: RouteObjects
  read(): Promise<RouteObjects>
  /** The Service, which always holds the record: a route that has none in it tells nothing of who may write. */
  readonly anchor?: Traffic
}

interface State {
  readonly ports: Ports
  readonly place: Place
  readonly title: string
  /** The objects as they were last read. */
  known: RouteObjects
  /** What a record may say: what was there, what we wrote, and what we sent without hearing whether it arrived. */
  readonly ours: Set<string | undefined>
  last: { readonly edit: Edit; readonly release: Release | undefined } | undefined
  /** Writes and answers to foreign writes, one after the other. */
  queue: Promise<unknown>
  guarding: AbortSignal | undefined
  readonly watched: Set<string>
  readonly broken: AbortController
  readonly foreignWrites: ForeignWrite[]
}

export function openTraffic(place: Place, ports: Ports): Traffic {
  const [{ kind, metadata }] = place.objects
  const state: State = {
    ports,
    place,
    title: `${kind.toLowerCase()}/${metadata.name}`,
    known: place.objects,
    ours: new Set(place.objects.map(recordOf)),
    last: undefined,
    queue: Promise.resolve(),
    guarding: undefined,
    watched: new Set(),
    broken: new AbortController(),
    foreignWrites: []
  }
  return {
    title: state.title,
    name: metadata.name,
    refresh: () => inTurn(state, () => readAgain(state)),
    current: () => state.known,
    write: (edit, release) => inTurn(state, () => attempt(state, edit, release, ATTEMPTS)),
    guard: (signal) => {
      state.guarding = signal
      guardAll(state)
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

async function readAgain(state: State): Promise<void> {
  state.known = await state.place.read()
  state.known.forEach((object) => {
    fence(state, object)
  })
  await state.place.anchor?.refresh()
}

/** A run that was declared dead and wakes up finds another record and writes nothing. */
function fence({ ours, last, title }: State, live: KubernetesObject): void {
  const text = recordOf(live)
  if (ours.has(text) || (text === undefined && last !== undefined)) return
  throw new TakenOver(`the record on ${title} was written by another run: this one changes nothing any more`)
}

async function attempt(state: State, edit: Edit, release: Release | undefined, left: number): Promise<void> {
  state.known.forEach((object) => {
    fence(state, object)
  })
  if (release !== undefined) state.ours.add(printRecord(release))
  try {
    for (const write of writesFor(state, state.known, edit, release)) await send(state, write)
    state.last = { edit, release }
    guardAll(state)
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 409) || left === 0) throw error
    const before = state.known
    await readAgain(state)
    refuseOvertaken(state, before)
    await attempt(state, edit, release, left - 1)
  }
}

const writesFor = (
  { place }: State,
  live: RouteObjects,
  edit: Edit,
  release: Release | undefined
): readonly Write[] =>
  writesOf(live, edit(live), {
    record: release === undefined ? undefined : printRecord(release),
    always: place.anchor === undefined
  })

async function send(state: State, write: Write): Promise<void> {
  const { object } = write
  const { cluster } = state.ports
  // What has no version yet cannot tell a run that slept from one that is awake.
  if (write.kind !== 'patch') await state.place.anchor?.refresh()
  if (write.kind === 'delete') {
    await cluster.remove(object)
    state.known = withoutObject(state.known, object)
    return
  }
  const written = await (write.kind === 'create'
    ? cluster.create(object)
    : cluster.patch(refOf(object), write.patch))
  state.known = withObject(state.known, written)
}

/** Before the first write somebody may have moved the traffic: then what was planned is about another stable. */
function refuseOvertaken({ last, known, title, place }: State, before: RouteObjects): void {
  if (last !== undefined || place.anchor !== undefined || trafficOf(known[0]) === trafficOf(before[0])) return
  throw new TakenOver(
    `somebody moved the traffic of ${title} while the release was prepared. Nothing was changed. Run again.`
  )
}

function guardAll(state: State): void {
  const { guarding, known, watched } = state
  if (guarding === undefined) return
  for (const object of known) {
    if (watched.has(keyOf(object))) continue
    watched.add(keyOf(object))
    guard(state, object, guarding)
  }
}

function guard(state: State, object: KubernetesObject, signal: AbortSignal): void {
  const { cluster, clock } = state.ports
  const { apiVersion, kind, metadata } = object
  const stop = (error: unknown): void => {
    if (!signal.aborted) state.broken.abort(error)
  }
  const onChange = ([live]: readonly KubernetesObject[]): void => {
    const seenAt = clock.now()
    void inTurn(state, () => answer(state, live, seenAt, signal)).catch(stop)
  }
  const query = { apiVersion, kind, namespace: metadata.namespace, fields: `metadata.name=${metadata.name}` }
  cluster.watch(query, onChange, signal, object).catch(stop)
}

/** The first write that would undo what others have made of the traffic. */
const undoing = (state: State, live: RouteObjects): Write | undefined =>
  state.last === undefined ? undefined : writesFor(state, live, state.last.edit, state.last.release)[0]

/** A change that was seen may be one that we have answered or made since: what counts is what is live now. */
async function answer(
  state: State,
  seen: KubernetesObject | undefined,
  seenAt: number,
  signal: AbortSignal
): Promise<void> {
  if (signal.aborted || state.last === undefined) return
  if (seen !== undefined && undoing(state, withObject(state.known, seen)) === undefined) {
    // Its status has changed, or what is other people's: the next write is for this version of it.
    state.known = withObject(state.known, seen)
    return
  }
  state.known = await state.place.read()
  const write = undoing(state, state.known)
  if (write !== undefined) await putBack(state, changeFrom(write), seenAt)
}

async function putBack(state: State, { manager, change }: Change, seenAt: number): Promise<void> {
  const { ports, last, title, foreignWrites } = state
  if (last === undefined) return
  await state.place.anchor?.refresh()
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
