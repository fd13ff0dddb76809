import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  commonShare,
  divide,
  missingFineness,
  shareOf,
  unite,
  type Weighted
} from '../../../src/routes/backend-weights.ts'

const sides = {
  isApex: ({ name }: Weighted) => name === 'web',
  isCanary: ({ name }: Weighted) => name === 'web-green',
  canary: 'web-green'
}
const weightsOf = (entries: readonly Weighted[]) =>
  entries.map(({ name, weight }) => `${name} ${weight ?? '-'}`)

const total = (entries: readonly Weighted[]) => entries.reduce((sum, { weight = 1 }) => sum + weight, 0)

const entry = fc.record(
  { name: fc.constantFrom('web', 'web', 'api', 'legacy'), weight: fc.integer({ min: 0, max: 1000 }) },
  { requiredKeys: ['name'] }
)
const list = fc.array(entry, { minLength: 1, maxLength: 6 })
const percent = fc.integer({ min: 0, max: 100 })

describe('weights', () => {
  it.each<[string, readonly Weighted[], number, string[]]>([
    ['alone it has per cents', [{ name: 'web', weight: 7 }], 10, ['web 90', 'web-green 10']],
    [
      'beside somebody with no part in it too',
      [{ name: 'web' }, { name: 'api', weight: 0 }],
      25,
      ['web 75', 'web-green 25', 'api 0']
    ],
    [
      'beside others it shares what it has',
      [
        { name: 'api', weight: 70 },
        { name: 'web', weight: 30 }
      ],
      10,
      ['api 70', 'web 27', 'web-green 3']
    ],
    ['parked it stays parked', [{ name: 'web', weight: 0 }], 50, ['web 0', 'web-green 0']]
  ])('%s', (_, entries, share, expected) => {
    expect(weightsOf(divide(entries, sides, share))).toEqual(expected)
  })

  it('are as before once united', () => {
    fc.assert(
      fc.property(list, percent, (entries, share) => {
        const before = entries.filter(sides.isApex).map(({ weight }) => weight ?? null)
        expect(unite(divide(entries, sides, share), sides, before)).toEqual(entries)
      })
    )
  })

  it('send as much to the apex as before though nobody knows what that was', () => {
    fc.assert(
      fc.property(list, percent, (entries, share) => {
        const united = unite(divide(entries, sides, share), sides, undefined)
        expect(united.some(sides.isCanary)).toBe(false)
        const part = (of: readonly Weighted[]) =>
          total(of) === 0 ? 0 : total(of.filter(sides.isApex)) / total(of)
        expect(part(united)).toBeCloseTo(part(entries))
      })
    )
  })

  it('leave everybody else what they have, in amount and in share', () => {
    fc.assert(
      fc.property(list, percent, (entries, share) => {
        const divided = divide(entries, sides, share)
        const others = (of: readonly Weighted[]) => of.filter(({ name }) => !name.startsWith('web'))
        expect(others(divided)).toEqual(others(entries))
        const alone = others(entries).every(({ weight }) => weight === 0)
        if (!alone) expect(total(divided)).toBe(total(entries))
      })
    )
  })

  it('that are fine enough come near the share that was asked for, once multiplied as is said', () => {
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 99 }), (entries, share) => {
        const factor = missingFineness(entries, sides, [share])?.factor ?? 1
        const fine = entries.map((one) => ({ ...one, weight: (one.weight ?? 1) * factor }))
        expect(missingFineness(fine, sides, [share])).toBeUndefined()
        const read = commonShare([shareOf(divide(fine, sides, share), sides)])
        const serves = fine.some((one) => sides.isApex(one) && one.weight > 0)
        if (!serves) expect(read).toBeUndefined()
        else expect(Math.abs((read ?? NaN) - share)).toBeLessThanOrEqual(share / 10 + 1e-9)
      })
    )
  })

  it('in several lists are one share only when all were divided by it', () => {
    const fine = { name: 'web', weight: 1000 }
    const lists = [[{ name: 'web' }], [{ name: 'api' }, fine], [{ name: 'web', weight: 33 }, { name: 'api' }]]
    const shares = (split: readonly number[]) =>
      lists.map((one, at) => shareOf(divide(one, sides, split[at] ?? 0), sides))
    expect(commonShare(shares([10, 10, 10]))).toBe(10)
    expect(commonShare(shares([10, 10, 20]))).toBeUndefined()
    expect(commonShare(shares([10, 11, 10]))).toBeUndefined()
    expect(commonShare(lists.slice(1).map((one) => shareOf(divide(one, sides, 10), sides)))).toBe(10)
    expect(
      commonShare(
        shares([10, 10, 10])
          .filter(({ whole }) => whole < 1000)
          .reverse()
      )
    ).toBe(10)
    expect(commonShare([])).toBeUndefined()
  })

  it('in a list that is too small for the share must still be what rounding makes of it', () => {
    const alone = { whole: 100, canary: 60, alone: true }
    expect(commonShare([alone, { whole: 1, canary: 1, alone: false }])).toBe(60)
    expect(commonShare([alone, { whole: 1, canary: 0, alone: false }])).toBeUndefined()
  })

  it.each([
    [11, 10, undefined],
    [9, 10, 10],
    [15, 10, 2],
    [4, 10, 5],
    [1, 1, 100],
    [10, 95, 2],
    [10, 100, undefined],
    [1, 0, undefined],
    [0, 10, undefined]
  ])('of %i beside others can be divided by %i %% once multiplied by %s', (weight, share, factor) => {
    const missing = missingFineness([{ name: 'web', weight }, { name: 'api' }], sides, [share])
    expect(missing?.factor).toBe(factor)
  })
})
