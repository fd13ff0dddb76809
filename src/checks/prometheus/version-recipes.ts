import type { Version, Versions } from '../compared-samples.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { NoData } from '../metric-value.ts'
import type { Detector } from './detector.ts'
import type { Recipes } from './reach.ts'
import { metricNames, type Names, type Wanted } from './recipes.ts'
import type { RequestSource } from './source-queries.ts'

/** What of a version's metrics was found, and why that does not do. */
type Found<R> = { readonly recipe: R; readonly lacking?: NoData } | { readonly lacking: NoData }

/** What both versions' metrics are called. It is found out once, and until then with every look. */
export class VersionRecipes<R extends Names> {
  readonly #detector: Detector<R>
  readonly #source: RequestSource<R>
  readonly #wanted: Wanted
  readonly #known = new Map<Version, R>()

  constructor(detector: Detector<R>, source: RequestSource<R>, wanted: Wanted) {
    this.#detector = detector
    this.#source = source
    this.#wanted = wanted
  }

  /** A canary that has counted nothing yet will call it as the stable version does, unless that is a router's name for it. */
  async find({ stable, canary }: Versions, signal?: AbortSignal): Promise<Recipes<R> | NoData> {
    const own = await this.#find('stable', stable, signal)
    if (!('recipe' in own)) return own.lacking
    if (own.lacking) return own.lacking
    if (canary === undefined) return { stable: own.recipe }
    const other = await this.#find('canary', canary, signal)
    if (!('recipe' in other))
      return { stable: own.recipe, ...(this.#source.scrapesPods && { canary: own.recipe }) }
    return other.lacking ?? { stable: own.recipe, canary: other.recipe }
  }

  async #find(version: Version, measured: MeasuredVersion, signal?: AbortSignal): Promise<Found<R>> {
    const known = this.#known.get(version)
    if (known !== undefined) return { recipe: known }
    const { recipe, scraped } = await this.#detector.detect(measured, signal)
    const lacks = this.#source.lacks(version, measured)
    if (recipe === undefined) return { lacking: { why: lacks.counter(scraped), early: true } }
    if (this.#wanted.status && recipe.status === undefined)
      return { recipe, lacking: { why: lacks.status(recipe.requests) } }
    if (this.#wanted.buckets && !recipe.latency?.hasBuckets && recipe.native === undefined)
      return { recipe, lacking: { why: lacks.buckets, early: true } }
    this.#known.set(version, recipe)
    return { recipe }
  }

  /** Of what the versions' samples are asked for. */
  namesIn(recipes: readonly R[]): readonly string[] {
    const names = recipes.flatMap((recipe) => {
      const native = this.#wanted.buckets && recipe.native ? [recipe.native.base] : []
      return [...metricNames(recipe, this.#wanted), ...native]
    })
    return [...new Set([...(this.#source.scrapesPods ? ['up'] : []), ...names])]
  }
}
