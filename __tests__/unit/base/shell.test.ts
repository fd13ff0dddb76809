import { execFileSync } from 'node:child_process'
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { remark, sh } from '../../../src/base/shell.ts'

const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
    .split('\n')
    .slice(0, -1)

it('puts everything into a command as one word, which a shell makes nothing of', () => {
  const text = fc.string({ minLength: 0, maxLength: 30 }).filter((word) => !/[\n\0]/.test(word))
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(wordsOf(sh`a ${one} b/${other}`)).toEqual(
        ['a', one, 'b', `b/${other}`].filter((_, at) => at !== 2)
      )
    }),
    { numRuns: 100 }
  )
})

it('leaves names as they are', () => {
  expect(sh`kubectl -n ${'shop'} get ${'service/web'}`).toBe('kubectl -n shop get service/web')
})

it.each(['$(reboot)', '`reboot`', "'; reboot; '", 'a\nreboot', '\u2028reboot'])(
  'of a remark %j no shell makes anything',
  (text) => {
    expect(remark(`back to ${text}`)).toMatch(/^back to [\w ?]+$/)
  }
)
