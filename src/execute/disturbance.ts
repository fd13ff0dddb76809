import { practiceOf } from './practice.ts'
import { untilRefused } from './refused.ts'
import type { ReleaseRun } from './release-run.ts'
import { trafficsOf } from './route-writers.ts'

/** What stops a release from outside of its steps. */
export interface Disturbance {
  /** Aborted by the first disturbance, which is its reason. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch at which the disturbance came; undefined without one. */
  readonly since: () => number | undefined
  /** Ends the watches, and the guard over the traffic. */
  readonly end: () => void
}

/**
 * Watches for what a release must not go on after: it is cancelled, its lock is lost, its traffic is taken, the
 * Deployment that serves is changed or a controller refuses a route. Guards its traffic until the end.
 */
export function watchFor(run: ReleaseRun, cancelled: AbortSignal): Disturbance {
  const traffics = trafficsOf(run)
  const ended = new AbortController()
  const disturbed = new AbortController()
  const broken = traffics.map((traffic) => traffic.broken)
  const signal = AbortSignal.any([cancelled, run.lock.lost, ...broken, disturbed.signal])
  for (const watch of [practiceOf(run).untilDisturbed, untilRefused])
    watch(run, ended.signal).catch((error: unknown) => {
      disturbed.abort(error)
    })
  let since: number | undefined
  signal.addEventListener('abort', () => (since = run.ports.clock.now()))
  for (const traffic of traffics) traffic.guard(AbortSignal.any([ended.signal, run.lock.lost]))
  return {
    signal,
    since: () => since,
    end: () => {
      ended.abort()
    }
  }
}
