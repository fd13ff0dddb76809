import { need } from '../kubernetes/needs.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import {
  commonShare,
  divide,
  portAmong,
  shareOf,
  tooCoarse,
  unite,
  weightOf,
  type Sides,
  type Weighted
} from './backend-weights.ts'
import { alreadySplit, readBefore, withBefore } from './before.ts'
import type { Backends, Route, Split } from './route.ts'

interface ServiceEntry extends Weighted {
  readonly kind?: string
  readonly namespace?: string
}

interface WeightedServices {
  readonly services?: readonly ServiceEntry[]
}

interface Mirroring extends ServiceEntry {
  readonly mirrors?: readonly (ServiceEntry & { readonly percent?: number })[]
}

interface TraefikService extends KubernetesObject {
  readonly spec: { readonly weighted?: WeightedServices; readonly mirroring?: Mirroring }
}

/**
 * Content of the annotation: the weights of the apex's entries (null: none), or the whole `weighted` field that a
 * mirror has replaced.
 */
type Before = { readonly weights: readonly (number | null)[] } | { readonly weighted: WeightedServices }

const GROUP = 'traefik.io'

/**
 * A TraefikService that shares requests by weight. It has no status, so Traefik's acceptance cannot be observed. A
 * sticky cookie keeps existing sessions where they are; weights apply to new sessions.
 */
export const traefikServiceRoute: Route = {
  kind: 'traefikservice',
  object: { apiVersion: `${GROUP}/v1alpha1`, kind: 'TraefikService' },
  others: [],
  needs: need(GROUP, 'traefikservices', 'get', 'list', 'watch', 'patch'),
  can: ['weight', 'mirror'],
  metrics: 'traefik',
  shareOf: 'requests',
  // Traefik gathers changes for 2 s (`providersThrottleDuration`).
  lag: () => 3000,
  port(object, services) {
    const { weighted, mirroring } = (object as TraefikService).spec
    const entries = [...(weighted?.services ?? []), ...(mirroring === undefined ? [] : [mirroring])]
    return portAmong(entries, services)
  },
  problem: ([object], backends, splits) => problem(object as TraefikService, backends, splits),
  split([object], backends, split) {
    const outside = withoutRelease(object as TraefikService, sidesOf(backends))
    return [withRelease(outside, sidesOf(backends), split)]
  },
  settle: ([object], backends) => [withoutRelease(object as TraefikService, sidesOf(backends))],
  weight([object], backends) {
    const { weighted, mirroring } = (object as TraefikService).spec
    const sides = sidesOf(backends)
    if (weighted === undefined && mirroring !== undefined) return sides.isApex(mirroring) ? 0 : undefined
    return commonShare([shareOf(weighted?.services ?? [], sides)])
  },
  pending: () => undefined
}

function sidesOf({ namespace, apex, canary }: Backends): Sides<ServiceEntry> {
  const refersTo =
    (name: string) =>
    ({ kind = 'Service', ...entry }: ServiceEntry): boolean =>
      kind === 'Service' && entry.name === name && (entry.namespace ?? namespace) === namespace
  return { isApex: refersTo(apex), isCanary: refersTo(canary), canary }
}

/**
 * The object as it is outside a release. If it has `weighted` beside the release's mirror, its author has applied it
 * anew: then only the mirror is removed.
 */
function withoutRelease(object: TraefikService, sides: Sides<ServiceEntry>): TraefikService {
  const before = keptBefore(object)
  const { mirroring, ...others } = object.spec
  const ours = mirroring !== undefined && mirrorsToCanary(mirroring, sides)
  const { weighted } = object.spec
  if (ours && weighted === undefined) {
    const own = before !== undefined && 'weighted' in before ? before.weighted : unmirrored(mirroring)
    return written(object, { ...others, weighted: own }, undefined)
  }
  const spec = ours ? others : object.spec
  if (weighted?.services?.some(sides.isApex) !== true) return written(object, spec, undefined)
  const weights = before !== undefined && 'weights' in before ? before.weights : undefined
  const services = unite(weighted.services, sides, weights)
  return written(object, { ...spec, weighted: { ...weighted, services } }, undefined)
}

const mirrorsToCanary = (mirroring: Mirroring, sides: Sides<ServiceEntry>): boolean =>
  sides.isApex(mirroring) && mirroring.mirrors?.some(sides.isCanary) === true

function unmirrored({ mirrors: _, ...apex }: Mirroring): WeightedServices {
  return { services: [apex] }
}

/** `object` is as outside a release. */
function withRelease(object: TraefikService, sides: Sides<ServiceEntry>, split: Split): TraefikService {
  const { weighted = {}, ...others } = object.spec
  const services = weighted.services ?? []
  const own = services.filter(sides.isApex)
  const [apex] = own
  if (apex === undefined) return object
  if (split.mirror === undefined) {
    const divided = { ...weighted, services: divide(services, sides, split.weight) }
    const weights = own.map(({ weight }) => weight ?? null)
    return written(object, { ...others, weighted: divided }, { weights })
  }
  const { weight: _, ...unweighted } = apex
  const mirrors = [{ ...unweighted, name: sides.canary, percent: split.mirror }]
  return written(object, { ...others, mirroring: { ...unweighted, mirrors } }, { weighted })
}

const written = (
  object: TraefikService,
  spec: TraefikService['spec'],
  before: Before | undefined
): TraefikService => withBefore({ ...object, spec }, before)

/** Undefined when it is not there, or somebody has made something else of it. */
function keptBefore(object: TraefikService): Before | undefined {
  const before = readBefore(object) as { weights?: unknown; weighted?: WeightedServices } | null | undefined
  const kept = Array.isArray(before?.weights) || Array.isArray(before?.weighted?.services)
  return kept ? (before as Before) : undefined
}

function problem(live: TraefikService, backends: Backends, splits: readonly Split[]): string | undefined {
  const { apex } = backends
  const sides = sidesOf(backends)
  const name = `traefikservice/${live.metadata.name}`
  const outside = withoutRelease(live, sides)
  const { weighted } = outside.spec
  if (weighted === undefined) return notWeighted(name, outside, backends)
  const services = weighted.services ?? []
  if (!services.some((entry) => sides.isApex(entry) && weightOf(entry) > 0)) {
    const others = services
      .filter((entry) => weightOf(entry) > 0)
      .map(({ kind = 'Service', name: other }) => `${kind.toLowerCase()}/${other}`)
    const next = services.some(sides.isApex)
      ? `service/${apex} has a weight of 0 in spec.weighted.services: give it one`
      : `name service/${apex} in spec.weighted.services`
    return `${name} sends no requests to service/${apex}, but to ${others.join(', ') || 'nobody'}: ${next}`
  }
  const already = alreadySplit(live, outside, backends)
  if (already !== undefined) return already
  const mirrored = splits.some(({ mirror }) => mirror !== undefined)
  if (mirrored && services.length > 1)
    return `${name} shares requests between ${services.length} services, and a TraefikService cannot mirror besides: for a mirror step service/${apex} must be the only one in spec.weighted.services`
  const told = { apex: `service/${apex}`, all: 'in spec.weighted.services' }
  const coarse = tooCoarse(services, sides, splits, told)
  return coarse && `${name} ${coarse}`
}

function notWeighted(name: string, { spec }: TraefikService, { apex }: Backends): string {
  const kinds = Object.keys(spec).join(' and ') || 'empty'
  return `${name} is not weighted but ${kinds}: write spec.weighted.services with service/${apex} in it, and let any mirroring refer to that TraefikService`
}
