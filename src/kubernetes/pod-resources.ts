import type { LimitRange } from './limits.ts'
import type { Container, PodSpec, Quantities } from './objects.ts'
import { parseQuantity } from './quantity.ts'

/** What a namespace gives containers that say nothing themselves. */
export interface Defaults {
  readonly requests: Quantities
  readonly limits: Quantities
}

export type Side = keyof Defaults

export function defaultsIn(limitRanges: readonly LimitRange[]): Defaults {
  const items = limitRanges
    .flatMap(({ spec }) => spec?.limits ?? [])
    .filter(({ type }) => type === 'Container')
  return {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)) as Quantities,
    limits: Object.assign({}, ...items.map((item) => item.default)) as Quantities
  }
}

const parsed = (quantity: string | number | undefined): bigint | undefined =>
  quantity === undefined ? undefined : parseQuantity(quantity)

/** What a container asks for of a resource, as the API server fills it in; undefined: nothing. */
export function quantityIn(
  { resources = {} }: Container,
  side: Side,
  resource: string,
  defaults: Defaults
): bigint | undefined {
  const { requests = {}, limits = {} } = resources
  return side === 'limits'
    ? parsed(limits[resource] ?? defaults.limits[resource])
    : parsed(requests[resource] ?? limits[resource] ?? defaults.requests[resource])
}

export const allContainers = ({ containers, initContainers = [] }: PodSpec): readonly Container[] => [
  ...initContainers,
  ...containers
]

/** A sidecar among the init containers. */
export const runsBeside = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'

/** What a pod counts for: all that runs at the same time, or an init container that is bigger than that. */
export function podUsage(spec: PodSpec, side: Side, resource: string, defaults: Defaults): bigint {
  const overhead = parsed(spec.overhead?.[resource]) ?? 0n
  const ofPod = parsed(spec.resources?.[side]?.[resource])
  if (ofPod !== undefined) return ofPod + overhead
  const usage = (container: Container): bigint => quantityIn(container, side, resource, defaults) ?? 0n
  const sum = (containers: readonly Container[]): bigint =>
    containers.reduce((total, container) => total + usage(container), 0n)
  const { containers, initContainers = [] } = spec
  const peaks = initContainers.map((container, at) =>
    runsBeside(container) ? 0n : usage(container) + sum(initContainers.slice(0, at).filter(runsBeside))
  )
  const running = sum([...containers, ...initContainers.filter(runsBeside)])
  return peaks.reduce((most, peak) => (peak > most ? peak : most), running) + overhead
}
