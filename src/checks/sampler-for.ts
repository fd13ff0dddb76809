import type { Clock } from '../base/clock.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { ObservedRoute } from '../observe/observed.ts'
import type { Metrics } from './metrics.ts'
import { createSampler, type Sampler } from './sampler.ts'

/** What measures the checks; undefined when there are none. */
export function samplerFor(
  inputs: Pick<Inputs, 'checks' | 'metrics'>,
  metrics: Metrics | undefined,
  clock: Clock,
  routes: readonly ObservedRoute[]
): Sampler | undefined {
  if (metrics === undefined || inputs.checks.length === 0) return undefined
  const source = inputs.metrics ?? routes[0]?.route.metrics ?? 'http'
  return createSampler(metrics, clock, inputs.checks, source)
}
