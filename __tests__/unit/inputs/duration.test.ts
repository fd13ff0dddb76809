import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatDuration, parseDuration } from '../../../src/base/duration.ts'
import { durationBetween } from '../../../src/inputs/duration.ts'

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1h2m3s4ms', 3_723_004],
    ['0s', 0],
    ['007m', 420_000]
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', '90', '5 m', '-5m', '1.5h', '30m1h', '5m5m', '5M', '1d', 's', '∞', `${'9'.repeat(400)}s`])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    }
  )

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseDuration(text)
      })
    )
  })
})

describe('formatDuration', () => {
  it.each([
    [90_000, '1m30s'],
    [5_400_000, '1h30m'],
    [3_600_000, '1h'],
    [1_500, '1s500ms'],
    [0, '0s'],
    [12.4, '12ms']
  ])('prints %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text)
  })

  it('is the inverse of parseDuration', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds)
      })
    )
  })
})

describe('durationBetween', () => {
  const parse = durationBetween(1_000, 60_000, '15s')

  it.each(['1s', '60s', '1m'])('accepts %s', (text) => {
    expect(parse(text)).toHaveProperty('value')
  })

  it.each([
    ['15', '"15" is not a duration; its units are h, m, s and ms'],
    ['999ms', '"999ms" is too short, at least 1s'],
    ['2m', '"2m" is too long, at most 1m']
  ])('refuses %s', (text, problem) => {
    expect(parse(text)).toEqual({ problem, example: '15s' })
  })
})
