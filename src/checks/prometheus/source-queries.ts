import type { Version } from '../compared-samples.ts'
import type { PodSamples } from '../judge/pods.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Known } from './known.ts'
import type { Series } from './metrics.ts'
import type { Detection, Names, Wanted } from './recipes.ts'
import type { Counting } from './traffic.ts'

/** What Prometheus does not have, in words that lead to what to change. */
export interface Lacks {
  /**
   * @param scraped there are other metrics of the version
   * @param expected the counter that there should be, where that is known
   */
  readonly counter: (scraped: boolean, expected?: string) => string
  /** @param requests the counter without a label for it */
  readonly status: (requests: string) => string
  readonly buckets: string
  readonly durations: string
}

/** What is known of the stable version's metrics. */
export interface SourceReport {
  readonly found: Detection<Names>
  readonly lacks: Lacks
  /** Prometheus has nothing at all of its pods, though it has had the time to scrape them, and has scraped others. */
  readonly blind: boolean
  /** Requests of users in the last minutes; undefined where nothing counts them. */
  readonly requests?: number
}

/** A version whose samples are asked for, and what they are called. */
export interface Asked<R extends Names> {
  readonly side: Version
  readonly measured: MeasuredVersion
  /** The same for queries, where these are to leave out some of its pods. */
  readonly queried?: MeasuredVersion
  readonly recipe: R
}

/** Who reports the requests to a version: the pods that answer them, or the router that sends them there. */
export interface RequestSource<R extends Names> {
  /** Whether it is the version's own pods that Prometheus scrapes: then what is true of one version's is of the other's. */
  readonly scrapesPods: boolean
  /** One query for which series there are. */
  readonly detectionQuery: (measured: MeasuredVersion) => string
  /** Reads its answer. */
  readonly detect: (answer: readonly Series[], measured: MeasuredVersion) => Detection<R>
  /** One query for all stored samples of the last `seconds` that the wanted figures are counted from. */
  readonly samplesQuery: (recipe: R, wanted: Wanted, measured: MeasuredVersion, seconds: number) => string
  /** Leaves out what this query brings of others. */
  readonly belongs: (series: Series, measured: MeasuredVersion) => boolean
  /**
   * One query for which targets Prometheus scraped so many seconds ago; undefined when `counting` does not need it.
   */
  readonly targetsQuery: (recipe: R, secondsAgo: number) => string | undefined
  readonly counting: (recipe: R, measured: MeasuredVersion, evidence: Evidence) => Counting
  readonly lacks: (version: Version, measured: MeasuredVersion) => Lacks
  /** Queries for all stored samples of the last `seconds` of these metrics, of all these versions. */
  readonly rangeQueries: (
    asked: readonly Asked<R>[],
    names: readonly string[],
    seconds: number
  ) => readonly string[]
  /** What is known of a version, by pod or by instance of the router. */
  readonly samplesOf: (asked: Asked<R>, known: Known) => readonly PodSamples[]
}

/** What is known of the moment from which on is counted. */
export interface Evidence {
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly history: readonly Series[]
  /** The answer to `targetsQuery`. */
  readonly targets: readonly Series[]
}

/** Where nothing is counted from a moment on. */
export const NO_EVIDENCE: Evidence = { since: 0, history: [], targets: [] }
