import type { Clock } from '../base/clock.ts'
import { headersFor, type CheckHeaders } from '../inputs/check-headers.ts'
import type { Check, WebMetric } from '../inputs/check.ts'
import { eachApart } from './apart.ts'
import type { Exchange } from './exchange.ts'
import { numberAt } from './json-path.ts'
import type { MetricValue } from './metric-value.ts'
import { MetricsError } from './metrics-error.ts'
import { fillPlaceholders } from './prometheus/placeholders.ts'
import { kindOfBody, parseJson, refusalOf } from './reply.ts'
import type { Asked, Source } from './source.ts'

/** Bytes of an answer: it is there for one number, and every round brings it anew. */
const LARGEST_ANSWER = 1024 * 1024

/** Whoever counts may do so once a minute. */
const YOUTH = 75_000

export interface WebOptions {
  /** Secrets, each for its origin alone. */
  readonly headers: CheckHeaders
  readonly exchange: Exchange
}

/** Numbers in the JSON that URLs answer. */
export const webSource = (checks: readonly Check<WebMetric>[], options: WebOptions, clock: Clock): Source =>
  eachApart(
    checks,
    { youth: YOUTH, find: (metric, asked, signal) => find(metric, options, asked, signal) },
    clock
  )

async function find(
  { url: written, path }: WebMetric,
  { headers: secrets, exchange }: WebOptions,
  { version, since, now }: Asked,
  signal?: AbortSignal
): Promise<MetricValue> {
  const url = fillPlaceholders(written, version, (now - since) / 1000, encodeURIComponent)
  const { origin, pathname } = new URL(url)
  const where = `${origin}${pathname}`
  const headers = { accept: 'application/json', ...headersFor(secrets, url) }
  const next = 'check the URL; it is asked from where this runs, not from within the cluster'
  const reply = await exchange({ url, headers }, { where, next, largest: LARGEST_ANSWER }, signal)
  if (reply.status < 200 || reply.status > 299) {
    const credentials = `headers for ${origin} in check-headers`
    throw refusalOf(reply, { where, address: 'checks', credentials }, '')
  }
  const json = parseJson(reply.body)
  if (json === undefined)
    throw new MetricsError(`${where} answers not with JSON but with ${kindOfBody(reply)}`, 'answer')
  return numberAt(json, path, reply)
}
