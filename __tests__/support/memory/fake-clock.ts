import type { Clock } from '../../../src/base/clock.ts'

/** The moment at which every fake clock begins. */
export const EPOCH = Date.UTC(2026, 10, 3, 14, 0, 0)

const LONGEST = 2 * 3_600_000

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** Resolves when all pending promises that do not wait for time have settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * A clock whose time a test owns: a sleep ends when the time is advanced past it. With `auto` the time goes on by
 * itself, from sleep to sleep, whenever nothing else is left to do.
 */
export class FakeClock implements Clock {
  #now = EPOCH
  /** In the order in which they wake up. */
  readonly #sleepers: Sleeper[] = []
  #ticking = false
  #ended = false
  readonly #auto: boolean

  constructor({ auto = false }: { readonly auto?: boolean } = {}) {
    this.#auto = auto
  }

  now(): number {
    return this.#now
  }

  /** Rejects after two hours of fake time, since a sleep that is still pending then would never end. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    if (this.#now + ms > EPOCH + LONGEST) reject(new Error('two hours have passed and nothing has ended it'))
    const sleeper = {
      at: this.#now + Math.max(0, ms),
      wake: () => {
        resolve(undefined)
      }
    }
    const stop = (): void => {
      const at = this.#sleepers.indexOf(sleeper)
      if (at >= 0) this.#sleepers.splice(at, 1)
      reject(signal?.reason as Error)
    }
    if (signal?.aborted) stop()
    else {
      this.#sleepers.splice(this.#placeOf(sleeper.at), 0, sleeper)
      signal?.addEventListener('abort', stop, { once: true })
    }
    this.#tick()
    return promise.finally(() => {
      signal?.removeEventListener('abort', stop)
    })
  }

  /** Lets so many milliseconds pass, and everything happen that waits for a moment among them. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    while (this.#wakeNext(end)) await settled()
    this.#now = end
  }

  /** Stops the clock: pending sleeps never end. */
  stop(): void {
    this.#ended = true
    this.#sleepers.length = 0
  }

  /** The time of one process, which can be stopped: a machine that is suspended, a runner that was killed. */
  process(): ProcessClock {
    return new ProcessClock(this)
  }

  #tick(): void {
    if (!this.#auto || this.#ticking || this.#ended) return
    this.#ticking = true
    setImmediate(() => {
      this.#ticking = false
      if (this.#wakeNext(Infinity)) this.#tick()
    })
  }

  /** Inserts a sleeper behind all that wake up at the same time or sooner. */
  #placeOf(at: number): number {
    let [low, high] = [0, this.#sleepers.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#sleepers[middle]?.at ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  #wakeNext(until: number): boolean {
    const [next] = this.#sleepers
    if (next === undefined || next.at > until) return false
    this.#sleepers.shift()
    this.#now = Math.max(this.#now, next.at)
    next.wake()
    return true
  }
}

export class ProcessClock implements Clock {
  readonly #world: Clock
  #stopped: PromiseWithResolvers<undefined> | undefined

  constructor(world: Clock) {
    this.#world = world
  }

  now(): number {
    return this.#world.now()
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#world.sleep(ms, signal)
    await this.awake()
    signal?.throwIfAborted()
  }

  /** Resolves at once, unless the process is suspended: then when it continues. If it was stopped, never. */
  async awake(): Promise<void> {
    await this.#stopped?.promise
  }

  /** From now on nothing in the process happens any more. */
  stop(): void {
    this.#stopped ??= Promise.withResolvers()
  }

  /** Everything that was due while the process was suspended happens now. */
  resume(): void {
    this.#stopped?.resolve(undefined)
    this.#stopped = undefined
  }
}
