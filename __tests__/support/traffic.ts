import type { PodSamples, Sample } from '../../src/checks/judge/pods.ts'
import type { Question } from '../../src/checks/judge/question.ts'

/**
 * A release under simulated traffic, as the metrics store would report it: load that wanders, errors in bursts of three, pods that
 * differ by 5 %, pauses of one pod, and in three of ten releases an incident from which both versions suffer. Two canary pods beside
 * ten, 5, 10, 25 and 50 % of the users for five minutes each, half an hour of history, scrapes of 15 s.
 */
export const scenarios = {
  good: {},
  'shared incident': { incident: 1 },
  'cold start': {},
  'errors x10': { errors: 0.009 },
  crash: { errors: 0.5 },
  'latency x1.2': { times: 1.2 },
  'latency x1.5': { times: 1.5 },
  'slow tail': { slow: 0.05 },
  silent: { share: 0 }
} satisfies Record<string, Regression>

export type Scenario = keyof typeof scenarios

interface Regression {
  /** More errors, as a share of requests. */
  readonly errors?: number
  /** Everything takes so many times as long. */
  readonly times?: number
  /** Such a share of requests takes four times as long. */
  readonly slow?: number
  /** Probability of an incident. */
  readonly incident?: number
  /** Times the planned share of users. */
  readonly share?: number
}

export const START = 1_800_000_000_000

const SCRAPE = 15
const STEPS = [0.05, 0.1, 0.25, 0.5]
const STEP_SCRAPES = 20
const HISTORY = 120
const EDGES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const BASE_ERRORS = 0.001
const BURST = 3
const POD_SPREAD = 0.05
const PAUSE = 0.03

/** In a sandboxed test every look at the global object takes long. */
const { cos, exp, floor, imul, log, min, PI, sqrt } = Math

/** A number from 0 to 1 for each call: mulberry32 by Tommy Ettinger (public domain). */
function dice(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Random = () => number

const normal = (random: Random): number => sqrt(-2 * log(1 - random())) * cos(2 * PI * random())

/** Knuth's; the mean is below 700. */
function poisson(random: Random, mean: number): number {
  const limit = exp(-mean)
  let count = 0
  for (let product = random(); product > limit; product *= random()) count += 1
  return count
}

interface Circumstances {
  readonly requests: number
  readonly errors: number
  readonly times: number
  readonly slow: number
}

/** Counters of a pod, growing; the buckets' apart from one another. */
class Pod {
  readonly #random: Random
  readonly #speed: number
  readonly #total = { good: 0, failed: 0, buckets: EDGES.map(() => 0), all: 0 }
  readonly #samples = {
    good: [] as Sample[],
    failed: [] as Sample[],
    buckets: EDGES.map((): Sample[] => []),
    all: [] as Sample[]
  }

  constructor(random: Random) {
    this.#random = random
    this.#speed = exp(POD_SPREAD * normal(random))
  }

  serve({ requests, errors, times, slow }: Circumstances): void {
    const random = this.#random
    const count = poisson(random, requests)
    const pause = random() < PAUSE ? 0.3 : 0
    const counts = this.#total.buckets
    let failed = 0
    for (let i = 0; i < count; i += 1) {
      if (random() < errors / BURST) for (failed += 1; random() > 1 / BURST; failed += 1);
      const stretch = random() < slow + pause ? 4 : 1
      const seconds = 0.08 * this.#speed * times * stretch * exp(0.6 * normal(random))
      const bucket = EDGES.findIndex((edge) => seconds <= edge)
      if (bucket >= 0) counts[bucket] = (counts[bucket] ?? 0) + 1
    }
    this.#total.failed += min(failed, count)
    this.#total.good += count - min(failed, count)
    this.#total.all += count
  }

  scrape(at: number): void {
    const { good, failed, buckets, all } = this.#total
    this.#samples.good.push({ at, value: good })
    // The series of a status is there from its first request on.
    if (failed > 0) this.#samples.failed.push({ at, value: failed })
    let upTo = 0
    this.#samples.buckets.forEach((samples, k) => samples.push({ at, value: (upTo += buckets[k] ?? 0) }))
    this.#samples.all.push({ at, value: all })
  }

  report(name: string, createdAt: number): PodSamples {
    const { good, failed, buckets, all } = this.#samples
    return {
      name,
      createdAt,
      ready: true,
      requests: [
        { failed: false, samples: good },
        { failed: true, samples: failed }
      ],
      buckets: [
        ...buckets.map((samples, k) => ({ edge: EDGES[k] ?? 0, samples })),
        { edge: Infinity, samples: all }
      ]
    }
  }
}

/** When an incident is, in scrapes since the release began. */
function incidentIn(random: Random, { incident = 0.3 }: Regression): (scrape: number) => boolean {
  const [happens, at] = [random() < incident, floor(random() * (STEPS.length * STEP_SCRAPES - 8))]
  return (scrape) => happens && scrape >= at && scrape < at + 8
}

/** The question that is asked when the last step's time is over. */
export function simulate(scenario: Scenario, rps: number, seed: number): Question {
  const regression: Regression = scenarios[scenario]
  const random = dice(imul(seed, 0x9e3779b1) ^ rps)
  const stable = Array.from({ length: 10 }, () => new Pod(random))
  const canary = Array.from({ length: 2 }, () => new Pod(random))
  const isIncident = incidentIn(random, regression)
  stable.forEach((pod) => {
    pod.scrape(START - HISTORY * SCRAPE * 1000)
  })
  let wander = 0
  for (let scrape = -HISTORY; scrape < STEPS.length * STEP_SCRAPES; scrape += 1) {
    if (scrape >= 0) wander = 0.8 * wander + 0.6 * 0.15 * normal(random)
    const share = (STEPS[floor(scrape / STEP_SCRAPES)] ?? 0) * (regression.share ?? 1)
    const requests = rps * SCRAPE * exp(wander)
    const bad = isIncident(scrape)
    const ordinary = { errors: bad ? 0.03 : BASE_ERRORS, times: bad ? 1.8 : 1, slow: 0 }
    const isCold = scenario === 'cold start' && scrape >= 0 && scrape < 60 / SCRAPE
    const own = {
      errors: ordinary.errors + (regression.errors ?? 0) + (isCold ? 0.02 : 0),
      times: ordinary.times * (regression.times ?? 1) * (isCold ? 5 : 1),
      slow: regression.slow ?? 0
    }
    const at = START + (scrape + 1) * SCRAPE * 1000
    for (const pod of stable) pod.serve({ ...ordinary, requests: (requests * (1 - share)) / stable.length })
    for (const pod of stable) pod.scrape(at)
    if (scrape < 0) continue
    for (const pod of canary) pod.serve({ ...own, requests: (requests * share) / canary.length })
    for (const pod of canary) pod.scrape(at)
  }
  const duration = STEP_SCRAPES * SCRAPE * 1000
  return {
    checks: [{ kind: 'like-stable' }],
    steps: STEPS.map((_, i) => ({ duration, begun: START + i * duration })),
    warmUp: 60_000,
    now: START + STEPS.length * duration,
    stable: stable.map((pod, i) => pod.report(`stable-${i}`, START - 86_400_000)),
    canary: canary.map((pod, i) => pod.report(`canary-${i}`, START - 20_000))
  }
}
