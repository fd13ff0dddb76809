import type { GatewayRoute } from './rules.ts'

const SECOND = 1000

/**
 * By the controller that has taken the route, how long its gateway may take to learn of new pods and shares.
 * A load balancer outside of the cluster has to find each new pod healthy before it sends anything there: on GKE that was
 * seen to take 8 to 36 s. Proxies in the cluster watch the endpoints, and gather changes for a moment.
 */
const LAGS: readonly (readonly [controller: RegExp, milliseconds: number])[] = [
  [/^networking\.gke\.io\//, 60 * SECOND],
  // Load balancers of AWS, VPC Lattice, Application Gateway for Containers.
  [/^(gateway\.k8s\.aws|application-networking\.k8s\.aws|alb\.networking\.azure\.io)\//, 60 * SECOND],
  [/^traefik\.io\//, 3 * SECOND],
  [
    /^(istio\.io|gateway\.envoyproxy\.io|io\.cilium|projectcontour\.io|gateway\.nginx\.org|kgateway\.dev|konghq\.com)\//,
    5 * SECOND
  ]
]

/** Of a controller that is not known here, in milliseconds. */
const UNKNOWN = 10 * SECOND

const lagOf = (controller: string): number =>
  LAGS.find(([pattern]) => pattern.test(controller))?.[1] ?? UNKNOWN

/** The slowest of its gateways, in milliseconds. */
export const gatewayLag = ({ status }: GatewayRoute): number =>
  Math.max(0, ...(status?.parents ?? []).map(({ controllerName }) => lagOf(controllerName)))
