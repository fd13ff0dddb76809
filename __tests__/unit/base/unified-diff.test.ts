import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { unifiedDiff } from '../../../src/base/unified-diff.ts'

const lines = (text: string): string[] => text.split('')

/** Carries a diff out, as `patch` does. */
function patched(before: readonly string[], diff: readonly string[]): readonly string[] {
  const result: string[] = []
  let at = 0
  for (const line of diff) {
    const [, from = '', length = ''] = /^@@ -(\d+),(\d+) \+\d+,\d+ @@$/.exec(line) ?? []
    if (from !== '') {
      const start = Number(from) - (length === '0' ? 0 : 1)
      result.push(...before.slice(at, start))
      at = start
    } else if (line.startsWith('+')) result.push(line.slice(1))
    else {
      expect(line.slice(1)).toBe(before[at])
      if (line.startsWith(' ')) result.push(line.slice(1))
      at += 1
    }
  }
  return [...result, ...before.slice(at)]
}

describe('unifiedDiff', () => {
  it('shows a change with three lines around it', () => {
    expect(unifiedDiff(lines('abcdefghi'), lines('abcdEfghi'))).toEqual([
      '@@ -2,7 +2,7 @@',
      ' b',
      ' c',
      ' d',
      '-e',
      '+E',
      ' f',
      ' g',
      ' h'
    ])
  })

  it('shows changes that are far from each other by themselves', () => {
    const diff = unifiedDiff(lines('abcdefghijklmnop'), lines('bcdefghijklmnopq'))
    expect(diff.filter((line) => line.startsWith('@@'))).toEqual(['@@ -1,4 +1,3 @@', '@@ -14,3 +13,4 @@'])
  })

  it('of the same is nothing', () => {
    expect(unifiedDiff(lines('abc'), lines('abc'))).toEqual([])
  })

  it('of something new is all of it', () => {
    expect(unifiedDiff([], lines('ab'))).toEqual(['@@ -0,0 +1,2 @@', '+a', '+b'])
  })

  it('turns the one into the other, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '@@', ''), { maxLength: 30 })
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patched(before, unifiedDiff(before, after))).toEqual(after)
      })
    )
  })

  it('is short where little has changed', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(text, fc.nat(), (before, at) => {
        const after = before.map((line, index) => (index === at % before.length ? 'x' : line))
        expect(unifiedDiff(before, after).filter((line) => /^[-+]/.test(line))).toHaveLength(2)
      })
    )
  })

  it('of long texts without anything in common ends soon', () => {
    const many = (word: string): string[] => Array.from({ length: 20_000 }, (_, at) => `${word} ${at}`)
    expect(unifiedDiff(many('one'), many('other'))).toHaveLength(40_001)
  })
})
