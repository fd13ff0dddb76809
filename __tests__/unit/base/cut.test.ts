import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { beginningOf, cut, endingOf } from '../../../src/base/cut.ts'

describe('a text that is cut', () => {
  it('has whole words', () => {
    expect(cut('the token is s3cr3t-0f-many-characters here', 20)).toBe('the token is …')
    expect(cut('the token is s3cr3t, really', 19)).toBe('the token is s3cr3t…')
    expect(endingOf('the token s3cr3t-0f-many is wrong', 12)).toBe(' is wrong')
  })

  it('is as it was where it is short', () => {
    expect([cut('as it was', 9), endingOf('as it was', 9)]).toEqual(['as it was', 'as it was'])
  })

  it('is cut within what is too long for a secret', () => {
    expect(cut('x'.repeat(10_000), 5_000)).toBe(`${'x'.repeat(5_000)}…`)
    expect(endingOf('x'.repeat(10_000), 5_000)).toBe('x'.repeat(5_000))
  })

  it('shows no part of a secret, wherever it stands', () => {
    const secret = 'K3y-0f/an+account=='
    const around = fc.stringMatching(/^[ab ,"]{0,30}[ ,"]$/)
    fc.assert(
      fc.property(around, around, fc.nat(80), (before, after, longest) => {
        const text = `${before}${secret}${after.split('').reverse().join('')}`
        for (const shown of [beginningOf(text, longest), endingOf(text, longest)]) {
          expect(shown.length).toBeLessThanOrEqual(Math.max(longest, 0))
          expect(shown.replace(secret, '')).not.toMatch(/[^ab ,"]/)
        }
      })
    )
  })
})
