import type { Deployment, KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import type { HttpRoute } from '../support/memory/gateway-controller.ts'
import { autoscaler, NAMESPACE, service, workload } from '../support/memory/shop.ts'
import type { World } from './schedule.ts'
import { INTERNAL } from './users.ts'

/** The objects of a world, as its team has written them and applies them again. */

const slotLabels = (slot: string): Readonly<Record<string, string>> => ({ 'greenlight.dev/slot': slot })

export function serviceOf({ start }: World): Service {
  const written = service(start === 'plain' ? { app: 'web' } : { app: 'web', ...slotLabels('blue') })
  return { ...written, metadata: { ...written.metadata, labels: { team: 'shop' } } }
}

/** Beside the rule for the workload one that is for others; `api` has a weight, which is alone in its rule. */
export const routeOf = (name: string): HttpRoute => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: NAMESPACE, labels: { team: 'shop' } },
  spec: {
    parentRefs: [{ name: 'gateway' }],
    rules: [
      { backendRefs: [{ name: 'docs', port: 80 }] },
      { backendRefs: [{ name: 'web', port: 80, ...(name === 'api' ? { weight: 5 } : {}) }] }
    ]
  }
})

/** By which other users come to the same pods. */
function internalOf(world: World): Service {
  const written = serviceOf(world)
  return { ...written, metadata: { ...written.metadata, name: INTERNAL } }
}

const deploymentsOf = ({ start, replicas }: World): readonly Deployment[] =>
  start === 'plain'
    ? [workload('web', { replicas })]
    : [
        workload('web-blue', { labels: slotLabels('blue'), replicas }),
        workload('web-green', { labels: slotLabels('green'), replicas: 0 })
      ]

/** Somebody else's Service, which nothing of ours may touch. */
const docs: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'docs', namespace: NAMESPACE },
  spec: { selector: { app: 'docs' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
}

export const objectsOf = (world: World): readonly KubernetesObject[] => [
  ...deploymentsOf(world),
  serviceOf(world),
  docs,
  ...(world.internal ? [internalOf(world)] : []),
  ...(world.autoscaled ? [autoscaler(world.start === 'plain' ? 'web' : 'web-blue')] : []),
  ...world.routes.map(routeOf)
]

const waysOf = ({ routes, internal }: World): readonly string[] => [
  ...(internal ? ['service/web', `service/${INTERNAL}`] : []),
  ...routes.map((name) => `httproute/${name}`)
]

/** What every run is told. */
export const givenBy = (world: World): Readonly<Record<string, string>> => ({
  workload: 'web',
  timeout: '30s',
  ...(waysOf(world).length === 0 ? {} : { route: waysOf(world).join('\n') })
})
