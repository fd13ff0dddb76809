import { describe, expect, it, test } from '@jest/globals'
import fc from 'fast-check'
import {
  initialStanding,
  judge,
  judgeRound,
  type Reading,
  type Rules,
  type Standing
} from '../../../src/checks/judge.ts'
import { findInAnswer } from '../../../src/checks/prometheus/values.ts'
import { check, epoch, series } from './prometheus/builders.ts'

const now = { at: epoch, step: 'bake', young: false }
const success = check('success-rate >= 95%')
const latency = check('p95 latency < 500ms')
const queue = check('queue: sum(depth) < 100')

describe('judge', () => {
  test.each([
    ['success-rate >= 95%', 0.95, 'pass'],
    ['success-rate >= 95%', 0.9499, 'fail'],
    ['success-rate > 95%', 0.95, 'fail'],
    ['error-rate <= 1%', 0.01, 'pass'],
    ['error-rate < 1%', 0.01, 'fail'],
    ['p95 latency < 500ms', 0.499, 'pass'],
    ['p95 latency < 500ms', 0.5, 'fail'],
    ['request-rate > 5/s', 5.1, 'pass'],
    ['queue: sum(depth) < 100', 100, 'fail'],
    ['queue: sum(depth) >= 0', 0, 'pass']
  ])('%s with %d: %s', (line, value, verdict) => {
    expect(judge(check(line), { value, requests: 20 }, now)).toMatchObject({ verdict, value, requests: 20 })
  })

  test.each([
    ['p95 latency < 5s', 10, 'fail'],
    ['p95 latency < 10s', 10, 'fail'],
    ['p95 latency <= 10s', 10, 'fail'],
    ['p95 latency < 15s', 10, 'no-data']
  ])('%s where it is known to be above %d s: %s', (line, value, verdict) => {
    expect(judge(check(line), { value, requests: 20, beyond: true }, now).verdict).toBe(verdict)
  })

  it('says why a value beyond the histogram cannot be judged', () => {
    expect(judge(check('p95 latency < 15s'), { value: 10, beyond: true }, now).why).toBe(
      'above 10s, the highest edge of the histogram: it cannot be told whether that is above 15s'
    )
  })

  const anyCheck = fc.record({
    metric: fc.constant(queue.metric),
    comparison: fc.constantFrom('<', '<=', '>', '>=' as const),
    bound: fc.double({ noNaN: true }),
    unit: fc.constant('' as const)
  })

  it('passes nothing that is not one finite number', () => {
    const noNumber = fc.constantFrom(
      [],
      [series({}, [0, NaN])],
      [series({}, [0, Infinity])],
      [series({}, [0, -Infinity])],
      [series({}, [0, 1], [5, 1])],
      [series({})],
      [series({ pod: 'a' }, [0, 1]), series({ pod: 'b' }, [0, 1])]
    )
    fc.assert(
      fc.property(anyCheck, noNumber, fc.boolean(), (anything, answer, young) => {
        const reading = judge(anything, findInAnswer(answer, 'x'), { ...now, young })
        expect(reading.verdict).toBe('no-data')
        expect(reading.why).not.toBe('')
        expect(reading.value).toBeUndefined()
      })
    )
  })

  it('does not take a value for found that is none', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(judge(queue, { value }, now).verdict).toBe('no-data')
    }
  })
})

test.each([
  ['nothing', [], 'no series: the query found nothing'],
  ['NaN', [series({}, [0, NaN])], 'the query gave NaN'],
  ['+Inf', [series({}, [0, Infinity])], 'the query gave +Inf'],
  ['-Inf', [series({}, [0, -Infinity])], 'the query gave -Inf'],
  ['a histogram', [series({})], 'the query gave a histogram where one number is needed'],
  [
    'a range',
    [series({}, [0, 1], [1, 1])],
    'the query gave a range of samples where one number is needed; wrap it in rate()'
  ],
  [
    'two series',
    [series({ a: '1' }, [0, 1]), series({ a: '2' }, [0, 1])],
    'the query gave 2 series where one number is needed; wrap it in sum() or max()'
  ]
])('an answer of %s is named', (_what, answer, why) => {
  expect(findInAnswer(answer, 'x')).toMatchObject({ why })
})

it('may be too early for nothing and NaN, never for an answer of the wrong form', () => {
  const early = [[], [series({}, [0, NaN])], [series({}, [0, Infinity])], [series({}), series({})]].map(
    (answer) => judge(queue, findInAnswer(answer, 'x'), { ...now, young: true }).early
  )
  expect(early).toStrictEqual([true, true, false, false])
})

describe('judgeRound', () => {
  const rules: Rules = { failureLimit: 3, onNoData: 'fail', noDataTimeout: 300_000 }
  const waiting: Rules = { ...rules, onNoData: 'wait' }

  const pass = (of = success): Reading => ({ check: of, at: epoch, step: 's', verdict: 'pass', value: 1 })
  const fail = (of = success): Reading => ({ ...pass(of), verdict: 'fail', value: 0.912, requests: 213 })
  const none = (seconds = 0, part: Partial<Reading> = {}): Reading => ({
    check: success,
    at: epoch + seconds * 1000,
    step: 's',
    verdict: 'no-data',
    why: 'the query gave NaN',
    ...part
  })

  const after = (given: Rules, ...rounds: readonly (readonly Reading[])[]): Standing =>
    rounds.reduce((standing, round) => judgeRound(standing, round, given), initialStanding)

  test.each<[string, Rules, readonly (readonly Reading[])[], Standing['decision']]>([
    ['nothing measured', rules, [], 'hold'],
    ['all pass', rules, [[pass(), pass(latency)]], 'pass'],
    ['one of two fails', rules, [[pass(), fail(latency)]], 'hold'],
    ['one of two has no data', rules, [[pass(latency), none()]], 'hold'],
    ['a pass on too few samples', rules, [[pass(), { ...pass(latency), brief: true }]], 'hold'],
    ['failures on too few samples', { ...rules, failureLimit: 1 }, [[{ ...fail(), brief: true }]], 'fail'],
    ['a failure that has healed', rules, [[fail()], [pass()]], 'pass'],
    ['two failures', rules, [[fail()], [fail()]], 'hold'],
    ['the third failure in a row', rules, [[fail()], [fail()], [fail()]], 'fail'],
    ['the third failure of the release', rules, [[fail()], [pass()], [fail()], [pass()], [fail()]], 'fail'],
    [
      'three failures of two checks',
      rules,
      [
        [fail(), fail(latency)],
        [fail(), pass(latency)]
      ],
      'hold'
    ],
    ['a limit of one', { ...rules, failureLimit: 1 }, [[fail()]], 'fail'],
    ['no data counts as failed', rules, [[fail()], [none()], [none()]], 'fail'],
    [
      'no data so early does not',
      rules,
      [[fail()], [none(0, { early: true })], [none(0, { early: true })]],
      'hold'
    ],
    ['no data does not count when waiting', waiting, [[fail()], [none()], [none()], [none()]], 'hold'],
    ['waiting has an end', waiting, [[none(0)], [none(299)], [none(300)]], 'fail'],
    ['waiting begins again after a value', waiting, [[none(0)], [pass()], [none(299)], [none(598)]], 'hold'],
    ['waiting can be over at once', { ...waiting, noDataTimeout: 0 }, [[none()]], 'fail'],
    ['a query that can never work', waiting, [[none(0, { final: true })]], 'fail'],
    ['the same, even early', rules, [[none(0, { final: true, early: true })]], 'fail']
  ])('%s', (_rule, given, rounds, decision) => {
    const standing = after(given, ...rounds)
    expect(standing.decision).toBe(decision)
    expect(standing.failed === undefined).toBe(decision !== 'fail')
  })

  test.each<[string, Rules, readonly (readonly Reading[])[], string]>([
    [
      'a value',
      rules,
      [[fail()], [fail()], [fail()]],
      'success-rate was 91.2% over 213 requests, but must be >= 95% (failed measurement 3 of 3)'
    ],
    [
      'a value that would round to its bound',
      { ...rules, failureLimit: 1 },
      [[{ ...fail(), value: 0.949996 }]],
      'success-rate was 94.9996% over 213 requests, but must be >= 95% (failed measurement 1 of 1)'
    ],
    [
      'a value of a query',
      { ...rules, failureLimit: 1 },
      [[{ check: queue, at: epoch, step: 's', verdict: 'fail', value: 100 }]],
      'queue was 100, but must be < 100 (failed measurement 1 of 1)'
    ],
    [
      'no data',
      rules,
      [[none()], [none()], [none()]],
      'success-rate has no data: the query gave NaN (no data counts as a failed measurement: 3 of 3)'
    ],
    ['waiting', waiting, [[none(0)], [none(300)]], 'success-rate has had no data for 5m: the query gave NaN'],
    [
      'a wrong query',
      rules,
      [[none(0, { final: true, check: queue, why: '1:5: parse error' })]],
      'queue: 1:5: parse error'
    ]
  ])('says what is wrong: %s', (_what, given, rounds, reason) => {
    expect(after(given, ...rounds).failed?.reason).toBe(reason)
  })

  it('names the check that failed', () => {
    const { failed } = after(rules, ...[1, 2, 3].map(() => [pass(), fail(latency)]))
    expect(failed?.check).toBe(latency)
  })

  it('lets no step end on a missing or failed value', () => {
    const reading = fc.constantFrom(pass(), fail(), none(), none(0, { early: true }))
    const rounds = fc.array(fc.array(reading, { minLength: 1, maxLength: 4 }))
    fc.assert(
      fc.property(rounds, fc.constantFrom(rules, waiting), (given, chosen) => {
        const last = given.at(-1) ?? []
        const allPass = given.length > 0 && last.every(({ verdict }) => verdict === 'pass')
        expect(after(chosen, ...given).decision === 'pass').toBe(allPass)
      })
    )
  })
})
