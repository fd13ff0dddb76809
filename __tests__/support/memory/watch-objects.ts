import type { Query } from '../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { ON_THE_WAY, WATCH_AGAIN, type MemoryCluster } from './memory-cluster.ts'
import type { Stored } from './stored.ts'

/** Calls back with what a query finds, at the start and after every change of it, until the signal is aborted. */
export async function watchObjects(
  cluster: MemoryCluster,
  query: Query,
  onChange: (objects: readonly Stored[]) => void,
  signal: AbortSignal,
  known: KubernetesObject | undefined,
  isSilent: () => boolean = () => false
): Promise<void> {
  const ended = Promise.withResolvers<undefined>()
  let last = known?.metadata.resourceVersion
  const arrive = async (): Promise<void> => {
    await cluster.clock.sleep(ON_THE_WAY, signal)
    while (isSilent()) await cluster.clock.sleep(WATCH_AGAIN, signal)
  }
  const look = (): void => {
    const found = cluster.all<Stored>(query)
    const versions = found.map(({ metadata }) => metadata.resourceVersion).join()
    if (versions === last || signal.aborted) return
    last = versions
    arrive()
      .then(() => {
        onChange(found)
      })
      .catch((error: unknown) => {
        if (!signal.aborted) ended.reject(error)
      })
  }
  const stop = (): void => {
    ended.resolve(undefined)
  }
  const unsubscribe = cluster.subscribe(({ kind }) => {
    if (kind === query.kind) look()
  })
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  else look()
  await ended.promise.finally(unsubscribe)
}
