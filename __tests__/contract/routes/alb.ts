import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { albRoute } from '../../../src/routes/alb/alb.ts'
import type { Ingress } from '../../../src/routes/ingress.ts'
import type { RouteObjects } from '../../../src/routes/route.ts'
import { backends, type Hopeless, type RouteFixture } from './fixture.ts'

const HEADER = { name: 'x-canary', value: 'true' }
const NO_MIRROR = 'a load balancer of AWS does not mirror'
const ALB = 'alb.ingress.kubernetes.io'

const action = (...groups: readonly object[]): string =>
  JSON.stringify({ type: 'forward', forwardConfig: { targetGroups: groups } })
const group = (serviceName: string, weight: number) => ({ serviceName, servicePort: '80', weight })
const redirect = '{"type":"redirect","redirectConfig":{"host":"old.example.com","statusCode":"HTTP_301"}}'

const path = (name: string, to: string, port: object = { name: 'use-annotation' }) => ({
  path: name,
  pathType: 'Prefix',
  backend: { service: { name: to, port } }
})

const annotations = {
  [`${ALB}/scheme`]: 'internet-facing',
  [`${ALB}/actions.old`]: redirect,
  // As the author laid it out, and with a stickiness of their own.
  [`${ALB}/actions.root`]: `{
    "type": "forward",
    "forwardConfig": {
      "targetGroups": [
        { "serviceName": "web", "servicePort": "80", "weight": 1 }
      ],
      "targetGroupStickinessConfig": { "enabled": true, "durationSeconds": 60 }
    }
  }`,
  // As Argo Rollouts writes them.
  [`${ALB}/actions.shared`]: JSON.stringify({
    Type: 'forward',
    ForwardConfig: {
      TargetGroups: [
        { ServiceName: 'legacy', ServicePort: '80', Weight: 40 },
        { ServiceName: 'web', ServicePort: '80', Weight: 60 }
      ]
    }
  }),
  [`${ALB}/conditions.shared`]:
    '[{"field":"query-string","queryStringConfig":{"values":[{"key":"v","value":"1"}]}}]'
}

const ingress = (
  namespace: string,
  paths: readonly object[],
  own: object,
  fields: object = {}
): RouteObjects => [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace,
      name: 'web',
      labels: { team: 'shop' },
      annotations: { 'example.com/owner': 'shop', ...own }
    },
    spec: { ingressClassName: 'alb', rules: [{ host: 'shop.example.com', http: { paths } }], ...fields }
  } as Ingress
]

const users = [path('/old', 'old'), path('/api', 'api', { number: 80 }), path('/both', 'shared')]
const direct = path('/direct', 'web', { number: 80 })

const isOurs = (key: string): boolean => key.endsWith('-greenlight-canary')

/** Everything but our paths, our annotations, and what the paths of the workload do. */
function foreign([object]: readonly KubernetesObject[]): unknown {
  const { metadata, spec } = object as Ingress
  const ours = ['greenlight.dev/before', ...['web', 'root', 'shared'].map((name) => `${ALB}/actions.${name}`)]
  const rules = spec.rules?.map((rule) => ({
    ...rule,
    http: {
      paths: rule.http?.paths
        .filter(({ backend }) => !isOurs(backend.service?.name ?? ''))
        .map((one) => (one.path === direct.path ? { ...one, backend: undefined } : one))
    }
  }))
  const others = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => !isOurs(key) && !ours.includes(key)
  )
  return { labels: metadata.labels, others: Object.fromEntries(others), spec: { ...spec, rules } }
}

function edit([object]: RouteObjects): RouteObjects {
  const live = object as Ingress
  const rule = { host: 'new.example.com', http: { paths: [path('/', 'new', { number: 80 })] } }
  const own = { ...live.metadata.annotations, 'example.com/ticket': '41' }
  const rules = [rule, ...(live.spec.rules ?? [])]
  const edited: Ingress = {
    ...live,
    metadata: { ...live.metadata, annotations: own },
    spec: { ...live.spec, rules }
  }
  return [edited]
}

const hopeless =
  (text: string | undefined, ...paths: readonly object[]): Required<Hopeless>['objects'] =>
  (namespace) =>
    ingress(
      namespace,
      paths.length === 0 ? [path('/', 'root')] : paths,
      text === undefined ? {} : { [`${ALB}/actions.root`]: text }
    )

export const alb: RouteFixture = {
  name: 'an Ingress of the AWS Load Balancer Controller',
  route: albRoute,
  objects: (namespace) => ingress(namespace, [...users, direct, path('/', 'root')], annotations),
  backends,
  foreign,
  edit,
  promoted: ([object]) => {
    const { metadata } = object
    const [promoted] = ingress(
      metadata.namespace ?? '',
      [...users, path('/direct', 'web'), path('/', 'root')],
      {}
    )
    return [(promoted as Ingress).spec]
  },
  hopeless: [
    {
      title: 'no path refers to the Service',
      objects: hopeless(action(group('api', 1)), path('/', 'root'), path('/x', 'x', { number: 80 })),
      splits: [{ weight: 10 }],
      problem:
        /no path of ingress\/web forwards requests to service\/web, they go to service\/api \(action root\), service\/x:/
    },
    {
      title: 'the action does not forward',
      objects: hopeless(redirect),
      splits: [{ weight: 10 }],
      problem: /they go to the action root of type redirect:/
    },
    {
      title: 'the annotation is not JSON',
      objects: hopeless('{type: forward}'),
      splits: [{ weight: 10 }],
      problem: /the annotation alb\.ingress\.kubernetes\.io\/actions\.root of ingress\/web is not the JSON/
    },
    {
      title: 'there is no annotation for the action',
      objects: hopeless(undefined),
      splits: [{ weight: 10 }],
      problem: /the action root, which has no annotation/
    },
    {
      title: 'there are too many target groups',
      objects: hopeless(action(group('web', 96), ...['a', 'b', 'c', 'd'].map((name) => group(name, 1)))),
      splits: [{ weight: 10 }],
      problem: /the action root of ingress\/web has 5 target groups; .* more than the 5/
    },
    {
      title: 'a weight beside others is too coarse',
      objects: hopeless(action(group('web', 3), group('api', 7))),
      splits: [{ weight: 50 }],
      problem: /gives service\/web a weight of 3 .* 50% .* by 2 /
    },
    {
      title: 'users are on the canary already',
      objects: hopeless(action(group('web', 90), group('web-green', 10))),
      splits: [{ weight: 10 }],
      problem: /actions\.root of ingress\/web sends requests to service\/web-green already/
    },
    {
      title: 'the Service is referred to by different ports',
      objects: hopeless(undefined, direct, path('/admin', 'web', { name: 'admin' })),
      splits: [{ weight: 10 }],
      problem: /refer to web by different ports \(80, admin\)/
    },
    {
      title: 'the header has a wildcard in it',
      objects: hopeless(undefined, direct),
      splits: [{ weight: 0, header: { name: 'x-canary', value: 'a*' } }],
      problem: /cannot match the header x-canary with a\*/
    },
    {
      title: 'only the default backend refers to the Service',
      objects: (namespace) =>
        ingress(
          namespace,
          users.slice(1, 2),
          {},
          { defaultBackend: { service: { name: 'web', port: { number: 80 } } } }
        ),
      splits: [{ weight: 0, header: HEADER }],
      problem: /web is the default backend of ingress\/web alone/
    }
  ],
  exceptions: { mirror: NO_MIRROR, 'mirror then weight': NO_MIRROR }
}
