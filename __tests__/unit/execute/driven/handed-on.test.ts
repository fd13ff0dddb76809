import { expect, it } from '@jest/globals'
import type { DrivenRecord } from '../../../../src/domain/driven-record.ts'
import { handedOn, takenOver } from '../../../../src/execute/driven/handed-on.ts'
import type { DrivenRun } from '../../../../src/execute/driven/driven-run.ts'
import { check } from '../../report/outcomes.ts'

const queue = check('queue: sum(queue_depth{token="s3cret"}) < 100')
const rate = check('success-rate >= 95%')

const record = (kept: object): DrivenRecord => JSON.parse(JSON.stringify(kept)) as DrivenRecord

const handed = (failures: DrivenRun['progress']['standing']['failures'], tested: readonly string[]) =>
  handedOn({
    progress: { standing: { decision: 'hold', failures, silentSince: new Map() }, tested: new Set(tested) }
  } as unknown as DrivenRun)

it('brings failures and tested pods from one process to the next, and no query', () => {
  const kept = handed(new Map([[queue, 2]]), ['a', 'b'])
  expect(JSON.stringify(kept)).not.toContain('s3cret')
  const { standing, tested } = takenOver(record(kept), [rate, queue])
  expect([...standing.failures]).toEqual([[queue, 2]])
  expect([...tested]).toEqual(['a', 'b'])
})

it('begins anew where a bound was changed meanwhile', () => {
  const kept = handed(new Map([[rate, 2]]), [])
  const { standing } = takenOver(record(kept), [check('success-rate >= 90%')])
  expect(standing.failures.size).toBe(0)
})

it('keeps a record small', () => {
  const { tested = [] } = handed(
    new Map(),
    Array.from({ length: 2000 }, (_, i) => `uid-${i}`)
  )
  expect(tested).toHaveLength(500)
})

it.each([
  { failures: 'all', tested: 7 },
  { failures: { 'success-rate >= 0.95': -1 }, tested: [1, null, {}] },
  { failures: { 'success-rate >= 0.95': 1e300 }, tested: { 0: 'a' } },
  { failures: [3], tested: 'abc' },
  {}
])('believes nothing that somebody has written by hand: %j', (kept) => {
  const { standing, tested } = takenOver(record(kept), [rate])
  expect(standing.failures.size).toBe(0)
  expect(tested.size).toBe(0)
})
