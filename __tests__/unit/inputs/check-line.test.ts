import { describe, expect, it } from '@jest/globals'
import {
  isComparison,
  keyOfCheckLine,
  parseCheckLine,
  printCheckLine
} from '../../../src/inputs/check-line.ts'

describe('parseCheckLine', () => {
  it.each([
    'like stable',
    'error-rate <= stable + 1%',
    'success-rate >= stable - 0.5%',
    'p99 latency <= stable * 1.2'
  ])('reads %s as a comparison', (line) => {
    const parsed = parseCheckLine(line)
    expect('value' in parsed && isComparison(parsed.value) && printCheckLine(parsed.value)).toBe(line)
  })

  it.each(['success-rate >= 99%', 'p95 latency < 200ms', 'stable-pods: sum(stable{a="<= stable"}) < 3'])(
    'reads %s as a bound',
    (line) => {
      const parsed = parseCheckLine(line)
      expect('value' in parsed && !isComparison(parsed.value) && printCheckLine(parsed.value)).toBe(line)
    }
  )

  it.each([
    ['queue: x <= stable', 'queue: a query of your own cannot be compared with stable'],
    ['mean latency <= stable * 1.2', 'error-rate, success-rate, latency and p95 latency can be compared'],
    ['request-rate >= stable', 'not "request-rate"'],
    ['like table', '"like table" is no comparison with stable'],
    ['error-rate < stable', 'a comparison of error-rate with stable is written with <=']
  ])('refuses %s', (line, problem) => {
    expect(parseCheckLine(line)).toEqual(
      expect.objectContaining({ problem: expect.stringContaining(problem) as unknown })
    )
  })

  it.each([
    ['error-rate <= stable + 1%', 'error-rate <= stable * 2', true],
    ['error-rate <= stable + 1%', 'error-rate <= 1%', false],
    ['p95 latency <= stable * 1.2', 'p99 latency <= stable * 1.2', false],
    ['latency <= stable * 1.2', 'latency <= stable * 1.5', true]
  ])('knows whether %s and %s ask the same', (one, other, same) => {
    const keys = [one, other].map((line) => {
      const parsed = parseCheckLine(line)
      return 'value' in parsed ? keyOfCheckLine(parsed.value) : parsed.problem
    })
    expect(keys[0] === keys[1]).toBe(same)
  })
})
