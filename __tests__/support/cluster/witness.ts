import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import { printSelector } from '../../../src/kubernetes/selectors.ts'
import { admin } from './real-cluster.ts'
import { service } from './workload.ts'

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean }
        readonly targetRef?: { readonly name?: string; readonly uid?: string }
      }[]
    | null
}

export interface Seen {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly selector: string
  /** Names of the pods that the Service sends traffic to. */
  readonly pods: readonly string[]
  readonly uids: readonly string[]
}

export interface Testimony {
  /** Moments at which the Service had nobody to send a request to. */
  readonly empty: readonly Seen[]
  /** Every state of selector and endpoints in order, each once. */
  readonly states: readonly Seen[]
}

export interface Witness {
  stop(): Promise<Testimony>
}

/**
 * Observes the Service and its endpoints continuously, and keeps kube-proxy as busy as in a real cluster. In a quiet
 * cluster kube-proxy applies a first change at once, and a missing drain would go unnoticed.
 */
export function startWitness(namespace: string, name = 'web'): Witness {
  const done = new AbortController()
  const states: Seen[] = []
  let services: readonly Service[] = []
  let slices: readonly EndpointSlice[] | undefined
  const note = (): void => {
    const selector = services.find(({ metadata }) => metadata.name === name)?.spec.selector
    if (selector === undefined || slices === undefined) return
    const seen = stateOf(printSelector(selector), slices)
    const last = states.at(-1)
    if (last?.selector !== seen.selector || last.uids.join() !== seen.uids.join()) states.push(seen)
  }
  const working = [
    // With the one that changes all the time, so that `stop` can tell a watch that has gone deaf.
    admin.watch<Service>(
      { apiVersion: 'v1', kind: 'Service', namespace },
      (seen) => {
        services = seen
        note()
      },
      done.signal
    ),
    admin.watch<EndpointSlice>(
      {
        ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace },
        labels: `kubernetes.io/service-name=${name}`
      },
      (seen) => {
        slices = seen
        note()
      },
      done.signal
    ),
    makeNoise(namespace, done.signal)
  ]
  // What went wrong is told by `stop`, and ends no other scene before.
  for (const one of working) one.catch(() => undefined)
  return {
    async stop() {
      await untilCaughtUp(namespace, () => services)
      done.abort()
      await Promise.all(working)
      if (states.length === 0)
        throw new Error(`service/${name} or its endpoints were never seen in ${namespace}`)
      return { empty: states.filter(({ uids }) => uids.length === 0), states }
    }
  }
}

function stateOf(selector: string, slices: readonly EndpointSlice[]): Seen {
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true)
  const refs = ready.flatMap(({ targetRef }) => (targetRef === undefined ? [] : [targetRef]))
  return {
    at: Date.now(),
    selector,
    pods: refs.map((ref) => ref.name ?? '').sort(),
    uids: refs.map(({ uid }) => uid ?? '').sort()
  }
}

/** Until the watch shows a change that is made now. */
async function untilCaughtUp(namespace: string, watched: () => readonly Service[]): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Service', namespace, name: NOISE }
  const now = Date.now().toString()
  await admin.patch(ref, [{ op: 'add', path: '/metadata/annotations', value: { now } }])
  for (let left = 600; left > 0; left -= 1) {
    const noise = watched().find(({ metadata }) => metadata.name === NOISE)
    if (noise?.metadata.annotations?.now === now) return
    await sleep(50)
  }
  throw new Error(`the watch of the Services in ${namespace} shows nothing of what is changed`)
}

const NOISE = 'noise'

/** Changes a Service that nobody uses more often than kube-proxy applies changes, once a second. */
async function makeNoise(namespace: string, signal: AbortSignal): Promise<void> {
  const noise = service({ app: 'noise' }, NOISE)
  await admin.create<Service>({
    ...noise,
    metadata: { name: NOISE, namespace },
    spec: { ...noise.spec, type: 'ClusterIP' }
  })
  for (let port = 1000; !signal.aborted; port += 1) {
    await admin.patch({ apiVersion: 'v1', kind: 'Service', namespace, name: NOISE }, [
      { op: 'replace', path: '/spec/ports/0/port', value: port }
    ])
    await sleep(600, undefined, { signal }).catch(() => undefined)
  }
}
