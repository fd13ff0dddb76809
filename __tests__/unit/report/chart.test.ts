import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Measurement } from '../../../src/domain/outcome.ts'
import { checkChart, inSlots } from '../../../src/report/chart.ts'
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
              /^ {2}(?:(?:bar|line) \[|[xy]-axis "[^"]*" )(.*?)\]?$/u.exec(line)?.[1]?.split(/, | --> /u) ??
              []
          )
        expect(numbers.filter((number) => !/^-?\d+(?:\.\d+)?$/u.test(number))).toEqual([])
      })
    )
  })
})

test('a long series keeps its worst value in at most thirty stretches', () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 500 })
  fc.assert(
    fc.property(values, (numbers) => {
      const slots = inSlots(
        numbers.map((value, at) => ({ value, at })),
        Math.max
      )
      expect(slots.length).toBeLessThanOrEqual(30)
      expect(slots.reduce((worst = -Infinity, value = -Infinity) => Math.max(worst, value))).toBe(
        Math.max(...numbers)
      )
    })
  )
})

test('what was not measured is a gap as long as it lasted', () => {
  const at = (seconds: number, value?: number) => ({
    at: seconds * 1_000,
    ...(value === undefined ? {} : { value })
  })
  expect(inSlots([at(0, 1), at(15, 2), at(30), at(90, 3)], Math.max)).toEqual([
    ...[1, 2, undefined, undefined, undefined, undefined],
    3
  ])
})

test('a ratio is never drawn beyond 100%', () => {
  const rate = check('success-rate >= 99%')
  const taken = samples([1, 0.999]).map((sample) => ({ ...sample, check: rate }))
  expect(checkChart(rate, taken, { startedAt: start })).toMatch(/ y-axis "%" 98\.9 --> 100$/m)
})
