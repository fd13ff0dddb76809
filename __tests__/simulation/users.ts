import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { Deployment, Lease, Pod, Service } from '../../src/kubernetes/objects.ts'
import { selects } from '../../src/kubernetes/selectors.ts'
import { LOCK_SECONDS } from '../../src/lock/lease.ts'
import type { MemoryCluster } from '../support/memory/memory-cluster.ts'
import type { Backend, HttpRoute, Rule } from '../support/memory/gateway-controller.ts'
import { deploymentRef, leaseRef, NAMESPACE, serviceRef } from '../support/memory/shop.ts'

/**
 * Who reaches which pods, found out anew from the objects alone: nothing here asks the code under test what a
 * weight or a selector means.
 */

const ROUTES = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace: NAMESPACE }
const PODS = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE }
export const SLOTS = ['web', 'web-blue', 'web-green'] as const
/** The one that has been there before any release. */
export const PLAIN = 'web'
/** Under these names backends of the workload are found. */
const APEX = 'web'
/** The second Service, in worlds that have one. */
export const INTERNAL = 'web-internal'
const SLOT_SERVICES: ReadonlySet<string> = new Set(['web-plain', 'web-blue', 'web-green'])

/** A way by which users come to a Service of the workload. */
export interface Way {
  /** `service/web`, `httproute/web → service/web-green` */
  readonly title: string
  /** Of the route's requests, in per cent. */
  readonly share: number
  /** All that are not ending. */
  readonly pods: readonly Pod[]
}

export const podsIn = (cluster: MemoryCluster): readonly Pod[] =>
  cluster.all<Pod>(PODS).filter((pod) => !isEnding(pod))

export const routesIn = (cluster: MemoryCluster): readonly HttpRoute[] => cluster.all<HttpRoute>(ROUTES)

export function serviceIn(cluster: MemoryCluster): Service {
  const service = cluster.read<Service>(serviceRef)
  if (service === undefined) throw new Error('service/web is gone')
  return service
}

export const deploymentIn = (cluster: MemoryCluster, name: string): Deployment | undefined =>
  cluster.read<Deployment>(deploymentRef(name))

/** `web-green` of pod `web-green-1a2b3c4d-7`. */
export const ownerOf = ({ metadata }: Pod): string => metadata.name.replace(/-[0-9a-f]{8}-\d+$/, '')

export const versionIn = ({ spec }: Pod | Deployment['spec']['template']): string =>
  spec.containers[0]?.image?.split(':')[1] ?? '?'

/** Of the route's rules that lead to the workload: the entries, and whether only some requests come by them. */
export interface Entry {
  readonly backend: Backend
  readonly share: number
  /** A rule of ours alone, for the requests with a header. */
  readonly copy: boolean
}

const isOfWorkload = ({ name }: Backend): boolean => name === APEX || SLOT_SERVICES.has(name)

const weightOf = ({ weight = 1 }: Backend): number => weight

/** How many requests have a header nobody knows: some. */
const SOME = 1

const isCopy = ({ backendRefs }: Rule): boolean =>
  backendRefs.length > 0 && backendRefs.every(({ name }) => SLOT_SERVICES.has(name))

export const entriesOf = ({ spec }: HttpRoute): readonly Entry[] =>
  spec.rules.flatMap((rule) => {
    const whole = rule.backendRefs.reduce((sum, backend) => sum + weightOf(backend), 0)
    const copy = isCopy(rule)
    return rule.backendRefs.filter(isOfWorkload).map((backend) => ({
      backend,
      share: copy ? SOME : whole === 0 ? 0 : (100 * weightOf(backend)) / whole,
      copy
    }))
  })

export const isOurs = ({ backend }: Entry): boolean => SLOT_SERVICES.has(backend.name)

/** Services that get copies of requests. */
export const mirrorsOf = ({ spec }: HttpRoute): readonly Backend[] =>
  spec.rules.flatMap(({ filters = [] }) =>
    filters.flatMap(({ requestMirror }) => (requestMirror === undefined ? [] : [requestMirror.backendRef]))
  )

/** @param inForce what gateways still do, whatever has been written since */
export function waysOf(cluster: MemoryCluster, inForce: readonly HttpRoute[]): readonly Way[] {
  const pods = podsIn(cluster)
  const behind = (name: string): readonly Pod[] => {
    const service = cluster.read<Service>({ ...serviceRef, name })
    return pods.filter(({ metadata }) => selects(service?.spec.selector, metadata.labels))
  }
  const routed = [...routesIn(cluster), ...inForce].flatMap((route) =>
    entriesOf(route).map(({ backend, share }) => ({
      title: `httproute/${route.metadata.name} → service/${backend.name}`,
      share,
      pods: behind(backend.name)
    }))
  )
  const services = [APEX, INTERNAL].filter((name) => cluster.read({ ...serviceRef, name }) !== undefined)
  return [
    ...services.map((name) => ({ title: `service/${name}`, share: 100, pods: behind(name) })),
    ...routed
  ]
}

/** Those that answer. */
export const readyOf = ({ pods }: Way): readonly Pod[] => pods.filter(isReady)

/** Whether it is one of the Services by which users come. */
export const isEntrance = ({
  kind,
  metadata
}: {
  readonly kind: string
  readonly metadata: { readonly name: string }
}): boolean => kind === 'Service' && (metadata.name === APEX || metadata.name === INTERNAL)

/** The run that has the lock; nobody has one that was not renewed for as long as it lasts. */
export function holderIn(cluster: MemoryCluster): string | undefined {
  const { holderIdentity = '', renewTime = '' } = cluster.read<Lease>(leaseRef)?.spec ?? {}
  if (cluster.clock.now() - Date.parse(renewTime) > LOCK_SECONDS * 1000) return undefined
  const [, run] = /^(\d+)-/.exec(holderIdentity) ?? []
  return run === undefined ? undefined : `run ${run}`
}

export const ownersOf = (pods: readonly Pod[]): ReadonlySet<string> => new Set(pods.map(ownerOf))
