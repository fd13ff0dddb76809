import type { KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import { serviceRoute } from '../../../src/routes/service.ts'
import { backends, type RouteFixture } from './fixture.ts'

const service = (namespace: string): readonly [Service] => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace,
      name: 'web',
      labels: { team: 'shop' },
      annotations: { 'example.com/owner': 'shop' }
    },
    spec: {
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'http', appProtocol: 'kubernetes.io/h2c' }],
      sessionAffinity: 'ClientIP'
    }
  }
]

/** Everything but the selector. */
function foreign([object]: readonly KubernetesObject[]): unknown {
  const { metadata, spec } = object as Service
  const { selector: _, ...others } = spec
  return { labels: metadata.labels, annotations: metadata.annotations, others }
}

const NO_WEIGHT = 'a selector names the versions, not their shares: those are numbers of pods'
const NO_REQUESTS = 'a Service sends connections on and does not see requests'
const NO_MEMORY = 'it needs no memory: the record, which is on the Service, has its selectors'

const either: RouteFixture = {
  name: 'a Service, for one version or the other',
  route: serviceRoute,
  objects: service,
  backends,
  foreign,
  edit: ([object]) => {
    const { spec, ...live } = object as Service
    const ports = [...(spec.ports ?? []), { name: 'metrics', port: 9090 }]
    return [{ ...live, spec: { ...spec, ports } } as Service]
  },
  promoted: ([object]) => [
    { ...(object as Service).spec, selector: { app: 'web', 'greenlight.dev/slot': 'green' } }
  ],
  hopeless: [],
  exceptions: {
    weights: NO_WEIGHT,
    header: NO_REQUESTS,
    'header then weight': NO_REQUESTS,
    mirror: NO_REQUESTS,
    'mirror then weight': NO_REQUESTS,
    'annotation lost': NO_MEMORY
  }
}

export const serviceForEither = either

export const serviceForBoth: RouteFixture = {
  ...either,
  name: 'a Service for both versions, by numbers of pods',
  backends: (namespace) => {
    const { selectors, ...names } = backends(namespace)
    return { ...names, selectors: { ...selectors, both: { app: 'web', shared: 'yes' } } }
  }
}
