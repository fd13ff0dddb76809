import type { Clock } from '../../../../src/base/clock.ts'
import { exchange } from '../../../../src/checks/exchange.ts'
import { openSampler } from '../../../../src/checks/open-sampler.ts'
import type { Sampler } from '../../../../src/checks/sampler.ts'
import type { MetricsSource } from '../../../../src/routes/metrics-source.ts'
import type { MeasuredVersion } from '../../../../src/checks/measured-version.ts'
import type { Metrics, Sample, Series } from '../../../../src/checks/prometheus/metrics.ts'
import type { Check } from '../../../../src/inputs/check.ts'
import type { CheckLine } from '../../../../src/inputs/check-line.ts'
import { parseCheck } from '../../../../src/inputs/parse-check.ts'

/** An arbitrary moment: times in these tests are milliseconds after it. */
export const epoch = 1_790_000_000_000

export function check(line: string): Check {
  const parsed = parseCheck(line)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.value
}

/** What measures the checks where Prometheus is all that is asked. */
export const createSampler = (
  metrics: Metrics,
  clock: Clock,
  checks: readonly CheckLine[],
  source: MetricsSource = 'http'
): Sampler =>
  openSampler(
    { metrics, datadog: 'https://datadog.invalid', checkHeaders: {}, exchange },
    clock,
    checks,
    source
  )

/** Samples from pairs of seconds after the epoch and values. */
export const samples = (...pairs: readonly (readonly [number, number])[]): readonly Sample[] =>
  pairs.map(([seconds, value]) => ({ at: epoch + seconds * 1000, value }))

export const series = (
  labels: Readonly<Record<string, string>>,
  ...pairs: readonly (readonly [number, number])[]
): Series => ({ labels, samples: samples(...pairs) })

export const podNames = ['web-green-abc12-aaaaa', 'web-green-abc12-bbbbb', 'web-green-abc12-ccccc']

export const subject = (changes: Partial<MeasuredVersion> = {}): MeasuredVersion => ({
  namespace: 'shop',
  workload: 'web',
  slot: 'green',
  service: 'web',
  replicaSet: 'web-green-abc12',
  pods: podNames.slice(0, 1).map((name) => ({ name, createdAt: epoch - 20_000 })),
  releaseStartedAt: epoch - 30_000,
  ...changes
})

/** Labels of one series of a pod in the namespace of `subject()`. */
export const of = (name: string, labels: Readonly<Record<string, string>> = {}, pod = podNames[0] ?? '') => ({
  __name__: name,
  namespace: 'shop',
  pod,
  ...labels
})

export class TestClock implements Clock {
  time = epoch

  now(): number {
    return this.time
  }

  sleep(ms: number): Promise<void> {
    this.time += ms
    return Promise.resolve()
  }
}

/** A metrics store that answers what the sampler asks from a list of series, as Prometheus would. */
export class TestStore implements Metrics {
  readonly asked: string[] = []
  stored: readonly Series[] = []
  /** Answers to queries of the user's, or what they throw. */
  readonly answers = new Map<string, readonly Series[] | Error>()
  readonly #clock: Clock
  /** How far its clock is ahead, in milliseconds. */
  readonly #ahead: number

  constructor(clock: Clock, ahead = 0) {
    this.#clock = clock
    this.#ahead = ahead
  }

  query(promql: string): Promise<readonly Series[]> {
    this.asked.push(promql)
    const answer = this.answers.get(promql) ?? this.#select(promql)
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  }

  #select(promql: string): readonly Series[] {
    const now = this.#clock.now() + this.#ahead
    const names = new RegExp(`^(?:${/__name__=~"([^"]*)"/.exec(promql)?.[1] ?? ''})$`)
    const seconds = Number(/\[(\d+)s\]$/.exec(promql)?.[1] ?? 300)
    const found = this.stored
      .filter(({ labels }) => names.test(labels.__name__ ?? ''))
      .map(({ labels, samples: all }) => ({
        labels,
        samples: all.filter(({ at }) => at > now - seconds * 1000 && at <= now)
      }))
      .filter((one) => one.samples.length > 0)
    if (!promql.startsWith('count by')) return found
    return found.map(({ labels }) => ({ labels, samples: [{ at: now, value: 1 }] }))
  }
}
