import type { PodSamples, Sample } from '../../src/checks/judge/pods.ts'
import type { Question } from '../../src/checks/judge/question.ts'

/** A release as it is recorded in a line of JSON, and as the judge is asked about it. */

/** What a pod did between two scrapes: requests, errors, and the requests by duration, one bucket more than there are edges. */
export interface Cell {
  readonly n: number
  readonly e: number
  readonly h: readonly number[]
}

/** Scrape by scrape; null while the pod does not exist. */
export type PodLine = readonly (Cell | null)[]

export type Step = readonly [share: number, seconds: number]

export interface Recorded {
  readonly id: string
  /** Seconds. */
  readonly scrape: number
  readonly edges: readonly number[]
  readonly steps: readonly Step[]
  /** The stable version's pods before the release, in the order of `stable`. */
  readonly history: { readonly pods: readonly PodLine[] }
  readonly stable: { readonly pods: readonly PodLine[] }
  readonly canary: { readonly pods: readonly PodLine[] }
}

/** When the first users come to the new version. */
export const START = 1_800_000_000_000

const SECOND = 1_000
const DAY = 86_400_000

/** The counters of a pod as the metrics store has them: they grow, and a scrape reads them. */
export class PodCounters {
  readonly #name: string
  readonly #edges: readonly number[]
  readonly #buckets: readonly Sample[][]
  readonly #good: Sample[] = []
  readonly #failed: Sample[] = []
  #counts = { good: 0, failed: 0, buckets: [] as number[] }
  #createdAt: number | undefined
  #ready = false

  constructor(name: string, edges: readonly number[]) {
    this.#name = name
    this.#edges = [...edges, Infinity]
    this.#buckets = this.#edges.map(() => [])
    this.#counts.buckets = this.#edges.map(() => 0)
  }

  /** It has been there for long, and this is the scrape before those that are recorded. */
  old(at: number): void {
    this.#createdAt = at - DAY
    this.#scrape(at)
  }

  add(cell: Cell | null, at: number, gap: number): void {
    this.#ready = cell !== null
    if (cell === null) return
    this.#createdAt ??= at - gap
    this.#counts.good += cell.n - cell.e
    this.#counts.failed += cell.e
    let below = 0
    this.#counts.buckets.forEach(
      (_, i, buckets) => (buckets[i] = (buckets[i] ?? 0) + (below += cell.h[i] ?? 0))
    )
    this.#scrape(at)
  }

  #scrape(at: number): void {
    const { good, failed, buckets } = this.#counts
    this.#good.push({ at, value: good })
    // The series of a status is there from its first request on.
    if (failed > 0) this.#failed.push({ at, value: failed })
    this.#buckets.forEach((samples, i) => samples.push({ at, value: buckets[i] ?? 0 }))
  }

  get samples(): PodSamples {
    return {
      name: this.#name,
      ready: this.#ready,
      ...(this.#createdAt !== undefined && { createdAt: this.#createdAt }),
      requests: [
        { failed: false, samples: this.#good },
        { failed: true, samples: this.#failed }
      ],
      buckets: this.#buckets.map((samples, i) => ({ edge: this.#edges[i] ?? Infinity, samples }))
    }
  }
}

/** What the judge is asked while a release goes on; the caller begins the steps. */
export class Tape {
  readonly #gap: number
  readonly #edges: readonly number[]
  readonly #stable: PodCounters[]
  readonly #canary: PodCounters[] = []
  #now = START

  constructor(history: readonly PodLine[], edges: readonly number[], scrape: number) {
    this.#gap = scrape * SECOND
    this.#edges = edges
    const scrapes = Math.max(0, ...history.map((line) => line.length))
    this.#stable = history.map((line, pod) => {
      const counters = new PodCounters(`stable-${pod}`, edges)
      if (line[0] !== null) counters.old(START - scrapes * this.#gap)
      line.forEach((cell, i) => {
        counters.add(cell, START - (scrapes - 1 - i) * this.#gap, this.#gap)
      })
      return counters
    })
  }

  add(stable: readonly (Cell | null)[], canary: readonly (Cell | null)[]): void {
    this.#now += this.#gap
    canary.forEach((cell, pod) => {
      const counters = (this.#canary[pod] ??= new PodCounters(`canary-${pod}`, this.#edges))
      counters.add(cell, this.#now, this.#gap)
    })
    this.#stable.forEach((counters, pod) => {
      counters.add(stable[pod] ?? null, this.#now, this.#gap)
    })
  }

  /** Seconds since the first users. */
  get seconds(): number {
    return (this.#now - START) / SECOND
  }

  /** @param begun when the steps began that have, in seconds since the first users */
  question(steps: readonly Step[], begun: readonly number[]): Question {
    return {
      checks: [{ kind: 'like-stable' }],
      steps: steps.map(([share, seconds], i) => ({
        duration: seconds * SECOND,
        ...(begun[i] !== undefined && { begun: START + begun[i] * SECOND }),
        ...(share >= 1 && { alone: true })
      })),
      warmUp: 60_000,
      now: this.#now,
      stable: this.#stable.map(({ samples }) => samples),
      canary: this.#canary.map(({ samples }) => samples)
    }
  }
}
