import { describe, expect, it } from '@jest/globals'
import { printCheck, type Check } from '../../../src/inputs/check.ts'
import { parseCheck } from '../../../src/inputs/parse-check.ts'

const URL = 'https://status.example.com/api/v2/incidents.json'

const web = (url: string, path: string): Check => ({
  metric: { kind: 'web', name: 'a', url, path },
  comparison: '<',
  bound: 1,
  unit: ''
})
const datadog = (query: string): Check => ({
  metric: { kind: 'datadog', name: 'a', query },
  comparison: '<',
  bound: 1,
  unit: ''
})
const query = (promql: string): Check => ({
  metric: { kind: 'query', name: 'a', promql },
  comparison: '<',
  bound: 1,
  unit: ''
})

function problemIn(line: string): string | undefined {
  const parsed = parseCheck(line)
  return 'problem' in parsed ? parsed.problem : undefined
}

describe('a check that asks a URL', () => {
  it.each([
    [`${URL} $.incidents.length`, web(URL, '$.incidents.length')],
    ['http://10.0.0.1:8080/?a=b&c=$slot $', web('http://10.0.0.1:8080/?a=b&c=$slot', '$')],
    ["https://a/%24x $['a name'][0].b-c[-1:]", web('https://a/%24x', "$['a name'][0].b-c[-1:]")],
    ['https://a/?q=x>5 $..depth', web('https://a/?q=x>5', '$..depth')],
    ['https://a $.a[*].b["c.d"]', web('https://a', '$.a[*].b["c.d"]')]
  ])('is read and printed back: %s', (text, check) => {
    const line = `a: GET ${text} < 1`
    expect(parseCheck(line)).toEqual({ value: check })
    expect(printCheck(check)).toBe(line)
  })

  it.each([
    ['a: POST https://a/ $.b < 1', /^a URL is asked with GET/],
    ['a: get https://a/ $.b < 1', /^a URL is asked with GET/],
    ['a: GET https://a/ < 1', /^after the URL comes the JSONPath/],
    ['a: GET https://:99999/ $.b < 1', /^what follows GET is not an http\(s\) URL/],
    ['a: GET https://$slot.a/ $.b < 1', /^only path and query of the URL/],
    ['a: GET https://me:pw@a/ $.b < 1', /^a URL must not hold user name and password.*check-headers/],
    ['a: GET https:///me:pw@a/ $.b < 1', /^a URL must not hold user name and password/],
    ['a: GET https://a/#b $.b < 1', /^the URL has a fragment/],
    ['a: GET https://a/?$filter=x $.b < 1', /^"\$filter" is not a placeholder.*write %24$/],
    ['a: GET https://a/ b < 1', /^"b" is not a JSONPath/],
    ['a: GET https://a/ $.b[?(@.c)] < 1', /is not a JSONPath of these parts/],
    ['a: GET https://a/ $.b[(@.length-1)] < 1', /is not a JSONPath of these parts/],
    ['a: GET https://a/ $.b^ < 1', /is not a JSONPath of these parts/],
    ['a: GET https://a/ $.b.`constructor < 1', /is not a JSONPath of these parts/],
    ['a: GET https://a/ $..b..c < 1', /more than one \.\./],
    ['a: GET https://a/ $.b < 1%', /^the bound of what a URL answers is a number without a unit, not "1%"/],
    ['a: GET https://a/ $.b < stable', /is a number without a unit, not "stable"/],
    ['GET https://a/ $.b < 1', /is neither a built-in check nor a query with a name before it/]
  ])('is refused: %s', (line, problem) => {
    expect(problemIn(line)).toMatch(problem)
  })
})

it.each(['n:GET https://a/ $.b < 1', 'N: GET https://a/ $.b < 1', 'GET https://a/ $.b[0] < 1'])(
  'is told how to write %s',
  (line) => {
    const parsed = parseCheck(line)
    expect('example' in parsed && parsed.example).toMatch(/^[a-z-]+: GET https:\/\/a\/ \$\.b(\[0\])? < 1$/)
  }
)

describe('a check that asks Datadog', () => {
  it.each([
    'avg:system.cpu.user{*}',
    'sum:trace.http.request.errors{service:web,kube_deployment:$workload-$slot}.as_rate()',
    '100 * sum:a.errors{env:prod} / sum:a.hits{env:prod}',
    'default_zero(sum:a.b{x:y}.rollup(sum, 60))',
    '(p95:trace.x{service:web})'
  ])('is read and printed back: %s', (text) => {
    const line = `a: datadog ${text} < 1`
    expect(parseCheck(line)).toEqual({ value: datadog(text) })
    expect(printCheck(datadog(text))).toBe(line)
  })

  it.each([
    ['a: datadog < 1', /^a query for Datadog has an aggregation, a metric and a scope/],
    ['a: datadog system.cpu.user < 1', /^a query for Datadog has an aggregation, a metric and a scope/],
    ['a: datadog avg:system.cpu.user < 1', /^a query for Datadog has an aggregation, a metric and a scope/],
    ['a: datadog avg:x{pod_name:$pods} < 1', /^\$pods is a pattern, which Datadog does not take/],
    ['a: datadog avg:x{env:$env} < 1', /^"\$env" is not a placeholder/],
    ['a: datadog avg:x{*} < 1ms', /is a number without a unit/],
    ['datadog avg:x{*} < 1', /is neither a built-in check nor a query with a name before it/]
  ])('is refused: %s', (line, problem) => {
    expect(problemIn(line)).toMatch(problem)
  })

  it.each([
    'datadog{a="b"}',
    'datadog / b',
    'datadog and on() b',
    'datadog offset 5m',
    'datadog_up',
    'sum(datadog)'
  ])('is not what names a metric so: %s', (promql) => {
    const line = promql.includes(' and ') ? `a: (${promql}) < 1` : `a: ${promql} < 1`
    expect(parseCheck(line)).toEqual({ value: query(promql.includes(' and ') ? `(${promql})` : promql) })
  })
})
