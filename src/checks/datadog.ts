import type { Clock } from '../base/clock.ts'
import { headersFor, type CheckHeaders } from '../inputs/check-headers.ts'
import type { Check, DatadogMetric } from '../inputs/check.ts'
import { eachApart } from './apart.ts'
import type { Exchange } from './exchange.ts'
import type { MetricValue } from './metric-value.ts'
import { MetricsError } from './metrics-error.ts'
import { fillPlaceholders } from './prometheus/placeholders.ts'
import { excerpt, isFields, kindOfBody, parseFields, refusalOf, type Fields, type Reply } from './reply.ts'
import type { Asked, Source } from './source.ts'

/** Bytes of an answer: one series of a few hundred points is some kilobytes. */
const LARGEST_ANSWER = 4 * 1024 * 1024

/** Agents send every 10 to 15 seconds, and a minute and more may pass until that can be asked for. */
const YOUTH = 120_000

/** Milliseconds after which a point says nothing of now; the same as Prometheus looks back. */
const STALE = 300_000

export interface DatadogOptions {
  /** URL of the API. */
  readonly api: string
  /** With both keys for its origin; secrets. */
  readonly headers: CheckHeaders
  readonly exchange: Exchange
}

/** Queries of metrics, each answered by the newest point of its only series. */
export const datadogSource = (
  checks: readonly Check<DatadogMetric>[],
  options: DatadogOptions,
  clock: Clock
): Source =>
  eachApart(
    checks,
    { youth: YOUTH, find: (metric, asked, signal) => find(metric, options, asked, signal) },
    clock
  )

/** https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-data-across-multiple-products, v1 */
async function find(
  { query }: DatadogMetric,
  { api, headers: secrets, exchange }: DatadogOptions,
  { version, since, now }: Asked,
  signal?: AbortSignal
): Promise<MetricValue> {
  const filled = fillPlaceholders(query, version, (now - since) / 1000)
  const [from, to] = [Math.floor(since / 1000), Math.ceil(now / 1000)].map(String)
  const form = new URLSearchParams({ from: from ?? '', to: to ?? '', query: filled })
  const where = `Datadog at ${new URL(api).origin}`
  const headers = { accept: 'application/json', ...headersFor(secrets, api) }
  const url = `${api}/api/v1/query?${form.toString()}`
  const next = 'check the input datadog'
  const reply = await exchange({ url, headers }, { where, next, largest: LARGEST_ANSWER }, signal)
  return newestPoint(seriesIn(reply, where), now)
}

/** A point stands for no longer, in milliseconds. */
const LONGEST_POINT = 3_600_000

const textsIn = (value: unknown): readonly string[] =>
  [value].flat().filter((text): text is string => typeof text === 'string' && text !== '')

function seriesIn(reply: Reply, where: string): readonly unknown[] {
  const answer = parseFields(reply.body)
  const said = excerpt([answer?.errors, answer?.error].flatMap(textsIn).join('; '), reply)
  if (reply.status === 400 || (answer?.status === 'error' && said !== ''))
    throw new MetricsError(`${where} refuses the query: ${said || 'it does not say why'}`, 'query')
  if (reply.status === 429)
    throw new MetricsError(
      `${where} takes no more queries for now; ask less often by check-interval`,
      'answer'
    )
  if (reply.status < 200 || reply.status > 299) {
    const credentials = 'keys in check-headers and their site in datadog'
    throw refusalOf(reply, { where, address: 'datadog', credentials }, said)
  }
  if (answer?.status !== 'ok' || !Array.isArray(answer.series)) {
    const what = kindOfBody(reply)
    throw new MetricsError(`${where} does not answer as Datadog does, but with ${what}`, 'answer')
  }
  if (said !== '') throw new MetricsError(`${where} says that its answer may be wrong: ${said}`, 'answer')
  return answer.series
}

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} s`

/** @param now milliseconds since the epoch */
function newestPoint(series: readonly unknown[], now: number): MetricValue {
  const [only, ...others] = series
  if (only === undefined) return { why: 'no series: the query found nothing', early: true }
  if (others.length > 0) {
    const why = `the query gave ${series.length} series where one number is needed; take the grouping out of it`
    return { why }
  }
  const points = isFields(only) && Array.isArray(only.pointlist) ? only.pointlist.map(readPoint) : [undefined]
  if (!isFields(only) || points.includes(undefined)) return { why: 'the series has an unknown form' }
  const filled = points.filter((point) => point !== undefined && point.value !== null)
  const newest = filled.toSorted((one, other) => (one?.at ?? 0) - (other?.at ?? 0)).at(-1)
  if (newest?.value == null) return { why: 'the series has no points yet', early: true }
  const age = now - newest.at - lengthOf(only)
  return age > STALE ? { why: `the newest point is ${seconds(age)} old` } : { value: newest.value }
}

/** How long a point stands for, in milliseconds. */
const lengthOf = ({ interval }: Fields): number =>
  typeof interval === 'number' ? Math.min(interval * 1000, LONGEST_POINT) : 0

interface Point {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly value: number | null
}

/** `[milliseconds, value]`; a gap is a point without a value. */
function readPoint(pair: unknown): Point | undefined {
  const [at, value] = Array.isArray(pair) ? (pair as readonly unknown[]) : []
  const isPoint = typeof at === 'number' && Number.isFinite(at)
  const isValue = value === null || (typeof value === 'number' && Number.isFinite(value))
  return isPoint && isValue ? { at, value } : undefined
}
