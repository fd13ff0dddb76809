import { playAll } from './pool.ts'
import type { CellName, JudgeName, Outcome, Outcomes, Task } from './cell.ts'
import type { Verdict } from './ours.ts'

/** What came of the releases of a cell, by judge. */

const { max, min, sqrt } = Math

export interface Tally {
  readonly releases: number
  /** Seconds after which half of those that are rolled back are; undefined when none is. */
  readonly median?: number
  /** Mean of what the new version's users asked for until it was decided, and of what failed. */
  readonly requests: number
  readonly errors: number
  readonly count: (...verdicts: readonly Verdict[]) => number
}

export interface Played {
  readonly cell: CellName
  readonly outcomes: Outcomes
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / max(values.length, 1)

export function tallyOf(outcomes: readonly Outcome[]): Tally {
  const times = outcomes.flatMap(({ verdict, at }) => (verdict === 'rollback' ? [at] : []))
  const median = times.sort((one, other) => one - other)[Math.floor((times.length - 1) / 2)]
  return {
    releases: outcomes.length,
    ...(median !== undefined && { median }),
    requests: mean(outcomes.map(({ requests }) => requests)),
    errors: mean(outcomes.map(({ errors }) => errors)),
    count: (...verdicts) => outcomes.filter(({ verdict }) => verdicts.includes(verdict)).length
  }
}

/** In percent. Source: Wilson, Probable inference, the law of succession, and statistical inference (1927). */
export function wilson(count: number, of: number, z = 1.96): readonly [low: number, high: number] {
  const p = count / max(of, 1)
  const centre = (p + (z * z) / (2 * of)) / (1 + (z * z) / of)
  const half = (z * sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of))) / (1 + (z * z) / of)
  return [100 * max(centre - half, 0), 100 * min(centre + half, 1)]
}

/** Releases are played by so many: a task is a few seconds of work. */
const TOGETHER = 25

interface Order {
  readonly releases: number
  readonly seed: number
  readonly rivals: boolean
}

export async function playCells(
  cells: readonly CellName[],
  { releases, seed, rivals }: Order,
  onDone?: (done: number, of: number) => void
): Promise<readonly Played[]> {
  const parts = Math.ceil(releases / TOGETHER)
  const tasks = cells.flatMap((cell) =>
    Array.from({ length: parts }, (_, i): Task => {
      const from = i * TOGETHER
      return { cell, seed, from, to: min(from + TOGETHER, releases), rivals }
    })
  )
  const found = await playAll(tasks, (done) => onDone?.(done, tasks.length))
  return cells.map((cell, i) => {
    const outcomes: Partial<Record<JudgeName, Outcome[]>> = {}
    for (const part of found.slice(i * parts, (i + 1) * parts))
      for (const [name, more] of Object.entries(part) as [JudgeName, readonly Outcome[]][])
        outcomes[name] = [...(outcomes[name] ?? []), ...more]
    return { cell, outcomes }
  })
}
