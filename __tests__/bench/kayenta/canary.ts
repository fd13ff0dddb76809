import { quantile, together, type Rival, type Traffic } from '../rivals.ts'
import type { Cell } from '../release.ts'
import { classify, score } from './classify.ts'

/**
 * Kayenta as its documentation sets it up: errors in percent and the p95 in milliseconds, which must not increase, a group each; the
 * scores 75 and 95; judged every five minutes by all points so far.
 */
const INTERVAL = 300
const MARGINAL = 75
const PASS = 95

const known = (values: readonly number[]): readonly number[] => values.filter((value) => !Number.isNaN(value))

/** Points of so many seconds. */
function pointsOf(cells: readonly Cell[], seconds: number, scrape: number): readonly Cell[] {
  const each = Math.max(Math.round(seconds / scrape), 1)
  return Array.from({ length: Math.floor(cells.length / each) }, (_, i) =>
    together(cells.slice(i * each, (i + 1) * each))
  )
}

const errors = (points: readonly Cell[]): readonly number[] => known(points.map(({ n, e }) => (100 * e) / n))

const p95 = (points: readonly Cell[], edges: readonly number[]): readonly number[] =>
  known(points.map((point) => 1_000 * quantile(point, 0.95, edges)))

export const kayentaOf =
  (seconds: number): Rival =>
  ({ canary, stable, scrape, edges }: Traffic) => {
    const step = Math.max(seconds, scrape)
    const [own, other] = [pointsOf(canary, step, scrape), pointsOf(stable, step, scrape)]
    const end = canary.length * scrape
    for (let at = INTERVAL; at <= end; at += INTERVAL) {
      const [mine, theirs] = [own.slice(0, at / step), other.slice(0, at / step)]
      const found = score([
        [classify(errors(mine), errors(theirs), { direction: 'increase' })],
        [classify(p95(mine, edges), p95(theirs, edges), { direction: 'increase' })]
      ])
      const isLast = at + INTERVAL > end
      if (found < MARGINAL || (isLast && found < PASS)) return { verdict: 'rollback', at }
    }
    return { verdict: 'promote', at: end }
  }
