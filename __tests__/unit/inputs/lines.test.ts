import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { maskQuoted, splitLines } from '../../../src/inputs/lines.ts'

describe('splitLines', () => {
  it('numbers lines as the user wrote them', () => {
    expect(splitLines('\n  one  \r\n\n# nothing\n\ttwo # and why\rthree')).toEqual([
      { line: 2, text: 'one' },
      { line: 5, text: 'two' },
      { line: 6, text: 'three' }
    ])
  })

  it.each([
    ['a # comment', 'a'],
    ['a #comment # more', 'a'],
    ['a#b', 'a#b'],
    ['https://example.com/#/home', 'https://example.com/#/home'],
    ['GET / -> 200 contains "issue #7" # comment', 'GET / -> 200 contains "issue #7"'],
    ['GET / -> 200 contains "a \\" # b" # comment', 'GET / -> 200 contains "a \\" # b"'],
    ['POST / {"a": {"b": " # "}, "c": 1} -> 200 # }', 'POST / {"a": {"b": " # "}, "c": 1} -> 200'],
    [`q: up{a=' # "', b=\` #\`} < 1 # it's`, `q: up{a=' # "', b=\` #\`} < 1`],
    ["it's a # comment", "it's a"]
  ])('reads %s', (line, text) => {
    expect(splitLines(line)).toEqual([{ line: 1, text }])
  })

  it.each(['GET / -> 200 contains "never closed # text', 'POST / {"a": 1 # text'])(
    'keeps all of what is never closed, for the parser to complain about: %s',
    (line) => {
      expect(splitLines(line)).toEqual([{ line: 1, text: line }])
    }
  )

  it('leaves the # to lines that own it', () => {
    const owns = (line: string): boolean => line.startsWith('run:')
    expect(splitLines('  run: echo # a\n#run: b\nc # d', owns)).toEqual([
      { line: 1, text: 'run: echo # a' },
      { line: 3, text: 'c' }
    ])
  })

  it.each(['', '\n\n', ' \t ', '# only\n  # comments'])('finds nothing in %j', (input) => {
    expect(splitLines(input)).toEqual([])
  })

  it('never gives an empty, padded or many-lined item', () => {
    fc.assert(
      fc.property(fc.string(), (input) => {
        for (const { text } of splitLines(input)) expect(text).toMatch(/^\S(?:[^\n\r]*\S)?$/)
      })
    )
  })
})

describe('maskQuoted', () => {
  it.each([
    ['a "b" c', 'a ___ c'],
    ['{"a": "}"} -> {', '__________ -> _'],
    ["it's } fine", "it's } fine"]
  ])('paints over %s', (text, masked) => {
    expect(maskQuoted(text)).toBe(masked)
  })

  it('moves nothing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(maskQuoted(text)).toHaveLength(text.length)
      })
    )
  })
})
