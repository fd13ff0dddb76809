import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readAnswer } from '../../../../src/checks/prometheus/answer.ts'
import type { HistogramSample, Series } from '../../../../src/checks/prometheus/metrics.ts'
import { commonBoundaries, cumulated } from '../../../../src/checks/prometheus/native-histogram.ts'
import { findInAnswer } from '../../../../src/checks/prometheus/values.ts'

const labels = { __name__: 'http_request_duration_seconds', code: '200', pod: 'a' }

/** What a range selector brings of a native histogram, as Prometheus writes it. */
function read(...histograms: readonly object[]): Series | undefined {
  const result = [
    { metric: labels, histograms: histograms.map((one, i) => [1_790_000_000.25 + 15 * i, one]) }
  ]
  const body = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } })
  return readAnswer({ status: 200, body }, 'Prometheus')[0]
}

const recorded = {
  count: '7',
  sum: '1.375',
  buckets: [
    [3, '-2.938735877055719e-39', '2.938735877055719e-39', '1'],
    [0, '0.07432544468767006', '0.08838834764831845', '2'],
    [0, '0.10511205190671431', '0.125', '3'],
    [0, '0.25', '0.29730177875068026', '1']
  ]
}

describe('a native histogram', () => {
  it('is read with its buckets, and its count for a number', () => {
    expect(read(recorded)).toStrictEqual({
      labels,
      samples: [{ at: 1_790_000_000_250, value: 7 }],
      histograms: [
        {
          at: 1_790_000_000_250,
          count: 7,
          buckets: [
            { lower: -2.938735877055719e-39, upper: 2.938735877055719e-39, count: 1 },
            { lower: 0.07432544468767006, upper: 0.08838834764831845, count: 2 },
            { lower: 0.10511205190671431, upper: 0.125, count: 3 },
            { lower: 0.25, upper: 0.29730177875068026, count: 1 }
          ]
        }
      ]
    })
  })

  it('without observations has no buckets, and a marker that it has ended has no number', () => {
    expect(read({ count: '0', sum: '0' })?.histograms).toEqual([
      { at: 1_790_000_000_250, count: 0, buckets: [] }
    ])
    expect(read({ count: '0', sum: 'NaN' })?.samples[0]?.value).toBeNaN()
  })

  it.each([
    ['no count', { sum: '1' }],
    ['an empty count', { count: '', sum: '1' }],
    ['a bucket without an edge', { count: '1', sum: '1', buckets: [[0, '1', '1']] }]
  ])('that has %s is no answer', (_what, histogram) => {
    expect(() => read(histogram)).toThrow('unknown form')
  })

  it('is no value for a query of the user’s', () => {
    const native = read(recorded)
    expect(findInAnswer(native ? [native] : [], 'x[1m]')).toEqual({
      why: 'the query gave a histogram where one number is needed'
    })
  })
})

const of = (
  ...buckets: readonly (readonly [lower: number, upper: number, count: number])[]
): HistogramSample => ({
  at: 0,
  count: buckets.reduce((sum, [, , count]) => sum + count, 0),
  buckets: buckets.map(([lower, upper, count]) => ({ lower, upper, count }))
})

const root = (k: number, schema: number): number => 2 ** (k / 2 ** schema)

describe('the edges', () => {
  it('are the boundaries, of those of an exponential histogram every fourth of an octave', () => {
    const fine = of([root(-9, 3), root(-8, 3), 1], [root(-8, 3), root(-7, 3), 1], [root(-1, 3), 1, 2])
    expect(commonBoundaries([fine])).toEqual([0.5, 1])
    expect(commonBoundaries([of([0.25, root(-7, 2), 1])])).toEqual([0.25, root(-7, 2)])
  })

  it('are those of the coarsest, where a histogram was made coarser or another pod’s is', () => {
    const fine = of([0.25, root(-3, 1), 1], [root(-1, 1), 1, 2])
    const coarse = of([0.25, 0.5, 5], [0.5, 1, 5])
    expect(commonBoundaries([fine, coarse])).toEqual([0.25, 0.5, 1])
  })

  it('are its own, where a histogram has such as a classic one', () => {
    expect(commonBoundaries([of([-Infinity, 0.005, 1], [0.005, 0.01, 4], [2.5, Infinity, 1])])).toEqual([
      0.005, 0.01, 2.5
    ])
  })

  it('are not of the zero bucket', () => {
    expect(commonBoundaries([of([-1e-39, 1e-39, 3], [0.5, 1, 2])])).toEqual([0.5, 1])
  })

  it('differ by more than a decimal’s last digit', () => {
    const [one, other] = [of([0.5, root(-3, 2), 1]), of([root(-3, 2) * (1 + 1e-15), 1, 1])]
    expect(commonBoundaries([one, other])).toContain(root(-3, 2))
  })
})

it('counts up to each edge exactly what was observed until there', () => {
  const observations = fc.array(fc.double({ min: 0.001, max: 60, noNaN: true }), {
    minLength: 1,
    maxLength: 50
  })
  fc.assert(
    fc.property(
      observations,
      fc.integer({ min: -1, max: 5 }),
      fc.integer({ min: -1, max: 5 }),
      (all, one, other) => {
        const histogram = (schema: number): HistogramSample => {
          const places = all.map((value) => Math.ceil(Math.log2(value) * 2 ** schema))
          const counts = Map.groupBy(
            places.sort((a, b) => a - b),
            (place) => place
          )
          return of(
            ...[...counts].map(([k, { length }]) => [root(k - 1, schema), root(k, schema), length] as const)
          )
        }
        const edges = commonBoundaries([histogram(one), histogram(other)])
        const truth = edges.map(
          (edge) =>
            all.filter((value) => Math.ceil(Math.log2(value) * 32) <= Math.round(Math.log2(edge) * 32)).length
        )
        expect(cumulated(histogram(one), edges)).toEqual(truth)
        expect(cumulated(histogram(other), edges)).toEqual(truth)
      }
    )
  )
})
