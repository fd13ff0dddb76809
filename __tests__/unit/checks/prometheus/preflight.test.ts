import { describe, expect, it, test } from '@jest/globals'
import { MetricsError } from '../../../../src/checks/metrics-error.ts'
import type { Series } from '../../../../src/checks/prometheus/metrics.ts'
import type { MetricsSource } from '../../../../src/routes/metrics-source.ts'
import {
  check,
  createSampler,
  epoch,
  of,
  podNames,
  series,
  subject,
  TestClock,
  TestStore
} from './builders.ts'

interface Look {
  readonly stored: readonly Series[]
  readonly source: MetricsSource
  /** Of the pod, in seconds. */
  readonly age: number | 'no pod'
  readonly needed: boolean
}

const none = { faults: [], warnings: [] }

function preflight(
  lines: readonly string[],
  answers: Readonly<Record<string, readonly Series[] | Error>>,
  stored: readonly Series[] = []
) {
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

describe('a ratio of what has not happened yet', () => {
  const line =
    'errors: sum(rate(http_requests_total{pod=~"$pods",code=~"5.."}[1m])) / sum(rate(http_requests_total{pod=~"$pods"}[1m])) < 0.01'
  const pods = '{pod=~"web-green-abc12-[a-z0-9]{5}"'
  const failed = `sum(rate(http_requests_total${pods},code=~"5.."}[1m]))`
  const all = `sum(rate(http_requests_total${pods}}[1m]))`

  it('is explained with the line to write, where the old version has traffic and no error', async () => {
    const answers = {
      [`${failed} / ${all}`]: [],
      [`(${failed} or vector(0)) / ${all}`]: [series({}, [0, 0])]
    }
    const { faults, warnings } = await preflight([line], answers)
    expect(faults).toStrictEqual([])
    expect(warnings).toHaveLength(1)
    const [warning = ''] = warnings
    expect(warning).toContain('errors: no series, not even for the old version')
    const written = warning.split('Write: ')[1] ?? ''
    expect(written).toBe(
      'errors: (sum(rate(http_requests_total{pod=~"$pods",code=~"5.."}[1m])) or vector(0)) / sum(rate(http_requests_total{pod=~"$pods"}[1m])) < 0.01'
    )
    expect(check(written)).toMatchObject({ bound: 0.01 })
  })

  it('is not called that where there is no traffic either', async () => {
    expect(await preflight([line], {})).toStrictEqual({
      faults: [],
      warnings: [
        expect.stringMatching(
          /^errors: no series: the query found nothing; if that is so while nothing fails, write \(sum/
        )
      ]
    })
  })
})

describe('a version of which Prometheus has nothing', () => {
  const others = { 'count(up offset 75s)': [series({}, [0, 7])] }
  const client = [
    series(of('up'), [10, 1], [15, 1]),
    series(of('http_requests_total', { code: '200' }), [10, 1], [15, 1])
  ]

  const look = async (
    answers: Readonly<Record<string, readonly Series[]>>,
    { stored = [], source = 'http', age = 20, needed = true }: Partial<Look> = {}
  ) => {
    const clock = new TestClock()
    const store = new TestStore(clock)
    store.stored = stored
    for (const [query, answer] of Object.entries(answers)) store.answers.set(query, answer)
    const told: string[] = []
    const need = needed ? { tell: (text: string) => void told.push(text), alike: true } : undefined
    const pods = age === 'no pod' ? [] : [{ name: podNames[0] ?? '', createdAt: epoch - age * 1000 }]
    const backend = { service: 'web', port: 80 }
    const report = await createSampler(store, clock, [check('success-rate >= 95%')], source).preflight(
      subject({ pods, backend }),
      undefined,
      need
    )
    return { ...report, told, waited: (clock.time - epoch) / 1000 }
  }

  it.each([20, 3600])(
    'is not released, where that would only fail with users on it: pods of %i s',
    async (age) => {
      const { faults, warnings, told, waited } = await look(others, { age })
      expect(warnings).toStrictEqual([])
      expect(faults).toMatchObject([
        {
          input: 'checks',
          problem: expect.stringMatching(/^success-rate cannot be measured: Prometheus has nothing from/)
        }
      ])
      // New pods get the time of a scrape first.
      expect([told.length, waited]).toStrictEqual(age === 20 ? [1, 55] : [0, 0])
    }
  )

  it('is waited for no longer than until the first scrape of new pods', async () => {
    expect(await look(others, { stored: client })).toMatchObject({ faults: [], warnings: [], waited: 10 })
  })

  it.each<[string, Parameters<typeof look>]>([
    ['Prometheus is itself as new', [{ 'count(up offset 75s)': [] }, {}]],
    ['no pod of it is known', [others, { age: 'no pod' }]],
    ['figures are not needed, or there is a load line', [others, { needed: false }]],
    ['they are those of a router', [others, { source: 'traefik' }]]
  ])('is only warned of where %s', async (_why, given) => {
    const { faults, warnings } = await look(...given)
    expect(faults).toStrictEqual([])
    expect(warnings).toStrictEqual([
      expect.stringMatching(/^success-rate may have no data: Prometheus has no/)
    ])
  })
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
      {
        why: 'no series: no pod of the new version reports http_requests_total (is it scraped?)',
        early: false
      }
    ])
  })
})

describe('where users would be the first to be measured', () => {
  const need = { tell: () => undefined, alike: true }
  const ask = (
    line: string,
    answers: Readonly<Record<string, readonly Series[]>>,
    stored: readonly Series[]
  ) => {
    const clock = new TestClock()
    const store = new TestStore(clock)
    store.stored = stored
    for (const [query, answer] of Object.entries(answers)) store.answers.set(query, answer)
    return createSampler(store, clock, [check(line)]).preflight(subject(), undefined, need)
  }
  const counting = (...values: readonly number[]) => [
    series(of('up'), [-10, 1], [-5, 1]),
    series(of('http_requests_total', { code: '200' }), [-10, values[0] ?? 0], [-5, values[1] ?? 0])
  ]

  it('an old version without users is warned of, with what to do', async () => {
    const { faults, warnings } = await ask('success-rate >= 95%', {}, counting(0, 0))
    expect(faults).toStrictEqual([])
    expect(warnings).toStrictEqual([
      expect.stringMatching(
        /^success-rate: no request of users reached the old version in the last 5m\. .*GET \/ at 20\/s for 30s -> 200.*on-no-data: wait/
      )
    ])
  })

  it('one with users is not', async () => {
    expect(await ask('success-rate >= 95%', {}, counting(7, 9))).toStrictEqual(none)
  })

  it('a metric that nobody has is an error that names it', async () => {
    const { faults } = await ask(
      'errs: sum(rate(http_reqests_total{pod=~"$pods"}[1m])) / sum by (pod) (rate(up[1m])) < 1',
      { 'count(up)': [series({}, [0, 3])] },
      []
    )
    expect(faults).toMatchObject([
      {
        input: 'checks',
        problem: expect.stringContaining('errs: Prometheus has no series of http_reqests_total')
      }
    ])
  })

  it('one that others have is only warned of: its pods may get it', async () => {
    const { faults, warnings } = await ask(
      'queue: sum(depth{pod=~"$pods"}) < 1',
      { 'count(depth)': [series({}, [0, 3])] },
      []
    )
    expect([faults, warnings.length]).toStrictEqual([[], 1])
  })
})

it('has nothing to ask without checks', async () => {
  expect(await preflight([], {})).toStrictEqual(none)
})
