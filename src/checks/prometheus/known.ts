import type { MeasuredPod } from '../measured-version.ts'
import type { Series } from './metrics.ts'
import { absorb, emptyHistory, newestSample, type History } from './samples.ts'

/** All that two versions are compared by, as far as it has been asked for. */
export interface Known {
  readonly series: History
  /** When each pod was created, in milliseconds since the epoch: nobody else knows it once the pod is gone. */
  readonly created: ReadonlyMap<string, number>
}

export const nothingKnown: Known = { series: emptyHistory, created: new Map() }

/** What is learnt at a look. */
export interface Lesson {
  readonly answer: readonly Series[]
  readonly pods: readonly MeasuredPod[]
  /** Milliseconds since the epoch: nothing from until then is kept. */
  readonly after: number
}

/** Without samples from until then. */
function later(series: Series, after: number): Series {
  const { labels, samples, histograms } = series
  if ((samples[0]?.at ?? Infinity) > after) return series
  const isLater = ({ at }: { readonly at: number }): boolean => at > after
  return {
    labels,
    samples: samples.filter(isLater),
    ...(histograms && { histograms: histograms.filter(isLater) })
  }
}

/** Takes in an answer. In whatever parts and order the answers come, what is known in the end is the same. */
export function learn({ series, created }: Known, { answer, pods, after }: Lesson): Known {
  const kept = [...absorb(series, answer)]
    .map(([key, one]) => [key, later(one, after)] as const)
    .filter(([, { samples }]) => samples.length > 0)
  return {
    series: new Map(kept),
    created: new Map([...created, ...pods.map(({ name, createdAt }) => [name, createdAt] as const)])
  }
}

/** The last milliseconds are asked for again: a sample may be stored so much later than it was taken. */
export const MARGIN = 30_000

/** Who has been silent for longer than the others, in milliseconds, is not waited for: so long Prometheus takes a sample for current. */
const SILENCE = 300_000

/**
 * From when on there may be samples that are not known yet, in milliseconds since the epoch: since the slowest pod's newest.
 * @param unheard when those pods were created that should have been scraped, but of which nothing is known
 * @param earliest what came before is not needed
 */
export function unknownSince({ series }: Known, unheard: readonly number[], earliest: number): number {
  const all = [...series.values()]
  const newest = newestSample(all)
  if (newest === undefined) return earliest
  const ends = all.flatMap(({ samples }) => samples.at(-1)?.at ?? []).filter((at) => at > newest - SILENCE)
  const slowest = ends.reduce((least, at) => Math.min(least, at), newest)
  const oldest = unheard.reduce((least, at) => Math.min(least, at), slowest)
  return Math.max(Math.max(oldest, newest - SILENCE) - MARGIN, earliest)
}
