import { describe, expect, it } from '@jest/globals'
import { commandsIn, entriesIn } from '../support/report/runner.ts'

describe('the commands in a log', () => {
  it.each([
    ['::error::x', ['error']],
    ['  ::error file=a,line=1::x', ['error']],
    ['::ERROR::x', ['error']],
    ['a\r::add-mask::x\nb', ['add-mask']],
    ['\u200B::error::x', ['error']],
    ['text ##[error]x', ['error']],
    ['::unknown::##[add-mask]x', ['add-mask']],
    ['│ ::error::x', []],
    ['text ::error::x', []],
    ['::pwned::x', []],
    ['## [error]x', []]
  ])('%j', (log, names) => {
    expect(commandsIn(log).map(({ name }) => name)).toEqual(names)
  })
})

describe("the runner's files", () => {
  it('are read as names and values', () => {
    expect(entriesIn('a=1\nb<<EOF\n2\nc=3\nEOF\nd<<X\nX\n')).toEqual([
      ['a', '1'],
      ['b', '2\nc=3'],
      ['d', '']
    ])
  })

  it('are refused when something is left over', () => {
    expect(() => entriesIn('a<<EOF\n1\n')).toThrow('refuses')
    expect(() => entriesIn('text')).toThrow('refuses')
  })
})
