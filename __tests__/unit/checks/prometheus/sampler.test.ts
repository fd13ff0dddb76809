import { describe, expect, it, test } from '@jest/globals'
import type { MeasuredVersion } from '../../../../src/checks/measured-version.ts'
import { MetricsError } from '../../../../src/checks/metrics-error.ts'
import type { Series } from '../../../../src/checks/prometheus/metrics.ts'
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

const step = { name: '10%', startedAt: epoch }
type Pair = readonly [number, number]

/** Scrapes of a pod that is up, every 5 s from `first` until `last`. */
const up = (first: number, last: number, pod?: string): Series =>
  series(of('up', {}, pod), ...every5s(first, last, () => 1))

const every5s = (first: number, last: number, value: (seconds: number) => number): readonly Pair[] =>
  Array.from({ length: Math.floor((last - first) / 5) + 1 }, (_, index) => first + index * 5).map(
    (seconds) => [seconds, value(seconds)] as const
  )

const requests = (code: string, ...pairs: readonly Pair[]): Series =>
  series(of('http_requests_total', { code }), ...pairs)

interface Scene {
  readonly stored: readonly Series[]
  /** Seconds since the step began. */
  readonly after?: number
  readonly subject?: MeasuredVersion
  /** Milliseconds that Prometheus' clock is ahead. */
  readonly ahead?: number
}

async function measure(line: string, { stored, after = 20, ahead = 0, ...scene }: Scene) {
  const clock = new TestClock()
  const store = new TestStore(clock, ahead)
  store.stored = stored
  clock.time = epoch + after * 1000
  const sampler = createSampler(store, clock, [check(line)])
  const [reading] = await sampler.measure(step, scene.subject ?? subject())
  return reading
}

describe('built-in metrics', () => {
  const steady = [
    up(-15, 20),
    requests('200', ...every5s(-15, 20, (at) => (at < 0 ? 1000 : 1000 + at * 9))),
    requests('404', [-5, 3], [0, 3], [20, 13]),
    requests('503', [15, 10], [20, 10])
  ]
  const buckets = ([0.1, 0.5, 1, Infinity] as const).map((edge, index) =>
    series(
      of('http_request_duration_seconds_bucket', { le: edge === Infinity ? '+Inf' : String(edge) }),
      [0, [7, 8, 9, 9][index] ?? 0],
      [20, [57, 98, 109, 109][index] ?? 0]
    )
  )
  const mean = [
    series(of('http_request_duration_seconds_sum'), [0, 3], [20, 23]),
    series(of('http_request_duration_seconds_count'), [0, 9], [20, 109])
  ]

  test.each([
    ['success-rate >= 95%', 0.95, 200, 'pass'],
    ['error-rate <= 1%', 0.05, 200, 'fail'],
    ['request-rate > 5/s', 10, 200, 'pass'],
    ['p95 latency < 500ms', 0.5 + 0.5 * (5 / 10), 100, 'fail'],
    ['mean latency < 300ms', 0.2, 100, 'pass']
  ])('%s counts since the step began only', async (line, value, count, verdict) => {
    const reading = await measure(line, { stored: [...steady, ...buckets, ...mean] })
    expect(reading).toMatchObject({ verdict, requests: count, step: '10%', at: epoch + 20_000 })
    expect(reading?.value).toBeCloseTo(value, 12)
  })

  describe('of pods that are cold', () => {
    const [old = '', young = ''] = podNames
    /** Ten requests a second each, of which the young pod fails half until it is warm after 10 s. */
    const stored = [
      up(-15, 20, old),
      up(0, 20, young),
      series(of('http_requests_total', { code: '200' }, old), ...every5s(-15, 20, (at) => 10 * (at + 15))),
      series(
        of('http_requests_total', { code: '200' }, young),
        ...every5s(0, 20, (at) => (at <= 10 ? 5 * at : 50 + 10 * (at - 10)))
      ),
      series(
        of('http_requests_total', { code: '500' }, young),
        ...every5s(0, 20, (at) => 5 * Math.min(at, 10))
      )
    ]
    const both = (...warm: readonly [number | undefined, number | undefined]) =>
      subject({
        pods: [old, young].map((name, i) => {
          const seconds = warm[i]
          const warmAt = seconds === undefined ? {} : { warmAt: epoch + 1000 * seconds }
          return { name, createdAt: epoch - 20_000 * (1 - i), ...warmAt }
        })
      })

    test.each<[string, string, Parameters<typeof both>, number, number]>([
      ['nothing is left out while it is not known', 'error-rate < 1%', [undefined, undefined], 50 / 400, 400],
      ['counts what they do once they are warm', 'error-rate < 1%', [undefined, 10], 0, 300],
      ['is left out while that lasts', 'error-rate < 1%', [-1, 60], 0, 200],
      ['all is counted where nothing else is there', 'error-rate < 1%', [60, 60], 50 / 400, 400],
      ['is part of the rate', 'request-rate > 1/s', [undefined, 60], 20, 400]
    ])('%s: %s', async (_, line, warm, value, count) => {
      expect(await measure(line, { stored, subject: both(...warm) })).toMatchObject({
        value,
        requests: count
      })
    })

    it('as many probes are left out as came since they are warm', async () => {
      const probes = [{ path: '/', port: undefined, every: 5 }]
      const root = stored.map(({ labels, samples }) => ({
        labels: labels.__name__ === 'up' ? labels : { ...labels, path: '/' },
        samples
      }))
      // Of the 40 s since it began at most 9 probes of the old pod, of 10 s 3 of the young one.
      const asked = { ...both(undefined, 10), probes }
      expect(await measure('error-rate < 1%', { stored: root, subject: asked })).toMatchObject({
        requests: 300 - 9 - 3
      })
    })
  })

  it('takes buckets in milliseconds for what they are', async () => {
    const stored = [
      up(0, 20),
      ...(['100', '500', '+Inf'] as const).map((le, index) =>
        series(of('http_server_duration_milliseconds_bucket', { le }), [20, [50, 100, 100][index] ?? 0])
      ),
      series(of('http_server_duration_milliseconds_count', { http_status_code: '200' }), [20, 100])
    ]
    const sum = series(of('http_server_duration_milliseconds_sum'), [20, 20_000])
    expect((await measure('p75 latency < 500ms', { stored }))?.value).toBeCloseTo(0.3, 12)
    expect((await measure('mean latency < 1s', { stored: [...stored, sum] }))?.value).toBeCloseTo(0.2, 12)
  })

  it('counts requests by a native histogram where there is no counter', async () => {
    const stored = [
      up(-15, 20),
      series(of('http_request_duration_seconds', { code: '200' }), [0, 50], [20, 140]),
      series(of('http_request_duration_seconds', { code: '500' }), [0, 2], [20, 12])
    ]
    expect(await measure('success-rate >= 95%', { stored })).toMatchObject({ requests: 100, value: 0.9 })
    expect(await measure('p95 latency < 1s', { stored })).toMatchObject({
      why: expect.stringMatching(/^no histogram/)
    })
  })

  it('adds up the pods', async () => {
    const stored = podNames.flatMap((pod, index) => [
      up(-15, 20, pod),
      series(of('http_requests_total', { code: '200' }, pod), [0, 50], [20, 80]),
      series(of('http_requests_total', { code: '500' }, pod), [0, 2], [20, 2 + index])
    ])
    const three = subject({ pods: podNames.map((name) => ({ name, createdAt: epoch - 20_000 })) })
    expect(await measure('error-rate <= 1%', { stored, subject: three })).toMatchObject({
      requests: 93,
      value: 3 / 93
    })
  })

  it('counts all of a pod that is younger than the release, and none of what an old one did before', async () => {
    const stored = [up(15, 20), requests('200', [15, 100], [20, 110])]
    const pods = [{ name: podNames[0] ?? '', createdAt: epoch - 3_600_000 }]
    expect((await measure('request-rate > 0/s', { stored }))?.requests).toBe(110)
    expect((await measure('request-rate > 0/s', { stored, subject: subject({ pods }) }))?.requests).toBe(10)
  })

  it('counts all of a series that is new in an old pod', async () => {
    const pods = [{ name: podNames[0] ?? '', createdAt: epoch - 3_600_000 }]
    const stored = [up(-15, 20), requests('200', [0, 900], [20, 910]), requests('500', [20, 40])]
    expect(await measure('error-rate < 1%', { stored, subject: subject({ pods }) })).toMatchObject({
      requests: 50,
      value: 0.8
    })
  })

  it('reads times by the clock of Prometheus', async () => {
    const shifted = steady.map(({ labels, samples }) => ({
      labels,
      samples: samples.map(({ at, value }) => ({ at: at + 120_000, value }))
    }))
    const reading = await measure('success-rate >= 95%', { stored: shifted, ahead: 120_000 })
    expect(reading).toMatchObject({ value: 0.95, requests: 200 })
  })

  it('leaves out other namespaces, probes and scrapes', async () => {
    const stored = [
      ...steady,
      {
        ...requests('500', [5, 50], [20, 90]),
        labels: { ...of('http_requests_total', { code: '500' }), namespace: 'staging' }
      },
      series(of('http_requests_total', { code: '200', handler: '/healthz' }), [5, 50], [20, 90])
    ]
    expect(await measure('success-rate >= 95%', { stored })).toMatchObject({ value: 0.95, requests: 200 })
  })
})

describe('requests of the kubelet', () => {
  const probe = (path: string, every = 10, port = 8080) => ({ path, every, port })
  const asked = subject({ probes: [probe('/ping'), probe('/q/ready'), probe('/')], port: 8080 })
  const at = (labels: Readonly<Record<string, string>>, count: number, code = '200') =>
    series(of('http_requests_total', { code, ...labels }), [0, 0], [20, count])

  test.each<[string, readonly Series[], string]>([
    ['the path of a probe', [at({ path: '/ping' }, 4)], '4 to /ping'],
    ['with a query', [at({ http_target: '/ping?full=1' }, 4)], '4 to /ping'],
    ['as a whole URL', [at({ url: 'http://10.0.0.7:8080/ping/' }, 4)], '4 to /ping'],
    ['as the pattern of a route, without its slash', [at({ http_route: 'q/ready' }, 4)], '4 to /q/ready'],
    ['of two probes', [at({ path: '/ping' }, 4), at({ path: '/q/ready' }, 4)], '8 to /ping, /q/ready'],
    [
      'a usual path that no template names',
      [at({ uri: '/actuator/prometheus' }, 4)],
      '4 to /actuator/prometheus'
    ],
    ['no more of / than the kubelet sends', [at({ path: '/' }, 5)], '5 to /']
  ])('are no users, by %s', async (_how, stored, told) => {
    for (const line of ['success-rate >= 99%', 'request-rate > 0/s'])
      expect(await measure(line, { stored: [up(-15, 20), ...stored], subject: asked })).toMatchObject({
        verdict: 'no-data',
        why: `0 requests reached the new version since the step began (${told} are taken for probes)`
      })
  })

  test.each<[string, readonly Series[]]>([
    [
      'at another path',
      [at({ path: '/ping' }, 2000), at({ path: '/shop' }, 60), at({ path: '/shop' }, 40, '500')]
    ],
    ['at a path that begins like it', [at({ path: '/ping-pong' }, 60), at({ path: '/pingu' }, 40, '500')]],
    ['below it', [at({ path: '/ping/me' }, 60), at({ path: '/ping/you' }, 40, '500')]]
  ])('do not hide the errors of users %s', async (_where, stored) => {
    expect(
      await measure('success-rate >= 95%', { stored: [up(-15, 20), ...stored], subject: asked })
    ).toMatchObject({ verdict: 'fail', value: 0.6, requests: 100 })
  })

  test('are taken from / by their number, where users come as well', async () => {
    // 20 s of the step, and the 20 s before that this pod has lived: five at most.
    const stored = [up(-15, 20), at({ path: '/' }, 65), at({ path: '/' }, 40, '500')]
    expect(await measure('success-rate >= 95%', { stored, subject: asked })).toMatchObject({
      verdict: 'fail',
      value: 0.6,
      requests: 100
    })
  })

  test('are known by a port of their own, but not by the one that users come in by', async () => {
    const probes = [probe('/', 10, 9000), probe('/status', 10, 8080)]
    const stored = [
      up(-15, 20),
      at({ server_port: '9000' }, 900),
      at({ server_port: '8080' }, 60),
      at({}, 40, '500')
    ]
    expect(
      await measure('success-rate >= 95%', { stored, subject: subject({ probes, port: 8080 }) })
    ).toMatchObject({ value: 0.6, requests: 100 })
  })

  test('are no latency of users either', async () => {
    const buckets = ['1', '+Inf'].map((le) =>
      series(of('http_request_duration_seconds_bucket', { le }), [0, 0], [20, 4])
    )
    expect(
      await measure('p95 latency < 500ms', {
        stored: [up(-15, 20), at({ path: '/ping' }, 4), ...buckets],
        subject: asked
      })
    ).toMatchObject({ verdict: 'no-data' })
  })
})

it('speaks of neither a canary nor a step when it is what serves that is measured', async () => {
  const stored = [up(-15, 20), requests('200', [-15, 4], [0, 4], [20, 4])]
  const asked = { stored, subject: { ...subject(), side: 'stable' as const } }
  for (const line of ['success-rate >= 99%', 'request-rate > 0/s'])
    expect(await measure(line, asked)).toMatchObject({
      why: '0 requests reached the version that serves in the last 20 s'
    })
})

describe('a request that ended without an HTTP status', () => {
  const counters: readonly (readonly [string, string])[] = [
    ['http_requests_total', 'code'],
    ['http_requests_total', 'status'],
    ['http_request_duration_seconds_count', 'status_code'],
    ['http_server_request_duration_seconds_count', 'http_response_status_code'],
    ['http_server_duration_milliseconds_count', 'http_status_code'],
    ['http_server_requests_seconds_count', 'status']
  ]
  const odd = ['UNKNOWN', '0', '', '600', '-', 'OK', 'IO_ERROR', '000', '499x']

  test.each(counters.flatMap(([name, label]) => odd.map((value) => [name, label, value] as const)))(
    'is no server error, and hides none: %s{%s="%s"}',
    async (name, label, value) => {
      const counted = (status: string, count: number) =>
        series(of(name, { [label]: status }), [0, 0], [20, count])
      const good = [up(-15, 20), counted('200', 90), counted(value, 10)]
      expect(await measure('success-rate >= 99%', { stored: good })).toMatchObject({
        verdict: 'pass',
        value: 1,
        requests: 100
      })
      expect(await measure('success-rate >= 99%', { stored: [...good, counted('500', 100)] })).toMatchObject({
        verdict: 'fail',
        value: 0.5
      })
    }
  )

  test.each([
    ['http_requests_total', { code: '2xx' }, { code: '5xx' }],
    ['http_server_requests_seconds_count', { outcome: 'CLIENT_ERROR' }, { outcome: 'SERVER_ERROR' }],
    ['http_server_requests_seconds_count', { status: 'SUCCESS' }, { status: 'SERVER_ERROR' }]
  ])('classes and outcomes are read as statuses: %s %j', async (name, fine, failed) => {
    const stored = [
      up(-15, 20),
      series(of(name, fine), [0, 0], [20, 60]),
      series(of(name, failed), [0, 0], [20, 40])
    ]
    expect(await measure('error-rate <= 1%', { stored })).toMatchObject({ verdict: 'fail', value: 0.4 })
  })

  test('where no request has one nothing is known', async () => {
    const stored = [up(-15, 20), series(of('http_requests_total', { code: 'UNKNOWN' }), [0, 0], [20, 60])]
    expect(await measure('success-rate >= 99%', { stored })).toMatchObject({ verdict: 'no-data' })
  })
})

describe('no value is named and never a pass', () => {
  const idle = [up(-15, 40), requests('200', ...every5s(-15, 40, () => 7))]

  test.each<[string, string, Scene, string]>([
    [
      'nothing scraped',
      'success-rate >= 95%',
      { stored: [] },
      'no series: no pod of the new version reports any of http_requests_total, http_request_duration_seconds_count, ' +
        'http_server_request_duration_seconds_count, http_server_duration_milliseconds_count, ' +
        'http_server_requests_seconds_count (is it scraped?)'
    ],
    [
      'scraped, but no request counted',
      'success-rate >= 95%',
      { stored: [up(0, 20)] },
      "no series: the new version's pods are scraped, but none reports any of http_requests_total, " +
        'http_request_duration_seconds_count, http_server_request_duration_seconds_count, ' +
        'http_server_duration_milliseconds_count, http_server_requests_seconds_count (has a request reached them?)'
    ],
    [
      'no requests',
      'success-rate >= 95%',
      { stored: idle, after: 40 },
      '0 requests reached the new version since the step began'
    ],
    [
      'no requests: rate',
      'request-rate < 9/s',
      { stored: idle, after: 40 },
      '0 requests reached the new version since the step began'
    ],
    [
      'only probes',
      'success-rate >= 95%',
      {
        stored: [
          up(-15, 20),
          series(
            of('http_requests_total', { code: '200', handler: '/healthz' }),
            ...every5s(-15, 20, (at) => at + 15)
          )
        ]
      },
      '0 requests reached the new version since the step began (20 to /healthz are taken for probes)'
    ],
    [
      'stale',
      'success-rate >= 95%',
      { stored: [up(-15, 40), requests('200', ...every5s(-15, 3, (at) => at + 15))], after: 47 },
      'the newest sample is 47 s old'
    ],
    [
      'no sample of this step yet',
      'success-rate >= 95%',
      { stored: [up(-15, 0), requests('200', ...every5s(-15, 0, (at) => at + 15))], after: 4 },
      'no sample since the step began'
    ],
    [
      'no status',
      'success-rate >= 95%',
      { stored: [up(-15, 20), series(of('http_requests_total'), [0, 5], [20, 9])] },
      'http_requests_total has no label with the HTTP status (tried code, status, status_code, ' +
        'http_response_status_code, http_status_code, outcome)'
    ],
    [
      'no histogram',
      'p95 latency < 500ms',
      { stored: [up(-15, 20), requests('200', [0, 5], [20, 9])] },
      "no histogram: the new version's pods report none of http_request_duration_seconds_bucket, " +
        'http_server_request_duration_seconds_bucket, http_server_duration_milliseconds_bucket, ' +
        'http_server_requests_seconds_bucket'
    ],
    [
      'no requests in the histogram',
      'p95 latency < 500ms',
      {
        stored: [
          up(-15, 20),
          requests('200', [0, 5], [20, 9]),
          series(of('http_request_duration_seconds_bucket', { le: '1' }), [0, 5], [20, 5]),
          series(of('http_request_duration_seconds_bucket', { le: '+Inf' }), [0, 5], [20, 5])
        ]
      },
      '0 requests reached the new version since the step began'
    ],
    [
      'a pod that cannot be scraped',
      'success-rate >= 95%',
      {
        stored: [
          up(-15, 40),
          up(-15, 0, podNames[1]),
          series(of('up', {}, podNames[1]), ...every5s(5, 40, () => 0)),
          up(-15, 40, podNames[2]),
          requests('200', ...every5s(-15, 40, (at) => at + 15))
        ],
        after: 40,
        subject: subject({ pods: podNames.map((name) => ({ name, createdAt: epoch - 20_000 })) })
      },
      '1 of 3 pods reports no metrics: web-green-abc12-bbbbb'
    ]
  ])('%s', async (_what, line, scene, why) => {
    const reading = await measure(line, scene)
    expect(reading).toMatchObject({ verdict: 'no-data', why })
    expect(reading?.value).toBeUndefined()
  })

  it('misses a pod that is no longer a target, but not one that has only just come', async () => {
    const stored = [
      up(-15, 40),
      up(-15, 10, podNames[1]),
      requests('200', ...every5s(-15, 40, (at) => at + 15))
    ]
    const [here = '', gone = '', fresh = ''] = podNames
    const pods = [
      { name: here, createdAt: epoch - 20_000 },
      { name: gone, createdAt: epoch - 20_000 },
      { name: fresh, createdAt: epoch + 30_000 }
    ]
    expect(
      await measure('success-rate >= 95%', { stored, after: 40, subject: subject({ pods }) })
    ).toMatchObject({
      why: '1 of 3 pods reports no metrics: web-green-abc12-bbbbb'
    })
  })

  it('does not miss a pod for one scrape that failed', async () => {
    const stored = [
      series(of('up'), ...every5s(-15, 40, (at) => (at === 40 ? 0 : 1))),
      requests('200', ...every5s(-15, 35, (at) => at + 15))
    ]
    expect(await measure('success-rate >= 95%', { stored, after: 42 })).toMatchObject({ verdict: 'pass' })
  })

  it('does not miss a pod that reports by one target and has another that is down', async () => {
    const stored = [
      series(of('up'), ...every5s(-15, 40, () => 0)),
      requests('200', ...every5s(-15, 40, (at) => at + 15))
    ]
    expect(await measure('success-rate >= 95%', { stored, after: 42 })).toMatchObject({ verdict: 'pass' })
  })

  it('does not miss a pod for a scrape that failed as the step began', async () => {
    const other = podNames[1] ?? ''
    const clock = new TestClock()
    const store = new TestStore(clock)
    store.stored = [
      series(of('up', {}, other), ...every5s(-15, 20, (at) => (at === 0 ? 0 : 1))),
      series(of('http_requests_total', { code: '200' }, other), ...every5s(-15, 20, (at) => at + 15)),
      series(of('up'), [-15, 1], [-10, 1], [-5, 1], [0, 0]),
      requests('200', ...every5s(-15, -5, (at) => at + 15))
    ]
    const two = subject({ pods: podNames.slice(0, 2).map((name) => ({ name, createdAt: epoch - 20_000 })) })
    const sampler = createSampler(store, clock, [check('success-rate >= 95%')])
    for (const after of [6, 7, 8]) {
      clock.time = epoch + after * 1000
      expect(await sampler.measure(step, two)).toMatchObject([{ verdict: 'pass' }])
    }
    clock.time = epoch + 20_500
    expect(await sampler.measure(step, two)).toMatchObject([
      { verdict: 'no-data', why: `1 of 2 pods reports no metrics: ${podNames[0] ?? ''}` }
    ])
  })

  it('does not miss pods where metrics are pushed and none is scraped', async () => {
    const stored = [requests('200', ...every5s(-15, 40, (at) => at + 15))]
    const three = subject({ pods: podNames.map((name) => ({ name, createdAt: epoch - 20_000 })) })
    expect(await measure('success-rate >= 95%', { stored, after: 40, subject: three })).toMatchObject({
      value: 1
    })
  })

  it('is brief while the samples since the step began reach over less than a scrape', async () => {
    const stored = [up(-15, 60), requests('200', ...every5s(-13, 22, (at) => at + 13))]
    expect(await measure('success-rate >= 95%', { stored, after: 4 })).toMatchObject({
      verdict: 'pass',
      brief: true
    })
    const later = await measure('success-rate >= 95%', { stored, after: 8 })
    expect(later).toMatchObject({ verdict: 'pass' })
    expect(later).not.toHaveProperty('brief')
  })

  it('is early while no second scrape can have come, and not any longer', async () => {
    const quiet = { stored: [up(-15, 60), requests('200', ...every5s(-15, 60, () => 7))] }
    expect((await measure('success-rate >= 95%', { ...quiet, after: 14 }))?.early).toBe(true)
    expect((await measure('success-rate >= 95%', { ...quiet, after: 16 }))?.early).toBe(false)
    expect((await measure('success-rate >= 95%', { stored: [], after: 74 }))?.early).toBe(true)
    expect((await measure('success-rate >= 95%', { stored: [], after: 76 }))?.early).toBe(false)
  })
})

describe('rounds', () => {
  const clock = () => {
    const time = new TestClock()
    const store = new TestStore(time)
    return { time, store, at: (seconds: number) => (time.time = epoch + seconds * 1000) }
  }

  it('asks for the samples once for all built-in checks, and then for new ones only', async () => {
    const { store, time, at } = clock()
    store.stored = [up(-60, 600), requests('200', ...every5s(-60, 600, (seconds) => seconds + 60))]
    const lines = ['success-rate >= 95%', 'error-rate <= 1%', 'request-rate > 0/s']
    const sampler = createSampler(store, time, lines.map(check))
    for (const seconds of [30, 45, 400]) {
      at(seconds)
      const readings = await sampler.measure(step, subject())
      expect(readings.map(({ requests: count }) => count)).toStrictEqual(
        [1, 1, 1].map(() => Math.floor(seconds / 5) * 5)
      )
    }
    const windows = store.asked.map((query) => /\[(\d+)s\]$/.exec(query)?.[1])
    expect(windows).toStrictEqual([undefined, '331', '46', '386'])
  })

  it('begins to count anew with every step, from what it has seen already', async () => {
    const { store, time, at } = clock()
    store.stored = [
      up(0, 600),
      requests('200', ...every5s(0, 600, (seconds) => seconds * 2)),
      requests('500', [50, 10], [100, 10], [600, 10])
    ]
    const sampler = createSampler(store, time, [check('error-rate <= 1%')])
    at(100)
    expect(await sampler.measure(step, subject())).toMatchObject([{ requests: 210, value: 10 / 210 }])
    at(200)
    const next = { name: '50%', startedAt: epoch + 150_000 }
    expect(await sampler.measure(next, subject())).toMatchObject([{ requests: 100, value: 0, step: '50%' }])
  })

  it('looks for the metrics until they are there', async () => {
    const { store, time, at } = clock()
    const sampler = createSampler(store, time, [check('p95 latency < 1s')])
    at(10)
    expect(await sampler.measure(step, subject())).toMatchObject([{ verdict: 'no-data' }])
    store.stored = [up(0, 60), requests('200', [15, 8], [30, 10])]
    at(20)
    expect(await sampler.measure(step, subject())).toMatchObject([{ verdict: 'no-data' }])
    const buckets = ['1', '+Inf'].map((le) =>
      series(of('http_request_duration_seconds_bucket', { le }), [25, 4], [30, 10])
    )
    store.stored = [...store.stored, ...buckets]
    at(31)
    expect(await sampler.measure(step, subject())).toMatchObject([
      { verdict: 'pass', requests: 10, value: 0.95 }
    ])
  })

  it('puts subject and window into queries', async () => {
    const { store, time, at } = clock()
    const query = 'sum(increase(jobs_total{namespace="shop",pod=~"web-green-abc12-[a-z0-9]{5}"}[42s]))'
    store.answers.set(query, [series({}, [42, 3])])
    const line = 'jobs: sum(increase(jobs_total{namespace="$namespace",pod=~"$pods"}[$window])) < 5'
    const sampler = createSampler(store, time, [check(line)])
    at(42.9)
    expect(await sampler.measure(step, subject())).toMatchObject([{ verdict: 'pass', value: 3 }])
    expect(store.asked).toStrictEqual([query])
  })

  it('judges the other checks when one query fails', async () => {
    const { store, time, at } = clock()
    store.answers.set('wrong(', new MetricsError('1:7: parse error', 'query'))
    store.answers.set('slow', new MetricsError('Prometheus did not answer within 10 s', 'timeout'))
    store.answers.set('fine', [series({}, [0, 1])])
    const sampler = createSampler(
      store,
      time,
      ['wrong: wrong( < 1', 'slow: slow < 1', 'fine: fine < 2'].map(check)
    )
    at(1)
    expect(await sampler.measure(step, subject())).toMatchObject([
      { verdict: 'no-data', why: '1:7: parse error', final: true },
      { verdict: 'no-data', why: 'Prometheus did not answer within 10 s', final: false, early: false },
      { verdict: 'pass' }
    ])
  })

  it('lets faults of the program and an aborted signal through', async () => {
    const { store, time } = clock()
    store.answers.set('x', new TypeError('a bug'))
    const sampler = createSampler(store, time, [check('x: x < 1')])
    await expect(sampler.measure(step, subject())).rejects.toThrow('a bug')
    const reason = new Error('cancelled')
    await expect(sampler.measure(step, subject(), AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})
