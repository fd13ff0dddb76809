import type { Clock } from '../../base/clock.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Metrics } from './metrics.ts'
import type { Detection, Names } from './recipes.ts'
import { newestSample } from './samples.ts'
import type { RequestSource } from './source-queries.ts'

/** Finds a version's metrics, and learns Prometheus' time by that. */
export class Detector<R extends Names> {
  readonly #metrics: Metrics
  readonly #clock: Clock
  readonly #source: RequestSource<R>
  #ahead = 0

  constructor(metrics: Metrics, clock: Clock, source: RequestSource<R>) {
    this.#metrics = metrics
    this.#clock = clock
    this.#source = source
  }

  /** How far Prometheus' clock is ahead of ours, in milliseconds: its samples carry its own time. */
  get ahead(): number {
    return this.#ahead
  }

  /** Prometheus' time. */
  now(): number {
    return this.#clock.now() + this.#ahead
  }

  /** How many seconds a range must have to reach back to a moment of Prometheus' time. */
  secondsSince(from: number): number {
    return Math.max(1, Math.ceil((this.now() - from) / 1000) + 1)
  }

  async detect(measured: MeasuredVersion, signal?: AbortSignal): Promise<Detection<R>> {
    const asked = this.#clock.now()
    const answer = await this.#metrics.query(this.#source.detectionQuery(measured), signal)
    const evaluated = newestSample(answer)
    if (evaluated !== undefined) this.#ahead = evaluated - (asked + this.#clock.now()) / 2
    return this.#source.detect(answer, measured)
  }
}
