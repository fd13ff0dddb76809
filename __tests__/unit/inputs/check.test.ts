import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { checkName, printCheck, type Check } from '../../../src/inputs/check.ts'
import { PLACEHOLDERS } from '../../../src/inputs/parse-query.ts'
import { parseCheck } from '../../../src/inputs/parse-check.ts'

const query = (name: string, promql: string, comparison: Check['comparison'], bound: number): Check => ({
  metric: { kind: 'query', name, promql },
  comparison,
  bound,
  unit: ''
})

describe('parseCheck', () => {
  it.each<[string, Check]>([
    ['success-rate >= 95%', { metric: { kind: 'success-rate' }, comparison: '>=', bound: 0.95, unit: '%' }],
    ['success-rate > 99.9%', { metric: { kind: 'success-rate' }, comparison: '>', bound: 0.999, unit: '%' }],
    ['error-rate <= 7%', { metric: { kind: 'error-rate' }, comparison: '<=', bound: 0.07, unit: '%' }],
    ['error-rate <= 0%', { metric: { kind: 'error-rate' }, comparison: '<=', bound: 0, unit: '%' }],
    ['request-rate >= 5/s', { metric: { kind: 'request-rate' }, comparison: '>=', bound: 5, unit: '/s' }],
    ['request-rate < 0.5/s', { metric: { kind: 'request-rate' }, comparison: '<', bound: 0.5, unit: '/s' }],
    [
      'p95 latency < 200ms',
      { metric: { kind: 'latency', quantile: 0.95 }, comparison: '<', bound: 0.2, unit: 'ms' }
    ],
    [
      'p1 latency <= 2s',
      { metric: { kind: 'latency', quantile: 0.01 }, comparison: '<=', bound: 2, unit: 's' }
    ],
    [
      'p99.9 latency < 1s',
      { metric: { kind: 'latency', quantile: 0.999 }, comparison: '<', bound: 1, unit: 's' }
    ],
    [
      'p99.99 latency < 1s',
      { metric: { kind: 'latency', quantile: 0.9999 }, comparison: '<', bound: 1, unit: 's' }
    ],
    ['mean latency < 0.2s', { metric: { kind: 'mean-latency' }, comparison: '<', bound: 0.2, unit: 's' }],
    ['queue: sum(depth{pod=~"$pods"}) < 100', query('queue', 'sum(depth{pod=~"$pods"})', '<', 100)],
    ['drift: a:b:c - x > -0.5', query('drift', 'a:b:c - x', '>', -0.5)],
    ['slow: count(up{a="<"} > 0.5) <= 2', query('slow', 'count(up{a="<"} > 0.5)', '<=', 2)],
    [
      'rule: job:http_errors:ratio5m{a="#"} < 0.01',
      query('rule', 'job:http_errors:ratio5m{a="#"}', '<', 0.01)
    ],
    ['zero: sum(x) or vector(0) < 1', query('zero', 'sum(x) or vector(0)', '<', 1)],
    ['both: (a and b) < 5', query('both', '(a and b)', '<', 5)],
    ['standby: band_and:x < 5', query('standby', 'band_and:x', '<', 5)],
    ['odd: a > 5 < 7', query('odd', 'a > 5', '<', 7)],
    ['tiny: x >= 1e-7', query('tiny', 'x', '>=', 1e-7)],
    ['success-rate: my_rate[$window] >= 0.9', query('success-rate', 'my_rate[$window]', '>=', 0.9)],
    [
      'relabel: label_replace(x, "a", "$1", "b", "(.*)$") < 1',
      query('relabel', 'label_replace(x, "a", "$1", "b", "(.*)$")', '<', 1)
    ]
  ])('reads %s and prints it back', (text, check) => {
    expect(parseCheck(text)).toEqual({ value: check })
    expect(printCheck(check)).toBe(text)
  })

  it.each([
    ['  success-rate>=95 % ', 'success-rate >= 95%'],
    ['p99.90 latency<200 ms', 'p99.9 latency < 200ms'],
    ['queue: x<.5e1', 'queue: x < 5'],
    ['queue:\tx <5', 'queue: x < 5']
  ])('takes %j for %s', (text, printed) => {
    const parsed = parseCheck(text)
    expect('value' in parsed && printCheck(parsed.value)).toBe(printed)
  })

  it.each([
    ['', '"" does not end with <, <=, > or >= and a bound'],
    ['success-rate', '"success-rate" does not end with <, <=, > or >= and a bound'],
    ['success-rate == 95%', expect.stringContaining('does not end with')],
    ['success-rate => 95%', expect.stringContaining('does not end with')],
    ['queue: x << 5', expect.stringContaining('does not end with')],
    ['queue: x => 5', expect.stringContaining('does not end with')],
    ['sucess-rate >= 95%', expect.stringContaining('did you mean success-rate?')],
    ['mean-latency < 1s', expect.stringContaining('did you mean mean latency?')],
    ['latency < 1s', expect.stringContaining('"latency" is none of success-rate, error-rate')],
    ['sum(x) < 100', expect.stringContaining('or a query with a name before it')],
    ['constructor < 5', expect.stringContaining('"constructor" is none of')],
    ['Queue: x < 5', expect.stringContaining('"Queue: x < 5" is neither a built-in check nor a query')],
    ['queue:x < 5', expect.stringContaining('a query with a name before it')],
    ['queue:sum(x) < 5', expect.stringContaining('a query with a name before it')],
    ['p95 latency: x < 5', expect.stringContaining('is none of')],
    ['odd: a and b < 5', expect.stringContaining('what follows "and" alone')],
    ['odd: a AND on() b < 5', expect.stringContaining('what follows "AND" alone')],
    ['odd: a unless b > 1 < 5', expect.stringContaining('what follows "unless" alone')],
    ['odd: sum(x)#y < 5', 'to Prometheus what follows # in "sum(x)#y" is a comment'],
    ['p0.5 latency < 1s', '"p0.5 latency" is not a percentile from p1 to p99.99'],
    ['p100 latency < 1s', '"p100 latency" is not a percentile from p1 to p99.99'],
    ['p99.999 latency < 1s', '"p99.999 latency" is not a percentile from p1 to p99.99'],
    ['success-rate >= 95', 'the bound of success-rate needs its unit, %'],
    ['success-rate >= 95ms', 'the bound of success-rate needs its unit, %'],
    ['p95 latency < 200', 'the bound of p95 latency needs its unit, ms or s'],
    ['p95 latency < 5m', '"5m" is not a number with a unit'],
    ['request-rate >= 5', 'the bound of request-rate needs its unit, /s'],
    ['success-rate >= many', '"many" is not a number with a unit'],
    ['success-rate >= %', '"%" is not a number with a unit'],
    ['success-rate >= 150%', 'can never hold: success-rate lies between 0% and 100%'],
    ['success-rate > 100%', 'can never hold: success-rate lies between 0% and 100%'],
    ['error-rate < 0%', 'can never hold: error-rate lies between 0% and 100%'],
    ['error-rate <= -1%', 'can never hold: error-rate lies between 0% and 100%'],
    ['request-rate < 0/s', 'can never hold: request-rate is never below 0'],
    ['mean latency <= 0s', 'can never hold: mean latency must be more than 0'],
    [
      'success-rate <= 95%',
      'a check says what must hold: this one would fail while success-rate is above the bound'
    ],
    [
      'error-rate >= 1%',
      'a check says what must hold: this one would fail while error-rate is below the bound'
    ],
    [
      'p95 latency > 2s',
      'a check says what must hold: this one would fail while p95 latency is below the bound'
    ],
    ['queue: < 5', 'queue has no query'],
    ['queue: x < 5%', 'the bound of a query is a number without a unit, not "5%"'],
    ['queue: x < y', 'the bound of a query is a number without a unit, not "y"'],
    ['queue: x < Inf', 'the bound of a query is a number without a unit, not "Inf"'],
    ['queue: x < 5-3', 'the bound of a query is a number without a unit, not "5-3"'],
    ['queue: x > bool 5', expect.stringContaining('not "bool 5"')],
    [
      'queue: x{pod=~"$pod"} < 5',
      '"$pod" is not a placeholder; there are $namespace $workload $slot $pods $service $window'
    ],
    ['queue: x{pod=~"$pods_"} < 5', expect.stringContaining('"$pods_" is not a placeholder')],
    ['queue: x{pod=~"${pods}"} < 5', expect.stringContaining('"${pods" is not a placeholder')]
  ])('refuses %s', (text, problem) => {
    expect(parseCheck(text)).toHaveProperty('problem', problem)
  })

  it.each([
    ['sucess-rate >= 95%', 'success-rate >= 95%'],
    ['success-rate <= 95%', 'success-rate >= 95%'],
    ['p95 latency < 200', 'p95 latency < 200ms'],
    ['sum(x) < 5', 'my-check: sum(x) < 5'],
    ['sum(x{a="$b"}) < 5', 'queue: sum(queue_depth{pod=~"$pods"}) < 100'],
    [
      'job:http_errors:ratio5m{namespace="$namespace"} < 0.01',
      'http-errors: job:http_errors:ratio5m{namespace="$namespace"} < 0.01'
    ],
    ['instance_path:requests:rate5m > 5', 'requests: instance_path:requests:rate5m > 5'],
    ['job:up < 5', 'up: job:up < 5'],
    [':node_load: < 5', 'node-load: :node_load: < 5'],
    ['job:http_errors:ratio5m < 1%', 'queue: sum(queue_depth{pod=~"$pods"}) < 100'],
    ['Queue_1: sum(x) < 5', 'queue-1: sum(x) < 5'],
    ['odd: a and b < 5', 'odd: (a and b) < 5']
  ])('answers %s with the example %s', (text, example) => {
    expect(parseCheck(text)).toHaveProperty('example', example)
    expect(parseCheck(example)).toHaveProperty('value')
  })

  it.each(PLACEHOLDERS)('knows $%s', (placeholder) => {
    expect(parseCheck(`queue: x{a="$${placeholder}"} < 1`)).toHaveProperty('value')
  })
})

describe('checkName', () => {
  it.each([
    ['success-rate >= 95%', 'success-rate'],
    ['mean latency < 1s', 'mean latency'],
    ['p99.90 latency < 1s', 'p99.9 latency'],
    ['queue: x < 1', 'queue']
  ])('calls %s %s', (text, name) => {
    const parsed = parseCheck(text)
    expect('value' in parsed && checkName(parsed.value)).toBe(name)
  })
})

const decimal = (max: number, places: number): fc.Arbitrary<number> =>
  fc.integer({ min: 1, max: max * 10 ** places - 1 }).map((n) => Number(`${n}e-${places}`))
const shifted = (numbers: fc.Arbitrary<number>, places: number): fc.Arbitrary<number> =>
  numbers.map((n) => Number(`${n}e${places}`))
const below = fc.constantFrom<Check['comparison']>('<', '<=')
const above = fc.constantFrom<Check['comparison']>('>', '>=')
const any = fc.oneof(below, above)

const latency = fc.oneof(
  fc.constant({ kind: 'mean-latency' as const }),
  fc.record({
    kind: fc.constant('latency' as const),
    quantile: fc.integer({ min: 100, max: 9_999 }).map((n) => Number(`${n}e-4`))
  })
)
const asked = fc.oneof(
  fc.record({
    kind: fc.constant('web' as const),
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
    url: fc.webUrl({ withQueryParameters: true }).map((url) => url.replaceAll('$', '$slot.')),
    path: fc
      .array(fc.constantFrom('.a', '.b-c', '[0]', '[-1:]', '[*]', "['a name']", '["c.d"]', '.*', '.length'))
      .map((parts) => `$${parts.join('')}`)
  }),
  fc.record({
    kind: fc.constant('datadog' as const),
    name: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
    query: fc
      .stringMatching(/^[a-z.]{1,9}\{[ -"%-;=?-z]{0,9}\}[ -"%-;=?-z]{0,9}$/)
      .map((text) => `avg:${text}`.trim() + ')')
  })
)
const check: fc.Arbitrary<Check> = fc.oneof(
  fc.record({
    metric: asked,
    comparison: any,
    bound: decimal(10_000, 3),
    unit: fc.constant('' as const)
  }),
  fc.record({
    metric: fc.constant({ kind: 'success-rate' as const }),
    comparison: above,
    bound: shifted(decimal(100, 4), -2),
    unit: fc.constant('%' as const)
  }),
  fc.record({
    metric: fc.constant({ kind: 'error-rate' as const }),
    comparison: below,
    bound: shifted(decimal(100, 4), -2),
    unit: fc.constant('%' as const)
  }),
  fc.record({
    metric: fc.constant({ kind: 'request-rate' as const }),
    comparison: any,
    bound: decimal(10_000, 3),
    unit: fc.constant('/s' as const)
  }),
  fc.record({
    metric: latency,
    comparison: below,
    bound: decimal(1_000, 3),
    unit: fc.constantFrom('ms' as const, 's' as const)
  }),
  fc.record({
    metric: fc.record({
      kind: fc.constant('query' as const),
      name: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
      promql: fc
        .stringMatching(/^[ -~]{1,40}$/)
        .map((text) => text.replaceAll(/#|and|unless/gi, '').replaceAll('$', '$pods '))
        .map((text) => `x ${text}`.trim() + ')')
    }),
    comparison: any,
    // -0 is 0 to everybody but Object.is.
    bound: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
    unit: fc.constant('' as const)
  })
)

const exact = fc.oneof(
  fc.record({
    metric: latency,
    comparison: below,
    bound: fc.double({ min: 2e-6, max: 1e9, noNaN: true }),
    unit: fc.constantFrom('ms' as const, 's' as const)
  }),
  fc.record({
    metric: fc.constant({ kind: 'error-rate' as const }),
    comparison: fc.constant('<=' as const),
    bound: fc.double({ min: 0, max: 1, noNaN: true }).map((n) => n + 0),
    unit: fc.constant('%' as const)
  })
)

it('is the inverse of printCheck to the last of 16 digits', () => {
  expect(parseCheck('mean latency < 9870.456477048232ms')).toMatchObject({
    value: { bound: Number('9.870456477048232') }
  })
  fc.assert(
    fc.property(exact, (value) => {
      expect(parseCheck(printCheck(value))).toEqual({ value })
    }),
    { numRuns: 2_000 }
  )
})

it('is the inverse of printCheck', () => {
  fc.assert(
    fc.property(check, (value) => {
      expect(parseCheck(printCheck(value))).toEqual({ value })
    }),
    { numRuns: 1_000 }
  )
})

it('never throws', () => {
  const words = [
    'success-rate',
    'p95',
    'latency',
    'queue:',
    '<',
    '>=',
    '95%',
    '200ms',
    '$pods',
    '5',
    'stable',
    '-'
  ]
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words)).map((found) => found.join(' '))
  )
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parseCheck(line)
      if ('value' in parsed) expect(parseCheck(printCheck(parsed.value))).toEqual(parsed)
    }),
    { numRuns: 1_000 }
  )
})
