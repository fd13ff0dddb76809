import { expect, it } from '@jest/globals'
import type { Reading } from '../../../../src/checks/judge.ts'
import { tellRounds } from '../../../../src/execute/steps/rounds.ts'
import { check } from '../../checks/prometheus/builders.ts'

const reading = (more: Partial<Reading>): Reading => ({
  check: check('errs: x < 1'),
  at: 0,
  step: 'bake',
  verdict: 'no-data',
  why: 'no series',
  ...more
})

it('says a round without figures once, then how often it came again, and for how long that is forgiven', () => {
  const log: string[] = []
  const tell = (text: string): void => void log.push(text)
  const rounds = tellRounds({ line: tell, quote: tell })
  for (let round = 0; round < 4; round += 1) rounds.tell([reading({ early: true, youth: 75_000 })])
  rounds.tell([reading({ verdict: 'pass', value: 0 })])
  rounds.tell([reading({ verdict: 'pass', value: 0 })])
  for (let round = 0; round < 2; round += 1) rounds.tell([reading({})])
  rounds.end()
  expect(log).toEqual([
    'no data is no failed measurement in the first 1m15s of a step: until then Prometheus may not know of its requests',
    '? errs no series',
    'the same in 3 more rounds',
    '✓ errs 0',
    '✓ errs 0',
    '? errs no series',
    'the same in 1 more round'
  ])
})
