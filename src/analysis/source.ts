/** Whose metrics the built-in checks are counted from: those of the application's own pods, or of a router. */
export const metricsSources = ['http', 'istio', 'nginx', 'traefik', 'envoy', 'linkerd'] as const

export type MetricsSource = (typeof metricsSources)[number]

/** The others either have no metrics of their own, or are served by controllers that name theirs differently. */
const sourceOfRoute: ReadonlyMap<string, MetricsSource> = new Map([
  ['virtualservice', 'istio'],
  ['traefikservice', 'traefik'],
  ['ingress-nginx', 'nginx']
])

/** What to count from when the user has not said it; `ingress-nginx` is an Ingress of that controller. */
export const sourceFor = (routeKind: string): MetricsSource => sourceOfRoute.get(routeKind) ?? 'http'
