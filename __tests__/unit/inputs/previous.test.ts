import { describe, expect, it } from '@jest/globals'
import { parsePrevious, printPrevious } from '../../../src/inputs/previous.ts'

describe('previous', () => {
  it.each([
    ['scale-down', 'scale-down'],
    ['keep', 'keep'],
    ['keep for 1h', { for: 3_600_000 }],
    ['keep  for 90s', { for: 90_000 }],
    ['keep for 720h', { for: 2_592_000_000 }]
  ])('%s', (text, value) => {
    expect(parsePrevious(text)).toEqual({ value })
  })

  it.each(['scale-down', 'keep', 'keep for 1h30m'])('prints %s as it was', (text) => {
    const read = parsePrevious(text)
    expect('value' in read && printPrevious(read.value)).toBe(text)
  })

  it.each([
    ['keep for ever', '"ever" is not a duration; its units are h, m, s and ms'],
    ['keep for 60', '"60" is not a duration; its units are h, m, s and ms'],
    ['keep for 10ms', '"10ms" is too short, at least 1s'],
    ['keep for 1000h', '"1000h" is too long, at most 720h'],
    ['kepe', '"kepe" is not one of scale-down, keep, keep for 1h; did you mean keep?'],
    ['keep 1h', '"keep 1h" is not one of scale-down, keep, keep for 1h']
  ])('refuses %s', (text, problem) => {
    expect(parsePrevious(text)).toMatchObject({ problem: expect.stringContaining(problem) as unknown })
  })
})
