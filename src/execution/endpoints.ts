import { ReleaseFailed } from '../errors.ts'
import { isReady } from '../kubernetes/health.ts'
import type { KubernetesObject, Pod } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import type { ReleaseRun } from './run-state.ts'

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean }
        readonly targetRef?: { readonly uid?: string }
      }[]
    | null
  readonly ports?: readonly unknown[] | null
}

/** The control plane computes endpoints in well under a second; later than this it will not. */
const TIMEOUT = 10_000

const readyUids = (slices: readonly EndpointSlice[]): ReadonlySet<string> =>
  new Set(
    slices
      // A slice without ports (a targetPort name that no container has) sends traffic nowhere.
      .filter(({ ports }) => (ports ?? []).length > 0)
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ targetRef }) => targetRef?.uid ?? [])
  )

/**
 * Waits until the pods that are to serve are behind the Service: only then does its selector mean traffic.
 * @returns how many pods are ready behind it, these and others
 * @throws ReleaseFailed when they do not get there
 */
export async function confirmEndpoints(
  run: ReleaseRun,
  service: string,
  signal: AbortSignal
): Promise<number> {
  const { cluster, clock } = run.ports
  const wanted = run.pods.flatMap(({ metadata }) => metadata.uid ?? [])
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  const confirmed = Promise.withResolvers<number>()
  const labels = `kubernetes.io/service-name=${service}`
  const onChange = (slices: readonly EndpointSlice[]): void => {
    const ready = readyUids(slices)
    if (wanted.every((uid) => ready.has(uid))) confirmed.resolve(ready.size)
  }
  const query = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: run.namespace, labels }
  cluster.watch<EndpointSlice>(query, onChange, ended).catch(confirmed.reject)
  clock.sleep(TIMEOUT, ended).then(() => {
    const late = `after 10 s the endpoints of service/${service} are not the pods that were tested`
    confirmed.reject(new ReleaseFailed(late))
  }, confirmed.reject)
  try {
    return await confirmed.promise
  } finally {
    done.abort()
  }
}

/** Ready pods of one of the two versions, by the selector that only it has. */
export async function readyPods(run: ReleaseRun, side: 'stable' | 'canary'): Promise<readonly Pod[]> {
  const pods = await run.ports.cluster.list<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: run.namespace,
    labels: printSelector(run.initial.selectors[side])
  })
  return pods.filter(isReady)
}
