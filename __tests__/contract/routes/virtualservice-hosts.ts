import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import type { HttpRule, VirtualService } from '../../../src/routes/istio/rules.ts'
import { virtualServiceRoute } from '../../../src/routes/istio/virtual-service.ts'
import type { RouteObjects } from '../../../src/routes/route.ts'
import { backends, type Hopeless, type RouteFixture } from './fixture.ts'

const HEADER = { name: 'x-canary', value: 'true' }

const main = {
  name: 'main',
  match: [
    { uri: { prefix: '/' }, headers: { 'x-tenant': { exact: 'a' } } },
    { uri: { prefix: '/shop' }, method: { exact: 'GET' } }
  ],
  timeout: '10s',
  retries: { attempts: 2, perTryTimeout: '2s', retryOn: '5xx' },
  headers: { request: { set: { 'x-via': 'mesh' } } },
  route: [
    {
      destination: { host: 'web', port: { number: 80 } },
      headers: { response: { add: { 'x-from': 'web' } } }
    }
  ]
}
const shared = {
  match: [{ uri: { exact: '/legacy' } }],
  fault: { delay: { fixedDelay: '1s', percentage: { value: 0.5 } } },
  route: [
    { destination: { host: 'legacy' }, weight: 40 },
    { destination: { host: 'web' }, weight: 60 },
    { destination: { host: 'parked' }, weight: 0 }
  ]
}
const elsewhere = { match: [{ uri: { prefix: '/old' } }], redirect: { authority: 'old.example.com' } }
const preview = {
  name: 'preview',
  match: [{ headers: { 'x-preview': { exact: 'yes' } } }],
  route: [{ destination: { host: 'web-green' } }]
}
const otherNamespace = {
  match: [{ uri: { prefix: '/theirs' } }],
  route: [{ destination: { host: 'web.elsewhere.svc.cluster.local' } }]
}

export const virtualService = (namespace: string, http: readonly object[] | undefined): KubernetesObject =>
  ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: {
      namespace,
      name: 'web',
      labels: { team: 'shop' },
      annotations: { 'example.com/owner': 'shop' }
    },
    spec: {
      hosts: ['shop.example.com'],
      gateways: ['gateways/public', 'mesh'],
      ...(http && { http }),
      tcp: [{ match: [{ port: 9000 }], route: [{ destination: { host: 'web', port: { number: 9000 } } }] }]
    }
  }) as KubernetesObject

export const destinationRule = (namespace: string, name: string, spec: object): KubernetesObject =>
  ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { namespace, name },
    spec
  }) as KubernetesObject

const policies = (namespace: string): readonly KubernetesObject[] => [
  destinationRule(namespace, 'web-policy', {
    host: 'web',
    trafficPolicy: { connectionPool: { http: { http2MaxRequests: 200 } }, tls: { mode: 'ISTIO_MUTUAL' } }
  }),
  destinationRule(namespace, 'legacy', { host: 'legacy', trafficPolicy: { tls: { mode: 'DISABLE' } } })
]

const isOurs = ({ metadata }: KubernetesObject): boolean =>
  metadata.labels?.['app.kubernetes.io/managed-by'] === 'greenlight'

/** Everything but our rules, our entries and mirrors, our copies, and the weights of the apex. */
export const foreignOfMesh = (objects: readonly KubernetesObject[]): unknown =>
  objects
    .filter((object) => !isOurs(object))
    .map((object) => {
      const { metadata, spec } = object as VirtualService
      const rules = spec.http
        ?.filter(({ name }) => name?.startsWith('greenlight-') !== true)
        .map(({ mirror, mirrorPercentage, route, ...rule }: HttpRule) => ({
          ...rule,
          ...(mirror?.host === 'web-green' ? {} : { mirror, mirrorPercentage }),
          route: route
            ?.filter(({ destination }) => rule.name === 'preview' || destination.host !== 'web-green')
            .map(({ weight, ...target }) =>
              target.destination.host === 'web' ? target : { ...target, weight }
            )
        }))
      return {
        labels: metadata.labels,
        owner: metadata.annotations?.['example.com/owner'],
        ticket: metadata.annotations?.['example.com/ticket'],
        spec: { ...spec, http: rules }
      }
    })

export function editMesh(objects: RouteObjects): RouteObjects {
  const [live, ...others] = objects as unknown as readonly [VirtualService, ...KubernetesObject[]]
  const rule = {
    name: 'new',
    match: [{ uri: { prefix: '/new' } }],
    route: [{ destination: { host: 'new' } }]
  }
  const annotations = { ...live.metadata.annotations, 'example.com/ticket': '41' }
  const spec = {
    ...live.spec,
    hosts: ['shop.example.com', 'www.example.com'],
    http: [rule, ...(live.spec.http ?? [])]
  }
  return [{ ...live, metadata: { ...live.metadata, annotations }, spec } as KubernetesObject, ...others]
}

const single =
  (rule: object): Required<Hopeless>['objects'] =>
  (namespace) => [virtualService(namespace, [rule])]

export const virtualserviceHosts: RouteFixture = {
  name: 'a VirtualService that names hosts',
  route: virtualServiceRoute,
  objects: (namespace) => [
    virtualService(namespace, [main, elsewhere, shared, preview, otherNamespace]),
    ...policies(namespace)
  ],
  backends,
  foreign: foreignOfMesh,
  edit: editMesh,
  hopeless: [
    {
      title: 'no rule refers to the Service',
      objects: (namespace) => [virtualService(namespace, [elsewhere, otherNamespace, preview])],
      splits: [{ weight: 10 }],
      problem:
        /no http rule of virtualservice\/web sends requests .* host web, they go to web\.elsewhere\.svc\.cluster\.local, web-green:/
    },
    {
      title: 'there is no http rule',
      objects: (namespace) => [virtualService(namespace, undefined)],
      splits: [{ weight: 10 }],
      problem: /they go nowhere/
    },
    {
      title: 'the Service has no weight in it',
      objects: single({
        route: [
          { destination: { host: 'web' }, weight: 0 },
          { destination: { host: 'api' }, weight: 100 }
        ]
      }),
      splits: [{ weight: 10 }],
      problem: /no http rule of virtualservice\/web sends requests/
    },
    {
      title: 'a weight beside others is too coarse',
      objects: single({
        name: 'coarse',
        route: [
          { destination: { host: 'web' }, weight: 3 },
          { destination: { host: 'api' }, weight: 97 }
        ]
      }),
      splits: [{ weight: 50 }, { weight: 100 }],
      problem: /http rule 1 \(coarse\) of virtualservice\/web gives host web a weight of 3 .* 50% .* by 2$/
    },
    {
      title: 'the canary stands in it already',
      objects: single({
        route: [
          { destination: { host: 'web' }, weight: 100 },
          { destination: { host: 'web-green' }, weight: 0 }
        ]
      }),
      splits: [{ weight: 10 }],
      problem: /http rule 1 of virtualservice\/web has an entry for host web-green already/
    },
    {
      title: 'a rule matches on the header itself',
      objects: single(main),
      splits: [{ weight: 0, header: { name: 'X-Tenant', value: 'b' } }],
      problem: /http rule 1 \(main\) of virtualservice\/web matches on the header x-tenant itself/
    },
    {
      title: 'a rule excludes the header',
      objects: single({ ...main, match: [{ withoutHeaders: { 'x-canary': { exact: 'true' } } }] }),
      splits: [{ weight: 0, header: HEADER }],
      problem: /matches on the header x-canary itself/
    },
    {
      title: 'a rule has a mirror of its own',
      objects: single({ ...main, mirror: { host: 'audit' } }),
      splits: [{ weight: 0, mirror: 20 }],
      problem: /http rule 1 \(main\) of virtualservice\/web has a mirror of its own/
    },
    {
      title: 'the name of the canary’s DestinationRule is taken',
      objects: (namespace) => [
        virtualService(namespace, [main]),
        ...policies(namespace),
        destinationRule(namespace, 'web-policy-canary', { host: 'api' })
      ],
      splits: [{ weight: 10 }],
      problem: /destinationrule\/web-policy-canary exists/
    }
  ],
  exceptions: {}
}
