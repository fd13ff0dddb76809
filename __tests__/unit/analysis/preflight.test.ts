import { describe, expect, it, test } from '@jest/globals'
import { MetricsError, type Series } from '../../../src/analysis/metrics.ts'
import { createSampler } from '../../../src/analysis/sampling.ts'
import { check, epoch, of, series, subject, TestClock, TestStore } from './builders.ts'

const none = { faults: [], warnings: [] }

const preflight = (
  lines: readonly string[],
  answers: Readonly<Record<string, readonly Series[] | Error>>,
  stored: readonly Series[] = []
) => {
  const clock = new TestClock()
  const store = new TestStore(clock)
  store.stored = stored
  for (const [query, answer] of Object.entries(answers)) store.answers.set(query, answer)
  return createSampler(store, clock, lines.map(check)).preflight(subject())
}

describe('a query', () => {
  test.each<[string, readonly Series[] | Error, object]>([
    ['one number', [series({}, [0, 1])], none],
    [
      'nothing',
      [],
      { faults: [], warnings: ['queue: no series: the query found nothing (asked for the stable version)'] }
    ],
    [
      'NaN',
      [series({}, [0, NaN])],
      { faults: [], warnings: ['queue: the query gave NaN (asked for the stable version)'] }
    ],
    [
      'infinity',
      [series({}, [0, Infinity])],
      { faults: [], warnings: ['queue: the query gave +Inf (asked for the stable version)'] }
    ],
    [
      'two series',
      [series({ a: '1' }, [0, 1]), series({ a: '2' }, [0, 1])],
      {
        faults: [
          {
            input: 'checks',
            problem: 'queue: the query gave 2 series where one number is needed; wrap it in sum() or max()',
            example: 'queue: sum(depth) < 100'
          }
        ],
        warnings: []
      }
    ],
    [
      'a range',
      [series({}, [0, 1], [1, 1])],
      {
        faults: [
          {
            input: 'checks',
            problem: 'queue: the query gave a range of samples where one number is needed; wrap it in rate()',
            example: 'queue: sum(depth) < 100'
          }
        ],
        warnings: []
      }
    ],
    [
      'refused',
      new MetricsError('1:5: parse error', 'query'),
      { faults: [{ input: 'checks', problem: 'queue: 1:5: parse error' }], warnings: [] }
    ],
    [
      'unreachable',
      new MetricsError('Prometheus cannot be reached', 'unreachable'),
      { faults: [{ input: 'prometheus', problem: 'Prometheus cannot be reached' }], warnings: [] }
    ]
  ])('that gives %s', async (_what, answer, report) => {
    expect(await preflight(['queue: depth < 1'], { depth: answer })).toStrictEqual(report)
  })

  it('is asked over five minutes', async () => {
    expect(
      await preflight(['jobs: rate(x[$window]) < 1'], { 'rate(x[300s])': [series({}, [0, 1])] })
    ).toStrictEqual(none)
  })
})

it('says once that Prometheus is gone', async () => {
  const gone = new MetricsError('Prometheus cannot be reached', 'unreachable')
  expect((await preflight(['a: a < 1', 'b: b < 1'], { a: gone, b: gone })).faults).toHaveLength(1)
})

it('lets faults of the program through', async () => {
  await expect(preflight(['a: a < 1'], { a: new TypeError('a bug') })).rejects.toThrow('a bug')
})

describe('a built-in check', () => {
  const client = [
    series(of('up'), [-10, 1], [-5, 1]),
    series(of('http_requests_total', { code: '200' }), [-10, 1], [-5, 1])
  ]
  const bucket = series(of('http_request_duration_seconds_bucket', { le: '+Inf' }), [-5, 1])

  test.each<[string, string, readonly Series[], readonly string[]]>([
    ['finds its metric', 'success-rate >= 95%', client, []],
    ['finds its histogram', 'p95 latency < 1s', [...client, bucket], []],
    [
      'misses the histogram',
      'p95 latency < 1s',
      client,
      [
        "p95 latency may have no data: the stable version's pods report none of http_request_duration_seconds_bucket, " +
          'http_server_request_duration_seconds_bucket, http_server_duration_milliseconds_bucket, http_server_requests_seconds_bucket'
      ]
    ],
    [
      'misses durations',
      'mean latency < 1s',
      client,
      ["mean latency may have no data: the stable version's pods report no durations of requests"]
    ],
    [
      'misses the status',
      'error-rate < 1%',
      [series(of('http_requests_total'), [-5, 1])],
      [
        'error-rate may have no data: http_requests_total has none of the labels code, status, status_code, ' +
          'http_response_status_code, http_status_code, outcome with an HTTP status'
      ]
    ],
    [
      'misses everything',
      'request-rate > 0/s',
      [],
      [
        "request-rate may have no data: Prometheus has nothing from the stable version's pods (searched for http_requests_total, " +
          'http_request_duration_seconds_count, http_server_request_duration_seconds_count, ' +
          'http_server_duration_milliseconds_count, http_server_requests_seconds_count)'
      ]
    ],
    [
      'misses its metrics on pods that are scraped',
      'request-rate > 0/s',
      client.slice(0, 1),
      [
        "request-rate may have no data: the stable version's pods are scraped, but report none of http_requests_total, " +
          'http_request_duration_seconds_count, http_server_request_duration_seconds_count, ' +
          'http_server_duration_milliseconds_count, http_server_requests_seconds_count'
      ]
    ]
  ])('%s', async (_what, line, stored, warnings) => {
    expect(await preflight([line], {}, stored)).toStrictEqual({ faults: [], warnings })
  })

  it('teaches what to expect of the canary, and how soon', async () => {
    const clock = new TestClock()
    const store = new TestStore(clock)
    store.stored = client
    const sampler = createSampler(store, clock, [check('success-rate >= 95%')])
    await sampler.preflight(subject())
    store.stored = []
    clock.time = epoch + 16_000
    expect(await sampler.measure({ name: 'bake', startedAt: epoch }, subject())).toMatchObject([
      { why: 'no series: no pod of the canary reports http_requests_total (is it scraped?)', early: false }
    ])
  })
})

it('has nothing to ask without checks', async () => {
  expect(await preflight([], {})).toStrictEqual(none)
})
