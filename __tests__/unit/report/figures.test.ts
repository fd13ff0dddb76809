import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { counted } from '../../../src/base/counted.ts'
import { asWritten, boundOf, figure } from '../../../src/inputs/figure.ts'
import { edgeText, sharesApart, timeOfDay, timeSpan, wholes } from '../../../src/report/figures.ts'
import { more } from '../../../src/report/markdown.ts'
import { check } from './outcomes.ts'

test.each([
  [0, '0 s'],
  [0.2, '1 ms'],
  [40, '40 ms'],
  [99.7, '0.1 s'],
  [820, '0.8 s'],
  [4_000, '4 s'],
  [9_960, '10 s'],
  [59_700, '1m 0s'],
  [72_300, '1m 12s'],
  [7_500_000, '2h 5m'],
  [-5, '0 s']
])('%d ms reads %j', (milliseconds, expected) => {
  expect(timeSpan(milliseconds)).toBe(expected)
})

test('counted', () => {
  expect([counted(1, 'pod'), counted(0, 'pod')]).toEqual(['1 pod', '0 pods'])
})

test.each([
  [1, 'smoke tests', '_… 1 more smoke test_'],
  [1, 'steps before', '_… 1 more step before_'],
  [2, 'lines', '_… 2 more lines_'],
  [0, 'lines', '']
])('%i more %s', (count, what, expected) => {
  expect(more(count, what)).toBe(expected)
})

test.each([
  [1, '1 request'],
  [0.7, '1 request'],
  [0, '0 requests'],
  [9_812, '9,812 requests']
])('wholes of %d', (count, expected) => {
  expect(wholes(count, 'request')).toBe(expected)
})

test.each([
  [0.035, 0.0003, '3.5%', '0.03%'],
  [0.0353, 0, '3.5%', '0%'],
  [0.00531, 0.000042, '0.53%', '0.004%'],
  [0.1231, 0.1234, '12.31%', '12.34%'],
  [0.5, 0.5, '50%', '50%'],
  [0.99996, 1, '99.996%', '100%'],
  [0.000001, 1e-300, 'below 0.001%', 'below 0.001%']
])('%d beside %d', (one, other, ...expected) => {
  expect(sharesApart(one, other)).toEqual(expected)
})

test('shares that differ visibly are never written alike', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 10_000 }), (one, other) => {
      const [first, second] = sharesApart(one / 10_000, other / 10_000)
      expect(first === second).toBe(one === other)
    })
  )
})

test.each([
  [0.005, '5 ms'],
  [0.25, '250 ms'],
  [2.5, '2.5 s'],
  [60, '60 s']
])('an edge of %d s', (edge, expected) => {
  expect(edgeText(edge)).toBe(expected)
})

test('time of day', () => {
  expect(timeOfDay(Date.UTC(2026, 10, 26, 10, 4, 30))).toBe('10:04:30 UTC')
  expect(timeOfDay(-Infinity)).toBe('an unknown time')
})

describe('the figure of a check', () => {
  test.each([
    ['success-rate >= 95%', 0.973, '97.3%'],
    ['success-rate >= 95%', 0.94999, '94.999%'],
    ['success-rate >= 95%', 0.9996, '99.96%'],
    ['success-rate >= 95%', 1, '100%'],
    ['error-rate <= 1%', 0.00001, '0.001%'],
    ['error-rate <= 7%', 0.07, '7%'],
    ['p95 latency < 500ms', 0.18234, '182 ms'],
    ['p95 latency < 500ms', 1.234, '1.23 s'],
    ['p95 latency < 500ms', 0.5, '500 ms'],
    ['p95 latency < 500ms', 0.49999, '499.99 ms'],
    ['request-rate >= 5/s', 20.123, '20.1/s'],
    ['queue: sum(x) < 100', 12345.678, '12,346'],
    ['queue: sum(x) < 100', 1e-9, '1e-9'],
    ['queue: sum(x) < 100', NaN, 'NaN'],
    ['queue: sum(x) < 100', Infinity, 'Infinity']
  ])('%s at %d reads %j', (line, value, expected) => {
    expect(figure(check(line), value)).toBe(expected)
  })

  test('never looks as if it were on the other side of the bound', () => {
    const success = check('success-rate >= 95%')
    fc.assert(
      fc.property(fc.double({ min: 0.94, max: 0.96, noNaN: true }), (value) => {
        const shown = Number(figure(success, value).replace('%', ''))
        expect(Math.sign(shown - 95)).toBe(Math.sign(value - 0.95))
      })
    )
  })

  test.each([
    ['success-rate >= 95%', 0.8278, '82.8%'],
    ['success-rate >= 95%', 0.949996, '94.9996%'],
    ['p95 latency < 500ms', 1.2345, '1230ms'],
    ['p95 latency < 1.5s', 0.18234, '0.182s'],
    ['queue: sum(x) < 100', 12345.678, '12346'],
    ['queue: sum(x) < 100', -Infinity, '-Infinity']
  ])('%s at %d is the same in the words of its author, %j', (line, value, expected) => {
    expect(asWritten(check(line), value)).toBe(expected)
  })

  test('stands beside its bound', () => {
    expect(boundOf(check('p95 latency <= 0.5s'))).toBe('<= 500 ms')
    expect(boundOf(check('success-rate >= 99.95%'))).toBe('>= 99.95%')
  })
})
