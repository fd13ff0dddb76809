import { ReleaseFailed } from '../base/errors.ts'
import { ofTemplate } from '../domain/slots.ts'
import { isEnding, isReady } from '../kubernetes/health.ts'
import type { KubernetesObject, Pod, Service } from '../kubernetes/objects.ts'
import { printSelector, type Labels } from '../kubernetes/selectors.ts'
import { awaitCondition } from './await-condition.ts'
import type { ReleaseRun } from './release-run.ts'

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean }
        readonly targetRef?: { readonly uid?: string }
      }[]
    | null
  readonly ports?: readonly unknown[] | null
}

/** Milliseconds for the endpoints, which the control plane computes in well under a second. */
const TIMEOUT = 10_000

const readyUids = (slices: readonly EndpointSlice[], hasPorts: boolean): ReadonlySet<string> =>
  new Set(
    slices
      // A Service's port may have a name that no container has: its slice has no ports then, and sends traffic nowhere.
      .filter(({ ports }) => !hasPorts || (ports ?? []).length > 0)
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ targetRef }) => targetRef?.uid ?? [])
  )

/**
 * Waits until the pods that are to serve are behind the Service: only then does its selector mean traffic.
 * @returns how many pods are ready behind it, these and others; undefined when one of them has gone away meanwhile
 * @throws ReleaseFailed when the pods exist and do not get there
 */
export async function confirmEndpoints(
  run: ReleaseRun,
  service: string,
  signal: AbortSignal
): Promise<number | undefined> {
  const wanted = run.progress.pods.flatMap(({ metadata }) => metadata.uid ?? [])
  const labels = `kubernetes.io/service-name=${service}`
  // The Service of a slot has the ports of the users' Service.
  const [{ spec }] = run.traffic.current() as readonly [Service]
  const hasPorts = (spec.ports ?? []).length > 0
  const ready = await awaitCondition<EndpointSlice, number>(
    {
      query: { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: run.namespace, labels },
      reached: (slices) => {
        const ready = readyUids(slices, hasPorts)
        return wanted.every((uid) => ready.has(uid)) ? ready.size : undefined
      },
      limit: {
        timeout: TIMEOUT,
        late: () => `after 10 s the endpoints of service/${service} are not the pods that were tested`
      }
    },
    run.ports,
    signal
  ).catch(async (error: unknown) => {
    if (!(error instanceof ReleaseFailed) || !(await hasLostPods(run))) throw error
    return undefined
  })
  if (ready !== undefined) noteBehind(run, service, wanted)
  return ready
}

/** Whether one of the pods that came up was evicted or deleted since, so that its failures say nothing of the version. */
export async function hasLostPods(run: ReleaseRun): Promise<boolean> {
  const found = await podsOf(run, 'canary')
  return run.progress.pods.some(
    ({ metadata }) => !found.some((pod) => pod.metadata.uid === metadata.uid && !isEnding(pod))
  )
}

function noteBehind(
  { ports, progress: { behind } }: ReleaseRun,
  service: string,
  uids: readonly string[]
): void {
  const known = behind.get(service)
  if (known === undefined || !uids.every((uid) => known.uids.has(uid)))
    behind.set(service, { uids: new Set(uids), since: ports.clock.now() })
}

/** Milliseconds since the epoch. */
export const behindSince = ({ ports, progress: { behind } }: ReleaseRun, service: string): number =>
  behind.get(service)?.since ?? ports.clock.now()

type Versions = Pick<ReleaseRun, 'ports' | 'namespace'> & Selected
type Selected = Pick<ReleaseRun, 'initial'> & { readonly progress?: Pick<ReleaseRun['progress'], 'canary'> }

/** The selector that only one of the two versions has. */
export function selectorOf({ initial, progress }: Selected, side: 'stable' | 'canary'): Labels {
  const selector = initial.selectors[side]
  return side === 'canary' ? ofTemplate(selector, progress?.canary.hash ?? '') : selector
}

/** Ready pods of one of the two versions, by the selector that only it has. */
export const readyPods = async (run: Versions, side: 'stable' | 'canary'): Promise<readonly Pod[]> =>
  (await podsOf(run, side)).filter(isReady)

/** All pods of one of the two versions, ready or not. */
export const podsOf = (run: Versions, side: 'stable' | 'canary'): Promise<readonly Pod[]> =>
  run.ports.cluster.list<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: run.namespace,
    labels: printSelector(selectorOf(run, side))
  })
