import { describe, expect, it, test } from '@jest/globals'
import fc from 'fast-check'
import {
  histogramQuantile,
  observations,
  tooCoarse,
  unseen,
  type Bucket
} from '../../../../src/checks/prometheus/histogram.ts'
import type { StableCheck } from '../../../../src/inputs/stable-check.ts'

const buckets = (...pairs: readonly (readonly [number, number])[]): readonly Bucket[] =>
  pairs.map(([edge, count]) => ({ edge, count }))

describe('histogramQuantile', () => {
  // The expected values are what Prometheus' own histogram_quantile gives.
  test.each([
    ['within a bucket', 0.95, buckets([0.1, 50], [0.5, 90], [1, 100], [Infinity, 100]), 0.75, false],
    ['at an edge', 0.9, buckets([0.1, 50], [0.5, 90], [1, 100], [Infinity, 100]), 0.5, false],
    ['at an edge before an empty bucket', 0.5, buckets([1, 5], [2, 5], [3, 10], [Infinity, 10]), 1, false],
    ['in the lowest bucket, from 0', 0.5, buckets([0.1, 100], [Infinity, 100]), 0.05, false],
    ['in the lowest bucket, below 0', 0.5, buckets([-1, 100], [Infinity, 100]), -1, false],
    ['beyond the highest edge', 0.95, buckets([0.1, 50], [10, 90], [Infinity, 100]), 10, true],
    ['all beyond the highest edge', 0.5, buckets([10, 0], [Infinity, 4]), 10, true],
    [
      'of several series, unordered',
      0.5,
      buckets([Infinity, 2], [1, 0], [1, 2], [2, 2], [Infinity, 2], [2, 2]),
      1,
      false
    ],
    ['over counts that go down', 0.5, buckets([1, 10], [2, 8], [Infinity, 10]), 0.5, false]
  ])('%s', (_where, quantile, given, value, beyond) => {
    const found = histogramQuantile(quantile, given)
    expect(found?.value).toBeCloseTo(value, 12)
    expect(found?.beyond).toBe(beyond)
  })

  test.each([
    ['no buckets', buckets()],
    ['no observations', buckets([1, 0], [Infinity, 0])],
    ['no +Inf bucket', buckets([1, 5], [2, 7])],
    ['nothing but the +Inf bucket', buckets([Infinity, 7])]
  ])('there is none with %s', (_what, given) => {
    expect(histogramQuantile(0.95, given)).toBeUndefined()
  })

  /** Edges from 0 upwards with how many observations fall between them. */
  const histogram = fc
    .array(fc.record({ width: fc.integer({ min: 1, max: 1000 }), count: fc.nat(100) }), {
      minLength: 2,
      maxLength: 12
    })
    .map((parts) => {
      let [edge, count] = [0, 0]
      const finite = parts.map((part) => ({ edge: (edge += part.width), count: (count += part.count) }))
      return [...finite, { edge: Infinity, count: count + 3 }]
    })
  const share = fc.integer({ min: 1, max: 9999 }).map((part) => part / 10_000)

  it('lies between the edges of the bucket that holds it', () => {
    fc.assert(
      fc.property(histogram, share, (given, quantile) => {
        const found = histogramQuantile(quantile, given)
        const rank = quantile * observations(given)
        const index = given.findIndex(({ count }) => count >= rank)
        const [below, bucket] = [given[index - 1]?.edge ?? 0, given[index]?.edge ?? Infinity]
        expect(found?.value).toBeGreaterThanOrEqual(below)
        expect(found?.value).toBeLessThanOrEqual(bucket)
        expect(found?.beyond).toBe(bucket === Infinity)
      })
    )
  })

  it('does not depend on the unit', () => {
    fc.assert(
      fc.property(histogram, share, (given, quantile) => {
        const inMilliseconds = given.map(({ edge, count }) => ({ edge: edge * 1000, count }))
        const [one, other] = [histogramQuantile(quantile, given), histogramQuantile(quantile, inMilliseconds)]
        expect(other?.value).toBeCloseTo((one?.value ?? NaN) * 1000, 6)
      })
    )
  })

  it('never goes down with the quantile', () => {
    fc.assert(
      fc.property(histogram, share, share, (given, one, other) => {
        const lower = histogramQuantile(Math.min(one, other), given)?.value ?? NaN
        expect(histogramQuantile(Math.max(one, other), given)?.value).toBeGreaterThanOrEqual(lower)
      })
    )
  })
})

describe('a histogram whose edges are far apart everywhere', () => {
  const base = 'traefik_service_request_duration_seconds'
  const told = (check: StableCheck, edges: readonly number[] = [0.1, 0.3, 1.2, 5]) =>
    tooCoarse(check, { base, unit: 1, hasBuckets: true, edges })

  it('shows no quantile, and no small difference', () => {
    const where = `the edges of ${base} are 100ms, 300ms, 1s200ms, 5s; with these write latency <= stable * 1.5`
    expect(told({ kind: 'latency', quantile: 0.95, times: 3.5 })).toEqual([
      `p95 latency <= stable * 3.5: ${where}`
    ])
    expect(told({ kind: 'latency', times: 1.2 })).toEqual([`latency <= stable * 1.2: ${where}`])
    expect(told({ kind: 'like-stable' })).toEqual([`like stable: ${where}`])
  })

  it('shows a large one, and errors', () => {
    expect(told({ kind: 'latency', times: 1.5 })).toEqual([])
    expect(told({ kind: 'error-rate', plus: 0.01 })).toEqual([])
  })

  it('never shows a quantile that stays between two edges', () => {
    const latency = { base, unit: 1, hasBuckets: true, edges: [0.1, 0.3, 1.2, 5] }
    const p95 = (times: number): StableCheck => ({ kind: 'latency', quantile: 0.95, times })
    expect(unseen(p95(1.2), latency)).toEqual([
      {
        input: 'checks',
        problem:
          `p95 latency <= stable * 1.2 cannot be told: the edges of ${base} are 100ms, 300ms, 1s200ms, 5s, ` +
          'and a quantile between two of them is a guess',
        example: 'latency <= stable * 1.5'
      }
    ])
    expect(tooCoarse(p95(1.2), latency)).toEqual([])
    // 0.1 s and 0.3 s are 3 times apart.
    expect(unseen(p95(3.1), latency)).toEqual([])
    expect(unseen({ kind: 'latency', times: 1.2 }, latency)).toEqual([])
    expect(unseen(p95(1.2), { ...latency, edges: [0.1, 0.25, 1, 5] })).toEqual([])
    expect(unseen(p95(1.2), { ...latency, edges: [] })).toEqual([])
  })

  it('is none where two edges are near each other, or where edges were not looked for', () => {
    expect(told({ kind: 'like-stable' }, [0.1, 0.25, 1, 5])).toEqual([])
    expect(told({ kind: 'like-stable' }, [])).toEqual([])
  })
})
