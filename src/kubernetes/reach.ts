import type { Cluster, Forward, HttpAnswer } from './cluster.ts'
import { isReady } from './health.ts'
import type { Pod, Service } from './objects.ts'
import { resolvePort } from './ports.ts'
import { printSelector } from './selectors.ts'
import { statusIn } from './status.ts'

/** What listens in the cluster: a pod, or the pods behind a Service. */
export interface Listener {
  readonly kind: 'pods' | 'services'
  readonly namespace: string
  readonly name: string
  readonly port: number
  /** Plain HTTP without it. */
  readonly scheme?: string
}

/** The way that has led to a listener, once one has. */
export interface Known {
  way?: 'proxy' | 'forward'
}

/** Why the API server's proxy has not handed a request on. */
export interface Blocked {
  readonly blocked: string
}

/**
 * Asks through the API server's proxy, and where that is blocked by port-forward, to which it then keeps.
 * @param forward is given why it is tried: `reason; `, or nothing
 * @param isAnswer whether a way has led there: what took too long on it says nothing
 */
export async function reach<T extends object>(
  known: Known,
  proxy: () => Promise<T | Blocked>,
  forward: (why: string) => Promise<T>,
  isAnswer: (reply: T) => boolean = () => true
): Promise<T> {
  const tried = known.way === 'forward' ? { blocked: '' } : await proxy()
  const isBlocked = 'blocked' in tried
  const reply = isBlocked ? await forward(tried.blocked && `${tried.blocked}; `) : tried
  if (isAnswer(reply)) known.way = isBlocked ? 'forward' : 'proxy'
  return reply
}

/** Where the API server hands requests on. */
export const proxyPath = ({ kind, namespace, name, port, scheme }: Listener): string =>
  `/api/v1/namespaces/${namespace}/${kind}/${scheme === undefined ? '' : `${scheme}:`}${name}:${port}/proxy`

/** What the API server says itself, instead of handing a request on; undefined for the answer of who listens. */
export function saidByProxy({ status, body }: Pick<HttpAnswer, 'status' | 'body'>): string | undefined {
  if (status < 400) return undefined
  const said = statusIn(body)
  if (said !== undefined) return said.message ?? `HTTP ${status}`
  return /^.?(error trying to reach service|no endpoints available)/i.test(body) ? body.trim() : undefined
}

/**
 * Forwards a port to a pod that a Service has ready.
 * @throws Error or ClusterError where there is none
 */
export async function forwardToService(
  cluster: Cluster,
  { namespace, name, port }: Omit<Listener, 'kind'>
): Promise<Forward> {
  const service = await cluster.get<Service>({ apiVersion: 'v1', kind: 'Service', namespace, name })
  if (service === undefined) throw new Error(`there is no Service ${name} in namespace ${namespace}`)
  const labels = printSelector(service.spec.selector)
  if (labels === '') throw new Error(`the Service ${name} selects no pods`)
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
  const pod = pods.find(isReady)
  if (pod === undefined) throw new Error(`no pod of the Service ${name} is ready`)
  return cluster.forward({ namespace, name: pod.metadata.name, port: podPort(service, port, pod) })
}

function podPort({ metadata, spec }: Service, port: number, pod: Pod): number {
  const { ports = [] } = spec
  const target = ports.find((candidate) => candidate.port === port)
  if (target === undefined) {
    const known = ports.map((candidate) => candidate.port).join(', ')
    throw new Error(`the Service ${metadata.name} has no port ${port}, only ${known}`)
  }
  const found = resolvePort(target, pod.spec.containers)
  if (found !== undefined) return found
  throw new Error(`no container of ${pod.metadata.name} has a port ${target.targetPort ?? port}`)
}
