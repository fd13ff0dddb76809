import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import type { RouteObjects } from '../../../src/routes/route.ts'
import { traefikServiceRoute } from '../../../src/routes/traefik.ts'
import { backends, type RouteFixture } from './fixture.ts'

interface Entry {
  readonly name: string
  readonly kind?: string
  readonly weight?: number
}

interface TraefikService extends KubernetesObject {
  readonly spec: { readonly weighted?: { readonly services: readonly Entry[]; readonly sticky?: unknown } }
}

const NO_HEADER = 'a TraefikService does not see requests; the rules of an IngressRoute do'

const service = (namespace: string, spec: object): RouteObjects => [
  {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'TraefikService',
    metadata: {
      namespace,
      name: 'web',
      labels: { team: 'shop' },
      annotations: { 'example.com/owner': 'shop' }
    },
    spec
  } as KubernetesObject
]

const cookie = { cookie: { name: 'version', secure: true, httpOnly: true, sameSite: 'lax' } }
const alone = {
  name: 'web',
  port: 80,
  passHostHeader: true,
  responseForwarding: { flushInterval: '1ms' },
  sticky: { cookie: { name: 'pod' } }
}

/** Everything but the canary's entry and the weight of the apex; while it mirrors there is nothing else. */
function foreign([object]: readonly KubernetesObject[]): unknown {
  const { metadata, spec } = object as TraefikService
  const services = (spec.weighted?.services ?? []).filter(
    ({ name, kind = 'Service' }) => name !== 'web-green' || kind !== 'Service'
  )
  return {
    labels: metadata.labels,
    owner: metadata.annotations?.['example.com/owner'],
    ticket: metadata.annotations?.['example.com/ticket'],
    services: services.map(({ weight, ...entry }) =>
      entry.name === 'web' && entry.kind === undefined ? entry : { ...entry, weight }
    )
  }
}

function foreignOfAlone([object]: readonly KubernetesObject[]): unknown {
  const { metadata } = object as TraefikService
  const { 'greenlight.dev/before': _, ...annotations } = metadata.annotations ?? {}
  return { labels: metadata.labels, annotations }
}

const annotated = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, 'example.com/ticket': '41' }
  }
})

function another([object]: RouteObjects): RouteObjects {
  const live = annotated(object) as TraefikService
  const services = [{ name: 'new', port: 80, weight: 5 }, ...(live.spec.weighted?.services ?? [])]
  return [
    { ...live, spec: { ...live.spec, weighted: { ...live.spec.weighted, services } } } as KubernetesObject
  ]
}

export const traefikserviceAlone: RouteFixture = {
  name: 'a TraefikService for one Service',
  route: traefikServiceRoute,
  objects: (namespace) => service(namespace, { weighted: { services: [alone], sticky: cookie } }),
  backends,
  foreign: foreignOfAlone,
  edit: ([object]) => [annotated(object)],
  hopeless: [
    {
      title: 'it does not share by weight',
      objects: (namespace) =>
        service(namespace, {
          mirroring: { name: 'web', port: 80, mirrors: [{ name: 'audit', port: 80, percent: 5 }] }
        }),
      splits: [{ weight: 10 }],
      problem:
        /traefikservice\/web is not weighted but mirroring: write spec.weighted.services with service\/web/
    },
    {
      title: 'it is empty',
      objects: (namespace) => service(namespace, {}),
      splits: [{ weight: 10 }],
      problem: /is not weighted but empty/
    },
    {
      title: 'it mirrors to the canary already',
      objects: (namespace) =>
        service(namespace, {
          mirroring: { name: 'web', port: 80, mirrors: [{ name: 'web-green', port: 80, percent: 5 }] }
        }),
      splits: [{ weight: 10 }],
      problem: /service\/web-green beside service\/web already/
    }
  ],
  exceptions: { header: NO_HEADER, 'header then weight': NO_HEADER }
}

const NO_MIRROR = 'a TraefikService is weighted or mirroring, and for this one weights are needed'

export const traefikserviceBesideOthers: RouteFixture = {
  name: 'a TraefikService for several Services',
  route: traefikServiceRoute,
  objects: (namespace) =>
    service(namespace, {
      weighted: {
        services: [
          { name: 'legacy', port: 'http', weight: 100 },
          { ...alone, weight: 300 },
          { name: 'web', kind: 'TraefikService', weight: 50 },
          { name: 'web', namespace: 'somewhere-else', port: 80, kind: 'Service', weight: 1 }
        ],
        sticky: cookie
      }
    }),
  backends,
  foreign: (objects) => {
    const [object] = objects
    const { weighted } = (object as TraefikService).spec
    return { sticky: weighted?.sticky, ...(foreign(objects) as object) }
  },
  edit: another,
  hopeless: [
    {
      title: 'the Service is not among them',
      objects: (namespace) =>
        service(namespace, {
          weighted: {
            services: [
              { name: 'web', kind: 'TraefikService' },
              { name: 'api', port: 80 }
            ]
          }
        }),
      splits: [{ weight: 10 }],
      problem:
        /traefikservice\/web sends no requests to service\/web, but to traefikservice\/web, service\/api: name/
    },
    {
      title: 'its weight is too coarse',
      objects: (namespace) =>
        service(namespace, {
          weighted: {
            services: [
              { name: 'web', port: 80 },
              { name: 'api', port: 80, weight: 1 }
            ]
          }
        }),
      splits: [{ weight: 10 }],
      problem:
        /gives service\/web a weight of 1 beside others, which is too coarse to take 10% of it: .* by 10$/
    },
    {
      title: 'the canary is among them already',
      objects: (namespace) =>
        service(namespace, {
          weighted: {
            services: [
              { name: 'web', port: 80, weight: 1 },
              { name: 'web-green', port: 80, weight: 0 }
            ]
          }
        }),
      splits: [{ weight: 10 }],
      problem: /service\/web-green beside service\/web already/
    },
    {
      title: 'it cannot mirror besides',
      splits: [{ weight: 0, mirror: 20 }],
      problem: /for a mirror step service\/web must be the only one in spec.weighted.services/
    }
  ],
  exceptions: {
    header: NO_HEADER,
    'header then weight': NO_HEADER,
    mirror: NO_MIRROR,
    'mirror then weight': NO_MIRROR
  }
}
