import { describe, expect, it, test } from '@jest/globals'
import { hasComment, looseWord, paint, withZero, metricsIn } from '../../../src/inputs/promql.ts'

test.each([
  ['a(b) / c', 'a~~~ / c'],
  ['a{b="}"} / c', 'a~~~~~~~ / c'],
  ["f('(', '\\')') / `x/`", 'f~~~~~~~~~~~~ / ~~~~'],
  ['a(b', 'a~~'],
  ['a) / b', 'a) / b']
])('paint(%j)', (text, painted) => {
  expect(paint(text)).toBe(painted)
})

test.each([
  ['sum(a) / sum(b)', '(sum(a) or vector(0)) / sum(b)'],
  [
    'sum(rate(a{code=~"5.."}[1m]))/sum(rate(a[1m]))',
    '(sum(rate(a{code=~"5.."}[1m])) or vector(0)) /sum(rate(a[1m]))'
  ],
  ['100 * sum(a) / sum(b)', '(100 * sum(a) or vector(0)) / sum(b)'],
  ['sum(a) / sum(b) * 100', '(sum(a) or vector(0)) / sum(b) * 100'],
  ['1 - sum(a) / sum(b)', '1 - (sum(a) or vector(0)) / sum(b)'],
  ['(sum(a) / sum(b))', '((sum(a) or vector(0)) / sum(b))'],
  ['100 * (sum(a) / sum(b))', '100 * ((sum(a) or vector(0)) / sum(b))'],
  ['1 - (sum(a) / sum(b)) * 2', '1 - ((sum(a) or vector(0)) / sum(b)) * 2'],
  ['count(a) / count(b) > 0', '(count(a) or vector(0)) / count(b) > 0']
])('withZero(%j)', (promql, zeroed) => {
  expect(withZero(promql)).toBe(zeroed)
})

test.each([
  'sum(a)',
  '1 / sum(b)',
  'sum by (x) (a) / sum by (x) (b)',
  'rate(a[1m]) / rate(b[1m])',
  '(sum(a) or vector(0)) / sum(b)',
  'f(sum(a) / sum(b))',
  'a{b="/"}',
  '',
  '(',
  ')'
])('%j has nothing that vector(0) could stand for', (promql) => {
  expect(withZero(promql)).toBeUndefined()
})

test.each([
  ['a and b', 'and'],
  ['a unless on(x) b', 'unless'],
  ['(a)and(b)', 'and'],
  ['(a and b)', undefined],
  ['a or b', undefined],
  ['job:and:x + band', undefined],
  ['a{b="x and y"}', undefined]
])('looseWord(%j)', (promql, word) => {
  expect(looseWord(promql)).toBe(word)
})

test.each([
  ['sum(a # b)', true],
  ['a{b="#"}', false],
  ["f('#')", false]
])('hasComment(%j) is %s', (promql, expected) => {
  expect(hasComment(promql)).toBe(expected)
})

describe('the metrics of a query', () => {
  it.each<[string, readonly string[]]>([
    ['sum(queue_depth{namespace="$namespace",pod=~"$pods"})', ['queue_depth']],
    [
      'sum by (pod, code) (rate(a_total[5m])) / on (pod) group_left(x) sum(rate(b_total[$window] offset 1h))',
      ['a_total', 'b_total']
    ],
    ['histogram_quantile(0.9, sum by(le) (rate(x_bucket{le="y"}[1m])))', ['x_bucket']],
    ['job:errors:ratio5m and up == bool 1e3 or vector(0)', ['job:errors:ratio5m', 'up']],
    ['{__name__=~"a|b"}', []],
    ['time() - max(ts_seconds) + Inf', ['ts_seconds']]
  ])('%s', (promql, names) => {
    expect(metricsIn(promql)).toEqual(names)
  })
})
