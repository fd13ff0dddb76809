import { afterEach, describe, expect, it } from '@jest/globals'
import { datadogSource } from '../../../src/checks/datadog.ts'
import { exchange } from '../../../src/checks/exchange.ts'
import type { MetricValue } from '../../../src/checks/metric-value.ts'
import type { Source } from '../../../src/checks/source.ts'
import type { Check, DatadogMetric } from '../../../src/inputs/check.ts'
import { check, epoch, subject, TestClock } from './prometheus/builders.ts'
import { listen, type Listening } from './prometheus/http-server.ts'

const servers: Listening[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const KEYS = { 'DD-API-KEY': 'an-api-key', 'DD-APPLICATION-KEY': 'an-application-key' }
const QUERY = 'sum:trace.http.request.errors{kube_deployment:$workload-$slot}.as_rate()'

/** A stand-in of Datadog's API that checks the keys. */
async function datadog(
  answer: unknown,
  status = 200
): Promise<{ readonly source: Source; readonly asked: URL[]; readonly url: string }> {
  const asked: URL[] = []
  const server = await listen((request, response) => {
    const isKnown = Object.entries(KEYS).every(([name, key]) => request.headers[name.toLowerCase()] === key)
    if (!isKnown) return response.writeHead(403).end('{"errors":["Forbidden"]}')
    asked.push(new URL(request.url ?? '', server.url))
    return response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  servers.push(server)
  return { source: open(server.url, KEYS), asked, url: server.url }
}

const open = (api: string, keys: Readonly<Record<string, string>>): Source =>
  datadogSource(
    [check(`errors: datadog ${QUERY} < 5`) as Check<DatadogMetric>],
    { api, headers: { [api]: keys }, exchange },
    new TestClock()
  )

const measured = { version: subject(), since: epoch - 90_500, now: epoch }

async function find(answer: unknown, status?: number): Promise<MetricValue | undefined> {
  const { source } = await datadog(answer, status)
  return (await source.measure(measured))[0]
}

/** Points by seconds before now. */
const series = (...points: readonly (readonly [number, unknown])[]) => ({
  status: 'ok',
  res_type: 'time_series',
  series: [{ interval: 10, pointlist: points.map(([ago, value]) => [epoch - ago * 1000, value]) }]
})

describe('a query of Datadog', () => {
  it('asks for the time since the step began, for the version', async () => {
    const { source, asked } = await datadog(series([20, 3], [10, 4.5]))
    expect(await source.measure(measured)).toEqual([{ value: 4.5 }])
    expect(asked.map(({ pathname, searchParams }) => [pathname, Object.fromEntries(searchParams)])).toEqual([
      [
        '/api/v1/query',
        {
          from: String(Math.floor(epoch / 1000 - 90.5)),
          to: String(epoch / 1000),
          query: 'sum:trace.http.request.errors{kube_deployment:web-green}.as_rate()'
        }
      ]
    ])
  })

  it('has the value of the newest point that has one', async () => {
    expect(await find(series([20, 3], [10, 0], [0, null]))).toEqual({ value: 0 })
    expect(await find(series([10, 4], [20, 3]))).toEqual({ value: 4 })
  })
})

describe('is no value, and so never a pass', () => {
  it.each<[string, unknown, unknown]>([
    ['no series', { status: 'ok', series: [] }, { why: 'no series: the query found nothing', early: true }],
    ['only gaps', series([10, null]), { why: 'the series has no points yet', early: true }],
    ['no points', series(), { why: 'the series has no points yet', early: true }],
    [
      'several series',
      { status: 'ok', series: [1, 2].flatMap(() => series([10, 1]).series) },
      { why: 'the query gave 2 series where one number is needed; take the grouping out of it' }
    ],
    ['a point of long ago', series([400, 1]), { why: 'the newest point is 390 s old' }],
    [
      'a point that stands for longer than anything does',
      { status: 'ok', series: [{ ...series([9_000, 1]).series[0], interval: 1e300 }] },
      { why: 'the newest point is 5400 s old' }
    ],
    ['a text', series([10, '1']), { why: 'the series has an unknown form' }],
    [
      'points of another form',
      { status: 'ok', series: [{ pointlist: [1, 2] }] },
      { why: 'the series has an unknown form' }
    ],
    ['a series of another form', { status: 'ok', series: ['x'] }, { why: 'the series has an unknown form' }]
  ])('%s', async (_, answer, value) => {
    expect(await find(answer)).toEqual(value)
  })

  it.each<[string, unknown, number, RegExp, boolean]>([
    [
      'a query that it refuses',
      { errors: ['Rule has an unmatched {'] },
      400,
      /refuses the query: Rule has an unmatched \{$/,
      true
    ],
    [
      'an error in a good answer',
      { status: 'error', error: 'bad scope' },
      200,
      /refuses the query: bad scope$/,
      true
    ],
    [
      'a limit',
      { errors: ['Too many requests'] },
      429,
      /takes no more queries for now; ask less often by check-interval$/,
      false
    ],
    ['its own failure', '', 503, /answered HTTP 503$/, false],
    [
      'a doubt of its own',
      { ...series([10, 1]), error: 'partial' },
      200,
      /says that its answer may be wrong: partial$/,
      false
    ],
    [
      'a web page',
      '<html>',
      200,
      /does not answer as Datadog does, but with a web page, maybe a login$/,
      false
    ],
    ['another JSON', '{"status":"success","data":1}', 200, /does not answer as Datadog does/, false],
    ['a list', '[1]', 200, /does not answer as Datadog does/, false]
  ])('%s', async (_, answer, status, why, final) => {
    expect(await find(answer, status)).toEqual({ why: expect.stringMatching(why), final })
  })

  it('with a key that it does not know', async () => {
    const { url } = await datadog(series([10, 1]))
    const source = open(url, { ...KEYS, 'DD-API-KEY': 'wrong' })
    expect(await source.measure(measured)).toEqual([
      {
        why: `Datadog at ${url} refuses access (HTTP 403): Forbidden; check the keys in check-headers and their site in datadog`,
        final: false
      }
    ])
  })
})

it('tries keys and query before a release', async () => {
  const good = await datadog(series([10, 1]))
  expect(await good.source.preflight(subject())).toEqual({ faults: [], warnings: [] })
  const idle = await datadog({ status: 'ok', series: [] })
  expect(await idle.source.preflight(subject())).toEqual({
    faults: [],
    warnings: ['errors: no series: the query found nothing (asked for the stable version)']
  })
  const refused = open(good.url, { ...KEYS, 'DD-APPLICATION-KEY': 'wrong' })
  expect(await refused.preflight(subject())).toEqual({
    faults: [{ input: 'checks', problem: expect.stringMatching(/^errors: .* refuses access \(HTTP 403\)/) }],
    warnings: []
  })
})
