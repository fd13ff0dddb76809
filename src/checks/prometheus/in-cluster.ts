import { ClusterError, messageOf } from '../../base/errors.ts'
import { within } from '../../base/within.ts'
import type { Cluster, Forward } from '../../kubernetes/cluster.ts'
import {
  forwardToService,
  proxyPath,
  reach,
  saidByProxy,
  type Blocked,
  type Known
} from '../../kubernetes/reach.ts'
import { limitOf } from '../exchange.ts'
import { MetricsError } from '../metrics-error.ts'
import type { Reply } from '../reply.ts'
import { QUERY_PATH, type Ask } from './transport.ts'

/** What reading metrics through the API server takes. */
const ROLE = 'examples/kubernetes/prometheus-role.yaml'

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
  readonly #known: Known
  #forward: Promise<Forward> | undefined

  constructor(cluster: Cluster, address: ServiceAddress, options: ServiceOptions) {
    this.#cluster = cluster
    this.#address = address
    this.#options = options
    this.#known = options.onlyForward ? { way: 'forward' } : {}
  }

  readonly ask: Ask = (promql, signal) =>
    reach<Reply>(
      this.#known,
      () => this.#askProxy(promql, signal),
      (why) => this.#askForward(promql, why, signal)
    )

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
      const said = saidByProxy(reply)
      return said === undefined ? reply : this.#blocked(reply, said)
    } catch (error) {
      // A proxy that has never answered may have no way to pods, which shows as silence.
      const silent =
        error instanceof MetricsError && error.fault === 'timeout' && this.#known.way === undefined
      if (!silent) throw error
      return { blocked: 'through the API server: no answer' }
    }
  }

  async #sendToProxy(promql: string, signal?: AbortSignal): Promise<Reply> {
    const { timeout, where } = this.#options
    const { path: prefix = '', ...service } = this.#address
    const proxy = proxyPath({ ...service, kind: 'services' })
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

  #blocked({ status }: Reply, said: string): Blocked {
    if (status !== 404) return { blocked: `through the API server: ${said}` }
    const next = 'the input prometheus wants service/<namespace>/<name>:<port>'
    throw new MetricsError(`${this.#options.where}: ${said}; ${next}`, 'unreachable')
  }

  /** One file grants both ways; the right that a refusal names is one of several. */
  #unforwarded(cause: unknown): string {
    if (!(cause instanceof ClusterError && cause.status === 403))
      return `by port-forward: ${messageOf(cause)}`
    return `by port-forward: no right to it either. Apply ${ROLE} in namespace ${this.#address.namespace}, for this ServiceAccount`
  }

  async #askForward(promql: string, why: string, signal?: AbortSignal): Promise<Reply> {
    const { where, askForward } = this.#options
    try {
      this.#forward ??= forwardToService(this.#cluster, this.#address)
      const { url } = await this.#forward
      return await askForward(`${url}${this.#address.path ?? ''}`)(promql, signal)
    } catch (error) {
      signal?.throwIfAborted()
      const answered = error instanceof MetricsError && error.fault !== 'unreachable'
      if (answered) throw error
      // The pod may be gone; the next query looks for another.
      await this.close()
      const cause = error instanceof MetricsError ? error.cause : error
      const reason = `${why}${this.#unforwarded(cause)}`
      throw new MetricsError(`${where} cannot be reached: ${reason}`, 'unreachable', { cause })
    }
  }
}
