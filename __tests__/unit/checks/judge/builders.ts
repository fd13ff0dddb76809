import type { Histogram } from '../../../../src/checks/judge/arms.ts'
import type { PodSamples, Sample } from '../../../../src/checks/judge/pods.ts'
import type { Question } from '../../../../src/checks/judge/question.ts'

interface Part {
  readonly requests_errors: readonly (readonly [number, number])[]
  readonly pods: readonly (readonly Histogram[])[]
}

interface Layout {
  readonly edges: readonly number[]
  readonly block: number
  readonly start: number
}

/** A counter that has grown by these numbers at these times, from 0 at the first one's. */
export function counter(times: readonly number[], growths: readonly number[]): readonly Sample[] {
  let value = 0
  return times.map((at, i) => ({ at, value: i === 0 ? 0 : (value += growths[i - 1] ?? 0) }))
}

/**
 * Counters of pods from what they did block by block, of which the last part begins at `start`. The errors, which are known for all
 * pods together, are the first pod's; of a pod's requests those whose duration is known, and in the first one whatever is left.
 */
export function podsOf(
  name: string,
  parts: readonly Part[],
  { edges, block, start }: Layout
): readonly PodSamples[] {
  const before = parts.slice(0, -1).reduce((blocks, part) => blocks + part.requests_errors.length, 0)
  const totals = parts.flatMap((part) => part.requests_errors)
  const rows = (parts[0]?.pods ?? []).map((_, pod) => parts.flatMap((part) => part.pods[pod] ?? []))
  const times = Array.from({ length: totals.length + 1 }, (_, i) => start + (i - before) * block)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return rows.map((row, pod) => {
    const failed = totals.map(([, errors]) => (pod === 0 ? errors : 0))
    const good = row.map((histogram, i) => sum(histogram) - (failed[i] ?? 0))
    const upTo = (bucket: number): number[] => row.map((histogram) => sum(histogram.slice(0, bucket + 1)))
    return {
      name: `${name}-${pod}`,
      createdAt: start - 86_400_000,
      ready: true,
      requests: [
        { failed: false, samples: counter(times, monotone(good)) },
        { failed: true, samples: counter(times, failed) }
      ],
      buckets: [...edges, Infinity].map((edge, i) => ({ edge, samples: counter(times, upTo(i)) }))
    }
  })
}

/** A counter does not go down. */
const monotone = (growths: readonly number[]): readonly number[] => growths.map((by) => Math.max(by, 0))

export const START = 1_800_000_000_000

/** Samples of a series: seconds since the release began, and value. */
export const samples = (...points: readonly (readonly [number, number])[]): readonly Sample[] =>
  points.map(([seconds, value]) => ({ at: START + seconds * 1000, value }))

/** A pod that is old and ready, with what is given. */
export const pod = (given: Partial<PodSamples>): PodSamples => ({
  name: 'pod',
  createdAt: START - 86_400_000,
  ready: true,
  requests: [],
  buckets: [],
  ...given
})

/** A ready pod with one series of requests. */
export const requests = (...points: readonly (readonly [number, number])[]): Partial<PodSamples> => ({
  requests: [{ failed: false, samples: samples(...points) }]
})

/** What a pod does in a scrape's time. */
export interface Doing {
  readonly requests: number
  readonly errors?: number
  /** Times the durations, of which a tenth are 40 ms, six tenths 80 ms and the rest 200 ms. */
  readonly times?: number
}

const SCRAPE = 15
const EDGES = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const DURATIONS = [
  [0.04, 0.1],
  [0.08, 0.6],
  [0.2, 0.3]
] as const

/** A pod without any chance in it, from a scrape on (negative before the release) until another one. */
export function regularPod(
  name: string,
  [from, to]: readonly [number, number],
  doing: (scrape: number) => Doing
): PodSamples {
  const times = Array.from({ length: to - from + 1 }, (_, i) => START + (from + i) * SCRAPE * 1000)
  const done = times.slice(1).map((_, i) => doing(from + i))
  const upTo = (edge: number): number[] =>
    done.map(({ requests: count, times: longer = 1 }) =>
      DURATIONS.reduce((sum, [seconds, share]) => sum + (seconds * longer <= edge ? share * count : 0), 0)
    )
  return pod({
    name,
    requests: [
      {
        failed: false,
        samples: counter(
          times,
          done.map((one) => one.requests - (one.errors ?? 0))
        )
      },
      {
        failed: true,
        samples: counter(
          times,
          done.map(({ errors = 0 }) => errors)
        )
      }
    ],
    buckets: [...EDGES, Infinity].map((edge) => ({ edge, samples: counter(times, upTo(edge)) }))
  })
}

export interface Scene {
  /** Scrapes since the release began. */
  readonly scrapes: number
  readonly canary?: (scrape: number) => Doing
  readonly stable?: (scrape: number) => Doing
  /** Scrapes that each step takes, and how many of the steps have begun. */
  readonly steps?: readonly number[]
  readonly begun?: number
  readonly alone?: boolean
  readonly checks?: Question['checks']
}

/** What is asked about two pods of the canary beside four, after a number of scrapes; by default one step of five minutes. */
export function question(scene: Scene): Question {
  const { scrapes, steps = [20], begun = steps.length, alone = false } = scene
  const { canary = () => ({ requests: 20 }), stable = () => ({ requests: 60 }) } = scene
  let at = START
  return {
    checks: scene.checks ?? [{ kind: 'like-stable' }],
    steps: steps.map((length, i) => {
      const duration = length * SCRAPE * 1000
      const step = { duration, alone, ...(i < begun && { begun: at }) }
      at += duration
      return step
    }),
    warmUp: 60_000,
    now: START + scrapes * SCRAPE * 1000,
    stable: [0, 1, 2, 3].map((i) => regularPod(`stable-${i}`, [-80, alone ? 0 : scrapes], stable)),
    canary: [0, 1].map((i) => regularPod(`canary-${i}`, [-1, scrapes], canary))
  }
}
