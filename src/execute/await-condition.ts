import type { Clock } from '../base/clock.ts'
import { ReleaseFailed } from '../base/errors.ts'
import type { Cluster, Query } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'

interface Condition<T extends KubernetesObject, R> {
  readonly query: Query
  /** The object, as it was last read, where the query names one. */
  readonly known?: T | undefined
  /** What is learnt from the objects once they are as wanted; undefined before. */
  readonly reached: (objects: readonly T[]) => R | undefined
  /** Without a limit only the signal ends the waiting. */
  readonly limit?: {
    /** Milliseconds. */
    readonly timeout: number
    /** Why the release has failed then. */
    readonly late: () => string
  }
}

/**
 * Waits until objects of the cluster are as wanted. Without a limit the promise never settles once the signal is aborted.
 *
 * A watch says nothing while the API server is gone, so when the time is over the cluster is asked once more: an outage
 * must not be taken for objects that are not as wanted.
 * @throws ReleaseFailed when they are not within the limit
 */
export async function awaitCondition<T extends KubernetesObject, R>(
  { query, known, reached, limit }: Condition<T, R>,
  { cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock },
  signal: AbortSignal
): Promise<R> {
  const { promise, resolve, reject } = Promise.withResolvers<R>()
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  const look = (objects: readonly T[]): boolean => {
    const found = reached(objects)
    if (found !== undefined) resolve(found)
    return found !== undefined
  }
  const lastLook = async (): Promise<void> => {
    if (limit === undefined) return
    await clock.sleep(limit.timeout, ended)
    if (!look(await cluster.list<T>(query))) throw new ReleaseFailed(limit.late())
  }
  cluster.watch<T>(query, look, ended, known).catch(reject)
  lastLook().catch(reject)
  try {
    return await promise
  } finally {
    done.abort()
  }
}
