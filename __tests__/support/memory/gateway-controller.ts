import { isEnding, isReady } from '../../../src/kubernetes/health.ts'
import type { KubernetesObject, Pod, Service } from '../../../src/kubernetes/objects.ts'
import { selects } from '../../../src/kubernetes/selectors.ts'
import { DRAIN } from '../../../src/plan/drain.ts'
import { refOf, type MemoryCluster } from './memory-cluster.ts'

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
  lag: () => number = () => 20,
  controllerName = 'traefik.io/gateway-controller'
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
    cluster.setStatus(refOf(object), { parents: [{ parentRef, controllerName, conditions }] })
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

/** The pods that users reach. Requests to a Service without pods fail. */
function look(cluster: MemoryCluster, note: (what: string) => void): readonly Pod[] {
  return cluster
    .all<HttpRoute>(ROUTES)
    .flatMap(backendsOf)
    .filter(({ weight = 1 }) => weight > 0)
    .flatMap(({ name }) => {
      const found = readyBehind(cluster, name)
      if (found.length === 0) note(`nobody serves behind service/${name}`)
      return found
    })
}

/** How late a gateway is, in milliseconds. */
export interface Lateness {
  readonly controller: string
  /** Until it sends users where a route says; its controller says at once that it has taken it. */
  readonly routes: number
  /** Until it sends anybody to a pod that has come behind a Service which it sends users to. */
  readonly pods: number
}

/**
 * A load balancer outside of the cluster, and its users. It applies a route after some time, uses a new pod only once
 * it has found it healthy, and drops at once pods that are behind a Service no more.
 */
export function openSlowGateway(cluster: MemoryCluster, { controller, routes, pods }: Lateness): Gateway {
  const { clock } = cluster
  const [harm, story]: [string[], string[]] = [[], []]
  const inForce = new Map(cluster.all<HttpRoute>(ROUTES).map((route) => [route.metadata.name, route]))
  const healthySince = new Map<string, ReadonlyMap<string, number>>()
  const lastServed = new Map<string, number>()
  serveRoutes(cluster, () => 20, controller)

  const discover = (first: boolean): void => {
    const known = new Set([...inForce.values()].flatMap(backendsOf).map(({ name }) => name))
    for (const service of [...healthySince.keys()]) if (!known.has(service)) healthySince.delete(service)
    for (const service of known) {
      const before = healthySince.get(service)
      const since = first ? 0 : clock.now() + pods
      const found = readyBehind(cluster, service).map(({ metadata }) => metadata.name)
      healthySince.set(service, new Map(found.map((pod) => [pod, before?.get(pod) ?? since])))
    }
  }
  const look = (): void => {
    for (const { name, weight = 1 } of [...inForce.values()].flatMap(backendsOf)) {
      if (weight === 0) continue
      const healthy = [...(healthySince.get(name) ?? [])].filter(([, since]) => since <= clock.now())
      const what = `nobody serves behind service/${name}`
      if (healthy.length === 0 && harm.at(-1) !== what) harm.push(what)
      for (const [pod] of healthy) lastServed.set(pod, clock.now())
    }
  }
  const later = (ms: number, work: () => void): void => {
    void clock.sleep(ms).then(work, () => undefined)
  }
  discover(true)
  cluster.subscribe((now, before) => {
    const isNew = now.metadata.generation !== before?.metadata.generation
    if (now.kind === 'HTTPRoute' && isNew) {
      story.push(print(now as HttpRoute))
      later(routes, () => {
        // Until this moment the former route applied.
        look()
        inForce.set(now.metadata.name, now as HttpRoute)
        discover(false)
        look()
      })
    }
    const ends = now.kind === 'Pod' && now.metadata.deletionTimestamp !== before?.metadata.deletionTimestamp
    look()
    const at = lastServed.get(now.metadata.name)
    if (ends && at !== undefined && clock.now() - at < DRAIN && before !== undefined)
      harm.push(`${now.metadata.name} was ended ${clock.now() - at} ms after its last user`)
    if (now.kind !== 'Pod' && now.kind !== 'Service') return
    discover(false)
    look()
    later(pods, look)
  })
  return { harm, story }
}

function readyBehind(cluster: MemoryCluster, name: string): readonly Pod[] {
  const service = cluster.read<Service>({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name })
  return cluster
    .all<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    .filter((pod) => isReady(pod) && !isEnding(pod) && selects(service?.spec.selector, pod.metadata.labels))
}
