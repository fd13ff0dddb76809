import type { Clock } from '../clock.ts'
import { ClusterError, ReleaseFailed } from '../errors.ts'
import type { Cluster, JsonPatch, Ref } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Log } from '../log.ts'
import type { ForeignWrite } from '../outcome.ts'
import { printRecord, RECORD_ANNOTATION } from '../record.ts'
import type { Release } from '../record.ts'
import { changeOf } from '../routes/foreign.ts'

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
  /** From the first write on: puts traffic back that others move. Ends with the signal. */
  guard(signal: AbortSignal): void
  /** Aborted when this run must not go on: taken over, or somebody resets the traffic again and again. */
  readonly broken: AbortSignal
  readonly foreignWrites: readonly ForeignWrite[]
}

const ATTEMPTS = 8
const MOST_FOREIGN_WRITES = 10

export function openTraffic(observed: KubernetesObject, { cluster, clock, log }: Ports): Traffic {
  const ref: Ref = {
    apiVersion: observed.apiVersion,
    kind: observed.kind,
    namespace: observed.metadata.namespace,
    name: observed.metadata.name
  }
  const name = `${ref.kind.toLowerCase()}/${ref.name}`
  const foreignWrites: ForeignWrite[] = []
  const broken = new AbortController()
  let known = observed
  /** What the record may say: what was there, what we wrote, and what we sent without hearing whether it arrived. */
  const ours = new Set<string | undefined>()
  ours.add(observed.metadata.annotations?.[RECORD_ANNOTATION])
  let last: { readonly edit: Edit; readonly release: Release } | undefined
  let queue: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work)
    queue = turn.catch(() => undefined)
    return turn
  }

  const read = async (): Promise<KubernetesObject> => {
    const live = await cluster.get(ref)
    if (live === undefined)
      throw new ReleaseFailed(`${name} in namespace ${ref.namespace ?? ''} was deleted while the release ran`)
    return live
  }

  /** The fence: a run that was declared dead and wakes up finds another record and writes nothing. */
  const fence = (live: KubernetesObject): void => {
    const text = live.metadata.annotations?.[RECORD_ANNOTATION]
    if (ours.has(text) || (text === undefined && last !== undefined)) return
    throw new ReleaseFailed(
      `the record on ${name} was written by another run: this one changes nothing any more`
    )
  }

  const attempt = async (edit: Edit, release: Release, left: number): Promise<KubernetesObject> => {
    fence(known)
    ours.add(printRecord(release))
    try {
      const written = await cluster.patch(ref, edit(known, release))
      last = { edit, release }
      known = written
      return written
    } catch (error) {
      if (!(error instanceof ClusterError && error.status === 409) || left === 0) throw error
      known = await read()
      return attempt(edit, release, left - 1)
    }
  }

  const putBack = async (seenAt: number): Promise<void> => {
    if (last === undefined || broken.signal.aborted) return
    known = await read()
    const change = changeOf(known, last.edit(known, last.release))
    if (change === undefined) return
    fence(known)
    await attempt(last.edit, last.release, ATTEMPTS)
    const restoredAfter = clock.now() - seenAt
    foreignWrites.push({ object: name, ...change, at: seenAt, restoredAfter })
    log.warning(
      `somebody moved the traffic of ${name} while the release ran; it was put back after ${restoredAfter} ms`
    )
    log.quote(`${change.manager}: ${change.change}`)
    if (foreignWrites.length >= MOST_FOREIGN_WRITES)
      throw new ReleaseFailed(`${change.manager} resets the traffic of ${name} again and again`)
  }

  const onChange = ([live]: readonly KubernetesObject[]): void => {
    const seenAt = clock.now()
    void inTurn(async () => {
      if (
        live === undefined ||
        last === undefined ||
        changeOf(live, last.edit(live, last.release)) === undefined
      )
        return
      await putBack(seenAt)
    }).catch((error: unknown) => {
      broken.abort(error)
    })
  }

  return {
    name: ref.name,
    write: (edit, release) => inTurn(() => attempt(edit, release, ATTEMPTS)),
    guard(signal) {
      const { apiVersion, kind, namespace } = ref
      cluster
        .watch({ apiVersion, kind, namespace, fields: `metadata.name=${ref.name}` }, onChange, signal)
        .catch((error: unknown) => {
          if (!signal.aborted) broken.abort(error)
        })
    },
    broken: broken.signal,
    foreignWrites
  }
}
