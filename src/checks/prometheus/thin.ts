import { blockAt, type Grid } from '../judge/cells.ts'
import type { Known } from './known.ts'
import type { Series } from './metrics.ts'
import { newestSample } from './samples.ts'

/** Younger samples are all kept, in milliseconds. */
const KEPT_WHOLE = 3_600_000

interface Old {
  readonly grid: Grid
  /** Milliseconds since the epoch. */
  readonly until: number
  /** When a series was seen first: who was scraped then is known to have lacked it before. */
  readonly firsts: ReadonlySet<number>
}

/**
 * Keeps what a counter grew by in each block: its last sample there, and both of a counter that began again.
 * @param size the counter's value
 */
function lastOfBlocks<T extends { readonly at: number }>(
  samples: readonly T[],
  size: (sample: T) => number,
  { grid, until, firsts }: Old
): readonly T[] {
  const kept = samples.filter((sample, i) => {
    const [before, after] = [samples[i - 1], samples[i + 1]]
    if (before === undefined || after === undefined) return true
    if (sample.at <= grid.start || sample.at > until || firsts.has(sample.at)) return true
    const isLast = blockAt(grid, sample.at) !== blockAt(grid, after.at)
    return isLast || size(after) < size(sample) || size(sample) < size(before)
  })
  return kept.length === samples.length ? samples : kept
}

function thinnedSeries({ labels, samples, histograms }: Series, old: Old): Series {
  return {
    labels,
    samples: lastOfBlocks(samples, ({ value }) => value, old),
    ...(histograms && { histograms: lastOfBlocks(histograms, ({ count }) => count, old) })
  }
}

/**
 * Without the samples of a long release that tell the judge nothing more: of what is older than an hour a block's end is enough.
 * In whatever parts that is done, what is left in the end is the same.
 * @param users when they came, in milliseconds since the epoch: everything before is kept
 * @param gridOf the judge's blocks
 */
export function thinned({ series, created }: Known, users: number, gridOf: () => Grid): Known {
  const all = [...series.values()]
  const until = (newestSample(all) ?? 0) - KEPT_WHOLE
  if (until <= users) return { series, created }
  const grid = gridOf()
  const firsts = new Set(all.flatMap(({ samples }) => samples[0]?.at ?? []))
  const old = { grid, until, firsts }
  return { series: new Map([...series].map(([key, one]) => [key, thinnedSeries(one, old)])), created }
}
