import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { classify, score, type Classification, type Options } from './kayenta/classify.ts'
import { rankDifference, shiftOf, type Confidence, type Shift } from './kayenta/mann-whitney.ts'

/** That the rival of the bench decides as Kayenta does is shown by the data of Kayenta's own tests. */

type Values = readonly number[]
interface Wanted {
  readonly label: string
  readonly isCritical?: boolean
  /** null where there is none. */
  readonly deviation?: number | null
}

type Fixture =
  | { of: 'classifier'; name: string; canary: Values; baseline: Values; options: Options; wanted: Wanted }
  | { of: 'ranks'; name: string; x: Values; y: Values; wanted: [mu: number, z: number, value: number][] }
  | { of: 'shift'; name: string; x: Values; y: Values; confidence: Confidence; wanted: Shift; loose: boolean }
  | { of: 'source' }

const fixtures = readFileSync(new URL('kayenta/fixtures.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Fixture)

const of = <T extends Fixture['of']>(kind: T): Extract<Fixture, { of: T }>[] =>
  fixtures.filter((one): one is Extract<Fixture, { of: T }> => one.of === kind)

describe("Kayenta's classifier", () => {
  const cases = of('classifier')

  it('has all of its published cases', () => {
    expect(cases).toHaveLength(34)
  })

  it.each(cases.map((one) => [one.name, one] as const))('%s', (_, { canary, baseline, options, wanted }) => {
    const found = classify(canary, baseline, options)
    expect(found.label).toBe(wanted.label)
    if (wanted.isCritical !== undefined) expect(found.isCritical).toBe(wanted.isCritical)
    if (wanted.deviation === null) expect(found.deviation).toBeNaN()
    else if (wanted.deviation !== undefined) expect(found.deviation).toBe(wanted.deviation)
  })
})

describe('the shift of two samples', () => {
  it.each(of('ranks').map((one) => [one.name, one] as const))('%s', (_, { x, y, wanted }) => {
    for (const [mu, z, value] of wanted) expect(rankDifference(mu, z, x, y)).toBeCloseTo(value, 5)
  })

  it.each(of('shift').map((one) => [one.name, one] as const))(
    '%s',
    (_, { x, y, confidence, wanted, loose }) => {
      const found = shiftOf(x, y, confidence)
      expect(Math.abs(found.lower - wanted.lower)).toBeLessThan(1e-6)
      expect(Math.abs(found.upper - wanted.upper)).toBeLessThan(1e-6)
      expect(Math.abs(found.estimate - wanted.estimate)).toBeLessThan(loose ? 1e-4 : 1e-6)
    }
  )
})

describe("Kayenta's score", () => {
  const labelled = (label: Classification['label'], isCritical = false): Classification => ({
    label,
    isCritical,
    deviation: 1
  })

  it.each<[readonly (readonly Classification[])[], number]>([
    [[[labelled('Pass')], [labelled('Pass')]], 100],
    [[[labelled('Pass'), labelled('High')]], 50],
    [[[labelled('Pass'), labelled('High')], [labelled('High')]], 25],
    [[[labelled('Pass'), labelled('Nodata')], [labelled('High')]], 50],
    [[[labelled('Pass'), labelled('High', true)]], 0],
    [[[labelled('Pass'), labelled('Nodata', true)]], 0],
    [[[labelled('Nodata')], [labelled('Nodata')]], 0]
  ])('of %j is %d', (groups, points) => {
    expect(score(groups)).toBe(points)
  })
})
