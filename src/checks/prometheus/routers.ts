import type { MetricsSource } from '../../routes/metrics-source.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Series } from './metrics.ts'
import type { Histogram } from './recipes.ts'
import { is, isNot, matches, type Matcher, type Selector } from './selector.ts'
import { isServerError } from './status.ts'

type Labels = Series['labels']

/** How a router reports the requests that it has sent to one version. */
export interface Router {
  /** In messages. */
  readonly name: string
  /** Counter of requests. */
  readonly requests: string
  /** Label of `requests` that says how they ended: without it nothing is known of failures. */
  readonly status: string
  readonly hasFailed: (labels: Labels) => boolean
  readonly latency: Histogram
  /** Finds a version's series. */
  readonly version: (measured: MeasuredVersion) => Selector
  /** Where a request is reported several times: which report counts, the first that there is. */
  readonly reports?: readonly Matcher[]
}

/**
 * Status codes that are the server's fault: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and
 * DATA_LOSS, as OpenTelemetry's conventions for gRPC servers have it.
 */
const isGrpcFailure = (status: string): boolean => ['2', '4', '12', '13', '14', '15'].includes(status)

/** Without a code no answer came at all; that is the server's fault unless the client left (Envoy's flags DC, DR). */
const istioFailed = ({ response_code = '', response_flags = '', grpc_response_status = '' }: Labels) =>
  isServerError(response_code) ||
  isGrpcFailure(grpc_response_status) ||
  (response_code === '0' && !/\b(DC|DR)\b/.test(response_flags))

/** A field that this router's metrics cannot be found without. @throws Error when the caller has left it out */
function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the metrics of a router are looked for without the ${what}`)
  return value
}

const backendOf = ({ backend }: MeasuredVersion) => needed(backend, "version's Service")

/** As Traefik joins names: everything but letters and digits is one hyphen. */
const hyphened = (...names: readonly string[]): string => names.join('-').replace(/[^a-z0-9]+/g, '-')

/**
 * A Service is called `<namespace>-<name>-<port>@kubernetes` (Ingress) or `@kubernetescrd` (IngressRoute and
 * TraefikService, the port as it is written there and left out where it is), `<namespace>-<name>-http-<port>` (HTTPRoute)
 * and `<namespace>-<name>-<port>-grpc` (GRPCRoute) `@kubernetesgateway`. The pattern is that narrow because `web`
 * must not be found in `web-green`.
 */
function traefikService(measured: MeasuredVersion): string {
  const { service, port = '[0-9]+', portName } = backendOf(measured)
  const written = portName === undefined ? String(port) : `(${port}|${hyphened(portName)})`
  const gateway = `(-http-${port}|-${port}-grpc)@kubernetesgateway`
  return `${hyphened(measured.namespace, service)}((-${written})?@kubernetes(crd)?|${gateway})`
}

/**
 * The canary's requests name the backend that took the place of the Ingress' own, `<namespace>-<name>-<port>`; stable's
 * name none. A port's name with hyphens must be known: `web-green` must not be found in `web-green-api`.
 */
function nginxVersion(measured: MeasuredVersion): Selector {
  const { namespace, route, side } = measured
  const { service, portName = '' } = backendOf(measured)
  const port = portName.includes('-') ? `([a-z0-9]+|${portName})` : '[a-z0-9]+'
  const common = [is('namespace', namespace), is('ingress', needed(route, 'Ingress').name)]
  return needed(side, 'side') === 'stable'
    ? [...common, is('service', service), is('canary', '')]
    : [...common, matches('canary', `${namespace}-${service}-${port}`)]
}

/** Every router, each with what its own documentation and sources say. */
export const routers: Readonly<Record<Exclude<MetricsSource, 'http'>, Router>> = {
  /**
   * "Istio Standard Metrics". The side that sends has split the traffic, and only it sees connections that failed
   * (`source`: sidecars and gateways; `waypoint`: ambient mode). Where nobody on that side is scraped, the receiving
   * sidecars have to do.
   */
  istio: {
    name: 'Istio',
    requests: 'istio_requests_total',
    status: 'response_code',
    hasFailed: istioFailed,
    latency: { base: 'istio_request_duration_milliseconds', unit: 0.001 },
    version: ({ namespace, deployment }) => [
      is('destination_workload_namespace', namespace),
      is('destination_workload', needed(deployment, "version's Deployment"))
    ],
    reports: [matches('reporter', 'source|waypoint'), is('reporter', 'destination')]
  },
  /** ingress-nginx, "Prometheus metrics". A canary's requests have the labels of the Ingress that it belongs to. */
  nginx: {
    name: 'ingress-nginx',
    requests: 'nginx_ingress_controller_requests',
    status: 'status',
    hasFailed: ({ status = '' }) => isServerError(status),
    latency: { base: 'nginx_ingress_controller_request_duration_seconds', unit: 1 },
    version: nginxVersion
  },
  /**
   * Traefik, "Metrics": services. For gRPC `code` is the status of gRPC. A Service without any endpoint has no
   * metrics, so requests that Traefik answers itself for want of a server are not among them.
   */
  traefik: {
    name: 'Traefik',
    requests: 'traefik_service_requests_total',
    status: 'code',
    hasFailed: ({ code = '', protocol = '' }) =>
      protocol.startsWith('grpc') ? isGrpcFailure(code) : isServerError(code),
    latency: { base: 'traefik_service_request_duration_seconds', unit: 1 },
    version: (measured) => [matches('service', traefikService(measured))]
  },
  /**
   * Envoy, "Cluster manager statistics", one cluster a Service and port: Contour names them `<namespace>_<name>_<port>`,
   * Cilium puts its own name and a slash before that.
   */
  envoy: {
    name: 'Envoy',
    requests: 'envoy_cluster_upstream_rq',
    status: 'envoy_response_code',
    hasFailed: ({ envoy_response_code = '' }) => isServerError(envoy_response_code),
    latency: { base: 'envoy_cluster_upstream_rq_time', unit: 0.001 },
    version: (measured) => {
      const { service, port = '[0-9]+' } = backendOf(measured)
      return [matches('envoy_cluster_name', `(.+/)?${measured.namespace}_${service}_${port}`)]
    }
  },
  /**
   * Linkerd, "Proxy Metrics": the classification knows gRPC too, the latency is the time to the first byte. Neither
   * the kubelet's probes nor scrapes of the proxy itself are requests of users.
   */
  linkerd: {
    name: 'Linkerd',
    requests: 'response_total',
    status: 'classification',
    hasFailed: ({ classification }) => classification === 'failure',
    latency: { base: 'response_latency_ms', unit: 0.001 },
    version: ({ namespace, deployment }) => [
      is('direction', 'inbound'),
      is('namespace', namespace),
      is('deployment', needed(deployment, "version's Deployment")),
      isNot('route_name', 'probe'),
      isNot('srv_port', '4191')
    ]
  }
}
