import { MetricsError } from '../../../src/checks/metrics-error.ts'
import type { Metrics, Series } from '../../../src/checks/prometheus/metrics.ts'
import { isReady } from '../../../src/kubernetes/health.ts'
import type { Pod } from '../../../src/kubernetes/objects.ts'
import type { FakeClock } from './fake-clock.ts'
import type { MemoryCluster } from './memory-cluster.ts'
import { SelectorStore } from '../selector-store.ts'

/** What one pod does between two scrapes. */
export interface Doing {
  readonly requests: number
  readonly errors?: number
  /** Times the durations, of which a tenth are 40 ms, six tenths 80 ms and the rest 200 ms. */
  readonly times?: number
  /** It counts its requests only: a version that always does so has no histogram. */
  readonly untimed?: boolean
}

/** What the pods of a version do, by the seconds since its first pod came up, and since each did itself. */
export type Behaviour = (second: number, age: number) => Doing

const SCRAPE = 15
const HOUR = 3_600
const EDGES = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const DURATIONS = [
  [0.04, 0.1],
  [0.08, 0.6],
  [0.2, 0.3]
] as const

interface Life {
  readonly from: number
  readonly until: number
  readonly image: string
}

const upTo = (edge: number, { requests, times = 1 }: Doing): number =>
  DURATIONS.reduce((sum, [seconds, share]) => sum + (seconds * times <= edge ? share * requests : 0), 0)

/**
 * A Prometheus that scrapes the pods of a memory cluster every 15 s, and has done so for an hour or more with those that were there
 * from the start. It sees a pod whenever it is asked something.
 */
export class Scraped implements Metrics {
  /** When it does not answer. */
  isDown = false
  readonly #store: SelectorStore
  readonly #clock: FakeClock
  readonly #cluster: MemoryCluster
  readonly #behaviours: Readonly<Record<string, Behaviour>>
  readonly #begin: number
  readonly #past: number
  readonly #lives = new Map<string, Life>()

  /** @param behaviours by the image of a pod's first container */
  constructor(
    { clock, cluster }: { readonly clock: FakeClock; readonly cluster: MemoryCluster },
    behaviours: Readonly<Record<string, Behaviour>>,
    hours = 1
  ) {
    this.#past = hours * HOUR * 1000
    this.#clock = clock
    this.#cluster = cluster
    this.#behaviours = behaviours
    this.#begin = clock.now()
    this.#store = new SelectorStore(clock)
    this.#look()
  }

  /** How often it was asked. */
  get asked(): number {
    return this.#store.asked.length
  }

  query(promql: string): Promise<readonly Series[]> {
    if (this.isDown) return Promise.reject(new MetricsError('Prometheus does not answer', 'unreachable'))
    this.#look()
    this.#store.stored = [...this.#lives].flatMap(([name, life]) => this.#seriesOf(name, life))
    if (!promql.startsWith('label_replace(')) return this.#store.query(promql)
    return Promise.resolve([])
  }

  #look(): void {
    const now = this.#clock.now()
    for (const pod of this.#cluster.all<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop' })) {
      const { name, creationTimestamp = '' } = pod.metadata
      if (!isReady(pod)) continue
      const created = Date.parse(creationTimestamp)
      const from = created <= this.#begin ? this.#begin - this.#past : created
      const known = this.#lives.get(name)
      this.#lives.set(name, {
        from: known?.from ?? from,
        image: pod.spec.containers[0]?.image ?? '',
        until: now
      })
    }
  }

  #firstOf(image: string): number {
    return Math.min(...[...this.#lives.values()].flatMap((life) => (life.image === image ? life.from : [])))
  }

  #seriesOf(pod: string, { from, until, image }: Life): readonly Series[] {
    const behaviour = this.#behaviours[image]
    if (behaviour === undefined) return []
    const first = this.#firstOf(image)
    const count = Math.floor((until - from) / (SCRAPE * 1000))
    const times = Array.from({ length: count + 1 }, (_, i) => from + i * SCRAPE * 1000)
    const done = times.slice(1).map((at) => behaviour((at - first) / 1000, (at - from) / 1000))
    const counter = (
      name: string,
      labels: Readonly<Record<string, string>>,
      by: (doing: Doing) => number
    ): Series => {
      let value = 0
      return {
        labels: { __name__: name, namespace: 'shop', pod, job: 'pods', instance: pod, ...labels },
        samples: times.map((at, i) => ({
          at,
          value: i === 0 ? 0 : (value += by(done[i - 1] ?? { requests: 0 }))
        }))
      }
    }
    return [
      counter('http_requests_total', { code: '200' }, ({ requests, errors = 0 }) => requests - errors),
      counter('http_requests_total', { code: '500' }, ({ errors = 0 }) => errors),
      ...(done.some(({ untimed = false }) => !untimed) ? [...EDGES, Infinity] : []).map((edge) =>
        counter(
          'http_request_duration_seconds_bucket',
          { le: edge === Infinity ? '+Inf' : String(edge) },
          (doing) => (doing.untimed ? 0 : upTo(edge, doing))
        )
      ),
      { ...counter('up', {}, () => 0), samples: times.map((at) => ({ at, value: 1 })) }
    ]
  }
}
