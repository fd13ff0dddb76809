import type { Ended } from '../action.ts'
import type { Counted } from './load.ts'

/**
 * Quantile of the normal distribution: 99.99% lie within so many standard deviations. With some shares in every run of
 * the tests, 99% would be a false alarm in every tenth run.
 */
const Z = 3.8906

/** A shift as the output `json` tells it; `at` in milliseconds since the epoch. */
export interface Shift {
  readonly at: number
  readonly weight: number
  /** Copies of requests, in percent. */
  readonly mirror?: number
  readonly achieved?: number
  readonly observed?: { readonly share: number; readonly requests: number }
}

export function shiftsOf({ outputs }: Ended): readonly Shift[] {
  const { shifts } = JSON.parse(outputs.json ?? '{}') as {
    shifts: readonly (Omit<Shift, 'at'> & { readonly at: string })[]
  }
  return shifts.map((shift) => ({ ...shift, at: Date.parse(shift.at) }))
}

export interface Observed {
  readonly canary: number
  readonly all: number
  /** Percent. */
  readonly share: number
}

/** Which share of the requests a version answered in a stretch of time; all connections, or only fresh ones. */
export function observe(
  { seconds, startedAt }: Counted,
  version: string,
  from: number,
  to: number,
  kind: 'all' | 'fresh' = 'all'
): Observed {
  const first = Math.ceil((from - startedAt) / 1000)
  const last = Math.floor((to - startedAt) / 1000)
  const counted = seconds
    .slice(first, last)
    .flatMap(({ fresh, kept }) => (kind === 'fresh' ? [fresh] : [fresh, kept]))
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  const canary = sum(counted.map((second) => second[version] ?? 0))
  const all = sum(counted.flatMap((second) => Object.values(second)))
  return { canary, all, share: (100 * canary) / all }
}

/**
 * The 99.99% interval in which so many requests of a binomial distribution with this share (in percent) lie, as
 * shares in percent (normal approximation, with half a request on each side for continuity).
 */
export function interval(wanted: number, requests: number): readonly [number, number] {
  const p = wanted / 100
  const spread = Z * Math.sqrt((p * (1 - p)) / requests) + 0.5 / requests
  return [100 * (p - spread), 100 * (p + spread)]
}
