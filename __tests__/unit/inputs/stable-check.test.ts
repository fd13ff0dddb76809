import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseStableCheck } from '../../../src/inputs/parse-stable-check.ts'
import { printStableCheck, type StableCheck } from '../../../src/inputs/stable-check.ts'

describe('parseStableCheck', () => {
  it.each<[string, StableCheck]>([
    ['like stable', { kind: 'like-stable' }],
    ['error-rate <= stable + 0.5%', { kind: 'error-rate', plus: 0.005 }],
    ['error-rate <= stable', { kind: 'error-rate', plus: 0 }],
    ['error-rate <= stable * 2', { kind: 'error-rate', times: 2 }],
    ['success-rate >= stable - 0.5%', { kind: 'success-rate', minus: 0.005 }],
    ['success-rate >= stable', { kind: 'success-rate', minus: 0 }],
    ['latency <= stable * 1.15', { kind: 'latency', times: 1.15 }],
    ['p95 latency <= stable * 1.2', { kind: 'latency', times: 1.2, quantile: 0.95 }],
    ['p99.9 latency <= stable * 100', { kind: 'latency', times: 100, quantile: 0.999 }]
  ])('reads %s and prints it back', (text, check) => {
    expect(parseStableCheck(text)).toEqual({ value: check })
    expect(printStableCheck(check)).toBe(text)
  })

  it.each([
    ['  like   stable ', 'like stable'],
    ['error-rate<=stable+0.50 %', 'error-rate <= stable + 0.5%'],
    ['p95.0 latency <=stable*1.20', 'p95 latency <= stable * 1.2']
  ])('takes %j for %s', (text, printed) => {
    const parsed = parseStableCheck(text)
    expect('value' in parsed && printStableCheck(parsed.value)).toBe(printed)
  })

  it.each([
    ['', '"" is no comparison with stable'],
    ['like stables', '"like stables" is no comparison with stable'],
    ['error-rate <= 1%', '"error-rate <= 1%" is no comparison with stable'],
    ['error-rate <= stable 2', '"error-rate <= stable 2" is no comparison with stable'],
    ['error-rate <= stable + 1', '"1" is not a number with %'],
    ['error-rate <= stable + many%', '"many%" is not a number with %'],
    ['error-rate <= stable + 0%', '"0%" does not lie between 0% and 100%'],
    ['error-rate <= stable + -1%', '"-1%" does not lie between 0% and 100%'],
    ['error-rate <= stable + 100%', '"100%" does not lie between 0% and 100%'],
    [
      'error-rate <= stable - 1%',
      'error-rate is compared with stable, stable + a share or stable * a number'
    ],
    ['error-rate <= stable * 1', '"1" does not lie between 1.01 and 100'],
    ['error-rate <= stable * 101', '"101" does not lie between 1.01 and 100'],
    ['error-rate <= stable * two', '"two" is not a number'],
    ['error-rate >= stable + 1%', 'a comparison of error-rate with stable is written with <='],
    ['error-rate < stable + 1%', 'a comparison of error-rate with stable is written with <='],
    ['success-rate >= stable + 1%', 'success-rate is compared with stable or stable - a share'],
    ['success-rate <= stable - 1%', 'a comparison of success-rate with stable is written with >='],
    ['latency <= stable', 'latency is compared with stable * a number'],
    ['latency <= stable + 10%', 'latency is compared with stable * a number'],
    ['latency >= stable * 1.2', 'a comparison of latency with stable is written with <='],
    [
      'p100 latency <= stable * 2',
      'error-rate, success-rate, latency and p95 latency can be compared with stable, not "p100 latency"'
    ],
    ['mean latency <= stable * 2', expect.stringContaining('not "mean latency"')],
    ['request-rate >= stable * 2', expect.stringContaining('not "request-rate"')],
    ['queue: x <= stable', expect.stringContaining('not "queue: x"')]
  ])('refuses %s', (text, problem) => {
    const parsed = parseStableCheck(text)
    expect(parsed).toHaveProperty('problem', problem)
    expect('example' in parsed && parseStableCheck(parsed.example)).toHaveProperty('value')
  })
})

const share = fc.integer({ min: 1, max: 999_999 }).map((n) => Number(`${n}e-6`))
const times = fc.integer({ min: 1010, max: 100_000 }).map((n) => Number(`${n}e-3`))
const check: fc.Arbitrary<StableCheck> = fc.oneof(
  fc.record({ kind: fc.constant('like-stable' as const) }),
  fc.record({ kind: fc.constant('error-rate' as const), plus: share }),
  fc.record({ kind: fc.constant('error-rate' as const), times }),
  fc.record({ kind: fc.constant('success-rate' as const), minus: share }),
  fc.record({ kind: fc.constant('latency' as const), times }),
  fc.record({
    kind: fc.constant('latency' as const),
    times,
    quantile: fc.integer({ min: 100, max: 9_999 }).map((n) => Number(`${n}e-4`))
  })
)

it('is the inverse of printStableCheck', () => {
  fc.assert(
    fc.property(check, (value) => {
      expect(parseStableCheck(printStableCheck(value))).toEqual({ value })
    }),
    { numRuns: 1_000 }
  )
})

it('never throws', () => {
  const words = [
    'like',
    'stable',
    'error-rate',
    'p95',
    'latency',
    '<=',
    '>=',
    '+',
    '-',
    '*',
    '0.5%',
    '2',
    '%'
  ]
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words)).map((found) => found.join(' '))
  )
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parseStableCheck(line)
      if ('value' in parsed) expect(parseStableCheck(printStableCheck(parsed.value))).toEqual(parsed)
    }),
    { numRuns: 1_000 }
  )
})
