import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { eachGrowth } from '../../../../src/checks/judge/growth.ts'
import { knownPod, type PodSamples } from '../../../../src/checks/judge/pods.ts'
import type { MeasuredVersion } from '../../../../src/checks/measured-version.ts'
import { learn, nothingKnown } from '../../../../src/checks/prometheus/known.ts'
import type { Series } from '../../../../src/checks/prometheus/metrics.ts'
import { podSource } from '../../../../src/checks/prometheus/pod-source.ts'
import type { Recipe } from '../../../../src/checks/prometheus/recipes.ts'
import { epoch, of, podNames, samples, series, subject } from './builders.ts'

type Pair = readonly [number, number]
type Labels = Series['labels']

const [first = '', second = '', third = ''] = podNames
const target = { job: 'pods', instance: '10.0.0.1:8080' }
const created = (seconds: number) => epoch + seconds * 1000

const recipe: Recipe = {
  pod: 'pod',
  namespace: 'namespace',
  requests: 'http_requests_total',
  status: 'code',
  latency: { base: 'http_request_duration_seconds', unit: 1, hasBuckets: true }
}

const counter = (labels: Labels, ...pairs: readonly Pair[]): Series =>
  series({ ...of('http_requests_total'), ...target, code: '200', ...labels }, ...pairs)
const up = (labels: Labels, ...pairs: readonly Pair[]): Series =>
  series({ ...of('up'), ...target, ...labels }, ...pairs)
const bucket = (le: string, ...pairs: readonly Pair[]): Series =>
  series({ ...of('http_request_duration_seconds_bucket'), ...target, le }, ...pairs)

const version = (changes: Partial<MeasuredVersion> = {}): MeasuredVersion =>
  subject({ side: 'stable', pods: [{ name: first, createdAt: created(-86_400) }], ...changes })

function podsOf(
  all: readonly Series[],
  measured: MeasuredVersion = version(),
  by: Recipe = recipe
): readonly PodSamples[] {
  const known = learn(nothingKnown, { answer: all, pods: measured.pods, after: epoch - 3_900_000 })
  return podSource.samplesOf({ side: 'stable', measured, recipe: by }, known)
}

/** What a pod has counted. */
function grown(pod: PodSamples | undefined): { requests: number; errors: number } {
  const sum = { requests: 0, errors: 0 }
  for (const { failed, samples: all } of pod?.requests ?? [])
    eachGrowth(all, pod ? knownPod(pod).bornAt : () => false, (by) => {
      sum.requests += by
      sum.errors += failed ? by : 0
    })
  return sum
}

describe('a pod', () => {
  it('is its counters by whether they count failures, and its buckets by their edges in seconds', () => {
    const all = [
      counter({}, [0, 5], [15, 9]),
      counter({ code: '503' }, [15, 1]),
      bucket('0.1', [0, 3], [15, 5]),
      bucket('+Inf', [0, 5], [15, 10]),
      up({}, [0, 1], [15, 1], [30, 0])
    ]
    expect(podsOf(all)).toStrictEqual([
      {
        name: first,
        createdAt: created(-86_400),
        ready: true,
        requests: [
          { failed: false, samples: samples([0, 5], [15, 9]) },
          { failed: true, samples: samples([15, 1]) },
          { failed: false, samples: samples([0, 0], [15, 0]) }
        ],
        buckets: [
          { edge: 0.1, samples: samples([0, 3], [15, 5]) },
          { edge: Infinity, samples: samples([0, 5], [15, 10]) }
        ]
      }
    ])
  })

  it('has edges in seconds, whatever the metric’s unit is', () => {
    const latency = { base: 'http_server_duration_milliseconds', unit: 0.001, hasBuckets: true }
    const all = [series({ ...of('http_server_duration_milliseconds_bucket'), le: '250' }, [0, 3])]
    expect(podsOf(all, version(), { ...recipe, latency })[0]?.buckets[0]?.edge).toBe(0.25)
  })

  it('is no other version’s or namespace’s', () => {
    const others = [
      counter({ pod: 'web-blue-xyz99-aaaaa' }, [0, 5]),
      counter({ namespace: 'staging' }, [0, 5]),
      counter({ pod: `${first}-x` }, [0, 5])
    ]
    expect(podsOf(others)).toMatchObject([{ name: first, requests: [] }])
  })

  it('that is ready but of which nothing is known is waited for', () => {
    const pods = [first, second].map((name) => ({ name, createdAt: created(0) }))
    expect(podsOf([counter({}, [0, 5]), up({}, [0, 1])], version({ pods }))).toMatchObject([
      { name: first, ready: true },
      { name: second, ready: true, requests: [], buckets: [] }
    ])
  })

  it('is not waited for without traffic, where metrics are pushed', () => {
    const pods = [first, second].map((name) => ({ name, createdAt: created(0) }))
    const ready = (all: readonly Series[]) => podsOf(all, version({ pods })).map((pod) => pod.ready)
    expect(ready([counter({}, [0, 5])])).toEqual([true, false])
    expect(ready([counter({}, [0, 5]), up({ job: 'sidecars' }, [0, 1])])).toEqual([true, false])
  })

  it('that is gone is kept, not waited for, and as old as it was', () => {
    const answer = [counter({ pod: second }, [0, 5], [15, 6])]
    const pods = [{ name: second, createdAt: created(-10) }]
    const before = learn(nothingKnown, { answer, pods, after: epoch - 3_900_000 })
    const ask = { side: 'stable', measured: version(), recipe } as const
    expect(podSource.samplesOf(ask, before)).toMatchObject([
      { name: first },
      { name: second, ready: false, createdAt: created(-10) }
    ])
  })

  it('of the new version is not older than the release', () => {
    const all = [counter({ pod: third }, [0, 5])]
    const measured = version({ side: 'canary', pods: [], releaseStartedAt: created(-30) })
    expect(podsOf(all, measured)).toMatchObject([{ name: third, ready: false, createdAt: created(-30) }])
    expect(podsOf(all, version({ pods: [] }))[0]).not.toHaveProperty('createdAt')
  })

  it('is known by native histograms, with their count for requests where nothing else counts', () => {
    const native = (
      pod: string,
      second: number,
      ...buckets: readonly (readonly [number, number, number])[]
    ) => {
      const count = buckets.reduce((sum, [, , more]) => sum + more, 0)
      return {
        labels: { ...of('http_request_duration_seconds', target, pod), code: '500' },
        samples: samples([second, count]),
        histograms: [
          {
            at: created(second),
            count,
            buckets: buckets.map(([lower, upper, more]) => ({ lower, upper, count: more }))
          }
        ]
      }
    }
    const all = [native(first, 0, [0.25, 0.5, 2], [0.5, 1, 1]), native(second, 5, [0.25, 1, 4])]
    const base = 'http_request_duration_seconds'
    const by: Recipe = { pod: 'pod', requests: base, status: 'code', native: { base, unit: 1 } }
    expect(podsOf(all, version(), by)).toMatchObject([
      {
        requests: [{ failed: true, samples: samples([0, 3]) }],
        buckets: [
          { edge: 0.25, samples: samples([0, 0]) },
          { edge: 1, samples: samples([0, 3]) },
          { edge: Infinity, samples: samples([0, 3]) }
        ]
      },
      { name: second, buckets: [{ samples: samples([5, 0]) }, { samples: samples([5, 4]) }, {}] }
    ])
  })
})

describe('a scrape', () => {
  it('of a pod without any counter says that nothing was counted', () => {
    const pods = [first, second].map((name) => ({ name, createdAt: created(-86_400) }))
    const all = [
      counter({}, [0, 5]),
      up({}, [0, 1]),
      up({ pod: second, instance: 'b' }, [0, 1], [15, 0], [30, 1])
    ]
    expect(podsOf(all, version({ pods }))[1]?.requests).toEqual([
      { failed: false, samples: samples([0, 0], [30, 0]) }
    ])
  })

  it('of another job or port says nothing', () => {
    const all = [
      counter({}, [0, 5]),
      up({ job: 'sidecars' }, [0, 1], [7, 1]),
      up({ instance: '10.0.0.1:15020' }, [3, 1]),
      up({ pod: second, job: 'sidecars' }, [0, 1])
    ]
    const pods = [first, second].map((name) => ({ name, createdAt: created(-86_400) }))
    expect(podsOf(all, version({ pods })).map(({ requests }) => requests.length)).toEqual([1, 0])
  })

  it('lets a counter that comes later begin at 0', () => {
    const all = [up({}, [-30, 1], [-15, 1], [0, 1]), counter({ code: '500' }, [0, 4], [15, 6])]
    expect(grown(podsOf(all)[0])).toEqual({ requests: 6, errors: 6 })
    expect(grown(podsOf(all.slice(1))[0])).toEqual({ requests: 2, errors: 2 })
  })

  it('does not, where samples have times of their own', () => {
    const all = [up({}, [0, 1], [15, 1], [30, 1]), counter({}, [10, 5_000], [25, 5_006])]
    expect(grown(podsOf(all)[0])).toEqual({ requests: 6, errors: 0 })
  })

  it('by two replicas of Prometheus counts once', () => {
    const replica = (name: string, offset: number): Series[] => [
      counter({ prometheus_replica: name }, [offset, 5], [15 + offset, 9]),
      up({ prometheus_replica: name }, [offset, 1], [15 + offset, 1])
    ]
    const [pod] = podsOf([...replica('b', 3), ...replica('a', 0)])
    expect(pod?.requests.map((one) => one.samples)).toEqual([
      samples([0, 5], [15, 9]),
      samples([0, 0], [15, 0])
    ])
  })
})

describe('probes', () => {
  const probes = [{ path: '/', port: 8080, every: 10 }]

  it('of a path that users do not ask for are left out, of durations, too', () => {
    const all = [
      counter({ path: '/healthz' }, [0, 100], [15, 103]),
      counter({ path: '/live' }, [0, 100], [15, 103]),
      counter({ path: '/cart' }, [0, 5], [15, 9]),
      bucket('+Inf', [0, 3]),
      { ...bucket('+Inf', [0, 3]), labels: { ...bucket('+Inf').labels, path: '/healthz' } }
    ]
    const [pod] = podsOf(all, version({ probes: [{ path: '/live', port: 8080, every: 10 }] }))
    expect(pod).toMatchObject({ requests: [{ samples: samples([0, 5], [15, 9]) }] })
    expect(pod?.buckets).toHaveLength(1)
  })

  it('of / are subtracted from those that did not fail, as many as there can have been', () => {
    // In 60 s at most 7 probes: one every 10 s, and one at the begin.
    const all = [
      counter({ path: '/' }, [0, 100], [30, 104], [60, 117]),
      counter({ path: '/', method: 'HEAD' }, [0, 0], [60, 10]),
      counter({ path: '/', code: '500' }, [0, 1], [60, 3]),
      counter({ path: '/cart' }, [0, 5], [60, 9])
    ]
    expect(grown(podsOf(all, version({ probes }))[0])).toEqual({ requests: 27 - 7 + 2 + 4, errors: 2 })
    expect(grown(podsOf(all)[0])).toEqual({ requests: 27 + 2 + 4, errors: 2 })
  })

  it('of a new pod have asked since it was created', () => {
    const pods = [{ name: first, createdAt: created(-40) }]
    const all = [counter({ path: '/' }, [0, 8], [15, 12])]
    // 12 since it began; at most 1 + 6 probes in 55 s.
    expect(grown(podsOf(all, version({ pods, probes }))[0])).toEqual({ requests: 5, errors: 0 })
  })

  it('leave no fewer requests than none, and never fewer than before', () => {
    const life = fc.array(fc.nat(8), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(life, fc.integer({ min: 1, max: 30 }), (growths, every) => {
        let value = 0
        const pairs = growths.map((by, i) => [15 * i, (value += by)] as const)
        const measured = version({ probes: [{ path: '/', port: 8080, every }] })
        const [pod] = podsOf([counter({ path: '/' }, ...pairs)], measured)
        const values = pod?.requests.flatMap((one) => one.samples.map((sample) => sample.value)) ?? []
        expect(values.every((one, i) => one >= (values[i - 1] ?? 0))).toBe(true)
        const found = value - (growths[0] ?? 0)
        const most = Math.ceil((15 * (growths.length - 1)) / every) + 1
        expect(grown(pod).requests).toBeGreaterThanOrEqual(Math.max(found - most, 0))
        expect(grown(pod).requests).toBeLessThanOrEqual(found)
      })
    )
  })

  it('are told by restarts as well', () => {
    const all = [counter({ path: '/' }, [0, 100], [15, 130], [30, 20], [45, 40])]
    // 30 + 20 + 20, of which 1 + 5 may be probes.
    expect(grown(podsOf(all, version({ probes }))[0]).requests).toBe(64)
  })
})
