import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  clean,
  codeBlock,
  codeSpan,
  forLog,
  forMarkdown,
  lineForLog,
  truncate
} from '../../../src/report/text.ts'
import { hostile } from './hostile-text.ts'

describe('for the log', () => {
  test.each([
    ['::error::x', '│ ::error::x'],
    ['a\n  ::add-mask::b', '│ a\n│   ::add-mask::b'],
    ['a\r::set-output name=b::c', '│ a\n│ ::set-output name=b::c'],
    ['a ##[error]b', '│ a ## [error]b'],
    ['##\u200B[error]', '│ ## [error]'],
    ['\u001B[31mred\u001B[0m \u001B]0;title\u0007text', '│ red text'],
    ['a\u2028::error::b', '│ a\n│ ::error::b'],
    ['\u202Eevil\u0000', '│ evil']
  ])('%j', (text, expected) => {
    expect(forLog(text)).toBe(expected)
  })

  test('no line of hostile text can be a command', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = `${forLog(text)}\n${lineForLog(text)}`.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/u)
        expect(lines.filter((line) => line.trimStart().startsWith('::') || line.includes('##['))).toEqual([])
      })
    )
  })

  test('our own lines keep their indentation', () => {
    expect(lineForLog('  3 of 3 pods ready')).toBe('  3 of 3 pods ready')
  })
})

describe('for Markdown', () => {
  test.each([
    ['plain words, 88.2% and 14:05:19', 'plain words, 88.2% and 14:05:19'],
    ['<b>&amp;</b>', '&lt;b&gt;&amp;amp;&lt;/b&gt;'],
    ['*a* _b_ [c](d) ~e~ \\ |', '\\*a\\* \\_b\\_ \\[c\\](d) \\~e\\~ \\\\ \\|'],
    ['@team #12 gh-3', '@&#8203;team \\#&#8203;12 gh-&#8203;3'],
    ['https://a.example www.a.example', 'https:&#8203;//a.example www&#8203;.a.example'],
    [':tada: :100:', ':&#8203;tada: :&#8203;100:'],
    ['$x$', '<span>$</span>x<span>$</span>'],
    ['# a\n\n- b', '\\# a - b'],
    ['- a', '\\- a'],
    ['12. a', '12\\. a'],
    ['use `a|b` or `c`', 'use <code>a\\|b</code> or `c`']
  ])('%j', (text, expected) => {
    expect(forMarkdown(text)).toBe(expected)
  })

  test('a code span holds any number of backticks', () => {
    expect(codeSpan('`a``b')).toBe('``` `a``b ```')
    expect(codeSpan('')).toBe('<code></code>')
  })

  test('a code block cannot be ended from within', () => {
    expect(codeBlock('a\n````\n# b')).toBe('`````text\na\n````\n# b\n`````')
  })
})

test('truncate counts characters, not halves of them', () => {
  expect(truncate('abc', 3)).toBe('abc')
  expect(truncate('😀😀😀', 3)).toBe('😀😀😀')
  expect(truncate('😀😀😀b', 2)).toBe('😀😀… 2 more')
})

test('clean text is clean', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(clean(text)).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/u)
    })
  )
})
