import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { grpcRoute } from '../../../src/routes/gateway/gateway.ts'
import { backends, type RouteFixture } from './fixture.ts'
import { editRules, foreignRules } from './httproute.ts'

const HEADER = { name: 'x-canary', value: 'true' }

/** Without matches: it takes whatever no other rule does. */
const everything = {
  filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['x-internal'] } }],
  backendRefs: [{ name: 'web', port: 9000, weight: 7 }]
}
const orders = {
  matches: [
    { method: { type: 'Exact', service: 'shop.Orders', method: 'Place' } },
    {
      method: { service: 'shop.Orders' },
      headers: [{ name: 'x-tenant', value: 'a.*', type: 'RegularExpression' }]
    }
  ],
  backendRefs: [
    { name: 'web', port: 9000, weight: 60 },
    { name: 'web', port: 9001, weight: 20 },
    { name: 'orders', port: 9000, weight: 20 }
  ]
}
const elsewhere = {
  matches: [{ method: { service: 'shop.Carts' } }],
  backendRefs: [
    { name: 'carts', port: 9000 },
    { group: 'example.com', kind: 'Pool', name: 'web' }
  ]
}

const route = (namespace: string, rules: readonly object[]): readonly [KubernetesObject] => [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GRPCRoute',
    metadata: { namespace, name: 'web', annotations: { 'example.com/owner': 'shop' } },
    spec: { parentRefs: [{ name: 'web', namespace: 'gateways' }], rules }
  } as KubernetesObject
]

export const grpcroute: RouteFixture = {
  name: 'a GRPCRoute',
  route: grpcRoute,
  objects: (namespace) => route(namespace, [orders, elsewhere, everything]),
  backends,
  foreign: foreignRules,
  edit: editRules,
  hopeless: [
    {
      title: 'no rule refers to the Service',
      objects: (namespace) => route(namespace, [elsewhere]),
      splits: [{ weight: 10 }],
      problem:
        /no rule of grpcroute\/web sends requests to service\/web, they go to service\/carts, pool\/web/
    },
    {
      title: 'a header step needs more rules than fit',
      objects: (namespace) =>
        route(
          namespace,
          Array.from({ length: 9 }, (_, at) => ({
            matches: [{ method: { service: `shop.S${at}` } }],
            backendRefs: [{ name: 'web', port: 9000 }]
          }))
        ),
      splits: [{ weight: 0, header: HEADER }],
      problem: /makes 18 rules, and the Gateway API allows 16/,
      refused: true
    }
  ],
  exceptions: {}
}
