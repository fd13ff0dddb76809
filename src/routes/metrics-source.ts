/** Whose metrics the built-in checks are counted from: those of the application's own pods, or of a router. */
export const METRICS_SOURCES = ['http', 'istio', 'nginx', 'traefik', 'envoy', 'linkerd'] as const

export type MetricsSource = (typeof METRICS_SOURCES)[number]
