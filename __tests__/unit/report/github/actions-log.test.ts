import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { actionsLog } from '../../../../src/report/github/actions-log.ts'
import { hostile } from '../hostile-text.ts'

let printed = ''

beforeEach(() => {
  printed = ''
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text)
    return true
  })
})

afterEach(() => {
  jest.restoreAllMocks()
})

test('what the runner gets to read', () => {
  const log = actionsLog()
  log.group('Prepare')
  log.line('  3 of 3 pods ready')
  log.group('Smoke tests')
  log.quote('::error::from a pod\n##[group]x')
  log.endGroup()
  log.endGroup()
  log.warning('no traffic\nfor a minute')
  log.error('::it failed')
  expect(printed.split('\n')).toEqual([
    '::group::Prepare',
    '  3 of 3 pods ready',
    '::endgroup::',
    '::group::Smoke tests',
    '│ ::error::from a pod',
    '│ ## [group]x',
    '::endgroup::',
    '::warning::no traffic%0Afor a minute',
    '::error::│ ::it failed',
    ''
  ])
})

test('leaves the tenth annotation of a kind to the verdict', () => {
  const log = actionsLog()
  for (let at = 1; at <= 12; at += 1) log.error(`fault ${at}`)
  log.warning('still room')
  expect(printed.match(/^::error::/gmu)).toHaveLength(9)
  expect(printed).toContain(
    '│ Error: fault 10\n│ Error: fault 11\n│ Error: fault 12\n::warning::still room\n'
  )
})

test('cuts what the runner would cut', () => {
  actionsLog().warning('x'.repeat(5_000))
  expect(printed).toBe(`::warning::${'x'.repeat(4_000)}… 1000 more\n`)
})

test('cuts no secret in two, which the runner would not find any more', () => {
  actionsLog().warning(`${'x '.repeat(1_995)}t0ken-of-some-length`)
  expect(printed).toBe(`::warning::${'x '.repeat(1_995)}… 20 more\n`)
})

test('hostile text brings no command of its own', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      printed = ''
      const log = actionsLog()
      log.group(text)
      log.line(text)
      log.quote(text)
      log.warning(text)
      log.error(text)
      log.endGroup()
      const commands = printed.split(/[\n\r]/u).filter((line) => line.trimStart().startsWith('::'))
      expect(commands.map((line) => line.split('::')[1])).toEqual(['group', 'warning', 'error', 'endgroup'])
      expect(printed).not.toContain('##[')
    })
  )
})
