import type { PrometheusAddress } from '../../inputs/prometheus.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { AMAZON_CREDENTIALS, type Sign } from './amazon.ts'
import { readAnswer } from './answer.ts'
import { askService } from './in-cluster.ts'
import { DEFAULT_TIMEOUT, exchange } from '../exchange.ts'
import type { Metrics } from './metrics.ts'
import { QUERY_PATH, type Ask } from './transport.ts'

export interface PrometheusOptions {
  /** Sent with every query; secrets. */
  readonly headers: Readonly<Record<string, string>>
  /** Signs what is asked of Amazon, unless the headers bring an authorization of their own. */
  readonly sign?: Sign | undefined
  /** Used for a Service's address. */
  readonly cluster: Cluster
  /** Milliseconds until an answer must be there. */
  readonly timeout?: number
}

/** A Prometheus. It is closed at the end of the run: a port-forward may be open. */
export interface Prometheus extends Metrics {
  close(): Promise<void>
}

/** The Prometheus at an address, or what answers like one: Thanos, Mimir, VictoriaMetrics. Asks nothing yet. */
export function openPrometheus(address: PrometheusAddress, options: PrometheusOptions): Prometheus {
  const { headers, cluster, sign, timeout = DEFAULT_TIMEOUT } = options
  const where = `Prometheus at ${nameOf(address)}`
  const isAuthorized = Object.keys(headers).some((name) => /^authorization$/i.test(name))
  const signing = sign === undefined || isAuthorized ? {} : { sign }
  const askAt = (url: string, direct: boolean): Ask =>
    askUrl(url, { headers, timeout, where, direct, ...signing })
  const credentials = signing.sign && AMAZON_CREDENTIALS
  const { ask, close } =
    address.kind === 'url'
      ? { ask: askAt(address.url, false), close: () => Promise.resolve() }
      : askService(cluster, address, {
          timeout,
          where,
          // The API server takes Authorization for its own and hands no such header on.
          onlyForward: Object.keys(headers).length > 0,
          askForward: (url) => askAt(url, true)
        })
  return { close, query: async (promql, signal) => readAnswer(await ask(promql, signal), where, credentials) }
}

const nameOf = (address: PrometheusAddress): string =>
  address.kind === 'url'
    ? address.url
    : `service/${address.namespace}/${address.name}:${address.port}${address.path ?? ''}`

interface UrlOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly timeout: number
  readonly where: string
  /** The address is on this machine: the proxy that the environment names does not lead there. */
  readonly direct: boolean
  readonly sign?: Sign
}

/** Longer queries go as a form: servers and proxies take long URLs badly, but some proxies let only GET through. */
const LONGEST_URL = 2_000

function requestFor(promql: string, url: string) {
  const form = new URLSearchParams({ query: promql }).toString()
  const address = `${url.replace(/\/+$/, '')}${QUERY_PATH}`
  return address.length + form.length < LONGEST_URL
    ? { method: 'GET', url: `${address}?${form}`, type: {} }
    : {
        method: 'POST',
        url: address,
        body: form,
        type: { 'content-type': 'application/x-www-form-urlencoded' }
      }
}

const NEXT =
  'check the input prometheus; from outside the cluster service/<namespace>/<name>:<port> reaches it'

const askUrl =
  (url: string, { headers, sign = (unsigned) => unsigned, ...options }: UrlOptions): Ask =>
  async (promql, signal) => {
    const { type, ...request } = requestFor(promql, url)
    const question = { ...request, headers: { accept: 'application/json', ...type, ...headers } }
    return exchange(sign(question), { ...options, next: NEXT }, signal)
  }
