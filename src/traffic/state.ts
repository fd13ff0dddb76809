import { TakenOver } from '../base/errors.ts'
import type { ForeignWrite } from '../domain/outcome.ts'
import { isUnfinished, printRecord, RECORD_ANNOTATION, type Release } from '../domain/record.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { CREATOR } from '../kubernetes/ownership.ts'
import { refOf, keyOf } from '../kubernetes/ref.ts'
import { fenceOf } from '../lock/fence.ts'
import { type RouteObjects, withObject, withoutObject } from '../routes/route.ts'
import { trafficOf, writesOf, type Write } from './writes.ts'

/** Makes the wanted objects of the live ones. */
export type Edit = (objects: RouteObjects) => readonly KubernetesObject[]

/** A route's objects, and what guards the writes to them. */
export interface Place {
  /** The objects as they were when the release was planned. */
  readonly objects: RouteObjects
  read(): Promise<RouteObjects>
  /** The run that has the lock. */
  readonly holder: string
  /** Asks whether it still has it. @throws TakenOver when it has not */
  confirm(): Promise<void>
  /** Whether the objects were read under the lock; else another run may have written them before. */
  readonly isOurs: boolean
  /** The Service, which always holds the record. A route without a record does not say who may write to it. */
  readonly anchor?: { refresh(): Promise<void>; noteStrayTraffic(): Promise<void> }
}

/** A write to a route, with the record that it leaves. */
export interface Sent {
  readonly edit: Edit
  readonly release: Release | undefined
}

/** What one run knows of a route's objects. */
export interface TrafficState {
  readonly ports: ClusterPorts
  readonly place: Place
  readonly title: string
  /** The objects as they were last read. */
  known: RouteObjects
  /** Records of this run: those it found, those it wrote, and those it sent without getting an answer. */
  readonly ours: Set<string | undefined>
  /** Claims that are no other run's: those that were found, and our own. */
  readonly claims: ReadonlySet<string | undefined>
  last: Sent | undefined
  /** The write that was sent last; without an answer it may have arrived or not. */
  sent: Sent | undefined
  /** Own writes and answers to foreign ones are done one after the other. */
  queue: Promise<unknown>
  guarding: AbortSignal | undefined
  /** Whether somebody else has moved users: the record says so, because the canary has to be drained then. */
  hadStrayTraffic: boolean
  readonly watched: Set<string>
  readonly broken: AbortController
  readonly foreignWrites: ForeignWrite[]
}

export const recordOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.[RECORD_ANNOTATION]

/**
 * Refuses objects that another run may have written: their record or claim is none of this run's, and this run has lost
 * the lock. While it has the lock, a person or a tool must have written them, and to give up would leave traffic half
 * moved.
 * @throws TakenOver when another run may have written it
 */
export async function refuseIfTakenOver(state: TrafficState, live: KubernetesObject): Promise<void> {
  const stranger = strangerIn(state, live)
  if (stranger === undefined) return
  const { place, last, title } = state
  if (last === undefined && place.anchor === undefined && !place.isOurs)
    throw new TakenOver(
      `${stranger} on ${title} was written by another run: this one changes nothing any more`
    )
  await place.confirm()
}

function strangerIn({ ours, claims, last }: TrafficState, live: KubernetesObject): string | undefined {
  const text = recordOf(live)
  const claim = fenceOf(live)
  if (claim !== undefined && !claims.has(claim)) return `the claim ${claim}`
  if (ours.has(text) || (text === undefined && last !== undefined)) return undefined
  return 'the record'
}

/** The writes that turn the live objects into what the edit makes of them. */
export const writesFor = (
  { place }: TrafficState,
  live: RouteObjects,
  edit: Edit,
  release: Release | undefined
): readonly Write[] =>
  writesOf(live, edit(live), {
    record: release === undefined ? undefined : printRecord(release),
    always: place.anchor === undefined,
    keepsClaim: release !== undefined && isUnfinished(release) && release.holder !== place.holder
  })

const missing = (state: TrafficState, live: RouteObjects, { edit, release }: Sent): readonly Write[] =>
  writesFor(state, live, edit, release)

/**
 * The first write that would undo what others have done to the traffic. A write of ours whose answer never came counts
 * as ours: to undo it would send users back to the version that they have just been taken from.
 */
export function undoing(state: TrafficState, live: RouteObjects): Write | undefined {
  const { last, sent } = state
  const [write] = last === undefined ? [] : missing(state, live, last)
  if (write === undefined || sent === undefined || missing(state, live, sent).length > 0) return write
  state.last = sent
  return undefined
}

/** As `undoing`, while a write is on its way that may have reached some of the objects. */
export function overwriting(state: TrafficState): Write | undefined {
  const { last, sent, known } = state
  if (last === undefined || sent === undefined) return undefined
  const open = new Set(missing(state, known, sent).map(({ object }) => keyOf(object)))
  return missing(state, known, last).find(({ object }) => open.has(keyOf(object)))
}

/** Carries one write out, and keeps what came back. */
export async function send(state: TrafficState, write: Write): Promise<void> {
  const { object } = write
  const { cluster } = state.ports
  // A create or delete names no version that would stop a run that was asleep; the Service's record does.
  if (write.kind !== 'patch') await state.place.anchor?.refresh()
  if (write.kind === 'delete') {
    await cluster.remove(object)
    state.known = withoutObject(state.known, object)
    return
  }
  const written = await (write.kind === 'create'
    ? cluster.create(object, { manager: CREATOR })
    : cluster.patch(refOf(object), write.patch))
  state.known = withObject(state.known, written)
}

/**
 * If somebody moved the traffic before the first write, or created what was to be created, the plan is about another
 * stable. A record that has appeared since is our own, whose answer was lost.
 * @throws TakenOver then
 */
export function refuseOvertaken({ last, known, title }: TrafficState, before: RouteObjects): void {
  if (last !== undefined || recordOf(known[0]) !== recordOf(before[0])) return
  const wasThere = before[0].metadata.resourceVersion !== undefined
  if (wasThere && trafficOf(known[0]) === trafficOf(before[0])) return
  throw new TakenOver(
    `somebody ${wasThere ? 'moved the traffic of' : 'created'} ${title} while the release was prepared. Nothing was changed. Run again.`
  )
}
