import type { Bucket } from './histogram.ts'
import type { Series } from './metrics.ts'
import { isProbe, isServerError, type Recipe } from './recipes.ts'
import { increase, newestSample, scrapeGap, type History } from './samples.ts'
import type { Subject } from './subject.ts'

/** The requests that the subject's pods have answered since a moment. Probes and scrapes are left out. */
export interface Traffic {
  /** Milliseconds since the epoch by Prometheus' clock, as all times here. */
  readonly since: number
  readonly now: number
  /** Time of the newest sample; undefined when no pod has reported requests. */
  readonly newest?: number
  /** Milliseconds between two samples; undefined before there are two. */
  readonly gap?: number
  /** Ready pods that Prometheus cannot scrape, as far as it says which it can. */
  readonly silent: readonly string[]
  readonly requests: number
  /** Requests answered with 5xx; undefined when no label holds the status. */
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

const named = (history: readonly Series[], name: string): readonly Series[] =>
  history.filter(({ labels }) => labels.__name__ === name)

/**
 * A new series began at 0 when its pod is as new, or when the pod was scraped before: the counter did not exist
 * then. In an older pod that Prometheus has only just found, its first value is older traffic.
 */
const beganAtZero = (
  history: readonly Series[],
  { pod }: Recipe,
  subject: Subject,
  since: number
): ((series: Series) => boolean) => {
  const old = subject.pods.filter(
    ({ createdAt }) => createdAt < subject.releaseStartedAt - lookBack(undefined)
  )
  const scraped = history.filter(({ samples }) => (samples[0]?.at ?? Infinity) <= since)
  const known = new Set(scraped.map(({ labels }) => labels[pod]))
  return ({ labels }) => known.has(labels[pod]) || !old.some(({ name }) => name === labels[pod])
}

/** Ready pods with none of their targets up. Where no pod has one (metrics are pushed), nothing is known. */
const silentPods = (
  history: readonly Series[],
  { pod }: Recipe,
  { pods }: Subject,
  fresh: number
): readonly string[] => {
  const targets = named(history, 'up')
  const up = targets.filter(({ samples }) => {
    const last = samples.at(-1)
    return last !== undefined && last.at >= fresh && last.value === 1
  })
  const heard = new Set(up.map(({ labels }) => labels[pod]))
  const due = pods.filter(({ createdAt }) => createdAt < fresh)
  return targets.length === 0 ? [] : due.filter(({ name }) => !heard.has(name)).map(({ name }) => name)
}

interface Moment {
  readonly since: number
  readonly now: number
  /** Of an earlier look, where the history is too short to tell. */
  readonly gap?: number | undefined
}

/** Counts what has happened between two moments (milliseconds since the epoch by Prometheus' clock). */
export const trafficSince = (history: History, recipe: Recipe, subject: Subject, moment: Moment): Traffic => {
  const { since, now } = moment
  const all = [...history.values()]
  const gap = scrapeGap(all) ?? moment.gap
  const fromZero = beganAtZero(all, recipe, subject, since)
  const grown = (series: Series): number => increase(series.samples, since, fromZero(series))
  const sum = (series: readonly Series[]): number => series.reduce((total, one) => total + grown(one), 0)
  const users = all.filter((series) => !isProbe(series))
  const requests = named(users, recipe.requests)
  const { base = '', unit = 1 } = recipe.latency ?? {}
  const newest = newestSample(named(all, recipe.requests))
  return {
    since,
    now,
    ...(newest !== undefined && { newest }),
    ...(gap !== undefined && { gap }),
    silent: silentPods(all, recipe, subject, now - staleAfter(gap)),
    requests: sum(requests),
    ...errorsAmong(requests, recipe, sum),
    buckets: named(users, `${base}_bucket`).map((series) => ({
      edge: edgeOf(series) * unit,
      count: grown(series)
    })),
    seconds: sum(named(users, `${base}_sum`)) * unit,
    timed: sum(named(users, `${base}_count`))
  }
}

const errorsAmong = (
  requests: readonly Series[],
  { status }: Recipe,
  sum: (series: readonly Series[]) => number
): { errors?: number } =>
  status === undefined
    ? {}
    : { errors: sum(requests.filter(({ labels }) => isServerError(labels[status] ?? ''))) }

const edgeOf = ({ labels }: Series): number => (labels.le === '+Inf' ? Infinity : Number(labels.le))
