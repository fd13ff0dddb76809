import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import type { Ingress } from '../../../src/routes/ingress.ts'
import { nginxRoute } from '../../../src/routes/nginx/nginx.ts'
import type { RouteObjects } from '../../../src/routes/route.ts'
import { backends, type Hopeless, type RouteFixture } from './fixture.ts'

const NO_MIRROR = 'ingress-nginx mirrors to one address for the whole Ingress, and not by share'

const path = (name: string, to: string, pathType = 'Prefix') => ({
  path: name,
  pathType,
  backend: { service: { name: to, port: { number: 80 } } }
})

const ingress = (namespace: string, name: string, spec: object, annotations: object = {}): KubernetesObject =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace,
      name,
      labels: { team: 'shop' },
      annotations: { 'example.com/owner': 'shop', ...annotations }
    },
    spec
  }) as KubernetesObject

const spec = {
  ingressClassName: 'nginx',
  tls: [{ hosts: ['shop.example.com'], secretName: 'shop' }],
  defaultBackend: { service: { name: 'sorry', port: { name: 'http' } } },
  rules: [
    { host: 'shop.example.com', http: { paths: [path('/api', 'api'), path('/', 'web')] } },
    { host: 'www.example.com', http: { paths: [path('/', 'web', 'Exact')] } },
    { host: 'api.example.com', http: { paths: [path('/', 'api')] } }
  ]
}

const only = (to: string) => ({
  ingressClassName: 'nginx',
  rules: [{ host: 'shop.example.com', http: { paths: [path('/', to)] } }]
})

const canary = (to: string) => [only(to), { 'nginx.ingress.kubernetes.io/canary': 'true' }] as const

const hopeless =
  (...others: readonly ((namespace: string) => KubernetesObject)[]): Required<Hopeless>['objects'] =>
  (namespace) => [ingress(namespace, 'web', only('web')), ...others.map((other) => other(namespace))]

function edit([object, ...others]: RouteObjects): RouteObjects {
  const live = object as Ingress
  const rule = { host: 'new.example.com', http: { paths: [path('/', 'new')] } }
  const annotations = { ...live.metadata.annotations, 'example.com/ticket': '41' }
  const rules = [rule, ...(live.spec.rules ?? [])]
  const edited = { ...live, metadata: { ...live.metadata, annotations }, spec: { ...live.spec, rules } }
  return [edited, ...others]
}

/** The user's Ingress as a whole. */
function foreign([object]: readonly KubernetesObject[]): unknown {
  const { metadata, spec: own } = object as Ingress
  const { 'greenlight.dev/before': _, ...annotations } = metadata.annotations ?? {}
  return { labels: metadata.labels, annotations, own }
}

export const nginx: RouteFixture = {
  name: 'an Ingress of ingress-nginx',
  route: nginxRoute,
  objects: (namespace) => [
    ingress(namespace, 'web', spec, {
      'nginx.ingress.kubernetes.io/load-balance': 'ewma',
      'nginx.ingress.kubernetes.io/proxy-body-size': '8m'
    })
  ],
  backends,
  foreign,
  edit,
  hopeless: [
    {
      title: 'no path refers to the Service',
      objects: (namespace) => [ingress(namespace, 'web', only('api'))],
      splits: [{ weight: 10 }],
      problem: /no path of ingress\/web refers to service\/web, they refer to service\/api:/
    },
    {
      title: 'it is a canary itself',
      objects: (namespace) => [ingress(namespace, 'web', ...canary('web'))],
      splits: [{ weight: 10 }],
      problem: /ingress\/web is the canary of another Ingress itself/
    },
    {
      title: 'there is a canary for the path already',
      objects: hopeless((namespace) => ingress(namespace, 'by-hand', ...canary('old'))),
      splits: [{ weight: 10 }],
      problem: /ingress\/by-hand is a canary for the same host and path as ingress\/web/
    },
    {
      title: 'the name is taken',
      objects: hopeless((namespace) => ingress(namespace, 'web-canary', only('api'))),
      splits: [{ weight: 10 }],
      problem: /ingress\/web-canary exists/
    }
  ],
  exceptions: {
    mirror: NO_MIRROR,
    'mirror then weight': NO_MIRROR,
    're-applied': 'the Ingress that the user applies is not changed by a release'
  }
}
