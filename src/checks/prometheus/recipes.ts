import { isBound, type CheckLine } from '../../inputs/check-line.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Series } from './metrics.ts'
import { podMatcher, podPattern } from './placeholders.ts'
import { STATUS_LABELS, statusLabelOf } from './status.ts'

/** What the metrics are called that requests are counted from. */
export interface Names {
  /** Counter of requests. */
  readonly requests: string
  /** Label of `requests` that holds the HTTP status, or what else says how they ended. */
  readonly status?: string
  readonly latency?: Latency
  /** A native histogram of the durations, where there is no classic one. */
  readonly native?: Histogram
}

/** How a workload names its metrics. */
export interface Recipe extends Names {
  /** Label that holds the pod's name. */
  readonly pod: string
  /** Label that holds the namespace, where there is one. */
  readonly namespace?: string
}

export interface Histogram {
  /** Name of the metric without `_bucket`, `_sum` or `_count`. */
  readonly base: string
  /** Seconds in one of the metric's units. */
  readonly unit: number
}

export interface Latency extends Histogram {
  readonly hasBuckets: boolean
  /** Of the buckets, in seconds and in order, `Infinity` left out; undefined where they are not looked for. */
  readonly edges?: readonly number[]
}

/** What the checks have to know of the requests. */
export interface Wanted {
  readonly status: boolean
  readonly buckets: boolean
  readonly mean: boolean
}

export function wantedBy(lines: readonly CheckLine[]): Wanted {
  const kinds = new Set(lines.map((line) => (isBound(line) ? line.metric.kind : line.kind)))
  const both = kinds.has('like-stable')
  return {
    status: both || kinds.has('success-rate') || kinds.has('error-rate'),
    buckets: both || kinds.has('latency'),
    mean: kinds.has('mean-latency')
  }
}

/** The usual names, Prometheus clients first, then OpenTelemetry (new, old) and Spring (Micrometer). */
const LATENCIES: readonly Histogram[] = [
  { base: 'http_request_duration_seconds', unit: 1 },
  { base: 'http_server_request_duration_seconds', unit: 1 },
  { base: 'http_server_duration_milliseconds', unit: 0.001 },
  { base: 'http_server_requests_seconds', unit: 1 }
]

/** A native histogram has its base's name, and counts by itself. */
const NATIVES = LATENCIES.map(({ base }) => base)

/** A service without a counter of its own is counted by its histogram. */
const REQUEST_COUNTERS = ['http_requests_total', ...NATIVES.map((base) => `${base}_count`)]

const POD_LABELS = ['pod', 'kubernetes_pod_name', 'exported_pod', 'k8s_pod_name', 'pod_name']
const NAMESPACE_LABELS = ['namespace', 'kubernetes_namespace', 'exported_namespace', 'k8s_namespace_name']

/** For messages: where requests and their duration are looked for. */
export const SEARCHED_COUNTERS = REQUEST_COUNTERS.join(', ')
export const SEARCHED_BUCKETS = LATENCIES.map(({ base }) => `${base}_bucket`).join(', ')

/** One query for which of the usual series exist for the version's pods, whatever their labels are called. */
export function detectionQuery(measured: MeasuredVersion): string {
  const suffixed = LATENCIES.flatMap(({ base }) => [`${base}_bucket`, `${base}_sum`])
  const names = ['up', ...REQUEST_COUNTERS, ...NATIVES, ...suffixed].join('|')
  const kept = ['__name__', ...POD_LABELS, ...NAMESPACE_LABELS, ...STATUS_LABELS].join(',')
  const selectors = POD_LABELS.map((label) => `{__name__=~"${names}",${label}=~"${podPattern(measured)}"}`)
  return `count by (${kept}) (${selectors.join(' or ')})`
}

/** Leaves out pods of the same name in other namespaces, where a label names the namespace. */
export function inNamespace({ labels }: Series, namespace: string): boolean {
  const found = NAMESPACE_LABELS.flatMap((label) => labels[label] ?? [])
  return found.length === 0 || found.includes(namespace)
}

function findLatency(names: ReadonlySet<string>): Latency | undefined {
  const found = LATENCIES.find(({ base }) => names.has(`${base}_bucket`))
  if (found !== undefined) return { ...found, hasBuckets: true }
  const summed = LATENCIES.find(({ base }) => names.has(`${base}_sum`))
  return summed && { ...summed, hasBuckets: false }
}

/** A summary is called so, too, but has a sum beside it. */
const findNative = (names: ReadonlySet<string>): Histogram | undefined =>
  LATENCIES.find(({ base }) => names.has(base) && !names.has(`${base}_sum`))

function findRequests(series: readonly Series[], native: Histogram | undefined): Names | undefined {
  const found = [...REQUEST_COUNTERS, ...(native ? [native.base] : [])]
    .map((requests) => ({
      requests,
      of: series.filter(({ labels }) => labels.__name__ === requests)
    }))
    .filter(({ of }) => of.length > 0)
    .map(({ requests, of }) => ({ requests, status: statusLabelOf(of) }))
  const best = found.find(({ status }) => status !== undefined) ?? found[0]
  if (best === undefined) return undefined
  return best.status === undefined ? { requests: best.requests } : { ...best, status: best.status }
}

/** What the answer to a detection query says. */
export interface Detection<R extends Names> {
  /** The pods are scraped, whether their metrics are known or not. */
  readonly scraped: boolean
  readonly recipe?: R
}

/** Reads the answer to `detectionQuery`: the series of other namespaces' pods of the same name are left out. */
export function detect(answer: readonly Series[], measured: MeasuredVersion): Detection<Recipe> {
  const matcher = podMatcher(measured)
  const belongs = (label: string) => (series: Series) => matcher.test(series.labels[label] ?? '')
  const local = answer.filter((series) => inNamespace(series, measured.namespace))
  const known = local.filter(({ labels }) => labels.__name__ !== 'up')
  const scraped = local.length > known.length
  const pod = POD_LABELS.find((label) => known.some(belongs(label)))
  const series = pod === undefined ? [] : known.filter(belongs(pod))
  const names = new Set(series.map(({ labels }) => labels.__name__ ?? ''))
  const native = findNative(names)
  const requests = findRequests(series, native)
  if (pod === undefined || requests === undefined) return { scraped }
  const namespace = NAMESPACE_LABELS.find((label) =>
    series.every(({ labels }) => labels[label] === measured.namespace)
  )
  const latency = findLatency(names)
  const durations = { ...(latency && { latency }), ...(native && !latency?.hasBuckets && { native }) }
  return { scraped, recipe: { pod, ...(namespace && { namespace }), ...requests, ...durations } }
}

/** Whether nothing that is wanted is missing. */
export const covers = ({ status, latency }: Names, wanted: Wanted): boolean =>
  (!wanted.status || status !== undefined) &&
  (!wanted.buckets || latency?.hasBuckets === true) &&
  (!wanted.mean || latency !== undefined)

/** Of what the wanted figures are counted. */
export function metricNames({ requests, latency }: Names, wanted: Wanted): readonly string[] {
  const buckets = wanted.buckets && latency?.hasBuckets ? [`${latency.base}_bucket`] : []
  const mean = wanted.mean && latency ? [`${latency.base}_sum`, `${latency.base}_count`] : []
  return [...new Set([requests, ...buckets, ...mean])]
}

/** One query for all stored samples of the last `seconds` that the wanted figures are counted from. */
export function samplesQuery(
  recipe: Recipe,
  wanted: Wanted,
  measured: MeasuredVersion,
  seconds: number
): string {
  return rangeQuery(recipe, ['up', ...metricNames(recipe, wanted)], [measured], seconds)
}

/** One query for all stored samples of the last `seconds` of these metrics, of the pods of these versions of one workload. */
export function rangeQuery(
  recipe: Recipe,
  names: readonly string[],
  versions: readonly MeasuredVersion[],
  seconds: number
): string {
  const named = `__name__=~"${names.join('|')}"`
  const namespace = recipe.namespace === undefined ? '' : `,${recipe.namespace}="${versions[0]?.namespace}"`
  return `{${named}${namespace},${recipe.pod}=~"${versions.map(podPattern).join('|')}"}[${seconds}s]`
}
