import type { Bucket } from './histogram.ts'
import type { Series } from './metrics.ts'
import { isProbe, type Names } from './recipes.ts'
import { increase, newestSample, scrapeGap, type History } from './samples.ts'

/** The requests to the subject since a moment. Probes and scrapes are left out. */
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
  /** Requests that failed on the server's side, e.g. with 5xx; undefined when no label holds the status. */
  readonly errors?: number
  /** Of the durations, in seconds. */
  readonly buckets: readonly Bucket[]
  /** Seconds that `timed` requests have taken together. */
  readonly seconds: number
  readonly timed: number
}

/** Prometheus' default scrape interval, in milliseconds: what to expect before two samples are seen. */
const defaultGap = 60_000

/** Older samples say nothing about now: three scrapes must have been missed, and some time passed at all. */
export const staleAfter = (gap = defaultGap): number => Math.max(3 * gap, 15_000)

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
  /** Whether what this series of requests counts has failed. */
  readonly hasFailed: (labels: Series['labels']) => boolean
  /** Whether a series whose first sample came later stood at 0 at the moment from which on is counted. */
  readonly beganAtZero: (series: Series) => boolean
  /** Ready pods that have not been scraped since `fresh`. */
  readonly silentPods: (fresh: number) => readonly string[]
}

/** Counts what has happened between two moments (milliseconds since the epoch by Prometheus' clock). */
export const trafficSince = (history: History, names: Names, counting: Counting, moment: Moment): Traffic => {
  const { since, now } = moment
  const all = [...history.values()]
  const gap = scrapeGap(all) ?? moment.gap
  const grown = (series: Series): number => increase(series.samples, since, counting.beganAtZero(series))
  const sum = (series: readonly Series[]): number => series.reduce((total, one) => total + grown(one), 0)
  const users = all.filter((series) => !isProbe(series))
  const requests = named(users, names.requests)
  const failed = requests.filter(({ labels }) => counting.hasFailed(labels))
  const { base = '', unit = 1 } = names.latency ?? {}
  const newest = newestSample(named(all, names.requests))
  return {
    since,
    now,
    ...(newest !== undefined && { newest }),
    ...(gap !== undefined && { gap }),
    silent: counting.silentPods(now - staleAfter(gap)),
    requests: sum(requests),
    ...(names.status !== undefined && { errors: sum(failed) }),
    buckets: named(users, `${base}_bucket`).map((series) => ({
      edge: edgeOf(series) * unit,
      count: grown(series)
    })),
    seconds: sum(named(users, `${base}_sum`)) * unit,
    timed: sum(named(users, `${base}_count`))
  }
}

/** In the metric's own unit. */
export const edgeOf = ({ labels }: Series): number => (labels.le === '+Inf' ? Infinity : Number(labels.le))
