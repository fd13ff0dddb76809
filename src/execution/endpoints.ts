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
 * Waits until the Service's endpoints are the pods that were switched to: only then does the selector mean traffic.
 * @throws ReleaseFailed when they do not become it
 */
export async function confirmEndpoints(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { cluster, clock } = run.ports
  const wanted = run.pods.flatMap(({ metadata }) => metadata.uid ?? [])
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  const confirmed = Promise.withResolvers<undefined>()
  const labels = `kubernetes.io/service-name=${run.traffic.name}`
  const onChange = (slices: readonly EndpointSlice[]): void => {
    const ready = readyUids(slices)
    if (wanted.every((uid) => ready.has(uid))) confirmed.resolve(undefined)
  }
  cluster
    .watch<EndpointSlice>(
      { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: run.namespace, labels },
      onChange,
      ended
    )
    .catch(confirmed.reject)
  clock.sleep(TIMEOUT, ended).then(() => {
    confirmed.reject(
      new ReleaseFailed(
        `10 s after the switch the endpoints of service/${run.traffic.name} are not the pods that were tested`
      )
    )
  }, confirmed.reject)
  try {
    await confirmed.promise
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
