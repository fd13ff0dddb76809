import type { Clock } from '../../base/clock.ts'
import type { StableCheck } from '../../inputs/stable-check.ts'
import type { MetricsSource } from '../../routes/metrics-source.ts'
import { commonEdges, type PodSamples } from '../judge/pods.ts'
import type { NoData } from '../metric-value.ts'
import { Detector } from './detector.ts'
import { learn, nothingKnown, unknownSince } from './known.ts'
import type { Metrics } from './metrics.ts'
import { podSource } from './pod-source.ts'
import { askedOf, earliestOf, REACHES, type Reach, type Versions } from './reach.ts'
import type { Names, Wanted } from './recipes.ts'
import { routerSource } from './router-source.ts'
import { routers } from './routers.ts'
import type { Asked, RequestSource, Version } from './source-queries.ts'
import { VersionRecipes } from './version-recipes.ts'
import { isMuch, limit, readVolumes, volumeQuery, volumesOf } from './volume.ts'

/** What the judge is asked with. Times are milliseconds since the epoch, by Prometheus' clock. */
export interface ComparedSamples {
  readonly stable: readonly PodSamples[]
  readonly canary: readonly PodSamples[]
  readonly now: number
  /** How far that clock is ahead of ours: the steps began so much later by it. */
  readonly ahead: number
  /** Where a router reports, which mixes a version's pods: how many of them there are, and how much longer `like stable` allows. */
  readonly router?: { readonly pods: Readonly<Record<Version, number>>; readonly times: number }
}

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

/** A router's instances do not show how much pods differ, so that a latency must differ by more. */
const ROUTER_TIMES = 1.2

export function wantedByStable(checks: readonly StableCheck[]): Wanted {
  const kinds = new Set(checks.map(({ kind }) => kind))
  const both = kinds.has('like-stable')
  return {
    status: both || kinds.has('error-rate') || kinds.has('success-rate'),
    buckets: both || kinds.has('latency'),
    mean: false
  }
}

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
    await this.#ask(asked, earliestOf(users, this.#reach), signal)
    const [stable = [], canary = []] = asked.map((one) => this.#source.samplesOf(one, this.#known))
    const pods = [...stable, ...canary]
    this.#unheard = pods.flatMap(unheardSince)
    if (canary.some(hasBuckets) && stable.some(hasBuckets) && commonEdges(pods).length === 0)
      return { why: NOTHING_IN_COMMON }
    const { ahead } = this.#detector
    return { stable, canary, now: this.#detector.now(), ahead, ...this.#mixed(versions) }
  }

  #mixed({ stable, canary }: Versions): Pick<ComparedSamples, 'router'> {
    if (this.#source.scrapesPods) return {}
    const pods = { stable: stable.pods.length, canary: canary?.pods.length ?? 0 }
    return { router: { pods, times: ROUTER_TIMES } }
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
  async #ask(asked: readonly Asked<R>[], earliest: number, signal?: AbortSignal): Promise<void> {
    const from = unknownSince(this.#known, this.#unheard, earliest)
    const [followed, fresh] = [true, false].map((is) =>
      asked.filter(({ side }) => this.#followed.has(side) === is)
    )
    const names = this.#recipes.namesIn(asked.map(({ recipe }) => recipe))
    const queriesFor = (some: readonly Asked<R>[] = [], since: number) =>
      this.#source.rangeQueries(some, names, this.#detector.secondsSince(since))
    const queries = [...queriesFor(followed, from), ...queriesFor(fresh, earliest)]
    const answers = await Promise.all(queries.map((query) => this.#metrics.query(query, signal)))
    const answer = answers
      .flat()
      .filter((one) => asked.some(({ measured }) => this.#source.belongs(one, measured)))
    const pods = asked.flatMap(({ measured }) => measured.pods)
    this.#known = learn(this.#known, { answer, pods, after: earliest })
    this.#followed = new Set(asked.map(({ side }) => side))
    limit(volumesOf([...this.#known.series.values()]), this.#detector.now() - earliest)
  }
}
