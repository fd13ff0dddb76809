import { TakenOver } from '../base/errors.ts'
import type { ForeignWrite } from '../domain/outcome.ts'
import { isUnfinished, printRecord, RECORD_ANNOTATION, type Release } from '../domain/record.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { refOf } from '../kubernetes/ref.ts'
import { fenceOf } from '../lock/fence.ts'
import type { RouteObjects } from '../routes/route.ts'
import { keyOf, trafficOf, withObject, withoutObject, writesOf, type Write } from './writes.ts'

/** What a write makes of the live objects. */
export type Edit = (objects: RouteObjects) => readonly KubernetesObject[]

/** A route's objects, and who else must agree to a write. */
export interface Place {
  /** As the release was planned on. */
  readonly objects: RouteObjects
  read(): Promise<RouteObjects>
  /** Who has the lock, and the question whether it still is so. @throws TakenOver when it is not */
  readonly holder: string
  confirm(): Promise<void>
  /** Whether the objects were read under the lock: else another run may have written them before it was ours. */
  readonly isOurs: boolean
  /** The Service, which always holds the record: a route that has none in it tells nothing of who may write. */
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
  /** What a record may say: what was there, what we wrote, and what we sent without hearing whether it arrived. */
  readonly ours: Set<string | undefined>
  /** Whose claims may stand there: our own, and those of before. */
  readonly claims: ReadonlySet<string | undefined>
  last: Sent | undefined
  /** The write that is on its way, or whose answer has not come: it may have arrived all the same. */
  sent: Sent | undefined
  /** Writes and answers to foreign writes, one after the other. */
  queue: Promise<unknown>
  guarding: AbortSignal | undefined
  /** Whether somebody else has moved users: the record says so, for whoever has to end the canary's pods. */
  hadStrayTraffic: boolean
  readonly watched: Set<string>
  readonly broken: AbortController
  readonly foreignWrites: ForeignWrite[]
}

export const recordOf = ({ metadata }: KubernetesObject): string | undefined =>
  metadata.annotations?.[RECORD_ANNOTATION]

/**
 * A run that was declared dead and wakes up finds another record or claim, has lost the lock, and writes nothing. As
 * long as the lock is ours, what stands there is no other run's: somebody has written it by hand, or a tool has, and a
 * run that gave up for that would leave traffic half moved.
 * @throws TakenOver when another run may have written it
 */
export async function fence(state: TrafficState, live: KubernetesObject): Promise<void> {
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

/** What brings the live objects to where the edit wants them. */
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
 * The first write that would undo what others have made of the traffic. A write of ours whose answer never came is
 * nobody else's: to undo it would send users back to where they have just been taken from.
 */
export function undoing(state: TrafficState, live: RouteObjects): Write | undefined {
  const { last, sent } = state
  const [write] = last === undefined ? [] : missing(state, live, last)
  if (write === undefined || sent === undefined || missing(state, live, sent).length > 0) return write
  state.last = sent
  return undefined
}

/** The same while a write is on its way, which may have reached some of the objects. */
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

/**
 * Before the first write somebody may have moved the traffic: then what was planned is about another stable. A record
 * that is there now, and was not, is our own: its answer was lost.
 */
export function refuseOvertaken({ last, known, title }: TrafficState, before: RouteObjects): void {
  if (last !== undefined || recordOf(known[0]) !== recordOf(before[0])) return
  if (trafficOf(known[0]) === trafficOf(before[0])) return
  throw new TakenOver(
    `somebody moved the traffic of ${title} while the release was prepared. Nothing was changed. Run again.`
  )
}
