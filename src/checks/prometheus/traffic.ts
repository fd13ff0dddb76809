import type { Bucket } from './histogram.ts'
import type { Series } from './metrics.ts'
import type { Names } from './recipes.ts'
import { increase, newestSample, scrapeGap, type History } from './samples.ts'

/** The requests to the version since a moment. Probes and scrapes are left out. */
export interface Traffic {
  /** Milliseconds since the epoch by Prometheus' clock, as all times here. */
  readonly since: number
  readonly now: number
  /** Time of the newest sample; undefined when nobody has reported requests. */
  readonly newest?: number
  /** Milliseconds between two samples; undefined before there are two. */
  readonly gap?: number
  /** Ready pods that Prometheus cannot scrape, as far as it says which it can. */
  readonly silent: readonly string[]
  readonly requests: number
  /** Requests that are left out: where probes and scrapes go to, and how many there were. */
  readonly leftOut: { readonly requests: number; readonly paths: readonly string[] }
  /** Requests that failed on the server's side, e.g. with 5xx; undefined when no label holds the status. */
  readonly errors?: number
  /** Of the durations, in seconds. */
  readonly buckets: readonly Bucket[]
  /** Seconds that `timed` requests have taken together. */
  readonly seconds: number
  readonly timed: number
  /** The same without what its pods have done while they were cold, where that leaves any requests. */
  readonly warm?: Traffic
}

/** Prometheus' default scrape interval, in milliseconds: what to expect before two samples are seen. */
const DEFAULT_GAP = 60_000

/** Older samples say nothing about now: three scrapes must have been missed, and some time passed at all. */
export const staleAfter = (gap = DEFAULT_GAP): number => Math.max(3 * gap, 15_000)

/** How far before a moment its base samples are sought, at most; Prometheus takes older ones for gone too. */
export const lookBack = (gap: number | undefined): number =>
  gap === undefined ? 300_000 : Math.min(staleAfter(gap), 300_000)

export const named = (history: readonly Series[], name: string): readonly Series[] =>
  history.filter(({ labels }) => labels.__name__ === name)

export interface Moment {
  readonly since: number
  readonly now: number
  /** Of an earlier look, where the history is too short to tell. */
  readonly gap?: number | undefined
}

/** How stored series are counted. */
export interface Counting {
  /** The path by which a series is known to count probes or scrapes; undefined when it counts users. */
  readonly probedPath: (labels: Series['labels']) => string | undefined
  /** How many of the counted requests may be probes, where these ask for a path that users ask for, too. */
  readonly probesAmong: (counted: readonly Counted[], until: number) => number
  /** Whether what this series of requests counts has failed. */
  readonly hasFailed: (labels: Series['labels']) => boolean
  /** Whether a series whose first sample came later stood at 0 at the moment from which on is counted. */
  readonly beganAtZero: (series: Series) => boolean
  /** Until when the pod of this series is cold, in milliseconds since the epoch; undefined where it is not, or nobody knows. */
  readonly warmAt: (labels: Series['labels']) => number | undefined
  /** Ready pods that have not been scraped since `fresh`. */
  readonly silentPods: (fresh: number) => readonly string[]
}

/** How many requests a series has counted. */
export interface Counted {
  readonly labels: Series['labels']
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** Counts what has happened between two moments (milliseconds since the epoch by Prometheus' clock). */
export function trafficSince(history: History, names: Names, counting: Counting, moment: Moment): Traffic {
  const all = countedSince(history, names, { ...counting, warmAt: () => undefined }, moment)
  const isCold = ({ labels }: Series): boolean => (counting.warmAt(labels) ?? 0) > moment.since
  if (![...history.values()].some(isCold)) return all
  const warm = countedSince(history, names, counting, moment)
  return warm.requests > 0 ? { ...all, warm } : all
}

/** Of each series what it has counted since its pod is warm. */
function countedSince(history: History, names: Names, counting: Counting, moment: Moment): Traffic {
  const { since, now } = moment
  const from = ({ labels }: Series): number => Math.max(since, counting.warmAt(labels) ?? since)
  const all = [...history.values()]
  const gap = scrapeGap(all) ?? moment.gap
  const grown = (series: Series): number =>
    increase(series.samples, from(series), counting.beganAtZero(series))
  const sum = (series: readonly Series[]): number => series.reduce((total, one) => total + grown(one), 0)
  const users = all.filter(({ labels }) => counting.probedPath(labels) === undefined)
  const requests = named(users, names.requests)
  const failed = requests.filter(({ labels }) => counting.hasFailed(labels))
  const { base = '', unit = 1 } = names.latency ?? {}
  const newest = newestSample(named(all, names.requests))
  const counted = requests.map((one) => ({ labels: one.labels, count: grown(one), since: from(one) }))
  const probes = counting.probesAmong(counted, newest ?? since)
  return {
    since,
    now,
    ...(newest !== undefined && { newest }),
    ...(gap !== undefined && { gap }),
    silent: counting.silentPods(now - staleAfter(gap)),
    requests: sum(requests) - probes,
    leftOut: leftOut(named(all, names.requests), grown, counting, probes),
    ...(names.status !== undefined && { errors: sum(failed) }),
    buckets: named(users, `${base}_bucket`).map((series) => ({
      edge: edgeOf(series) * unit,
      count: grown(series)
    })),
    seconds: sum(named(users, `${base}_sum`)) * unit,
    timed: sum(named(users, `${base}_count`))
  }
}

function leftOut(
  requests: readonly Series[],
  grown: (series: Series) => number,
  { probedPath }: Counting,
  probes: number
): Traffic['leftOut'] {
  const known = requests.flatMap((series) => {
    const path = probedPath(series.labels)
    const count = path === undefined ? 0 : grown(series)
    return path === undefined || count === 0 ? [] : [{ path, count }]
  })
  const paths = new Set([...known.map(({ path }) => path), ...(probes > 0 ? ['/'] : [])])
  return { requests: known.reduce((total, { count }) => total + count, probes), paths: [...paths].sort() }
}

/** In the metric's own unit. */
export const edgeOf = ({ labels }: Series): number => (labels.le === '+Inf' ? Infinity : Number(labels.le))
