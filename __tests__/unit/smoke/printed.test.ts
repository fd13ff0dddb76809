import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { lineSplitter } from '../../../src/smoke/printed.ts'

function linesOf(chunks: readonly string[]): readonly string[] {
  const lines: string[] = []
  const { push, end } = lineSplitter((line) => lines.push(line))
  for (const chunk of chunks) push(chunk)
  end()
  return lines
}

it('finds the same lines wherever the text is cut', () => {
  const text = fc.stringMatching(/^[ab\r\n]{0,20}$/)
  fc.assert(
    fc.property(fc.array(text), (chunks) => {
      const lines = chunks.join('').split(/\r\n|[\r\n]/)
      expect(linesOf(chunks)).toEqual(lines.at(-1) === '' ? lines.slice(0, -1) : lines)
    })
  )
})

it('keeps no part of a secret that the 65,537th character belongs to', () => {
  const [line = ''] = linesOf(['x '.repeat(32_765), 't0ken', '-of-some-length'])
  expect(line.endsWith('x … 20 more')).toBe(true)
})

it('keeps 64 KB of a line, and counts the rest', () => {
  const [line = '', after] = linesOf([...Array<string>(1000).fill('x'.repeat(1000)), '\nshort'])
  expect(line).toHaveLength(65_536 + '… 934464 more'.length)
  expect(line.endsWith('x… 934464 more')).toBe(true)
  expect(after).toBe('short')
})
