import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ComparedSamples, Versions } from '../../../../src/checks/compared-samples.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import { eachGrowth } from '../../../../src/checks/judge/growth.ts'
import { knownPod, type PodSamples } from '../../../../src/checks/judge/pods.ts'
import type { MeasuredVersion } from '../../../../src/checks/measured-version.ts'
import { openComparison, type Comparison } from '../../../../src/checks/prometheus/comparison.ts'
import { wantedBy } from '../../../../src/checks/prometheus/recipes.ts'
import { MetricsError } from '../../../../src/checks/metrics-error.ts'
import type { Metrics, Series } from '../../../../src/checks/prometheus/metrics.ts'
import type { StableCheck } from '../../../../src/inputs/stable-check.ts'
import type { MetricsSource } from '../../../../src/routes/metrics-source.ts'
import { epoch, of, series, subject, TestClock } from './builders.ts'
import { SelectorStore } from '../../../support/selector-store.ts'

type Pair = readonly [number, number]
type Labels = Series['labels']

const LIKE_STABLE: readonly StableCheck[] = [{ kind: 'like-stable' }]
const created = (seconds: number): number => epoch + seconds * 1000

/** Answers how much there is as it is told to, and else from what is stored. */
class Store implements Metrics {
  readonly asked: string[] = []
  readonly inner: SelectorStore
  readonly clock = new TestClock()
  /** What every range brings, whatever is stored. */
  range: readonly Series[] | undefined
  /** What there is of a metric, by how far back it is asked in seconds; by default little. */
  volumes: (seconds: number) => readonly (readonly [unit: string, metric: string, count: number])[] = () => []

  constructor(stored: readonly Series[] = [], ahead = 0) {
    this.inner = new SelectorStore({
      now: () => this.clock.now() + ahead,
      sleep: () => Promise.resolve()
    })
    this.inner.stored = stored
  }

  async query(promql: string): Promise<readonly Series[]> {
    this.asked.push(promql)
    if (this.range && promql.startsWith('{')) return this.range
    if (!promql.startsWith('label_replace(')) return this.inner.query(promql)
    const seconds = Number(/\[(\d+)s\]/.exec(promql)?.[1])
    return this.volumes(seconds).map(([unit, metric, count]) =>
      series({ volume: `${unit} 0 ${metric}` }, [0, count])
    )
  }
}

/** What is asked about at a moment, in seconds after the users came. */
function opened(store: Store, source: MetricsSource = 'http', checks = LIKE_STABLE) {
  const comparison: Comparison = openComparison(store, store.clock, wantedBy(checks), source)
  return async (second: number, versions: Versions) => {
    store.clock.time = created(second)
    store.asked.length = 0
    return comparison.look(versions, second < 0 ? undefined : epoch)
  }
}

function told(answer: Awaited<ReturnType<Comparison['look']>>): ComparedSamples {
  if ('why' in answer) throw new Error(answer.why)
  return answer
}

function grown(pods: readonly PodSamples[]): { requests: number; errors: number; timed: number } {
  const sum = { requests: 0, errors: 0, timed: 0 }
  for (const pod of pods) {
    const { bornAt } = knownPod(pod)
    for (const { failed, samples } of pod.requests)
      eachGrowth(samples, bornAt, (by) => {
        sum.requests += by
        sum.errors += failed ? by : 0
      })
    for (const { edge, samples } of pod.buckets)
      eachGrowth(samples, bornAt, (by) => (sum.timed += edge === Infinity ? by : 0))
  }
  return sum
}

const blue = (number: number) => `web-blue-xyz99-${String(number).padStart(5, '0')}`
const green = (number: number) => `web-green-abc12-${String(number).padStart(5, '0')}`

const stable = (pods = 2): MeasuredVersion =>
  subject({
    slot: 'blue',
    side: 'stable',
    replicaSet: 'web-blue-xyz99',
    pods: Array.from({ length: pods }, (_, i) => ({ name: blue(i), createdAt: created(-86_400) }))
  })
const canary: MeasuredVersion = subject({
  side: 'canary',
  pods: [{ name: green(0), createdAt: created(-60) }],
  releaseStartedAt: created(-90)
})

interface Life {
  readonly from: number
  readonly to: number
  readonly perScrape?: number
  readonly errors?: number
  readonly labels?: Labels
}

/** What a pod reports that is scraped every 15 s: requests that took 80 ms. */
function podSeries(
  pod: string,
  { from, to, perScrape = 20, errors = 0, labels = {} }: Life
): readonly Series[] {
  const target = { job: 'pods', instance: pod, ...labels }
  const times = Array.from({ length: Math.floor((to - from) / 15) + 1 }, (_, i) => from + 15 * i)
  const counter = (name: string, own: Labels, by: number) =>
    series({ ...of(name, target, pod), ...own }, ...times.map((at, i): Pair => [at, by * (i + 1)]))
  const edge = (le: string, by: number) => counter('http_request_duration_seconds_bucket', { le }, by)
  return [
    counter('http_requests_total', { code: '200' }, perScrape - errors),
    counter('http_requests_total', { code: '500' }, errors),
    edge('0.05', 0),
    edge('0.1', perScrape),
    edge('+Inf', perScrape),
    series(of('up', target, pod), ...times.map((at): Pair => [at, 1]))
  ]
}

const stableSeries = (to = 600) => [0, 1].flatMap((i) => podSeries(blue(i), { from: -4_500, to }))

describe('what is asked', () => {
  it('is what stable did in the last hour once, and then what is new of both', async () => {
    const store = new Store([...stableSeries(), ...podSeries(green(0), { from: -50, to: 600 })])
    const look = opened(store)
    await look(-60, { stable: stable(), canary: undefined })
    const names = 'up|http_requests_total|http_request_duration_seconds_bucket'
    const blues = 'pod=~"web-blue-xyz99-[a-z0-9]{5}"'
    const greens = 'web-green-abc12-[a-z0-9]{5}'
    expect(store.asked).toEqual([
      expect.stringMatching(/^count by /),
      expect.stringMatching(
        /^label_replace\(sum\(count_over_time\(\{__name__=~"up",.*\}\[3900s\] offset 0s\)\)/
      ),
      `{__name__=~"${names}",namespace="shop",${blues}}[3901s]`
    ])
    await look(0, { stable: stable(), canary })
    expect(store.asked).toEqual([
      expect.stringMatching(/^count by /),
      `{__name__=~"${names}",namespace="shop",${blues}}[91s]`,
      `{__name__=~"${names}",namespace="shop",pod=~"${greens}"}[3901s]`
    ])
    await look(15, { stable: stable(), canary })
    expect(store.asked).toEqual([
      `{__name__=~"${names}",namespace="shop",pod=~"web-blue-xyz99-[a-z0-9]{5}|${greens}"}[51s]`
    ])
  })

  it('is nothing that no check needs', async () => {
    const store = new Store(stableSeries())
    await opened(store, 'http', [{ kind: 'error-rate', plus: 0.01 }])(0, {
      stable: stable(),
      canary: undefined
    })
    expect(store.asked.at(-1)).toMatch(/^\{__name__=~"up\|http_requests_total",/)
  })

  it('is half an hour of twenty pods, always the same, where an hour of all is much', async () => {
    const store = new Store(podSeries(blue(0), { from: -4_500, to: 600 }))
    store.volumes = (seconds) => [['samples', 'http_requests_total', seconds > 3_000 ? 200_001 : 60_000]]
    const look = opened(store)
    const { pods } = stable(50)
    const samples = told(await look(0, { stable: stable(50), canary: undefined }))
    const query = store.asked.at(-1) ?? ''
    expect(query).toMatch(/pod=~"\((web-blue-xyz99-000\d\d[|)]){20}"\}\[2101s\]$/)
    expect(samples.stable.filter(({ ready }) => ready)).toHaveLength(20)
    await look(15, { stable: { ...stable(50), pods: [...pods].reverse() }, canary: undefined })
    expect(store.asked.at(-1)?.replace(/\[\d+s\]$/, '')).toBe(query.replace(/\[\d+s\]$/, ''))
  })

  it('goes back to when a pod was created that has not been heard of', async () => {
    const store = new Store([...stableSeries(), ...podSeries(green(0), { from: -50, to: 600 })])
    const look = opened(store)
    const late = { ...canary, pods: [...canary.pods, { name: green(1), createdAt: created(-40) }] }
    await look(0, { stable: stable(), canary: late })
    await look(60, { stable: stable(), canary: late })
    expect(store.asked).toEqual([expect.stringMatching(/\[131s\]$/)])
  })
})

describe('too much', () => {
  const whole = { stable: stable(), canary: undefined }

  it('is an error that names the metric, how much there is, and the limit', async () => {
    const store = new Store(stableSeries())
    store.volumes = () => [
      ['samples', 'http_requests_total', 30_000],
      ['samples', 'http_request_duration_seconds_bucket', 1_200_000],
      ['series', 'http_request_duration_seconds_bucket', 9_000]
    ]
    const looking = opened(store)(0, whole)
    await expect(looking).rejects.toThrow(MetricsError)
    await expect(looking).rejects.toThrow(
      'http_request_duration_seconds_bucket has 1,200,000 samples in the last 35m, all metrics together 1,230,000, and at most 1,000,000 are read'
    )
    expect(store.asked.filter((query) => query.startsWith('{'))).toEqual([])
  })

  it('are series as well', async () => {
    const store = new Store(stableSeries())
    store.volumes = () => [
      ['samples', 'http_requests_total', 300_000],
      ['series', 'http_requests_total', 20_001]
    ]
    await expect(opened(store)(0, whole)).rejects.toThrow(
      'http_requests_total has 20,001 series in the last 35m, all metrics together 20,001, and at most 20,000 are read'
    )
  })

  it('is what an answer brings beyond what was expected', async () => {
    const paths = Array.from({ length: 20_001 }, (_, i) =>
      series(of('http_requests_total', { code: '200', path: `/${i}` }, blue(0)), [0, 1])
    )
    const store = new Store(stableSeries())
    store.range = paths
    await expect(opened(store)(0, whole)).rejects.toThrow('http_requests_total has 20,001 series')
  })
})

describe('what is known', () => {
  it('is the same in however many looks', async () => {
    const lives = fc.array(
      fc.record({ from: fc.integer({ min: -3_000, max: 300 }), lasts: fc.nat(2_000), errors: fc.nat(20) }),
      { minLength: 1, maxLength: 4 }
    )
    const looks = fc.array(fc.integer({ min: -300, max: 590 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(lives, lives, looks, async (blues, greens, times) => {
        const stored = [
          ...blues.flatMap(({ from, lasts, errors }, i) =>
            podSeries(blue(i), { from, to: from + lasts, errors })
          ),
          ...podSeries(blue(9), { from: -4_500, to: 600 }),
          ...greens.flatMap(({ from, lasts, errors }, i) =>
            podSeries(green(i), { from: Math.max(from, -45), to: Math.max(from, -45) + lasts, errors })
          )
        ]
        const versions = { stable: stable(1), canary }
        const often = opened(new Store(stored))
        for (const time of times.sort((one, other) => one - other))
          await often(time, time < -60 ? { ...versions, canary: undefined } : versions)
        const inParts = told(await often(600, versions))
        expect(inParts).toStrictEqual(told(await opened(new Store(stored))(600, versions)))
      }),
      { numRuns: 25 }
    )
  })

  it('of two days is the same whether it was looked at every hour or not before the end', async () => {
    const hours = 48
    const to = hours * 3_600
    const stored = [...stableSeries(to), ...podSeries(green(0), { from: -50, to })]
    const versions = { stable: stable(), canary }
    const often = opened(new Store(stored))
    for (let hour = 1; hour < hours; hour += 1) await often(hour * 3_600, versions)
    const inParts = told(await often(to, versions))
    const store = new Store(stored)
    expect(told(await opened(store)(to, versions))).toStrictEqual(inParts)
    // In parts of an hour and a half.
    const ranges = store.asked.filter((query) => query.startsWith('{'))
    expect(ranges.length).toBeGreaterThan(30)
    expect(ranges.every((query) => Number(/\[(\d+)s\]/.exec(query)?.[1]) <= 5_500)).toBe(true)
    const counts = inParts.canary.flatMap(({ requests }) => requests.map(({ samples }) => samples.length))
    // One a half minute, and of the last hour two.
    expect(Math.max(...counts)).toBeLessThan(hours * 120 + 3 * 120)
    const requests = 20 * (Math.floor((to + 50) / 15) + 1)
    expect(grown(inParts.canary)).toEqual({ requests, errors: 0, timed: requests })
  })

  it('is what the judge needs: a crash is rolled back, and a good release is not', async () => {
    const verdict = async (errors: number) => {
      const store = new Store([...stableSeries(), ...podSeries(green(0), { from: -50, to: 600, errors })])
      const look = opened(store)
      await look(-30, { stable: stable(), canary: undefined })
      await look(45, { stable: stable(), canary })
      const { ahead: _, ...samples } = told(await look(310, { stable: stable(), canary }))
      const steps = [{ duration: 300_000, begun: epoch }]
      return judgeRelease({ checks: LIKE_STABLE, steps, warmUp: 60_000, ...samples })
    }
    expect((await verdict(10)).decision.kind).toBe('rollback')
    const { decision, seen } = await verdict(0)
    expect(decision.kind).not.toBe('rollback')
    expect(seen).toEqual({ requests: 420, errors: 0 })
  })

  it('has the times of Prometheus’ clock', async () => {
    const store = new Store(stableSeries(), 90_000)
    const samples = told(await opened(store)(0, { stable: stable(), canary: undefined }))
    expect(samples).toMatchObject({ ahead: 90_000, now: epoch + 90_000 })
    expect(store.asked.at(-1)).toMatch(/\[3901s\]$/)
  })

  it('says nothing of a router where pods report', async () => {
    const samples = await opened(new Store(stableSeries()))(0, { stable: stable(), canary: undefined })
    expect(samples).not.toHaveProperty('router')
  })
})

describe('no data', () => {
  const look = async (stored: readonly Series[], source: MetricsSource = 'http') =>
    opened(new Store(stored), source)(60, { stable: stable(), canary })

  it('is a stable version that counts nothing', async () => {
    expect(await look([])).toEqual({
      why: expect.stringMatching(/^Prometheus has nothing from the stable version's pods/),
      early: true
    })
  })

  const without = (all: readonly Series[], label: string): readonly Series[] =>
    all.map(({ labels, samples }) => ({
      labels: Object.fromEntries(Object.entries(labels).filter(([name]) => name !== label)),
      samples
    }))

  it('is a counter of either version that does not tell what has failed', async () => {
    const blues = stableSeries()
    const greens = podSeries(green(0), { from: -50, to: 600 })
    expect(await look(without([...blues, ...greens], 'code'))).toEqual({
      why: expect.stringMatching(/^http_requests_total has none of the labels code, status, /)
    })
    expect(await look([...blues, ...without(greens, 'code')])).toEqual({
      why: expect.stringMatching(/^http_requests_total has no label with the HTTP status/)
    })
  })

  it('is a version without durations', async () => {
    const isCount = ({ labels }: Series) => !labels.__name__?.endsWith('_bucket')
    const greens = podSeries(green(0), { from: -50, to: 600 }).filter(isCount)
    expect(await look([...stableSeries(), ...greens])).toMatchObject({
      why: expect.stringMatching(/^no histogram/)
    })
  })

  it('are durations without a common edge', async () => {
    const greens = podSeries(green(0), { from: -50, to: 600 }).map(({ labels, samples }) => ({
      labels: labels.le?.startsWith('0') ? { ...labels, le: `${labels.le}3` } : labels,
      samples
    }))
    expect(await look([...stableSeries(), ...greens])).toEqual({
      why: expect.stringMatching(/no edge in common/)
    })
  })

  it('is not a canary that has only been scraped', async () => {
    const greens = podSeries(green(0), { from: -50, to: 600 }).filter(
      ({ labels }) => labels.__name__ === 'up'
    )
    const [pod] = told(await look([...stableSeries(), ...greens])).canary
    expect(pod).toMatchObject({ ready: true, buckets: [] })
    expect(pod?.requests).toHaveLength(1)
  })
})

describe('a router', () => {
  const route = { kind: 'ingress', name: 'web' }
  const versions: Versions = {
    stable: { ...stable(3), route, backend: { service: 'web', port: 80 } },
    canary: { ...canary, route, backend: { service: 'web-green', port: 80 } }
  }
  const ingress = { namespace: 'shop', ingress: 'web', service: 'web' }
  const of80 = { ...ingress, canary: 'shop-web-green-80' }
  const requestsOf = (number: number, labels: Labels, ...pairs: readonly Pair[]): Series =>
    series(
      {
        __name__: 'nginx_ingress_controller_requests',
        job: 'nginx',
        instance: `10.0.0.${number}:10254`,
        status: '200',
        ...labels
      },
      ...pairs
    )
  const bucketOf = (number: number, labels: Labels, ...pairs: readonly Pair[]): Series => {
    const one = requestsOf(number, { le: '+Inf', ...labels }, ...pairs)
    const name = 'nginx_ingress_controller_request_duration_seconds_bucket'
    return { ...one, labels: { ...one.labels, __name__: name } }
  }
  const every15 = (from: number, to: number, by: number, start = 0): Pair[] =>
    Array.from({ length: Math.floor((to - from) / 15) + 1 }, (_, i) => [from + 15 * i, start + by * i])
  const served = (number: number, to = 60) => [
    requestsOf(number, { ...ingress, canary: '' }, ...every15(-4_500, to, 10)),
    bucketOf(number, { ...ingress, canary: '' }, ...every15(-4_500, to, 10)),
    bucketOf(number, { ...ingress, canary: '', le: '0.5' }, ...every15(-4_500, to, 10))
  ]
  const tried = (number: number, by: readonly Pair[]) => [
    requestsOf(number, of80, ...by),
    bucketOf(number, of80, ...by),
    bucketOf(number, { ...of80, le: '0.5' }, ...by)
  ]
  const linkerd = (deployment: string, pod: string) => ({
    ...{
      __name__: 'response_total',
      job: 'linkerd',
      instance: `${pod}:4191`,
      pod,
      namespace: 'shop',
      deployment
    },
    ...{ direction: 'inbound', classification: 'success' }
  })
  const look = async (stored: readonly Series[], before?: number) => {
    const asked = opened(new Store(stored), 'nginx')
    if (before !== undefined) await asked(before, { ...versions, canary: undefined })
    return told(await asked(60, versions))
  }

  it('has an instance for a pod; how many pods there are and what differs is said', async () => {
    const stored = [
      ...served(1),
      ...served(2),
      ...tried(1, [
        [15, 3],
        [30, 5],
        [45, 5],
        [60, 9]
      ])
    ]
    const samples = await look(stored, -30)
    expect(samples.stable.map(({ name, ready }) => [name, ready])).toEqual([
      ['10.0.0.1:10254', true],
      ['10.0.0.2:10254', true]
    ])
    expect(samples.canary.map(({ name }) => name)).toEqual(['10.0.0.1:10254'])
    const old = created(-86_400)
    expect(samples.router).toEqual({
      pods: { stable: [old, old, old], canary: [created(-60)] },
      times: 1.3
    })
    // Its counter did not exist before: the instance was scraped then, as what it tells of stable shows.
    expect(grown(samples.canary)).toEqual({ requests: 9, errors: 0, timed: 9 })
  })

  it('that has served a version of that name before does not count that again', async () => {
    const stored = [...served(1), ...tried(1, every15(-4_500, 60, 0, 5_000))]
    expect(grown((await look(stored, -30)).canary)).toEqual({ requests: 0, errors: 0, timed: 0 })
    expect(grown((await look(stored)).canary)).toEqual({ requests: 0, errors: 0, timed: 0 })
  })

  it('whose instance is gone is not waited for', async () => {
    const samples = await look([...served(1), ...served(2, 0)])
    expect(samples.stable.map(({ ready }) => ready)).toEqual([true, false])
  })

  it('that is a sidecar of a pod is as old as that', async () => {
    const pod = canary.pods[0]?.name ?? ''
    const store = new Store([
      series(linkerd('web-blue', blue(0)), [-15, 10], [0, 20], [15, 30]),
      series(linkerd('web-green', pod), [0, 7], [15, 9])
    ])
    const sides = {
      stable: { ...stable(1), deployment: 'web-blue' },
      canary: { ...canary, deployment: 'web-green' }
    }
    const checks: readonly StableCheck[] = [{ kind: 'error-rate', plus: 0.01 }]
    const samples = told(await opened(store, 'linkerd', checks)(20, sides))
    expect(samples.canary).toMatchObject([{ name: `${pod}:4191`, createdAt: created(-60) }])
    expect(grown(samples.canary).requests).toBe(9)
    expect(grown(samples.stable).requests).toBe(20)
    // So pods are told apart.
    expect(samples).not.toHaveProperty('router')
  })

  it('that has sent the new version nothing yet has no instance for it', async () => {
    expect((await look(served(1))).canary).toEqual([])
  })
})
