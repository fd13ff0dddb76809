import { messageOf } from '../../base/errors.ts'
import { within } from '../../base/within.ts'
import type { Cluster, Forward } from '../../kubernetes/cluster.ts'
import { isReady } from '../../kubernetes/health.ts'
import type { Pod, Service } from '../../kubernetes/objects.ts'
import { printSelector } from '../../kubernetes/selectors.ts'
import { parseFields, type Reply } from './answer.ts'
import { MetricsError } from './metrics.ts'
import { limitOf, QUERY_PATH, type Ask } from './transport.ts'

export interface ServiceAddress {
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly path?: string
}

export interface ServiceOptions {
  /** Milliseconds. */
  readonly timeout: number
  /** Names the Prometheus in messages. */
  readonly where: string
  /** Never through the API server. */
  readonly onlyForward: boolean
  /** Asks the Prometheus at a forwarded port's URL. */
  readonly askForward: (url: string) => Ask
}

export interface ServiceConnection {
  readonly ask: Ask
  readonly close: () => Promise<void>
}

/**
 * Asks a Prometheus behind a Service: through the API server's proxy, and where that does not reach it (it may
 * have no way to pods, or no right is granted) through a port-forward to a pod, which then stays.
 */
export const askService = (
  cluster: Cluster,
  address: ServiceAddress,
  options: ServiceOptions
): ServiceConnection => new Connection(cluster, address, options)

class Connection implements ServiceConnection {
  readonly #cluster: Cluster
  readonly #address: ServiceAddress
  readonly #options: ServiceOptions
  #forward: Promise<Forward> | undefined
  #way: 'unknown' | 'proxy' | 'forward' = 'unknown'

  constructor(cluster: Cluster, address: ServiceAddress, options: ServiceOptions) {
    this.#cluster = cluster
    this.#address = address
    this.#options = options
    if (options.onlyForward) this.#way = 'forward'
  }

  readonly ask: Ask = async (promql, signal) => {
    if (this.#way === 'forward') return this.#askForward(promql, '', signal)
    const tried = await this.#askProxy(promql, signal)
    if ('status' in tried) {
      this.#way = 'proxy'
      return tried
    }
    const reply = await this.#askForward(promql, `through the API server: ${tried.blocked}; `, signal)
    this.#way = 'forward'
    return reply
  }

  readonly close = async (): Promise<void> => {
    const forward = this.#forward
    this.#forward = undefined
    await forward?.then(
      (open) => open.close(),
      () => undefined
    )
  }

  async #askProxy(promql: string, signal?: AbortSignal): Promise<Reply | Blocked> {
    try {
      const reply = await this.#sendToProxy(promql, signal)
      const status = statusMessage(reply)
      return status === undefined ? reply : this.#judgeStatus(reply, status)
    } catch (error) {
      // A proxy that has never answered may have no way to pods, which shows as silence.
      const silent = error instanceof MetricsError && error.fault === 'timeout' && this.#way === 'unknown'
      if (!silent) throw error
      return { blocked: 'no answer' }
    }
  }

  async #sendToProxy(promql: string, signal?: AbortSignal): Promise<Reply> {
    const { timeout, where } = this.#options
    const { namespace, name, port, path: prefix = '' } = this.#address
    const proxy = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy`
    // GET needs the verb `get` on services/proxy, POST would need `create`.
    const path = `${proxy}${prefix}${QUERY_PATH}?${new URLSearchParams({ query: promql }).toString()}`
    return within(limitOf(timeout, where, signal), async (stop) => {
      try {
        // The limit is the signal's; the client's own must not come before it.
        return await this.#cluster.send({ method: 'GET', path, timeout: 2 * timeout, signal: stop })
      } catch (error) {
        throw new MetricsError(`${where} cannot be reached: ${messageOf(error)}`, 'unreachable', {
          cause: error
        })
      }
    })
  }

  #judgeStatus({ status }: Reply, message: string): Blocked {
    if (status === 404) {
      const next = 'the input prometheus wants service/<namespace>/<name>:<port>'
      throw new MetricsError(`${this.#options.where}: ${message}; ${next}`, 'unreachable')
    }
    return { blocked: message }
  }

  async #askForward(promql: string, before: string, signal?: AbortSignal): Promise<Reply> {
    const { where, askForward } = this.#options
    try {
      this.#forward ??= this.#openForward()
      const { url } = await this.#forward
      return await askForward(`${url}${this.#address.path ?? ''}`)(promql, signal)
    } catch (error) {
      signal?.throwIfAborted()
      const answered = error instanceof MetricsError && error.fault !== 'unreachable'
      if (answered) throw error
      // The pod may be gone; the next query looks for another.
      await this.close()
      const cause = error instanceof MetricsError ? error.cause : error
      const reason = `${before}by port-forward: ${messageOf(cause)}`
      throw new MetricsError(`${where} cannot be reached: ${reason}`, 'unreachable', { cause })
    }
  }

  async #openForward(): Promise<Forward> {
    const { namespace, name, port } = this.#address
    const service = await this.#cluster.get<Service>({ apiVersion: 'v1', kind: 'Service', namespace, name })
    if (service === undefined) throw new Error(`there is no Service ${name} in namespace ${namespace}`)
    const labels = printSelector(service.spec.selector)
    if (labels === '') throw new Error(`the Service ${name} selects no pods`)
    const pods = await this.#cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
    const pod = pods.find(isReady)
    if (pod === undefined) throw new Error(`no pod of the Service ${name} is ready`)
    return this.#cluster.forward({ namespace, name: pod.metadata.name, port: podPort(service, port, pod) })
  }
}

/** The API server itself says that it cannot or will not pass the query on. */
interface Blocked {
  readonly blocked: string
}

/** What the API server says, where the reply is its own and not Prometheus'; undefined otherwise. */
function statusMessage({ status, body }: Reply): string | undefined {
  if (status < 400) return undefined
  const fields = parseFields(body)
  if (fields?.kind === 'Status') return typeof fields.message === 'string' ? fields.message : `HTTP ${status}`
  return /^.?(error trying to reach service|no endpoints available)/i.test(body) ? body.trim() : undefined
}

function podPort(service: Service, port: number, pod: Pod): number {
  const target = service.spec.ports?.find((candidate) => candidate.port === port)
  if (target === undefined) {
    const ports = (service.spec.ports ?? []).map((candidate) => candidate.port).join(', ')
    throw new Error(`the Service ${service.metadata.name} has no port ${port}, only ${ports}`)
  }
  if (typeof target.targetPort !== 'string') return target.targetPort ?? port
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? [])
  const named = ports.find(({ name }) => name === target.targetPort)
  if (named === undefined)
    throw new Error(`no container of ${pod.metadata.name} has a port ${target.targetPort}`)
  return named.containerPort
}
