import { ReleaseFailed } from '../base/errors.ts'
import { isUnfinished } from '../domain/record.ts'
import type { KubernetesObject, ClusterEvent } from '../kubernetes/objects.ts'
import type { RouteWriter, Ports, ReleaseRun } from './release-run.ts'

/** How often the events of a route are read, in milliseconds: they come within seconds of a write. */
const LOOK_AGAIN = 5000
/** For how long a controller may go on saying that it could not: it tries again, and often succeeds. Milliseconds. */
const GRACE = 15_000

/**
 * Rejects when the controller of a route says in events that it cannot apply it: no gateway follows the route from then
 * on, and nothing else shows that. Events from before the release count only if they are repeated. Ends with the signal.
 */
export async function untilRefused(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  await Promise.all(run.routes.map((writer) => untilOneRefused(writer, run, signal)))
}

async function untilOneRefused(
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
    if (isUnfinished(run.progress.release) && run.progress.release.phase !== 'promoting')
      throw new ReleaseFailed(told)
    // After the point of no return it can only be told.
    run.journal.warnings.push(told)
    return
  }
}

/** The last thing that a controller has said of an object. */
interface Word {
  /** Changes when the controller says the same again. */
  readonly key: string
  readonly refused: boolean
  readonly text: string
}

/** Events only explain: if they cannot be read, there are none. */
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

/** Orders two events of the same second. */
const newer = (one: ClusterEvent, other: ClusterEvent): number =>
  Number(one.metadata.resourceVersion ?? 0) - Number(other.metadata.resourceVersion ?? 0)
