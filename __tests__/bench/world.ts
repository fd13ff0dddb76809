import { errorFunction } from 'simple-statistics'
import { bursts, multinomial, normal, poisson, type Random } from './random.ts'
import type { Cell, PodLine } from './release.ts'

const { exp, log, max, min, SQRT2 } = Math

/** How a version fares for a while. */
export interface Health {
  /** As a share of its requests. */
  readonly errors: number
  /** Everything takes so many times as long. */
  readonly times: number
  /** Such a share of requests takes four times as long. */
  readonly slow: number
}

/** A service with its traffic, in which a release may happen. Times are seconds since the first users, before them below 0. */
export interface Service {
  /** Seconds between two scrapes. */
  readonly scrape: number
  readonly edges: readonly number[]
  /** Scrapes before the release. */
  readonly past: number
  readonly pods: { readonly canary: number; readonly stable: number }
  /** Requests a second. */
  readonly rps: number
  /** Standard deviation of the logarithm of the pods' speeds. */
  readonly spread: number
  /** Errors come in bursts of so many. */
  readonly burst: number
  /** That a pod pauses between two scrapes. */
  readonly pause: number
  /** Load, as a logarithm: `keep` of the last one and `step` of a normal one. Its past may be even. */
  readonly wander: { readonly keep: number; readonly step: number; readonly evenPast: boolean }
  /** Times the load. */
  readonly load?: (at: number) => number
  /** Of both versions. */
  readonly ordinary: (at: number) => Health
  readonly canary: (ordinary: Health, at: number, pod: number) => Health
  readonly stable?: (ordinary: Health, at: number, pod: number) => Health
  /** When a stable pod comes; the others have been there for long. */
  readonly joins?: (pod: number) => number
  /** What the new version does is counted nowhere. */
  readonly isLost?: boolean
  /** Shares of the buckets. */
  readonly durations: (health: Health, isPaused: boolean) => readonly number[]
}

/** Shares of the buckets, from the shares below each edge. */
export function bucketsOf(below: readonly number[]): number[] {
  const all = [0, ...below, 1]
  return all.slice(1).map((share, i) => max(share - (all[i] ?? 0), 0))
}

/** Share of log-normal durations below each edge. */
export const logNormal = (edges: readonly number[], median: number, sigma: number): number[] =>
  edges.map((edge) => 0.5 * (1 + errorFunction(log(edge / median) / (sigma * SQRT2))))

export const DEFAULT_EDGES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** A world in which time passes by scrapes. The same random numbers and shares give the same traffic. */
export class World {
  readonly service: Service
  readonly past: readonly PodLine[]
  readonly #random: Random
  readonly #speeds: { readonly canary: readonly number[]; readonly stable: readonly number[] }
  readonly #known = new Map<string, readonly number[]>()
  #wander = 0
  #scrape: number

  constructor(service: Service, random: Random) {
    this.service = service
    this.#random = random
    const speed = (): number => exp(service.spread * normal(random))
    this.#speeds = {
      canary: Array.from({ length: service.pods.canary }, speed),
      stable: Array.from({ length: service.pods.stable }, speed)
    }
    this.#scrape = -service.past
    const before = Array.from({ length: service.past }, () => this.next(0).stable)
    this.past = this.#speeds.stable.map((_, pod) => before.map((cells) => cells[pod] ?? null))
  }

  /** @param share of the users who are on the new version */
  next(share: number): { readonly stable: readonly (Cell | null)[]; readonly canary: readonly Cell[] } {
    const { service } = this
    const at = this.#scrape * service.scrape
    this.#scrape += 1
    const { keep, step, evenPast } = service.wander
    if (at >= 0 || !evenPast) this.#wander = keep * this.#wander + step * normal(this.#random)
    const load = service.rps * service.scrape * exp(this.#wander) * (service.load?.(at) ?? 1)
    const ordinary = service.ordinary(at)
    const isAlive = this.#speeds.stable.map((_, pod) => at >= (service.joins?.(pod) ?? -Infinity))
    const alive = isAlive.filter(Boolean).length
    const stable = this.#speeds.stable.map((speed, pod) =>
      isAlive[pod] === true
        ? this.#serve((load * (1 - share)) / alive, service.stable?.(ordinary, at, pod) ?? ordinary, speed)
        : null
    )
    const canary = this.#speeds.canary.map((speed, pod) =>
      this.#serve(
        service.isLost === true ? 0 : (load * share) / this.#speeds.canary.length,
        service.canary(ordinary, at, pod),
        speed
      )
    )
    return { stable, canary }
  }

  #serve(requests: number, health: Health, speed: number): Cell {
    const n = poisson(this.#random, requests)
    const isPaused = this.#random() < this.service.pause
    const e = bursts(this.#random, n, health.errors, this.service.burst)
    return {
      n,
      e,
      h: multinomial(this.#random, n, this.#shares({ ...health, times: health.times * speed }, isPaused))
    }
  }

  #shares(health: Health, isPaused: boolean): readonly number[] {
    const key = `${health.times} ${health.slow} ${isPaused}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found = this.service.durations(health, isPaused)
    this.#known.set(key, found)
    return found
  }
}

/** Of two kinds of requests a share is of the second one. */
export const mixed = (one: readonly number[], other: readonly number[], share: number): number[] =>
  one.map((value, i) => (1 - min(share, 1)) * value + min(share, 1) * (other[i] ?? 0))
