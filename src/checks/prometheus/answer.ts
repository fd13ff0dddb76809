import { MetricsError } from '../metrics-error.ts'
import {
  excerpt,
  isFields,
  kindOfBody,
  parseFields,
  refusalOf,
  type Fields,
  type Party,
  type Reply
} from '../reply.ts'
import type { HistogramSample, NativeBucket, Sample, Series } from './metrics.ts'

/**
 * The series in an answer of Prometheus' HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/):
 * a vector, a matrix, or a scalar as one series without labels. Throws MetricsError for every other answer, a
 * partial one included.
 * @param where names who answered: `Prometheus at https://…`
 * @param credentials what it may not have liked, when it refuses access
 */
export function readAnswer(
  reply: Reply,
  where: string,
  credentials = 'credentials in prometheus-headers'
): readonly Series[] {
  const envelope = parseFields(reply.body)
  const party = { where, address: 'prometheus', credentials }
  if (reply.status < 200 || reply.status > 299) throw refused(reply, envelope, party)
  if (envelope?.status !== 'success') {
    const what = kindOfBody(reply)
    throw new MetricsError(`${where} does not answer as Prometheus does, but with ${what}`, 'answer')
  }
  const doubts = doubtsIn(envelope)
  if (doubts !== '') {
    const text = excerpt(doubts, reply)
    throw new MetricsError(`${where} says that its answer may be incomplete or wrong: ${text}`, 'answer')
  }
  const { data: content } = envelope
  const series = isFields(content) ? readResult(content) : undefined
  if (series === undefined) {
    throw new MetricsError(
      `${where} gave an answer of an unknown form: ${excerpt(reply.body, reply)}`,
      'answer'
    )
  }
  return series
}

/** What Prometheus notes on a query without doubting the value; from version 3 on it stands in `infos`. */
const isRemark = (text: string): boolean => /^(PromQL info: |\d+ more info annotations omitted)/.test(text)

/**
 * What makes an answer less than the whole truth, empty when nothing does: Thanos, Cortex and Mimir, and what is made of
 * them (Grafana Cloud, Amazon), say in `warnings` what is missing, as Prometheus does for remote reads; VictoriaMetrics
 * has `isPartial`. Warnings of PromQL itself (`PromQL warning:`) are for samples that were left out.
 */
function doubtsIn({ warnings, isPartial }: Fields): string {
  const told = [warnings ?? []].flat().map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  const doubts = told.filter((text) => !isRemark(text))
  return [...(isPartial === true ? ['isPartial is true'] : []), ...doubts].join('; ')
}

function refused(reply: Reply, envelope: Fields | undefined, party: Party): MetricsError {
  const { where } = party
  const error = typeof envelope?.error === 'string' ? excerpt(envelope.error, reply) : undefined
  if ((reply.status === 400 || reply.status === 422) && error !== undefined) {
    return new MetricsError(`${where} refuses the query: ${error}`, 'query')
  }
  const said = error ?? excerpt(reply.body, reply)
  if (reply.status === 404) {
    const quoted = said === '' ? '' : `: ${said}`
    const next = 'is this the base address of a Prometheus, with its path prefix if it has one?'
    return new MetricsError(`${where} has no /api/v1/query (HTTP 404)${quoted}; ${next}`, 'answer')
  }
  const refusal = refusalOf(reply, party, said)
  return envelope?.errorType === 'timeout' && refusal.fault === 'answer'
    ? new MetricsError(refusal.message, 'timeout')
    : refusal
}

function readResult({ resultType, result }: Fields): readonly Series[] | undefined {
  if (resultType === 'scalar') {
    const sample = readSample(result)
    return sample && [{ labels: {}, samples: [sample] }]
  }
  const known = resultType === 'vector' || resultType === 'matrix'
  return known && Array.isArray(result) ? allOrNone(result.map(readSeries)) : undefined
}

const allOrNone = <T>(items: readonly (T | undefined)[]): readonly T[] | undefined =>
  items.some((item) => item === undefined) ? undefined : items.filter((item) => item !== undefined)

/** A native histogram comes as a series without samples, as it is no number; only a range selector brings what it has counted. */
function readSeries(entry: unknown): Series | undefined {
  if (!isFields(entry) || !isFields(entry.metric)) return undefined
  const { metric, value, values, histograms: written } = entry
  const pairs: readonly unknown[] = Array.isArray(values) ? values : value === undefined ? [] : [value]
  const samples = allOrNone(pairs.map(readSample))
  if (!samples || !hasOnlyTexts(metric)) return undefined
  if (!Array.isArray(written)) return { labels: metric, samples }
  const histograms = allOrNone(written.map(readHistogram))
  const counts = histograms?.map(({ at, count }) => ({ at, value: count })) ?? []
  return histograms && { labels: metric, samples: [...samples, ...counts], histograms }
}

const hasOnlyTexts = (metric: Fields): metric is Readonly<Record<string, string>> =>
  Object.values(metric).every((value) => typeof value === 'string')

/** As Go prints them. Nothing but a number may be read as one: an empty text is not 0. */
const unusual = new Map([
  ['NaN', NaN],
  ['Inf', Infinity],
  ['+Inf', Infinity],
  ['-Inf', -Infinity]
])

const readValue = (text: string): number | undefined =>
  /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : unusual.get(text)

/** Milliseconds since the epoch: no Date is later. */
const LAST_MOMENT = 8.64e15

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function readMoment(seconds: unknown): number | undefined {
  const at = typeof seconds === 'number' ? Math.round(seconds * 1000) : Infinity
  return Math.abs(at) <= LAST_MOMENT ? at : undefined
}

const readText = (text: unknown): number | undefined =>
  typeof text === 'string' ? readValue(text) : undefined

/** `[seconds, "value"]` */
function readSample(pair: unknown): Sample | undefined {
  const [seconds, text] = itemsOf(pair)
  const [at, value] = [readMoment(seconds), readText(text)]
  return at === undefined || value === undefined ? undefined : { at, value }
}

/** `[seconds, { count, sum, buckets }]`; a marker that the series has ended is a histogram with nothing in it, whose sum is NaN. */
function readHistogram(pair: unknown): HistogramSample | undefined {
  const [seconds, written] = itemsOf(pair)
  if (!isFields(written)) return undefined
  const [at, count] = [readMoment(seconds), readText(written.count)]
  const buckets = allOrNone(itemsOf(written.buckets).map(readBucket))
  if (at === undefined || count === undefined || buckets === undefined) return undefined
  const hasEnded = count === 0 && written.sum === 'NaN'
  return {
    at,
    count: hasEnded ? NaN : count,
    buckets: [...buckets].sort((one, other) => one.upper - other.upper)
  }
}

/** `[which edges belong to it, "lower", "upper", "count"]` */
function readBucket(written: unknown): NativeBucket | undefined {
  const [lower, upper, count] = itemsOf(written).slice(1).map(readText)
  return lower === undefined || upper === undefined || count === undefined
    ? undefined
    : { lower, upper, count }
}
