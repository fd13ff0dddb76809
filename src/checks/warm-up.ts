import type { MeasuredStep } from './sampler.ts'

/** What a bound is read over, and how that is taken. */
export interface Window {
  /** With the begin of what is read. */
  readonly step: MeasuredStep
  /** Readings are shown, not judged. */
  readonly isWarmingUp: boolean
}

/**
 * In the warm-up the requests since the step began are read. After it only those since its end: counts that add up keep what was
 * slow while caches were cold.
 * @param warmUpEnds milliseconds since the epoch; undefined without a warm-up
 */
export function windowAt(now: number, step: MeasuredStep, warmUpEnds: number | undefined): Window {
  if (warmUpEnds === undefined || step.startedAt >= warmUpEnds) return { step, isWarmingUp: false }
  if (now < warmUpEnds) return { step, isWarmingUp: true }
  return { step: { ...step, startedAt: warmUpEnds }, isWarmingUp: false }
}

/** However short a step is, so long is waited for what few requests cannot tell yet; in milliseconds. */
const LEAST = 30_000

/** Whether a step has taken twice its time, and its time since what is read began. */
export const isOvertime = (now: number, step: MeasuredStep, window: MeasuredStep, length: number): boolean =>
  now >= Math.max(step.startedAt + 2 * length, window.startedAt + Math.max(length, LEAST))
