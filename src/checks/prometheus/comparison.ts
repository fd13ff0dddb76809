import type { Clock } from '../../base/clock.ts'
import type { MetricsSource } from '../../routes/metrics-source.ts'
import type { ComparedSamples, Version, Versions } from '../compared-samples.ts'
import { gridOf, scrapeGapOf } from '../judge/cells.ts'
import { commonEdges, type PodSamples } from '../judge/pods.ts'
import type { RouterReport } from '../judge/router.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { NoData } from '../metric-value.ts'
import { Detector } from './detector.ts'
import { learn, MARGIN, nothingKnown, unknownSince } from './known.ts'
import type { Metrics, Series } from './metrics.ts'
import { podSource } from './pod-source.ts'
import { askedOf, earliestOf, REACHES, type Reach } from './reach.ts'
import type { Names, Wanted } from './recipes.ts'
import { routerSource } from './router-source.ts'
import { routers } from './routers.ts'
import type { Asked, RequestSource } from './source-queries.ts'
import { thinned } from './thin.ts'
import { VersionRecipes } from './version-recipes.ts'
import { isMuch, limit, MOST_KEPT, readVolumes, volumeQuery, volumesOf } from './volume.ts'

/** Brings the judge its samples, of one release. */
export interface Comparison {
  /**
   * All samples of both versions from an hour before the first users until now; only what is new is asked for.
   * @param firstUsers of the new version, milliseconds since the epoch by our clock; undefined before they come
   * @throws MetricsError
   */
  look(
    versions: Versions,
    firstUsers: number | undefined,
    signal?: AbortSignal
  ): Promise<ComparedSamples | NoData>
}

/** So many times what is asked for at first is asked for at once: the rest of a long release comes after it. */
const PARTS = 1.5

/** A router's instances do not show how much pods differ, so that a latency must differ by more. */
const ROUTER_TIMES = 1.3

export const openComparison = (
  metrics: Metrics,
  clock: Clock,
  wanted: Wanted,
  source: MetricsSource
): Comparison =>
  source === 'http'
    ? new SampledComparison(metrics, clock, wanted, podSource)
    : new SampledComparison(metrics, clock, wanted, routerSource(routers[source]))

/** When a pod was created that should have been scraped, but has not. */
const unheardSince = ({ ready, createdAt, requests, buckets }: PodSamples): number[] =>
  ready && createdAt !== undefined && [...requests, ...buckets].every(({ samples }) => samples.length === 0)
    ? [createdAt]
    : []

/** A sidecar's figures are those of its pod; one that is gone is as good as any. */
const isOfPod = ({ createdAt, ready }: PodSamples): boolean => createdAt !== undefined || !ready

const createdIn = (version: MeasuredVersion | undefined): readonly number[] =>
  version?.pods.map(({ createdAt }) => createdAt) ?? []

const routerOf = ({ stable, canary }: Versions): RouterReport => ({
  pods: { stable: createdIn(stable), canary: createdIn(canary) },
  times: ROUTER_TIMES
})

const hasBuckets = ({ buckets }: PodSamples): boolean => buckets.length > 0

const NOTHING_IN_COMMON =
  "the two versions' histograms of durations have no edge in common, so that they cannot be compared"

class SampledComparison<R extends Names> implements Comparison {
  readonly #metrics: Metrics
  readonly #source: RequestSource<R>
  readonly #detector: Detector<R>
  readonly #recipes: VersionRecipes<R>
  #reach: Reach | undefined
  #known = nothingKnown
  /** Of which versions all is known that there was at the last look. */
  #followed: ReadonlySet<Version> = new Set()
  /** When those pods were created of which nothing was known at the last look. */
  #unheard: readonly number[] = []

  constructor(metrics: Metrics, clock: Clock, wanted: Wanted, source: RequestSource<R>) {
    this.#metrics = metrics
    this.#source = source
    this.#detector = new Detector(metrics, clock, source)
    this.#recipes = new VersionRecipes(this.#detector, source, wanted)
  }

  async look(
    versions: Versions,
    firstUsers: number | undefined,
    signal?: AbortSignal
  ): Promise<ComparedSamples | NoData> {
    const recipes = await this.#recipes.find(versions, signal)
    if ('why' in recipes) return recipes
    const users = firstUsers === undefined ? this.#detector.now() : firstUsers + this.#detector.ahead
    this.#reach ??= await this.#reachFor(users, recipes.stable, versions, signal)
    const asked = askedOf(recipes, versions, this.#reach)
    await this.#ask(asked, users, this.#reach, signal)
    const [stable = [], canary = []] = asked.map((one) => this.#source.samplesOf(one, this.#known))
    const pods = [...stable, ...canary]
    this.#unheard = pods.flatMap(unheardSince)
    if (canary.some(hasBuckets) && stable.some(hasBuckets) && commonEdges(pods).length === 0)
      return { why: NOTHING_IN_COMMON }
    const { ahead } = this.#detector
    const router = this.#source.scrapesPods || pods.every(isOfPod) ? undefined : routerOf(versions)
    return { stable, canary, now: this.#detector.now(), ahead, ...(router && { router }) }
  }

  /**
   * The longer reach unless that is much: by what there was until the first users came, so that another process which looks later
   * finds the same. @throws MetricsError when even the shorter one is too much
   */
  async #reachFor(users: number, recipe: R, versions: Versions, signal?: AbortSignal): Promise<Reach> {
    const later = Math.max(0, Math.ceil((this.#detector.now() - users) / 1000))
    const volumes = async (reach: Reach) => {
      const asked = askedOf({ stable: recipe }, versions, reach)
      const seconds = Math.ceil((users - earliestOf(users, reach)) / 1000)
      const query = volumeQuery(this.#recipes.namesIn([recipe]), (metric) =>
        this.#source.rangeQueries(asked, [metric], seconds).map((range) => `${range} offset ${later}s`)
      )
      return readVolumes(await this.#metrics.query(query, signal), recipe.native?.base)
    }
    const [whole, less] = REACHES
    if (!isMuch(await volumes(whole))) return whole
    limit(await volumes(less), users - earliestOf(users, less))
    return less
  }

  /** What a version has is asked for as a whole once, and then what is new. */
  async #ask(asked: readonly Asked<R>[], users: number, reach: Reach, signal?: AbortSignal): Promise<void> {
    const earliest = earliestOf(users, reach)
    const isFollowed = ({ side }: Asked<R>): boolean => this.#followed.has(side)
    const fresh = asked.filter((one) => !isFollowed(one))
    const since = unknownSince(this.#known, this.#unheard, earliest)
    // A run that takes up a long release reads it in parts, each of which is thinned before the next one comes.
    let to = fresh.length > 0 ? earliest + MARGIN : since + MARGIN
    do {
      const from = to - MARGIN
      to = from + PARTS * reach.past
      const known = to > since ? asked.filter(isFollowed) : []
      const queries = [...this.#queries(known, Math.max(from, since), to), ...this.#queries(fresh, from, to)]
      const answers = await Promise.all(queries.map((query) => this.#metrics.query(query, signal)))
      this.#learn(asked, answers.flat(), users, earliest)
    } while (to < this.#detector.now())
    this.#followed = new Set(asked.map(({ side }) => side))
  }

  /** @param to what came later is not asked for yet */
  #queries(asked: readonly Asked<R>[], from: number, to: number): readonly string[] {
    if (asked.length === 0) return []
    const names = this.#recipes.namesIn(asked.map(({ recipe }) => recipe))
    const later = Math.floor((this.#detector.now() - to) / 1000)
    const seconds = this.#detector.secondsSince(from) - Math.max(later, 0)
    return this.#source
      .rangeQueries(asked, names, seconds)
      .map((range) => (later > 0 ? `${range} offset ${later}s` : range))
  }

  #learn(asked: readonly Asked<R>[], found: readonly Series[], users: number, earliest: number): void {
    const answer = found.filter((one) => asked.some(({ measured }) => this.#source.belongs(one, measured)))
    const pods = asked.flatMap(({ measured }) => measured.pods)
    const whole = learn(this.#known, { answer, pods, after: earliest })
    this.#known = thinned(whole, users, () => {
      const gap = scrapeGapOf(asked.flatMap((one) => this.#source.samplesOf(one, whole)))
      return gridOf(users, gap)
    })
    limit(volumesOf([...this.#known.series.values()]), this.#detector.now() - earliest, MOST_KEPT)
  }
}
