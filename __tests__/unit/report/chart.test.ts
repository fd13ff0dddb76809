import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Measurement } from '../../../src/outcome.ts'
import { checkChart, gantt, withExtremes } from '../../../src/report/chart.ts'
import { hostile } from './hostile-text.ts'
import { check, start } from './outcomes.ts'

const latency = check('p95 latency < 500ms')

const samples = (values: readonly (number | undefined)[]): readonly Measurement[] =>
  values.map((value, at) => ({
    ...{ check: latency, at: start + at * 1_000, verdict: 'pass', step: 'bake' },
    ...(value === undefined ? {} : { value })
  }))

const chartOf = (values: readonly (number | undefined)[]): string =>
  checkChart(latency, samples(values), { startedAt: start })

describe('the chart of a check', () => {
  test('draws the values and the bound in the unit in which they read best', () => {
    expect(chartOf([0.1, 0.2, 0.3])).toMatchSnapshot()
  })

  test.each([
    ['no value', []],
    ['one value', [0.1]],
    ['one finite value', [0.1, NaN, Infinity, undefined, 1e300]]
  ])('is left out for %s', (_name, values) => {
    expect(chartOf(values)).toBe('')
  })

  test('holds only numbers that Mermaid can read', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 2, maxLength: 80 }), (values) => {
        const numbers = chartOf(values)
          .split('\n')
          .flatMap(
            (line) =>
              /^ {2}(?:line \[|[xy]-axis "[^"]*" )(.*?)\]?$/u.exec(line)?.[1]?.split(/, | --> /u) ?? []
          )
        expect(numbers.filter((number) => !/^-?\d+(?:\.\d+)?$/u.test(number))).toEqual([])
      })
    )
  })
})

test('a long series keeps its extremes in at most thirty points', () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 500 })
  fc.assert(
    fc.property(values, (numbers) => {
      const points = withExtremes(numbers.map((value, at) => ({ value, at })))
      const kept = points.map(({ value }) => value)
      expect(points.length).toBeLessThanOrEqual(30)
      expect([Math.min(...kept), Math.max(...kept)]).toEqual([Math.min(...numbers), Math.max(...numbers)])
      expect(points).toEqual(points.toSorted((one, other) => one.at - other.at))
    })
  )
})

test('a title of others cannot break the timeline', () => {
  fc.assert(
    fc.property(hostile, (title) => {
      const step = { title, startedAt: start, milliseconds: 10, status: 'done' } as const
      const lines = gantt([step, step], 10).split('\n')
      expect(lines).toHaveLength(7)
      const tasks = lines.slice(4, 6)
      expect(
        tasks.filter((line) => !/^ {2}\d [^:;#"%<>]*(?:%[^:;#"%<>]+)*%? ?:done, \d+, 10ms$/u.test(line))
      ).toEqual([])
    })
  )
})
