import type { Sample } from './pods.ts'

/** Above that a number is no count: not every whole one is there. */
const MOST = Number.MAX_SAFE_INTEGER

/** Between 0 and that it is none either: squares of it are 0. */
const LEAST = 1e-9

const isCount = ({ at, value }: Sample): boolean =>
  Number.isFinite(at) && (value === 0 || value >= LEAST) && value <= MOST

const isOrdered = (samples: readonly Sample[]): boolean =>
  samples.every(({ at }, i) => i === 0 || at > (samples[i - 1]?.at ?? 0))

/** In order of time, each time once; what is no count is left out. */
function tidy(samples: readonly Sample[]): readonly Sample[] {
  const counts = samples.every(isCount) ? samples : samples.filter(isCount)
  if (isOrdered(counts)) return counts
  const sorted = [...counts].sort((one, other) => one.at - other.at)
  return sorted.filter(({ at }, i) => at !== sorted[i - 1]?.at)
}

/**
 * Tells what a counter grew by, from sample to sample. A value below the one before it means that the counter began again at 0.
 * @param samples of one series, in any order
 * @param bornAt whether a series whose first sample came then stood at 0 before; else that is where counting begins
 */
export function eachGrowth(
  samples: readonly Sample[],
  bornAt: (at: number) => boolean,
  tell: (by: number, at: number) => void
): void {
  const ordered = tidy(samples)
  let previous = bornAt(ordered[0]?.at ?? 0) ? 0 : undefined
  for (const { at, value } of ordered) {
    if (previous !== undefined) tell(value >= previous ? value - previous : value, at)
    previous = value
  }
}
