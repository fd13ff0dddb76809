import type { HistogramSample, Sample, Series } from './metrics.ts'

/**
 * The stored samples of counters, by series. Increases are counted from them exactly, which PromQL's `increase`
 * does not do: it extrapolates to the edges of its window and ignores the first value of a new series, and so
 * loses the first errors of a version.
 */
export type History = ReadonlyMap<string, Series>

export const emptyHistory: History = new Map()

const keyOf = (labels: Series['labels']): string =>
  JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))

/** Of two samples of one time the larger is kept, whichever came first; what is no number is left out. */
function merged<T extends { readonly at: number }>(
  known: readonly T[],
  added: readonly T[],
  size: (sample: T) => number
): readonly T[] {
  const first = added.reduce((least, { at }) => Math.min(least, at), Infinity)
  const untouched = known.findLastIndex(({ at }) => at < first) + 1
  const byTime = new Map(known.slice(untouched).map((sample) => [sample.at, sample]))
  const fresh = added.filter((sample) => {
    const other = byTime.get(sample.at)
    const wanted = Number.isFinite(size(sample)) && (other === undefined || size(sample) > size(other))
    if (wanted) byTime.set(sample.at, sample)
    return wanted
  })
  if (fresh.length === 0) return known
  return [...known.slice(0, untouched), ...[...byTime.values()].sort((one, other) => one.at - other.at)]
}

const valueOf = ({ value }: Sample): number => value
const countOf = ({ count }: HistogramSample): number => count

/** Takes in what a range selector brought, in any order. */
export function absorb(history: History, found: readonly Series[]): History {
  const next = new Map(history)
  for (const { labels, samples, histograms } of found) {
    const key = keyOf(labels)
    const known = next.get(key)
    const native = merged(known?.histograms ?? [], histograms ?? [], countOf)
    next.set(key, {
      labels,
      samples: merged(known?.samples ?? [], samples, valueOf),
      ...(native.length > 0 && { histograms: native })
    })
  }
  return next
}

/** Drops what no increase since `since` (milliseconds since the epoch) needs; the last sample until then stays. */
export const forget = (history: History, since: number): History =>
  new Map(
    [...history].map(([key, { labels, samples }]) => {
      const base = samples.findLastIndex(({ at }) => at <= since)
      return [key, { labels, samples: samples.slice(Math.max(base, 0)) }]
    })
  )

/**
 * How much a counter has grown since `since` (milliseconds since the epoch), counted from its last sample until
 * then. A value below the one before it means that the counter began again at 0.
 * @param samples of one series, ordered by time
 * @param fromZero without a sample until `since` the series began at 0; else it is counted from its first sample
 */
export function increase(samples: readonly Sample[], since: number, fromZero: boolean): number {
  const base = samples.findLastIndex(({ at }) => at <= since)
  const counted = samples.slice(Math.max(base, 0))
  let previous = base < 0 && fromZero ? 0 : (counted[0]?.value ?? 0)
  let total = 0
  for (const { value } of counted) {
    total += value >= previous ? value - previous : value
    previous = value
  }
  return total
}

/** Milliseconds since the epoch of the newest sample of these series; undefined when there is none. */
export const newestSample = (series: readonly Series[]): number | undefined =>
  series.reduce<number | undefined>((newest, { samples }) => {
    const last = samples.at(-1)?.at
    return last === undefined || (newest !== undefined && newest > last) ? newest : last
  }, undefined)

/** Milliseconds between two samples of a series, on average over the series with the most; undefined before two. */
export function scrapeGap(series: readonly Series[]): number | undefined {
  const longest = series.reduce<readonly Sample[]>(
    (most, { samples }) => (samples.length > most.length ? samples : most),
    []
  )
  const [first, last] = [longest[0], longest.at(-1)]
  return first === undefined || last === undefined || longest.length < 2
    ? undefined
    : (last.at - first.at) / (longest.length - 1)
}
