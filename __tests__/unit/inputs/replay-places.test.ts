import { expect, test } from '@jest/globals'
import { readInputs } from '../../../src/inputs/inputs.ts'

const read = (given: Readonly<Record<string, string>>) => () =>
  readInputs(
    (name) => ({ workload: 'web', prometheus: 'http://p', checks: 'like stable', ...given })[name] ?? ''
  )

test('replay belongs to command plan, and needs checks', () => {
  expect(read({ command: 'plan', replay: '24h' })).not.toThrow()
  expect(read({ replay: '24h' })).toThrow('replay belongs to command plan, and command is deploy')
  expect(read({ command: 'plan', replay: '24h', checks: '' })).toThrow(
    'replay plays the checks on the past, and there are none'
  )
})
