import { describe, expect, it, test } from '@jest/globals'
import type { MeasuredVersion } from '../../../../src/checks/measured-version.ts'
import type { Series } from '../../../../src/checks/prometheus/metrics.ts'
import { routers } from '../../../../src/checks/prometheus/routers.ts'
import { printSelector, selects } from '../../../../src/checks/prometheus/selector.ts'
import type { StableCheck } from '../../../../src/inputs/stable-check.ts'
import type { MetricsSource } from '../../../../src/routes/metrics-source.ts'
import { check, createSampler, epoch, series, subject, TestClock } from './builders.ts'
import { SelectorStore } from '../../../support/selector-store.ts'

type RouterSource = keyof typeof routers
type Labels = Series['labels']
type Pair = readonly [number, number]

const canary = subject({
  deployment: 'web-green',
  backend: { service: 'web-green', port: 80 },
  route: { kind: 'ingress', name: 'web' },
  side: 'canary'
})
const stable = subject({
  slot: 'blue',
  deployment: 'web-blue',
  backend: { service: 'web', port: 80 },
  route: { kind: 'ingress', name: 'web' },
  side: 'stable'
})

interface Example {
  /** What finds the canary, and stable. */
  readonly canary: string
  readonly stable: string
  /** Labels of the canary's series, and such as must not be taken for them. */
  readonly labels: Labels
  readonly others: readonly Labels[]
  readonly ok: readonly Labels[]
  readonly failed: readonly Labels[]
  /** In the unit of the histogram: an edge at half a second, and the same as `le`. */
  readonly half: string
  /** In the unit of the histogram, how long a second is. */
  readonly second: number
}

const istioCanary = { destination_workload_namespace: 'shop', destination_workload: 'web-green' }
const nginxCanary = { namespace: 'shop', ingress: 'web', service: 'web', canary: 'shop-web-green-80' }
const linkerdCanary = { direction: 'inbound', namespace: 'shop', deployment: 'web-green' }

const examples: Readonly<Record<RouterSource, Example>> = {
  istio: {
    canary: '{destination_workload_namespace="shop",destination_workload="web-green"}',
    stable: '{destination_workload_namespace="shop",destination_workload="web-blue"}',
    labels: { ...istioCanary, reporter: 'source', response_flags: '-' },
    others: [
      { ...istioCanary, destination_workload: 'web-blue', reporter: 'source' },
      { ...istioCanary, destination_workload_namespace: 'staging', reporter: 'source' },
      // What the canary's own sidecars report of the same requests.
      { ...istioCanary, reporter: 'destination' }
    ],
    ok: [
      { response_code: '200' },
      { response_code: '404' },
      { response_code: '0', response_flags: 'DC' },
      { response_code: '200', grpc_response_status: '5' }
    ],
    failed: [
      { response_code: '503' },
      { response_code: '0', response_flags: 'UF,URX' },
      { response_code: '200', grpc_response_status: '14' }
    ],
    half: '500',
    second: 1000
  },
  nginx: {
    canary: '{namespace="shop",ingress="web",canary=~"shop-web-green-[a-z0-9]+"}',
    stable: '{namespace="shop",ingress="web",service="web",canary=""}',
    labels: nginxCanary,
    others: [
      { ...nginxCanary, canary: '' },
      { ...nginxCanary, namespace: 'staging' },
      { ...nginxCanary, ingress: 'api' },
      { ...nginxCanary, canary: 'shop-api-green-80' },
      { ...nginxCanary, canary: 'shop-web-green-api-80' },
      { ...nginxCanary, canary: 'shop-web-green-api-http' }
    ],
    ok: [{ status: '200' }, { status: '499' }, { status: '2xx' }],
    failed: [{ status: '502' }, { status: '5xx' }],
    half: '0.5',
    second: 1
  },
  traefik: {
    canary: '{service=~"shop-web-green((-80)?@kubernetes(crd)?|(-http-80|-80-grpc)@kubernetesgateway)"}',
    stable: '{service=~"shop-web((-80)?@kubernetes(crd)?|(-http-80|-80-grpc)@kubernetesgateway)"}',
    labels: { service: 'shop-web-green-80@kubernetescrd', protocol: 'http' },
    others: [
      { service: 'shop-web-80@kubernetescrd' },
      { service: 'shop-web-green-8080@kubernetescrd' },
      { service: 'shop-web-green-80@file' },
      { service: 'old-shop-web-green-80@kubernetescrd' }
    ],
    ok: [
      { code: '200', protocol: 'http' },
      { code: '404', protocol: 'http' },
      { code: '5', protocol: 'grpc' }
    ],
    failed: [
      { code: '500', protocol: 'http' },
      { code: '13', protocol: 'grpc' },
      { code: '2', protocol: 'grpc-web' }
    ],
    half: '0.5',
    second: 1
  },
  envoy: {
    canary: '{envoy_cluster_name=~"(.+/)?shop_web-green_80"}',
    stable: '{envoy_cluster_name=~"(.+/)?shop_web_80"}',
    labels: { envoy_cluster_name: 'shop_web-green_80' },
    others: [
      { envoy_cluster_name: 'shop_web_80' },
      { envoy_cluster_name: 'shop_web-green_8080' },
      { envoy_cluster_name: 'myshop_web-green_80' }
    ],
    ok: [{ envoy_response_code: '200' }, { envoy_response_code: '404' }],
    failed: [{ envoy_response_code: '503' }],
    half: '500',
    second: 1000
  },
  linkerd: {
    canary:
      '{direction="inbound",namespace="shop",deployment="web-green",route_name!="probe",srv_port!="4191"}',
    stable:
      '{direction="inbound",namespace="shop",deployment="web-blue",route_name!="probe",srv_port!="4191"}',
    labels: linkerdCanary,
    others: [
      { ...linkerdCanary, direction: 'outbound' },
      { ...linkerdCanary, deployment: 'web-blue' },
      { ...linkerdCanary, namespace: 'staging' },
      { ...linkerdCanary, route_name: 'probe' },
      { ...linkerdCanary, srv_port: '4191' }
    ],
    ok: [{ classification: 'success', status_code: '404' }],
    failed: [
      { classification: 'failure', status_code: '500' },
      { classification: 'failure', status_code: '200', grpc_status_code: '13' }
    ],
    half: '500',
    second: 1000
  }
}

const table = Object.entries(examples) as readonly [RouterSource, Example][]

const step = { name: '10%', startedAt: epoch }

/** Target labels of one of the router's pods. */
const instance = (number: number): Labels => ({ job: 'router', instance: `10.0.0.${number}:9100` })

const up = (number: number, ...pairs: readonly Pair[]): Series =>
  series({ __name__: 'up', ...instance(number) }, ...pairs)

interface Scene {
  readonly stored: readonly Series[]
  /** Seconds since the step began. */
  readonly after?: number
  readonly subject?: MeasuredVersion
}

async function measure(source: MetricsSource, line: string, scene: Scene) {
  const clock = new TestClock()
  const store = new SelectorStore(clock)
  store.stored = scene.stored
  clock.time = epoch + (scene.after ?? 20) * 1000
  const [reading] = await createSampler(store, clock, [check(line)], source).measure(
    step,
    scene.subject ?? canary
  )
  return { reading, asked: store.asked }
}

function preflight(source: MetricsSource, line: string, stored: readonly Series[]) {
  const clock = new TestClock()
  const store = new SelectorStore(clock)
  store.stored = stored
  return createSampler(store, clock, [check(line)], source).preflight(stable)
}

describe.each(table)('%s', (source, example) => {
  const router = routers[source]
  const { requests, latency } = router
  const counter = (outcome: Labels, number: number, ...pairs: readonly Pair[]): Series =>
    series({ __name__: requests, ...instance(number), ...example.labels, ...outcome }, ...pairs)
  const [ok = {}] = example.ok
  const [failed = {}] = example.failed
  const everyTenth = [up(1, [-5, 1], [5, 1], [20, 1]), up(2, [-5, 1], [5, 1], [20, 1])]

  it('finds each version, and the canary without those around it', () => {
    expect(printSelector(router.version(canary))).toBe(example.canary)
    expect(printSelector(router.version(stable))).toBe(example.stable)
  })

  it.each(example.others)('does not count %j', async (labels) => {
    const stored = [
      ...everyTenth,
      counter(ok, 1, [-5, 100], [20, 110]),
      series({ __name__: requests, ...instance(1), ...labels, ...failed }, [-5, 0], [20, 70])
    ]
    const { reading } = await measure(source, 'error-rate < 1%', { stored })
    expect(reading).toMatchObject({ verdict: 'pass', requests: 10, value: 0 })
  })

  it('knows what has failed', () => {
    expect(example.ok.map(router.hasFailed)).not.toContain(true)
    expect(example.failed.map(router.hasFailed)).not.toContain(false)
  })

  it('adds up the pods of the router, since the step began', async () => {
    const stored = [
      ...everyTenth,
      counter(ok, 1, [-5, 1000], [20, 1060]),
      counter(ok, 2, [-5, 500], [20, 530]),
      counter(failed, 1, [-5, 77], [20, 80]),
      // Its pod had been scraped before: there was no such counter then.
      counter(failed, 2, [20, 7])
    ]
    const { reading, asked } = await measure(source, 'success-rate >= 95%', { stored })
    expect(reading).toMatchObject({ verdict: 'fail', requests: 100, value: 0.9 })
    const [detection, targets, samples = ''] = asked
    expect(detection).toMatch(/^count by \(__name__,job,le,/)
    expect(targets).toBe('up{job="router"} offset 20s')
    expect(samples).toMatch(new RegExp(`^\\{__name__=~"${requests}",.*\\}\\[321s\\]$`))
  })

  it('scales latencies to seconds', async () => {
    const { second, half } = example
    const called = (name: string, labels: Labels = {}) => ({
      ...instance(1),
      ...example.labels,
      ...ok,
      ...labels,
      __name__: `${latency.base}_${name}`
    })
    const stored = [
      ...everyTenth,
      counter(ok, 1, [-5, 0], [20, 100]),
      series(called('bucket', { le: half }), [-5, 0], [20, 50]),
      series(called('bucket', { le: String(second) }), [-5, 0], [20, 100]),
      series(called('bucket', { le: '+Inf' }), [-5, 0], [20, 100]),
      series(called('sum'), [-5, 0], [20, 20 * second]),
      series(called('count'), [-5, 0], [20, 100])
    ]
    const quantile = await measure(source, 'p75 latency < 1s', { stored })
    expect(quantile.reading).toMatchObject({ verdict: 'pass', requests: 100 })
    expect(quantile.reading?.value).toBeCloseTo(0.75, 12)
    const mean = await measure(source, 'mean latency < 100ms', { stored })
    expect(mean.reading).toMatchObject({ verdict: 'fail', requests: 100 })
    expect(mean.reading?.value).toBeCloseTo(0.2, 12)
  })

  it('says what it has looked for', async () => {
    const words = `Prometheus has no ${requests}${example.canary} (is ${router.name} scraped, and has it sent a request to the new version?)`
    const { reading } = await measure(source, 'success-rate >= 95%', { stored: [], after: 80 })
    expect(reading).toMatchObject({ verdict: 'no-data', why: words, early: false })
    const { faults, warnings } = await preflight(source, 'success-rate >= 95%', [])
    expect(faults).toStrictEqual([])
    expect(warnings).toStrictEqual([
      `success-rate may have no data: Prometheus has no ${requests}${example.stable} ` +
        `(is ${router.name} scraped, and has it sent a request to the stable version?)`
    ])
  })

  it.each(['UNKNOWN', '600', '-', 'OK'])('takes %s for no failure, and sees those beside it', async (odd) => {
    const calm = [
      ...everyTenth,
      counter(ok, 1, [-5, 0], [20, 90]),
      counter({ ...ok, [router.status]: odd }, 1, [-5, 0], [20, 10])
    ]
    const good = await measure(source, 'success-rate >= 95%', { stored: calm })
    expect(good.reading).toMatchObject({ verdict: 'pass', value: 1, requests: 100 })
    const stored = [...calm, counter(failed, 1, [-5, 0], [20, 100])]
    const bad = await measure(source, 'success-rate >= 95%', { stored })
    expect(bad.reading).toMatchObject({ verdict: 'fail', value: 0.5 })
  })

  it('never passes on requests of which it cannot be told how they ended', async () => {
    const stored = [
      ...everyTenth,
      series({ __name__: requests, ...instance(1), ...example.labels }, [5, 0], [20, 9])
    ]
    const why = `${requests}${example.canary} has no label ${router.status}`
    for (const known of [[], [counter(ok, 2, [5, 0], [20, 9])]]) {
      const { reading } = await measure(source, 'success-rate >= 95%', { stored: [...stored, ...known] })
      expect(reading).toMatchObject({ verdict: 'no-data', why })
    }
  })

  it('never passes without a request since the step began', async () => {
    const stored = [...everyTenth, counter(ok, 1, [-5, 9], [5, 9], [20, 9])]
    const { reading } = await measure(source, 'success-rate >= 95%', { stored })
    expect(reading).toMatchObject({
      verdict: 'no-data',
      why: '0 requests reached the new version since the step began'
    })
  })

  it('says that there is no histogram', async () => {
    const { reading } = await measure(source, 'p95 latency < 1s', {
      stored: [...everyTenth, counter(ok, 1, [-5, 9], [20, 19])]
    })
    expect(reading?.why).toBe(`Prometheus has no ${latency.base}_bucket${example.canary}`)
    const mean = await measure(source, 'mean latency < 1s', {
      stored: [...everyTenth, counter(ok, 1, [-5, 9], [20, 19])]
    })
    expect(mean.reading?.why).toBe(`Prometheus has no ${latency.base}_sum${example.canary}`)
  })
})

describe('a counter that is new since the step began', () => {
  const served = (number: number, ...pairs: readonly Pair[]): Series =>
    series(
      {
        __name__: 'traefik_service_requests_total',
        service: 'shop-web-green-80@kubernetescrd',
        code: '200',
        ...instance(number)
      },
      ...pairs
    )
  test.each<[string, readonly Series[], number]>([
    [
      'counts from 0 when its target was scraped',
      [up(1, [-5, 1], [20, 1]), served(1, [10, 40], [20, 50])],
      50
    ],
    [
      'counts from 0 in a pod that is as new',
      [up(1, [-5, 1], [20, 1]), up(2, [10, 1], [20, 1]), served(2, [10, 40], [20, 50])],
      50
    ],
    [
      'may hold older requests when its target was down',
      [up(1, [-5, 1], [20, 1]), up(2, [-5, 0], [10, 1], [20, 1]), served(2, [10, 40], [20, 50])],
      10
    ],
    [
      'may hold older requests when all of its job was down',
      [up(2, [-5, 0], [10, 1], [20, 1]), up(3, [10, 1], [20, 1]), served(3, [10, 40], [20, 50])],
      10
    ],
    ['may hold older requests when nothing was scraped', [up(1, [10, 1]), served(1, [10, 40], [20, 50])], 10],
    [
      'counts from 0 where another one of its target is older',
      [
        served(1, [-5, 4], [20, 4]),
        { ...served(1, [10, 40], [20, 50]), labels: { ...served(1).labels, code: '500' } }
      ],
      50
    ]
  ])('%s', async (_what, stored, count) => {
    const { reading } = await measure('traefik', 'request-rate > 0/s', { stored })
    expect(reading?.requests).toBe(count)
  })

  it('asks once a step for the targets of then', async () => {
    const clock = new TestClock()
    const store = new SelectorStore(clock)
    store.stored = [up(1, [-5, 1], [5, 1], [200, 1]), served(1, [5, 4], [20, 8], [190, 30])]
    const sampler = createSampler(store, clock, [check('request-rate > 0/s')], 'traefik')
    for (const [seconds, startedAt] of [
      [10, 0],
      [20, 0],
      [195, 150]
    ] as const) {
      clock.time = epoch + seconds * 1000
      await sampler.measure({ name: 'step', startedAt: epoch + startedAt * 1000 }, canary)
    }
    expect(store.asked.filter((query) => query.startsWith('up'))).toStrictEqual([
      'up{job="router"} offset 10s',
      'up{job="router"} offset 45s'
    ])
  })
})

test('a job is asked for by its name, whatever characters are in it', async () => {
  const job = { job: 'pods "a"/(b)\\c', instance: 'x' }
  const stored = [
    series({ __name__: 'up', ...job }, [-5, 1]),
    series(
      { __name__: 'envoy_cluster_upstream_rq', envoy_cluster_name: 'shop_web-green_80', ...job },
      [10, 4]
    )
  ]
  const { reading, asked } = await measure('envoy', 'request-rate > 0/s', { stored })
  expect(reading?.requests).toBe(4)
  expect(asked[1]).toBe('up{job="pods \\"a\\"/(b)\\\\c"} offset 20s')
})

describe('who reports', () => {
  const reported = (reporter: string, code: string, ...pairs: readonly Pair[]): Series =>
    series(
      {
        __name__: 'istio_requests_total',
        ...istioCanary,
        reporter,
        response_code: code,
        ...instance(reporter === 'destination' ? 2 : 1)
      },
      ...pairs
    )
  const everywhere = [up(1, [-5, 1], [20, 1]), up(2, [-5, 1], [20, 1])]

  it('is the receiving side where no sending side is scraped', async () => {
    const stored = [...everywhere, reported('destination', '200', [-5, 0], [20, 30])]
    expect((await measure('istio', 'success-rate >= 95%', { stored })).reading).toMatchObject({
      requests: 30
    })
  })

  it('is sidecars, gateways and waypoints together', async () => {
    const stored = [
      ...everywhere,
      reported('source', '200', [-5, 0], [20, 30]),
      reported('waypoint', '503', [-5, 0], [20, 10]),
      reported('destination', '200', [-5, 0], [20, 30])
    ]
    expect((await measure('istio', 'error-rate < 1%', { stored })).reading).toMatchObject({
      requests: 40,
      value: 0.25
    })
  })
})

describe('labels that Prometheus has renamed', () => {
  const target = { ...instance(1), namespace: 'ingress', service: 'router-metrics' }

  test.each<[MetricsSource, Labels]>([
    [
      'nginx',
      {
        __name__: 'nginx_ingress_controller_requests',
        exported_namespace: 'shop',
        exported_service: 'web',
        ingress: 'web',
        canary: 'shop-web-green-http',
        status: '200'
      }
    ],
    [
      'traefik',
      {
        __name__: 'traefik_service_requests_total',
        exported_service: 'shop-web-green-http-80@kubernetesgateway',
        code: '200'
      }
    ]
  ])('are found for %s', async (source, labels) => {
    const stored = [up(1, [-5, 1]), series({ ...target, ...labels }, [5, 3], [20, 8])]
    expect((await measure(source, 'success-rate >= 95%', { stored })).reading).toMatchObject({
      requests: 8,
      value: 1
    })
  })

  it('are preferred to where the router itself runs', async () => {
    const common = {
      ...instance(1),
      __name__: 'nginx_ingress_controller_requests',
      namespace: 'shop',
      ingress: 'web',
      canary: 'shop-web-green-80'
    }
    const stored = [
      up(1, [-5, 1]),
      series({ ...common, exported_namespace: 'shop', status: '200' }, [5, 3], [20, 8]),
      series({ ...common, exported_namespace: 'staging', status: '500' }, [5, 3], [20, 90])
    ]
    expect((await measure('nginx', 'error-rate < 1%', { stored })).reading).toMatchObject({
      requests: 8,
      value: 0
    })
  })
})

describe('names that Traefik gives a Service', () => {
  const named = (changes: Partial<MeasuredVersion>) => (service: string) =>
    selects(routers.traefik.version({ ...canary, ...changes }), { labels: { service }, samples: [] })

  test.each([
    ['shop-web-green-80@kubernetes', true],
    ['shop-web-green-80@kubernetescrd', true],
    ['shop-web-green@kubernetescrd', true],
    ['shop-web-green-http-80@kubernetesgateway', true],
    ['shop-web-green-80-grpc@kubernetesgateway', true],
    ['shop-web-green-http@kubernetescrd', false],
    ['shop-web-green-http-80@kubernetescrd', false]
  ])('%s: %s', (service, expected) => {
    expect(named({})(service)).toBe(expected)
  })

  it('may hold the name of the port, or any port', () => {
    const byName = named({ backend: { service: 'web-green', port: 80, portName: 'http' } })
    expect(byName('shop-web-green-http@kubernetescrd')).toBe(true)
    expect(byName('shop-web-green-80@kubernetescrd')).toBe(true)
    const any = named({ backend: { service: 'web', port: undefined } })
    expect(any('shop-web-8080@kubernetescrd')).toBe(true)
    expect(any('shop-web-green-8080@kubernetescrd')).toBe(false)
    expect(any('shop-web-green@kubernetescrd')).toBe(false)
  })

  it('have no two hyphens together', () => {
    expect(named({ namespace: 'shop--eu' })('shop-eu-web-green-80@kubernetescrd')).toBe(true)
  })
})

test.each(table)('a subject that lacks what %s needs is a fault of the program', async (source) => {
  await expect(measure(source, 'error-rate < 1%', { stored: [], subject: subject() })).rejects.toThrow(
    /looked for without the/
  )
})

describe('a histogram that is too coarse for the bound', () => {
  const labels = { service: 'shop-web-80@kubernetescrd', code: '200', ...instance(1) }
  const stored = [
    series({ ...labels, __name__: 'traefik_service_requests_total' }, [-10, 1], [-5, 2]),
    ...['0.1', '0.3', '1.2', '5', '+Inf'].map((le) =>
      series(
        { ...labels, le, __name__: 'traefik_service_request_duration_seconds_bucket' },
        [-10, 1],
        [-5, 2]
      )
    )
  ]
  const base = 'traefik_service_request_duration_seconds'

  test.each([
    [
      'p95 latency < 500ms',
      [`p95 latency is only estimated near its bound: ${base} has no edge between 300ms and 1s200ms`]
    ],
    [
      'p95 latency < 50ms',
      [`p95 latency is only estimated near its bound: ${base} has no edge between 0s and 100ms`]
    ],
    ['p99 latency < 6s', [`p99 latency may have no data: the highest edge of ${base} is 5s`]],
    ['p95 latency < 300ms', []],
    ['p95 latency <= 5s', []],
    ['success-rate >= 95%', []]
  ])('%s', async (line, warnings) => {
    expect(await preflight('traefik', line, stored)).toStrictEqual({ faults: [], warnings })
  })

  it('is an error where a quantile could never be told from the stable version’s', async () => {
    const clock = new TestClock()
    const store = new SelectorStore(clock)
    store.stored = stored
    const lines: readonly StableCheck[] = [
      { kind: 'latency', quantile: 0.95, times: 1.2 },
      { kind: 'latency', times: 1.5 },
      { kind: 'like-stable' }
    ]
    const { faults, warnings } = await createSampler(store, clock, lines, 'traefik').preflight(stable)
    expect(faults).toMatchObject([
      {
        input: 'checks',
        problem: expect.stringMatching(/^p95 latency <= stable \* 1.2 cannot be told: the edges of /),
        example: 'latency <= stable * 1.5'
      }
    ])
    expect(warnings).toMatchObject([expect.stringMatching(/^like stable: the edges of /)])
  })

  it('is no matter with the usual edges', async () => {
    const usual = ['100', '250', '500', '1000', '+Inf'].map((le) =>
      series(
        { __name__: 'envoy_cluster_upstream_rq_time_bucket', envoy_cluster_name: 'shop_web_80', le },
        [-10, 1],
        [-5, 2]
      )
    )
    const counter = series(
      {
        __name__: 'envoy_cluster_upstream_rq',
        envoy_cluster_name: 'shop_web_80',
        envoy_response_code: '200'
      },
      [-10, 1],
      [-5, 2]
    )
    for (const line of ['p95 latency < 200ms', 'p95 latency < 400ms', 'p95 latency < 500ms']) {
      expect((await preflight('envoy', line, [counter, ...usual])).warnings).toStrictEqual([])
    }
  })
})

test('queries of the user know nothing of the source', async () => {
  const clock = new TestClock()
  const asked: string[] = []
  const metrics = {
    query: (promql: string) => {
      asked.push(promql)
      return Promise.resolve([series({}, [0, 1])])
    }
  }
  const sampler = createSampler(metrics, clock, [check('q: x{s="$service",p=~"$pods"} < 2')], 'traefik')
  expect(await sampler.measure(step, canary)).toMatchObject([{ verdict: 'pass', value: 1 }])
  expect(asked).toStrictEqual(['x{s="web",p=~"web-green-abc12-[a-z0-9]{5}"}'])
})
