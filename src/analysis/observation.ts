import type { Clock } from '../clock.ts'
import type { Check } from '../grammar/check.ts'
import type { Missing } from './finding.ts'
import type { Metrics } from './metrics.ts'
import {
  covers,
  detect,
  detectionQuery,
  inNamespace,
  samplesQuery,
  searchedCounters,
  type Detection,
  type Recipe,
  type Wanted
} from './recipes.ts'
import { absorb, emptyHistory, forget, newestSample, scrapeGap, type History } from './samples.ts'
import type { Subject } from './subject.ts'
import { lookBack, trafficSince, type Traffic } from './traffic.ts'

/** What all built-in checks of a round are judged by. */
export interface ObservedTraffic {
  readonly recipe: Recipe
  readonly traffic: Traffic
}

/** Watches the requests of one release, asking Prometheus only for what is new since the last look. */
export interface Observation {
  /** The subject's requests since `since`, milliseconds since the epoch. Throws MetricsError. */
  look(subject: Subject, since: number, signal?: AbortSignal): Promise<ObservedTraffic | Missing>
  /** How the stable version names its metrics; learns how often Prometheus scrapes. Throws MetricsError. */
  study(subject: Subject, signal?: AbortSignal): Promise<Detection>
  /** Milliseconds between two scrapes; undefined while unknown. */
  gap(): number | undefined
}

/** Asked again every time: a sample that was late must have come within these milliseconds. */
const margin = 30_000

export const wantedBy = (checks: readonly Check[]): Wanted => {
  const kinds = new Set(checks.map(({ metric }) => metric.kind))
  return {
    status: kinds.has('success-rate') || kinds.has('error-rate'),
    buckets: kinds.has('latency'),
    mean: kinds.has('mean-latency')
  }
}

/** Why nothing can be counted, in words that lead to what to change. */
const notFound = (scraped: boolean, expected: string | undefined): Missing => {
  const names = expected ?? `any of ${searchedCounters}`
  const why = scraped
    ? `no series: the canary's pods are scraped, but none reports ${names} (has a request reached them?)`
    : `no series: no pod of the canary reports ${names} (is it scraped?)`
  return { why, early: true }
}

export const observeTraffic = (metrics: Metrics, clock: Clock, wanted: Wanted): Observation =>
  new TrafficObservation(metrics, clock, wanted)

class TrafficObservation implements Observation {
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #wanted: Wanted
  #history: History = emptyHistory
  #found: Detection = { scraped: false }
  /** The counter that the stable version has: it is what the canary should have. */
  #expected: string | undefined
  #gap: number | undefined
  /** How far Prometheus' clock is ahead of ours, in milliseconds: its samples carry its own time. */
  #ahead = 0

  constructor(metrics: Metrics, clock: Clock, wanted: Wanted) {
    this.#metrics = metrics
    this.#clock = clock
    this.#wanted = wanted
  }

  gap(): number | undefined {
    return this.#gap
  }

  async look(subject: Subject, since: number, signal?: AbortSignal): Promise<ObservedTraffic | Missing> {
    const known = this.#found.recipe
    if (known === undefined || !covers(known, this.#wanted)) this.#found = await this.#detect(subject, signal)
    const { recipe, scraped } = this.#found
    if (recipe === undefined) return notFound(scraped, this.#expected)
    return { recipe, traffic: await this.#follow(recipe, subject, since + this.#ahead, signal) }
  }

  async study(subject: Subject, signal?: AbortSignal): Promise<Detection> {
    const detected = await this.#detect(subject, signal)
    if (detected.recipe === undefined) return detected
    const from = this.#now() - lookBack(undefined)
    this.#gap = scrapeGap(await this.#samples(detected.recipe, subject, from, signal))
    this.#expected = detected.recipe.requests
    return detected
  }

  /** Prometheus' time. */
  #now(): number {
    return this.#clock.now() + this.#ahead
  }

  async #detect(subject: Subject, signal?: AbortSignal): Promise<Detection> {
    const asked = this.#clock.now()
    const answer = await this.#metrics.query(detectionQuery(subject), signal)
    const evaluated = newestSample(answer)
    if (evaluated !== undefined) this.#ahead = evaluated - (asked + this.#clock.now()) / 2
    return detect(answer, subject)
  }

  async #samples(recipe: Recipe, subject: Subject, from: number, signal?: AbortSignal) {
    const seconds = Math.max(1, Math.ceil((this.#now() - from) / 1000) + 1)
    const answer = await this.#metrics.query(samplesQuery(recipe, this.#wanted, subject, seconds), signal)
    return answer.filter((series) => inNamespace(series, subject.namespace))
  }

  async #follow(recipe: Recipe, subject: Subject, since: number, signal?: AbortSignal): Promise<Traffic> {
    const earliest = since - lookBack(this.#gap)
    const newest = newestSample([...this.#history.values()])
    const from = newest === undefined ? earliest : Math.max(newest - margin, earliest)
    const added = await this.#samples(recipe, subject, from, signal)
    this.#history = forget(absorb(this.#history, added), since)
    this.#gap = scrapeGap([...this.#history.values()]) ?? this.#gap
    return trafficSince(this.#history, recipe, subject, { since, now: this.#now(), gap: this.#gap })
  }
}
