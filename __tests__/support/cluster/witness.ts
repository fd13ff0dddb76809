import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import { printSelector } from '../../../src/kubernetes/selectors.ts'
import { admin } from './real-cluster.ts'
import { getService, service } from './workload.ts'

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
  readonly samples: number
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
export function startWitness(namespace: string, every: number, name = 'web'): Witness {
  const done = new AbortController()
  const states: Seen[] = []
  const empty: Seen[] = []
  let samples = 0
  const watching = (async () => {
    for (;;) {
      const seen = await look(namespace, name)
      samples += 1
      if (seen.uids.length === 0) empty.push(seen)
      const last = states.at(-1)
      if (last?.selector !== seen.selector || last.uids.join() !== seen.uids.join()) states.push(seen)
      await sleep(every, undefined, { signal: done.signal })
    }
  })().catch((error: unknown) => {
    if (!done.signal.aborted) throw error
  })
  const noise = makeNoise(namespace, done.signal)
  return {
    async stop() {
      done.abort()
      await watching
      await noise
      return { samples, empty, states }
    }
  }
}

async function look(namespace: string, name: string): Promise<Seen> {
  const at = Date.now()
  const [{ spec }, slices] = await Promise.all([
    getService(namespace, name),
    admin.list<EndpointSlice>({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      namespace,
      labels: `kubernetes.io/service-name=${name}`
    })
  ])
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true)
  const refs = ready.flatMap(({ targetRef }) => (targetRef === undefined ? [] : [targetRef]))
  return {
    at,
    selector: printSelector(spec.selector),
    pods: refs.map((ref) => ref.name ?? '').sort(),
    uids: refs.map(({ uid }) => uid ?? '').sort()
  }
}

/** Changes a Service that nobody uses every 0.3 s. */
async function makeNoise(namespace: string, signal: AbortSignal): Promise<void> {
  const name = 'noise'
  const noise = service({ app: 'noise' }, name)
  await admin.create<Service>({
    ...noise,
    metadata: { name, namespace },
    spec: { ...noise.spec, type: 'ClusterIP' }
  })
  for (let port = 1000; !signal.aborted; port += 1) {
    await admin.patch({ apiVersion: 'v1', kind: 'Service', namespace, name }, [
      { op: 'replace', path: '/spec/ports/0/port', value: port }
    ])
    await sleep(300, undefined, { signal }).catch(() => undefined)
  }
}
