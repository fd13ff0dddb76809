import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { httpProxyRoute } from '../../../src/routes/contour/contour.ts'
import type { RouteObjects } from '../../../src/routes/route.ts'
import { backends, type RouteFixture } from './fixture.ts'

interface Entry {
  readonly name: string
  readonly weight?: number
  readonly mirror?: boolean
}

interface ProxyRoute {
  readonly conditions?: readonly { readonly header?: { readonly name: string } }[]
  readonly services?: readonly Entry[]
}

interface HttpProxy extends KubernetesObject {
  readonly spec: { readonly routes: readonly ProxyRoute[] }
}

const HEADER = { name: 'x-canary', value: 'true' }

const main = {
  conditions: [{ prefix: '/' }, { header: { name: 'x-tenant', exact: 'a' } }],
  services: [
    {
      name: 'web',
      port: 80,
      protocol: 'h2c',
      requestHeadersPolicy: { set: [{ name: 'x-via', value: 'contour' }] },
      slowStartPolicy: { window: '10s' }
    }
  ],
  timeoutPolicy: { response: '10s', idle: '5s' },
  retryPolicy: { count: 2, perTryTimeout: '1s' },
  loadBalancerPolicy: { strategy: 'RoundRobin' }
}
const status = { conditions: [{ exact: '/status' }], services: [{ name: 'web', port: 8080, weight: 7 }] }
const everything = { services: [{ name: 'web', port: 80 }], enableWebsockets: true }
const elsewhere = {
  conditions: [{ prefix: '/old' }],
  requestRedirectPolicy: { hostname: 'old.example.com', statusCode: 301 }
}
const preview = {
  conditions: [{ header: { name: 'x-preview', exact: 'yes' } }],
  services: [{ name: 'web-green', port: 80 }]
}
const shared = {
  conditions: [{ prefix: '/legacy' }],
  services: [
    { name: 'legacy', port: 8080, weight: 200 },
    { name: 'web', port: 80, weight: 100 },
    { name: 'parked', port: 80 },
    { name: 'audit', port: 80, mirror: true, weight: 5 }
  ]
}

const proxy = (
  namespace: string,
  routes: readonly object[] | undefined,
  others: object = {}
): RouteObjects => [
  {
    apiVersion: 'projectcontour.io/v1',
    kind: 'HTTPProxy',
    metadata: {
      namespace,
      name: 'web',
      labels: { team: 'shop' },
      annotations: { 'example.com/owner': 'shop' }
    },
    spec: {
      virtualhost: { fqdn: 'shop.example.com', corsPolicy: { allowOrigin: ['*'], allowMethods: ['GET'] } },
      includes: [{ name: 'blog', namespace: 'blog', conditions: [{ prefix: '/blog' }] }],
      ...(routes && { routes }),
      ...others
    }
  } as KubernetesObject
]

const isCopy = ({ conditions = [] }: ProxyRoute): boolean => conditions[0]?.header?.name === HEADER.name

const isPreview = ({ conditions = [] }: ProxyRoute): boolean => conditions[0]?.header?.name === 'x-preview'

/** Everything but our routes, our entries and mirrors, and the weight of the apex. */
function foreign([object]: readonly KubernetesObject[]): unknown {
  const { spec, metadata } = object as HttpProxy
  const routes = spec.routes
    .filter((route) => !isCopy(route))
    .map((route) => ({
      ...route,
      services: (route.services ?? [])
        .filter(({ name }) => isPreview(route) || name !== 'web-green')
        .map(({ weight, ...entry }) => (entry.name === 'web' ? entry : { ...entry, weight }))
    }))
  return { labels: metadata.labels, owner: metadata.annotations?.['example.com/owner'], ...spec, routes }
}

/** Somebody writes another route before all, and gives another Service a part of the last. */
function edit([object]: RouteObjects): RouteObjects {
  const live = object as HttpProxy
  const annotations = { ...live.metadata.annotations, 'example.com/ticket': '41' }
  const added = { conditions: [{ prefix: '/new' }], services: [{ name: 'new', port: 80 }] }
  return [
    {
      ...live,
      metadata: { ...live.metadata, annotations },
      spec: { ...live.spec, ingressClassName: 'internal', routes: [added, ...live.spec.routes] }
    } as KubernetesObject
  ]
}

function editServices([object]: RouteObjects): RouteObjects {
  const live = object as HttpProxy
  const routes = live.spec.routes.map((route) => ({
    ...route,
    services: [{ name: 'new', port: 80, weight: 50 }, ...(route.services ?? [])]
  }))
  return [{ ...live, spec: { ...live.spec, routes } } as KubernetesObject]
}

export const httpproxyAlone: RouteFixture = {
  name: 'an HTTPProxy for one Service',
  route: httpProxyRoute,
  objects: (namespace) => proxy(namespace, [main, elsewhere, preview, status, everything]),
  backends,
  foreign,
  edit,
  hopeless: [
    {
      title: 'no route refers to the Service',
      objects: (namespace) =>
        proxy(namespace, [
          elsewhere,
          {
            services: [
              { name: 'api', port: 80 },
              { name: 'web', port: 80, mirror: true }
            ]
          }
        ]),
      splits: [{ weight: 10 }],
      problem:
        /no route of httpproxy\/web sends requests to service\/web, they go to service\/api: .* spec.includes/
    },
    {
      title: 'it only includes others',
      objects: (namespace) => proxy(namespace, undefined),
      splits: [{ weight: 10 }],
      problem: /no route of httpproxy\/web sends requests to service\/web, they go to nobody/
    },
    {
      title: 'the Service has no weight beside others that have',
      objects: (namespace) =>
        proxy(namespace, [
          {
            services: [
              { name: 'web', port: 80 },
              { name: 'api', port: 80, weight: 1 }
            ]
          }
        ]),
      splits: [{ weight: 10 }],
      problem: /no route of httpproxy\/web sends requests to service\/web, they go to service\/api:/
    },
    {
      title: 'connections do not come through its routes',
      objects: (namespace) =>
        proxy(namespace, [everything], { tcpproxy: { services: [{ name: 'web', port: 80 }] } }),
      splits: [{ weight: 10 }],
      problem: /httpproxy\/web has spec.tcpproxy/
    },
    {
      title: 'the canary stands in it already',
      objects: (namespace) =>
        proxy(namespace, [
          {
            services: [
              { name: 'web', port: 80, weight: 1 },
              { name: 'web-green', port: 80 }
            ]
          }
        ]),
      splits: [{ weight: 10 }],
      problem: /service\/web-green beside service\/web already/
    },
    {
      title: 'it mirrors to the canary already',
      objects: (namespace) =>
        proxy(namespace, [
          {
            services: [
              { name: 'web', port: 80 },
              { name: 'web-green', port: 80, mirror: true }
            ]
          }
        ]),
      splits: [{ weight: 10 }],
      problem: /service\/web-green beside service\/web already/
    },
    {
      title: 'a route matches on the header itself',
      splits: [{ weight: 0, header: { name: 'X-Tenant', value: 'b' } }],
      problem: /route 1 of httpproxy\/web matches on the header X-Tenant itself/
    },
    {
      title: 'the header leads to the canary already',
      splits: [{ weight: 0, header: { name: 'x-preview', value: 'yes' } }],
      problem: /route 3 of httpproxy\/web matches on the header x-preview itself/
    }
  ],
  exceptions: {}
}

const NO_MIRROR = 'Contour allows one mirror a route, and this one has it'

export const httpproxyBesideOthers: RouteFixture = {
  name: 'an HTTPProxy for several Services',
  route: httpProxyRoute,
  objects: (namespace) => proxy(namespace, [shared]),
  backends,
  foreign,
  edit: editServices,
  hopeless: [
    {
      title: 'it mirrors already',
      splits: [{ weight: 0, mirror: 20 }],
      problem: /route 1 of httpproxy\/web mirrors to service\/audit already, and Contour allows one mirror/
    },
    {
      title: 'none of its Services has a weight',
      objects: (namespace) =>
        proxy(namespace, [
          elsewhere,
          {
            services: [
              { name: 'web', port: 80 },
              { name: 'legacy', port: 80, weight: 0 }
            ]
          }
        ]),
      splits: [{ weight: 100 }],
      problem: /route 2 of httpproxy\/web gives none of its services a weight/
    },
    {
      title: 'its weight is too coarse',
      objects: (namespace) =>
        proxy(namespace, [
          {
            services: [
              { name: 'web', port: 80, weight: 3 },
              { name: 'api', port: 80, weight: 7 }
            ]
          }
        ]),
      splits: [{ weight: 50 }, { weight: 10 }, { weight: 100 }],
      problem: /route 1 of httpproxy\/web gives service\/web a weight of 3 .* 50% .* by 10$/
    }
  ],
  exceptions: { mirror: NO_MIRROR, 'mirror then weight': NO_MIRROR }
}
