import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseDecimal, shiftDecimal } from '../../../src/inputs/decimal.ts'

describe('parseDecimal', () => {
  it.each([
    ['95', 95],
    ['-0.5', -0.5],
    ['.5', 0.5],
    ['1e-3', 0.001],
    ['2.5E+6', 2_500_000],
    ['-0', 0]
  ])('reads %s', (text, value) => {
    expect(parseDecimal(text)).toBe(value)
  })

  it.each(['', ' ', '-', '1.', '1,5', '+1', '0x10', 'Infinity', 'NaN', '1e999', '1 2', '1_000'])(
    'refuses %j',
    (text) => {
      expect(parseDecimal(text)).toBeUndefined()
    }
  )
})

describe('shiftDecimal', () => {
  it.each([
    [7, -2, 0.07],
    [0.07, 2, 7],
    [99.9, -2, 0.999],
    [0.9999, 2, 99.99],
    [1e-7, 2, 1e-5],
    [1e21, -2, 1e19],
    [0, -2, 0]
  ])('moves the point of %d by %d to %d', (value, places, shifted) => {
    expect(shiftDecimal(value, places)).toBe(shifted)
  })

  it('goes back exactly', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: -6, max: 0 }),
        fc.constantFrom(-3, -2, 2),
        (n, exponent, places) => {
          const value = Number(`${n}e${exponent}`)
          expect(shiftDecimal(shiftDecimal(value, places), -places)).toBe(value)
        }
      )
    )
  })
})
