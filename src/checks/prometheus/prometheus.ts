import { messageOf } from '../../base/errors.ts'
import { AnswerTooLarge, fetchText, LARGEST_ANSWER } from '../../base/http.ts'
import { within } from '../../base/within.ts'
import type { PrometheusAddress } from '../../inputs/prometheus.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { readAnswer } from './answer.ts'
import { askService } from './in-cluster.ts'
import { MetricsError, type Metrics } from './metrics.ts'
import { DEFAULT_TIMEOUT, limitOf, QUERY_PATH, type Ask } from './transport.ts'

export interface PrometheusOptions {
  /** Sent with every query; secrets. */
  readonly headers: Readonly<Record<string, string>>
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
  const { headers, cluster, timeout = DEFAULT_TIMEOUT } = options
  const where = `Prometheus at ${nameOf(address)}`
  const askAt = (url: string, direct: boolean): Ask => askUrl(url, { headers, timeout, where, direct })
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
  return { close, query: async (promql, signal) => readAnswer(await ask(promql, signal), where) }
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

const askUrl =
  (url: string, { headers, timeout, where, direct }: UrlOptions): Ask =>
  (promql, signal) =>
    within(limitOf(timeout, where, signal), async (stop) => {
      const { type, ...request } = requestFor(promql, url)
      const form = { accept: 'application/json', ...type, ...headers }
      try {
        const { status, body, headers } = await fetchText({ ...request, headers: form, signal: stop, direct })
        return { status, body, location: headers.location }
      } catch (error) {
        throw unreachable(error, where)
      }
    })

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it from here',
  ENETUNREACH: 'there is no way to it from here'
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

function unreachable(error: unknown, where: string): MetricsError {
  const code = codeOf(error)
  if (error instanceof AnswerTooLarge) {
    const size = `${LARGEST_ANSWER / 1024 / 1024} MB`
    return new MetricsError(`${where} answered with more than ${size}; ask for less`, 'answer')
  }
  const reason = reasons[code] ?? messageOf(error)
  const next = /CERT|SIGNATURE|ISSUER/.test(code)
    ? 'name the file with its certificate authority in the variable NODE_EXTRA_CA_CERTS'
    : 'check the input prometheus; from outside the cluster service/<namespace>/<name>:<port> reaches it'
  return new MetricsError(`${where} cannot be reached: ${reason}; ${next}`, 'unreachable', { cause: error })
}
