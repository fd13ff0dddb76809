import { plainPath, type Probe } from '../../kubernetes/probes.ts'
import type { Series } from './metrics.ts'

type Labels = Series['labels']

/** Labels in which exporters put the path of a request, or the pattern of paths that it was routed by. */
const PATH_LABELS = [
  'path',
  'route',
  'handler',
  'uri',
  'http_route',
  'endpoint',
  'exported_endpoint',
  'url',
  'url_path',
  'url_rule',
  'http_target',
  'http_path',
  'request_path'
]

/** Labels in which exporters put the port that a request came in by. */
const PORT_LABELS = ['server_port', 'net_host_port']

/** What probes and scrapes are usually called, whatever the template says. */
const USUAL =
  /^\/(metrics|healthz?|livez?|readyz?|(health|healthz|livez|readyz)\/.*|actuator\/.*|q\/(health|metrics)(\/.*)?|-\/(healthy|ready))$/

/** Probes and users both ask for this path: requests of probes are told from theirs only by their number. */
const ROOT = '/'

/** Each way in which the labels name a path. */
const pathsIn = (labels: Labels): readonly string[] =>
  PATH_LABELS.flatMap((label) => {
    const value = (labels[label] ?? '').replace(/^https?:\/\/[^/]*/i, '')
    // Prometheus itself puts the name of a target's port into `endpoint`.
    const isPath = label === 'endpoint' ? value.startsWith('/') : value !== ''
    return isPath ? [plainPath(value)] : []
  })

/** The path by which these are known for requests of kubelet or Prometheus; undefined when users are behind them. */
export const probedPath = (labels: Labels, probes: readonly Probe[] = []): string | undefined =>
  pathsIn(labels).find(
    (path) => USUAL.test(path) || (path !== ROOT && probes.some((probe) => probe.path === path))
  )

/**
 * Whether these requests came in by a port that only probes ask.
 * @param port of the pods, that users' traffic goes to
 */
export const cameByProbedPort = (labels: Labels, probes: readonly Probe[] = [], port?: number): boolean =>
  port !== undefined &&
  probes.some((probe) => {
    const { port: asked } = probe
    return (
      asked !== undefined && asked !== port && PORT_LABELS.some((label) => labels[label] === String(asked))
    )
  })

export const isAtRoot = (labels: Labels): boolean => pathsIn(labels).includes(ROOT)

/** How many requests for `/` the kubelet sends one pod within these milliseconds, at most. */
export const rootProbes = (probes: readonly Probe[] = [], milliseconds: number): number =>
  probes
    .filter(({ path }) => path === ROOT)
    .reduce((sum, { every }) => sum + Math.ceil(Math.max(0, milliseconds) / 1000 / every) + 1, 0)
