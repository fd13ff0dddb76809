import { isEnding, isReady } from '../../../src/kubernetes/health.ts'
import type { KubernetesObject, Pod, Service } from '../../../src/kubernetes/objects.ts'
import { selects } from '../../../src/kubernetes/selectors.ts'
import type { DestinationRule } from '../../../src/routes/istio/destination-rules.ts'
import { targetsOf, rulesOf, type VirtualService } from '../../../src/routes/istio/rules.ts'
import type { MemoryCluster } from './memory-cluster.ts'
import { NAMESPACE } from './shop.ts'

const API = 'networking.istio.io/v1'

/** How late the proxies of a mesh hear of objects, in milliseconds. */
export interface MeshLateness {
  readonly VirtualService: number
  readonly DestinationRule: number
}

/**
 * A mesh in the in-memory cluster, and its users: each proxy does what the VirtualServices and the DestinationRules said
 * some time ago, and knows pods and Services at once.
 * @returns what users would have noticed, each sentence once in a row
 */
export function openMesh(cluster: MemoryCluster, late: MeshLateness): readonly string[] {
  const harm: string[] = []
  const inForce = new Map<string, KubernetesObject>()
  const note = (what: string): void => {
    if (harm.at(-1) !== what) harm.push(what)
  }
  const known = (kind: string): readonly KubernetesObject[] =>
    [...inForce.values()].filter((object) => object.kind === kind)
  const look = (): void => {
    for (const rule of (known('VirtualService') as VirtualService[]).flatMap(rulesOf)) {
      for (const { destination, weight = 100 } of targetsOf(rule)) {
        const { host, subset } = destination
        if (weight > 0 && readyIn(cluster, host, subset, known('DestinationRule') as DestinationRule[]) === 0)
          note(`nobody serves behind ${host}${subset === undefined ? '' : `, subset ${subset}`}`)
      }
    }
  }
  for (const kind of ['VirtualService', 'DestinationRule'] as const) {
    for (const object of cluster.all({ apiVersion: API, kind })) inForce.set(keyOf(object), object)
  }
  cluster.subscribe((now, before) => {
    look()
    const { kind } = now
    if (kind !== 'VirtualService' && kind !== 'DestinationRule') return
    if (now.metadata.generation === before?.metadata.generation) return
    const take = (): void => {
      // Until this moment the former objects applied.
      look()
      const live = cluster.read({ apiVersion: API, kind, namespace: NAMESPACE, name: now.metadata.name })
      if (live === undefined) inForce.delete(keyOf(now))
      else inForce.set(keyOf(now), now)
      look()
    }
    void cluster.clock.sleep(late[kind]).then(take, () => undefined)
  })
  return harm
}

const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`

function readyIn(
  cluster: MemoryCluster,
  host: string,
  subset: string | undefined,
  rules: readonly DestinationRule[]
): number {
  const service = cluster.read<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    namespace: NAMESPACE,
    name: host
  })
  const subsets = rules.filter(({ spec }) => spec.host === host).flatMap(({ spec }) => spec.subsets ?? [])
  const found = subsets.find(({ name }) => name === subset)
  if (service === undefined || (subset !== undefined && found === undefined)) return 0
  const { labels = {} } = found ?? {}
  return cluster
    .all<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    .filter((pod) => isReady(pod) && !isEnding(pod) && selects(service.spec.selector, pod.metadata.labels))
    .filter((pod) => Object.keys(labels).length === 0 || selects(labels, pod.metadata.labels)).length
}
