import { createSampler } from './sampler.ts'
import type { Sampler } from './sampler.ts'
import type { ObservedRoute } from '../observe/observed.ts'
import type { Request } from '../commands/invocation.ts'

/** What measures the checks; undefined when there are none. */
export function samplerFor(
  { inputs, metrics, ports }: Pick<Request, 'inputs' | 'metrics' | 'ports'>,
  routes: readonly ObservedRoute[]
): Sampler | undefined {
  if (metrics === undefined || inputs.checks.length === 0) return undefined
  const source = inputs.metrics ?? routes[0]?.route.metrics ?? 'http'
  return createSampler(metrics, ports.clock, inputs.checks, source)
}
