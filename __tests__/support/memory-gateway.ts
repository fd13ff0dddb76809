import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { KubernetesObject, Pod, Service } from '../../src/kubernetes/objects.ts'
import { selects } from '../../src/kubernetes/selectors.ts'
import { DRAIN } from '../../src/strategies/drain.ts'
import { refOf } from './memory-cluster.ts'
import type { MemoryCluster } from './memory-cluster.ts'

export interface HttpRoute extends KubernetesObject {
  readonly spec: {
    readonly parentRefs: readonly { readonly name: string }[]
    readonly rules: readonly Rule[]
  }
}

export interface Rule {
  readonly matches?: readonly { readonly headers?: readonly unknown[] }[]
  readonly filters?: readonly { readonly requestMirror?: { readonly backendRef: Backend } }[]
  readonly backendRefs: readonly Backend[]
}

export interface Backend {
  readonly name: string
  readonly port: number
  readonly weight?: number
}

export const httpRoute = (name = 'web'): KubernetesObject =>
  ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop' },
    spec: { parentRefs: [{ name: 'gateway' }], rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] }
  }) as KubernetesObject

export interface Gateway {
  /** What its users would have noticed. */
  readonly harm: readonly string[]
  /** Every state of the route in order, e.g. `web 90, web-green 10`. */
  readonly story: readonly string[]
}

const ROUTES = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' }

/**
 * The controller of a gateway: takes routes a moment after they are written.
 * @param lag milliseconds
 * @returns the routes as they are in force by now
 */
export function serveRoutes(
  cluster: MemoryCluster,
  lag: () => number = () => 20
): () => readonly HttpRoute[] {
  const inForce = new Map<string, HttpRoute>()
  const take = (object: KubernetesObject): void => {
    const { generation, name } = object.metadata
    const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
      type,
      status: 'True',
      observedGeneration: generation
    }))
    const [parentRef] = (object as HttpRoute).spec.parentRefs
    inForce.set(name, object as HttpRoute)
    cluster.setStatus(refOf(object), { parents: [{ parentRef, controllerName: 'test/gateway', conditions }] })
  }
  cluster.all<HttpRoute>(ROUTES).forEach(take)
  cluster.subscribe((now, before) => {
    if (now.kind !== 'HTTPRoute' || now.metadata.generation === before?.metadata.generation) return
    void cluster.clock.sleep(lag()).then(
      () => {
        take(now)
      },
      () => undefined
    )
  })
  return () => [...inForce.values()]
}

/** A gateway in the in-memory cluster, and its users. */
export function openGateway(cluster: MemoryCluster): Gateway {
  const harm: string[] = []
  const story: string[] = []
  const lastServed = new Map<string, number>()
  serveRoutes(cluster)
  cluster.subscribe((now, before) => {
    if (now.kind === 'HTTPRoute' && now.metadata.generation !== before?.metadata.generation)
      story.push(print(now as HttpRoute))
    const served = look(cluster, (what) => {
      if (harm.at(-1) !== what) harm.push(what)
    })
    const ends = now.kind === 'Pod' && now.metadata.deletionTimestamp !== before?.metadata.deletionTimestamp
    const at = lastServed.get(now.metadata.name)
    if (ends && at !== undefined && cluster.clock.now() - at < DRAIN)
      harm.push(`${now.metadata.name} was ended ${cluster.clock.now() - at} ms after its last user`)
    for (const { metadata } of served) lastServed.set(metadata.name, cluster.clock.now())
  })
  return { harm, story }
}

const backendsOf = ({ spec }: HttpRoute): readonly Backend[] =>
  spec.rules.flatMap(({ backendRefs }) => backendRefs)

const print = (route: HttpRoute): string =>
  backendsOf(route)
    .map(({ name, weight }) => (weight === undefined ? name : `${name} ${weight}`))
    .join(', ')

/** The pods that users reach. Whoever is sent to a Service without any gets an error. */
function look(cluster: MemoryCluster, note: (what: string) => void): readonly Pod[] {
  const pods = cluster.all<Pod>({ apiVersion: 'v1', kind: 'Pod' })
  return cluster
    .all<HttpRoute>(ROUTES)
    .flatMap(backendsOf)
    .filter(({ weight = 1 }) => weight > 0)
    .flatMap(({ name }) => {
      const service = cluster.read<Service>({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name })
      const found = pods.filter(
        (pod) => isReady(pod) && !isEnding(pod) && selects(service?.spec.selector, pod.metadata.labels)
      )
      if (found.length === 0) note(`nobody serves behind service/${name}`)
      return found
    })
}
