import { ReleaseFailed } from '../base/errors.ts'
import { isUnfinished } from '../domain/record.ts'
import type { KubernetesObject, ClusterEvent } from '../kubernetes/objects.ts'
import type { RouteWriter, Ports, ReleaseRun } from './release-run.ts'

/** How often the events of a route are read, in milliseconds: they come within seconds of a write. */
const LOOK_AGAIN = 5000
/** How long the last word of a controller may be that it could not: it tries again, and often can then. */
const GRACE = 15_000

/**
 * Rejects when the controller of a route says by events that it cannot do what was written: no gateway does as the route
 * says from then on, and nothing else would show it. What it said before the release is no matter until it says it again.
 * Settles only by that or by the signal.
 */
export async function untilRefused(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  await Promise.all(run.routes.map((writer) => untilLaneRefused(writer, run, signal)))
}

async function untilLaneRefused(
  { route: { refusals = [] }, traffic }: RouteWriter,
  run: ReleaseRun,
  signal: AbortSignal
): Promise<void> {
  if (refusals.length === 0) return
  const [object] = traffic.current()
  const read = (): Promise<Word | undefined> => lastWord(object, refusals, run.ports)
  const before = (await read())?.key
  let since: number | undefined
  for (;;) {
    await run.ports.clock.sleep(LOOK_AGAIN, signal).catch(() => undefined)
    if (signal.aborted) return
    const word = await read()
    if (word?.refused !== true || word.key === before) {
      since = undefined
      continue
    }
    since ??= run.ports.clock.now()
    if (run.ports.clock.now() - since < GRACE) continue
    const told = `${traffic.title} is not put into practice by its controller: ${word.text}`
    if (isUnfinished(run.release) && run.release.phase !== 'promoting') throw new ReleaseFailed(told)
    // There is no way back any more.
    run.warnings.push(told)
    return
  }
}

/** The last thing that a controller has said of an object. */
interface Word {
  /** Another one when it says the same again. */
  readonly key: string
  readonly refused: boolean
  readonly text: string
}

/** Events only explain: what cannot be read is not there. */
async function lastWord(
  { kind, metadata: { namespace, name, uid } }: KubernetesObject,
  refusals: readonly string[],
  { cluster }: Ports
): Promise<Word | undefined> {
  const fields = `involvedObject.kind=${kind},involvedObject.name=${name}`
  const found = await cluster
    .list<ClusterEvent>({ apiVersion: 'v1', kind: 'Event', namespace, fields })
    .catch(() => [])
  const own = found.filter(({ involvedObject }) => uid === undefined || (involvedObject.uid ?? uid) === uid)
  const [last] = own.sort((one, other) => timeOf(other) - timeOf(one) || newer(other, one))
  if (last === undefined) return undefined
  const { reason = '', message = '', metadata, count = 1 } = last
  return {
    key: `${metadata.name} ${count} ${metadata.resourceVersion ?? ''}`,
    refused: refusals.includes(reason),
    text: `${reason}: ${message}`
  }
}

const timeOf = ({ lastTimestamp, eventTime, metadata }: ClusterEvent): number =>
  Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0

/** Of two in the same second the one that was written later. */
const newer = (one: ClusterEvent, other: ClusterEvent): number =>
  Number(one.metadata.resourceVersion ?? 0) - Number(other.metadata.resourceVersion ?? 0)
