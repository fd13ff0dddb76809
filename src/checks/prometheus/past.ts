import type { Clock } from '../../base/clock.ts'
import type { Span } from '../../inputs/replay.ts'
import type { MetricsSource } from '../../routes/metrics-source.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { NoData } from '../metric-value.ts'
import type { PastSamples } from '../past-samples.ts'
import { Detector } from './detector.ts'
import { learn, nothingKnown } from './known.ts'
import type { Metrics, Series } from './metrics.ts'
import { podSource } from './pod-source.ts'
import { askedOf, REACHES, type Reach } from './reach.ts'
import type { Names, Wanted } from './recipes.ts'
import { routerSource } from './router-source.ts'
import { routers } from './routers.ts'
import type { Asked, RequestSource } from './source-queries.ts'
import { VersionRecipes } from './version-recipes.ts'
import { isMuch, limit, readVolumes, volumeQuery, volumesOf } from './volume.ts'

/** Reads the stable version's past, piece by piece. */
export interface Past {
  /** What is asked for in the order of time is read once. @throws MetricsError */
  read(stable: MeasuredVersion, span: Span, signal?: AbortSignal): Promise<PastSamples | NoData>
}

/** So much is asked for at once, in milliseconds. */
const PIECE = 1_800_000

/** Seconds that an answer reaches further than it must: no query is evaluated in the moment in which it is sent. */
const SLACK = 2

export const openPast = (metrics: Metrics, clock: Clock, wanted: Wanted, source: MetricsSource): Past =>
  source === 'http'
    ? new PiecedPast(metrics, clock, wanted, podSource)
    : new PiecedPast(metrics, clock, wanted, routerSource(routers[source]))

class PiecedPast<R extends Names> implements Past {
  readonly #metrics: Metrics
  readonly #source: RequestSource<R>
  readonly #detector: Detector<R>
  readonly #recipes: VersionRecipes<R>
  #reach: Reach | undefined
  #known = nothingKnown
  /** Numbers of the pieces that are known. */
  #pieces: ReadonlySet<number> = new Set()

  constructor(metrics: Metrics, clock: Clock, wanted: Wanted, source: RequestSource<R>) {
    this.#metrics = metrics
    this.#source = source
    this.#detector = new Detector(metrics, clock, source)
    this.#recipes = new VersionRecipes(this.#detector, source, wanted)
  }

  async read(
    stable: MeasuredVersion,
    { from, to }: Span,
    signal?: AbortSignal
  ): Promise<PastSamples | NoData> {
    const recipes = await this.#recipes.find({ stable, canary: undefined }, signal)
    if ('why' in recipes) return recipes
    const of = (reach: Reach) => askedOf(recipes, { stable, canary: undefined }, reach)
    this.#reach ??= (await this.#isMuch(of(REACHES[0]), { from, to }, signal)) ? REACHES[1] : REACHES[0]
    const asked = of(this.#reach)
    const [first, last] = [Math.floor(from / PIECE), Math.floor((to - 1) / PIECE)]
    const needed = Array.from({ length: last - first + 1 }, (_, i) => first + i)
    this.#known = learn(this.#known, { answer: [], pods: stable.pods, after: first * PIECE })
    for (const piece of needed) if (!this.#pieces.has(piece)) await this.#learn(asked, piece, signal)
    this.#pieces = new Set(needed)
    const [pods = []] = asked.map((one) => this.#source.samplesOf(one, this.#known))
    return { pods, isMixed: !this.#source.scrapesPods }
  }

  /** How a query's range ends at a moment of the past: milliseconds since the epoch by our clock. */
  #ending(at: number): string {
    const ago = Math.floor((this.#detector.now() - this.#detector.ahead - at) / 1000)
    return ago <= 0 ? '' : ` offset ${ago}s`
  }

  async #learn(asked: readonly Asked<R>[], piece: number, signal?: AbortSignal): Promise<void> {
    const names = this.#recipes.namesIn(asked.map(({ recipe }) => recipe))
    const end = this.#ending((piece + 1) * PIECE)
    const queries = this.#source.rangeQueries(asked, names, PIECE / 1000 + SLACK)
    const answers = await Promise.all(queries.map((query) => this.#metrics.query(query + end, signal)))
    const belongs = (one: Series): boolean =>
      asked.some(({ measured }) => this.#source.belongs(one, measured))
    this.#known = learn(this.#known, { answer: answers.flat().filter(belongs), pods: [], after: -Infinity })
    limit(volumesOf([...this.#known.series.values()]), this.#detector.now() - piece * PIECE)
  }

  async #isMuch(asked: readonly Asked<R>[], { from, to }: Span, signal?: AbortSignal): Promise<boolean> {
    const seconds = Math.ceil((to - from) / 1000)
    const end = this.#ending(to)
    const names = this.#recipes.namesIn(asked.map(({ recipe }) => recipe))
    const query = volumeQuery(names, (metric) =>
      this.#source.rangeQueries(asked, [metric], seconds).map((range) => range + end)
    )
    return isMuch(readVolumes(await this.#metrics.query(query, signal), asked[0]?.recipe.native?.base))
  }
}
