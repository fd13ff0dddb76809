import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { httpRoute } from '../../../src/routes/gateway/gateway.ts'
import { refsOf, type GatewayRoute, type Rule } from '../../../src/routes/gateway/rules.ts'
import type { RouteObjects } from '../../../src/routes/route.ts'
import { backends, type RouteFixture } from './fixture.ts'

const HEADER = { name: 'x-canary', value: 'true' }

const main = {
  name: 'main',
  matches: [
    { path: { type: 'PathPrefix', value: '/' }, headers: [{ type: 'Exact', name: 'x-tenant', value: 'a' }] },
    { path: { type: 'PathPrefix', value: '/shop' }, method: 'GET' }
  ],
  filters: [
    { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-via', value: 'gateway' }] } },
    { type: 'RequestMirror', requestMirror: { backendRef: { name: 'audit', port: 80 }, percent: 5 } }
  ],
  timeouts: { request: '10s', backendRequest: '5s' },
  backendRefs: [
    {
      name: 'web',
      port: 80,
      filters: [
        {
          type: 'ResponseHeaderModifier',
          responseHeaderModifier: { add: [{ name: 'x-from', value: 'web' }] }
        }
      ]
    }
  ]
}
const shared = {
  matches: [{ path: { type: 'Exact', value: '/legacy' } }],
  backendRefs: [
    { name: 'legacy', port: 8080, weight: 200 },
    { name: 'web', port: 80, weight: 100 },
    { name: 'parked', port: 80, weight: 0 }
  ]
}
const elsewhere = {
  matches: [{ path: { type: 'PathPrefix', value: '/old' } }],
  filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'old.example.com', statusCode: 301 } }]
}
const preview = {
  matches: [{ headers: [{ type: 'Exact', name: 'x-preview', value: 'yes' }] }],
  backendRefs: [{ name: 'web-green', port: 80 }]
}
const otherNamespace = {
  matches: [{ path: { type: 'PathPrefix', value: '/theirs' } }],
  backendRefs: [{ name: 'web', namespace: 'somewhere-else', port: 80 }]
}

const route = (namespace: string, rules: readonly object[] | undefined): RouteObjects => [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      namespace,
      name: 'web',
      labels: { team: 'shop' },
      annotations: { 'example.com/owner': 'shop' }
    },
    spec: {
      parentRefs: [{ name: 'web', namespace: 'gateways', sectionName: 'http' }],
      hostnames: ['shop.example.com'],
      ...(rules && { rules })
    }
  } as KubernetesObject
]

const rulesOf = (object: KubernetesObject): readonly Rule[] => (object as GatewayRoute).spec.rules ?? []

const isOurs = (rule: Rule): boolean =>
  rule.matches?.every(({ headers }) => headers?.at(-1)?.name === HEADER.name) === true

/** Everything but our rules, our entries and mirrors, and the weight of the apex. */
export function foreignRules([object]: readonly KubernetesObject[]): unknown {
  const { spec, metadata } = object as GatewayRoute
  const rules = rulesOf(object as GatewayRoute)
    .filter((rule) => !isOurs(rule))
    .map((rule) => {
      const isUsers = rule.matches?.[0]?.headers?.[0]?.name === 'x-preview'
      const refs = refsOf(rule).filter(({ name }) => isUsers || name !== 'web-green')
      return {
        ...rule,
        filters: (rule.filters ?? []).filter(
          ({ requestMirror }) => requestMirror?.backendRef.name !== 'web-green'
        ),
        backendRefs: refs.map(({ weight, ...ref }) => (ref.name === 'web' ? ref : { ...ref, weight }))
      }
    })
  return { labels: metadata.labels, owner: metadata.annotations?.['example.com/owner'], ...spec, rules }
}

export function editRules([object]: RouteObjects): RouteObjects {
  const live = object as GatewayRoute
  const rule = { name: 'new', backendRefs: [{ name: 'new', port: 80 }] }
  const annotations = { ...live.metadata.annotations, 'example.com/ticket': '41' }
  return [
    {
      ...live,
      metadata: { ...live.metadata, annotations },
      spec: {
        ...live.spec,
        hostnames: ['shop.example.com', 'www.example.com'],
        rules: [rule, ...rulesOf(live)]
      }
    } as GatewayRoute
  ]
}

const many = (count: number, of: (at: number) => object): readonly object[] =>
  Array.from({ length: count }, (_, at) => of(at))
const pathRule = (at: number, backend: string) => ({
  matches: [{ path: { type: 'Exact', value: `/${at}` } }],
  backendRefs: [{ name: backend, port: 80 }]
})
const matching = (count: number) => ({
  matches: many(count, (at) => ({ path: { type: 'Exact', value: `/${count}/${at}` } })),
  backendRefs: [{ name: 'web', port: 80 }]
})

export const httproute: RouteFixture = {
  name: 'an HTTPRoute',
  route: httpRoute,
  objects: (namespace) => route(namespace, [main, elsewhere, shared, preview, otherNamespace]),
  backends,
  foreign: foreignRules,
  edit: editRules,
  hopeless: [
    {
      title: 'no rule refers to the Service',
      objects: (namespace) => route(namespace, [elsewhere, otherNamespace, pathRule(1, 'api')]),
      splits: [{ weight: 10 }],
      problem:
        /no rule of httproute\/web sends requests to service\/web, they go to service\/web of namespace somewhere-else, service\/api/
    },
    {
      title: 'the Service has no weight in it',
      objects: (namespace) => route(namespace, [{ backendRefs: [{ name: 'web', port: 80, weight: 0 }] }]),
      splits: [{ weight: 10 }],
      problem: /no rule of httproute\/web sends requests to service\/web/
    },
    {
      title: 'a weight beside others is too coarse',
      objects: (namespace) =>
        route(namespace, [
          {
            name: 'coarse',
            backendRefs: [
              { name: 'web', port: 80, weight: 3 },
              { name: 'b', port: 80, weight: 7 }
            ]
          }
        ]),
      splits: [{ weight: 50 }, { weight: 10 }, { weight: 100 }],
      problem: /rule 1 \(coarse\) of httproute\/web gives service\/web a weight of 3 .* 50% .* by 10$/
    },
    {
      title: 'the canary stands in it already',
      objects: (namespace) =>
        route(namespace, [
          {
            backendRefs: [
              { name: 'web', port: 80 },
              { name: 'web-green', port: 80, weight: 0 }
            ]
          }
        ]),
      splits: [{ weight: 10 }],
      problem: /service\/web-green beside service\/web already/
    },
    {
      title: 'a header step needs more rules than fit',
      objects: (namespace) =>
        route(
          namespace,
          many(9, (at) => pathRule(at, 'web'))
        ),
      splits: [{ weight: 0, header: HEADER }],
      problem: /makes 18 rules, and the Gateway API allows 16/,
      refused: true
    },
    {
      title: 'a header step needs more matches than fit',
      objects: (namespace) => route(namespace, [matching(30), matching(40)]),
      splits: [{ weight: 0, header: HEADER }],
      problem: /makes 140 matches, and the Gateway API allows 128/,
      refused: true
    },
    {
      title: 'a rule matches on the header itself',
      objects: (namespace) => route(namespace, [main]),
      splits: [{ weight: 0, header: { name: 'X-Tenant', value: 'b' } }],
      problem: /rule 1 \(main\) of httproute\/web matches on the header X-Tenant itself/
    },
    {
      title: 'the header leads to the canary already',
      objects: (namespace) => route(namespace, [preview, main]),
      splits: [{ weight: 0, header: { name: 'x-preview', value: 'yes' } }],
      problem: /rule 1 of httproute\/web sends this value of header x-preview to service\/web-green already/
    },
    {
      title: 'a rule has no room for a mirror',
      objects: (namespace) =>
        route(namespace, [
          {
            filters: many(16, (at) => ({
              type: 'RequestMirror',
              requestMirror: { backendRef: { name: `audit-${at}`, port: 80 } }
            })),
            backendRefs: [{ name: 'web', port: 80 }]
          }
        ]),
      splits: [{ weight: 0, mirror: 20 }],
      problem: /rule 1 of httproute\/web has 16 filters/,
      refused: true
    },
    {
      title: 'a rule has no room for the canary',
      objects: (namespace) =>
        route(namespace, [
          {
            backendRefs: [
              { name: 'web', port: 80, weight: 100 },
              ...many(15, (at) => ({ name: `b-${at}`, port: 80, weight: 100 }))
            ]
          }
        ]),
      splits: [{ weight: 10 }],
      problem: /rule 1 of httproute\/web has 16 backendRefs/,
      refused: true
    }
  ],
  exceptions: {}
}
