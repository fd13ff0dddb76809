import type { Clock } from '../../base/clock.ts'
import { formatDuration } from '../../base/duration.ts'
import type { MetricsSource } from '../../routes/metrics-source.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { NoData } from '../metric-value.ts'
import type { Need } from '../sampler.ts'
import { Detector } from './detector.ts'
import { MARGIN } from './known.ts'
import type { Metrics, Series } from './metrics.ts'
import { podSource } from './pod-source.ts'
import { covers, type Detection, type Names, type Wanted } from './recipes.ts'
import { routerSource } from './router-source.ts'
import { routers } from './routers.ts'
import { absorb, emptyHistory, forget, newestSample, scrapeGap, type History } from './samples.ts'
import type { RequestSource, SourceReport } from './source-queries.ts'
import { lookBack, trafficSince, type Traffic } from './traffic.ts'
import type { ObservedTraffic } from './values.ts'

/** Watches the requests of one release, asking Prometheus only for what is new since the last look. */
export interface RequestMetrics {
  /** The version's requests since `since`, milliseconds since the epoch. Throws MetricsError. */
  look(measured: MeasuredVersion, since: number, signal?: AbortSignal): Promise<ObservedTraffic | NoData>
  /**
   * How the stable version names its metrics; learns how often Prometheus scrapes. Where these are needed, pods that are
   * new are waited for until they must have been scraped. Throws MetricsError.
   */
  study(measured: MeasuredVersion, signal?: AbortSignal, need?: Need): Promise<SourceReport>
  /** Milliseconds between two scrapes; undefined while unknown. */
  gap(): number | undefined
}

/** A pod that is so old has been scraped, in milliseconds: Prometheus' default interval, and the time to find it. */
const SETTLED = 75_000

/** Between two looks at pods that have not been scraped yet, in milliseconds. */
const LOOK_AGAIN = 5_000

const isNothing = ({ scraped, recipe }: Detection<Names>): boolean => !scraped && recipe === undefined

export const openRequestMetrics = (
  metrics: Metrics,
  clock: Clock,
  wanted: Wanted,
  source: MetricsSource
): RequestMetrics =>
  source === 'http'
    ? new SampledRequests(metrics, clock, wanted, podSource)
    : new SampledRequests(metrics, clock, wanted, routerSource(routers[source]))

class SampledRequests<R extends Names> implements RequestMetrics {
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #wanted: Wanted
  readonly #source: RequestSource<R>
  readonly #detector: Detector<R>
  #history: History = emptyHistory
  #found: Detection<R> = { scraped: false }
  /** The targets that were scraped when the step began. */
  #targets: { readonly since: number; readonly series: readonly Series[] } | undefined
  /** The counter that the stable version has: it is what the canary should have. */
  #expected: string | undefined
  #gap: number | undefined

  constructor(metrics: Metrics, clock: Clock, wanted: Wanted, source: RequestSource<R>) {
    this.#metrics = metrics
    this.#clock = clock
    this.#wanted = wanted
    this.#source = source
    this.#detector = new Detector(metrics, clock, source)
  }

  gap(): number | undefined {
    return this.#gap
  }

  async look(
    measured: MeasuredVersion,
    since: number,
    signal?: AbortSignal
  ): Promise<ObservedTraffic | NoData> {
    const known = this.#found.recipe
    if (known === undefined || !covers(known, this.#wanted))
      this.#found = await this.#detector.detect(measured, signal)
    const { recipe, scraped } = this.#found
    const { side = 'canary' } = measured
    const lacks = this.#source.lacks(side, measured)
    if (recipe === undefined) return { why: lacks.counter(scraped, this.#expected), early: true }
    const traffic = await this.#follow(recipe, measured, since + this.#detector.ahead, signal)
    return { names: recipe, traffic, lacks, side }
  }

  async study(measured: MeasuredVersion, signal?: AbortSignal, need?: Need): Promise<SourceReport> {
    const found = await this.#detectInTime(measured, signal, need)
    const lacks = this.#source.lacks('stable', measured)
    if (found.recipe === undefined) {
      const blind = need?.alike === true && isNothing(found) && (await this.#isBlind(measured, signal))
      return { found, lacks, blind }
    }
    const from = this.#detector.now() - lookBack(undefined)
    const samples = await this.#samples(found.recipe, measured, from, signal)
    this.#gap = scrapeGap(samples)
    this.#expected = found.recipe.requests
    const requests = this.#requestsIn(samples, found.recipe, measured, from)
    return { found, lacks, blind: false, ...(requests !== undefined && { requests }) }
  }

  #requestsIn(
    samples: readonly Series[],
    recipe: R,
    measured: MeasuredVersion,
    since: number
  ): number | undefined {
    // A single sample is a sum since the counter began: no difference can be taken.
    if (this.#gap === undefined) return undefined
    const counting = this.#source.counting(recipe, measured, { since, history: samples, targets: [] })
    const history = absorb(emptyHistory, samples)
    return trafficSince(history, recipe, counting, { since, now: this.#detector.now(), gap: this.#gap })
      .requests
  }

  async #detectInTime(measured: MeasuredVersion, signal?: AbortSignal, need?: Need): Promise<Detection<R>> {
    const found = await this.#detector.detect(measured, signal)
    const left = SETTLED - this.#ageOf(measured)
    if (need?.alike !== true || !isNothing(found) || !(left > 0) || !this.#source.scrapesPods) return found
    need.tell(
      `Prometheus has not scraped the old version's pods yet, which are new: waiting for that, ${formatDuration(left)} at most`
    )
    return this.#detectWithin(this.#clock.now() + left, measured, signal)
  }

  async #detectWithin(end: number, measured: MeasuredVersion, signal?: AbortSignal): Promise<Detection<R>> {
    await this.#clock.sleep(Math.min(LOOK_AGAIN, end - this.#clock.now()), signal)
    const found = await this.#detector.detect(measured, signal)
    const isOver = this.#clock.now() >= end || !isNothing(found)
    return isOver ? found : this.#detectWithin(end, measured, signal)
  }

  /** Of its oldest pod, in milliseconds; NaN when it has none. */
  #ageOf({ pods }: MeasuredVersion): number {
    return pods.length === 0 ? NaN : this.#clock.now() - Math.min(...pods.map(({ createdAt }) => createdAt))
  }

  /** Whether Prometheus scrapes others but not these pods. If it is new itself, or metrics are pushed to it, some may come. */
  async #isBlind(measured: MeasuredVersion, signal?: AbortSignal): Promise<boolean> {
    if (!this.#source.scrapesPods || !(this.#ageOf(measured) >= SETTLED)) return false
    const others = await this.#metrics.query(`count(up offset ${SETTLED / 1000}s)`, signal)
    return others.some(({ samples }) => (samples.at(-1)?.value ?? 0) > 0)
  }

  async #samples(recipe: R, measured: MeasuredVersion, from: number, signal?: AbortSignal) {
    const seconds = this.#detector.secondsSince(from)
    const query = this.#source.samplesQuery(recipe, this.#wanted, measured, seconds)
    const answer = await this.#metrics.query(query, signal)
    return answer.filter((series) => this.#source.belongs(series, measured))
  }

  /** Asked once a step. */
  async #targetsAt(since: number, recipe: R, signal?: AbortSignal): Promise<readonly Series[]> {
    if (this.#targets?.since === since) return this.#targets.series
    const secondsAgo = Math.max(0, Math.ceil((this.#detector.now() - since) / 1000))
    const query = this.#source.targetsQuery(recipe, secondsAgo)
    const series = query === undefined ? [] : await this.#metrics.query(query, signal)
    this.#targets = { since, series }
    return series
  }

  async #follow(recipe: R, measured: MeasuredVersion, since: number, signal?: AbortSignal): Promise<Traffic> {
    const targets = await this.#targetsAt(since, recipe, signal)
    const earliest = since - lookBack(this.#gap)
    const newest = newestSample([...this.#history.values()])
    const from = newest === undefined ? earliest : Math.max(newest - MARGIN, earliest)
    const added = await this.#samples(recipe, measured, from, signal)
    // Samples from before `since` are not counted, but tell that a pod was scraped a moment ago.
    const heard = this.#detector.now() - lookBack(this.#gap)
    this.#history = forget(absorb(this.#history, added), Math.min(since, heard))
    const history = [...this.#history.values()]
    this.#gap = scrapeGap(history) ?? this.#gap
    const counting = this.#source.counting(recipe, measured, { since, history, targets })
    return trafficSince(this.#history, recipe, counting, { since, now: this.#detector.now(), gap: this.#gap })
  }
}
