import { canonical } from '../../kubernetes/canonical.ts'
import type { Condition, KubernetesObject } from '../../kubernetes/objects.ts'
import { apexWeights, divide, unite, type Sides, type Weighted } from '../backend-weights.ts'
import { keptWeights, weightsIn, withBefore, type RulesBefore } from '../before.ts'
import type { Backends, HeaderMatch, Split } from '../route.ts'

/** Always of the proxy's own namespace. */
export interface ServiceEntry extends Weighted {
  /** It gets copies; its weight is then their percentage, and none is all of them. */
  readonly mirror?: boolean
}

export interface ProxyRoute {
  readonly conditions?: readonly { readonly header?: { readonly name: string; readonly exact?: string } }[]
  readonly services?: readonly ServiceEntry[]
}

export interface HttpProxy extends KubernetesObject {
  readonly spec: { readonly routes?: readonly ProxyRoute[]; readonly tcpproxy?: unknown }
  readonly status?: { readonly currentStatus?: string; readonly conditions?: readonly ValidCondition[] }
}

type ValidCondition = Condition & {
  readonly observedGeneration?: number
  readonly errors?: readonly { readonly reason: string; readonly message: string }[]
}

export const sidesOf = ({ apex, canary }: Backends): Sides<ServiceEntry> => ({
  isApex: ({ name, mirror }) => name === apex && mirror !== true,
  isCanary: ({ name, mirror }) => name === canary && mirror !== true,
  canary
})

export const routesOf = ({ spec }: HttpProxy): readonly ProxyRoute[] => spec.routes ?? []

export const servicesOf = ({ services = [] }: ProxyRoute): readonly ServiceEntry[] => services

export const isMirror = ({ mirror }: ServiceEntry): boolean => mirror === true

/** Whether any service has a weight. If none has, Contour shares equally; otherwise services without a weight get nothing. */
export const areWeighted = (services: readonly ServiceEntry[]): boolean =>
  services.some((entry) => !isMirror(entry) && (entry.weight ?? 0) > 0)

/** Every entry with its weight as Contour takes it, as a part of the users' requests. */
export function spelledOut(services: readonly ServiceEntry[]): readonly ServiceEntry[] {
  const share = areWeighted(services) ? ({ weight = 0 }: ServiceEntry): number => weight : () => 1
  return services.map((entry) => ({ ...entry, weight: isMirror(entry) ? 0 : share(entry) }))
}

/** Applies `change` to entries with explicit weights. Entries of others keep their text, unless its meaning would change. */
function reweighed(
  services: readonly ServiceEntry[],
  change: (spelled: readonly ServiceEntry[]) => readonly ServiceEntry[]
): readonly ServiceEntry[] {
  const spelled = spelledOut(services)
  const weighted = areWeighted(services)
  return change(spelled).map((entry) => {
    const written = services[spelled.indexOf(entry)]
    return written !== undefined && (weighted || isMirror(written)) ? written : entry
  })
}

const isDivided = (route: ProxyRoute, { isApex, isCanary }: Sides<ServiceEntry>): boolean =>
  servicesOf(route).some(isApex) && servicesOf(route).some(isCanary)

/** The proxy as it is outside a release. */
export function withoutRelease(proxy: HttpProxy, sides: Sides<ServiceEntry>): HttpProxy {
  const before = keptWeights(proxy)
  const own = withoutCopies(routesOf(proxy), sides, before)
  const divided = own.filter((route) => isDivided(route, sides))
  const known = weightsIn(before, divided)
  const routes = own.map((route) => {
    if (!servicesOf(route).some(sides.isApex)) return route
    const services = servicesOf(route).filter((entry) => !isMirror(entry) || entry.name !== sides.canary)
    return { ...route, services: united(services, sides, known(route)) }
  })
  return withRoutes(proxy, routes, undefined)
}

/**
 * Restores the weights. If others have given its neighbours weights meanwhile, an apex without weight would lose all
 * requests to them: it then keeps the sum of both versions' weights.
 */
function united(
  services: readonly ServiceEntry[],
  sides: Sides<ServiceEntry>,
  before: readonly (number | null)[] | undefined
): readonly ServiceEntry[] {
  if (!services.some(sides.isCanary)) return services
  const neighbours = services.filter((entry) => !sides.isApex(entry) && !sides.isCanary(entry))
  const starved = areWeighted(neighbours) && before?.every((weight) => !weight)
  return reweighed(services, (spelled) => unite(spelled, sides, starved ? undefined : before))
}

/**
 * Removes the routes of header steps. Without the annotation these are: a route to the canary alone, right before a
 * divided route with the same conditions but for a leading header.
 */
const withoutCopies = (
  routes: readonly ProxyRoute[],
  sides: Sides<ServiceEntry>,
  before: RulesBefore | undefined
): readonly ProxyRoute[] =>
  routes.filter((route, at) => {
    const users = servicesOf(route).filter((entry) => !isMirror(entry))
    const [{ header } = {}, ...conditions] = route.conditions ?? []
    if (users.length === 0 || !users.every(sides.isCanary) || header?.exact === undefined) return true
    if (before !== undefined)
      return header.name !== before.header?.name || header.exact !== before.header.value
    const next = routes[at + 1] ?? {}
    return !isDivided(next, sides) || canonical(conditions) !== canonical(next.conditions ?? [])
  })

/** `proxy` is as outside a release. */
export function withRelease(proxy: HttpProxy, sides: Sides<ServiceEntry>, split: Split): HttpProxy {
  const { weight, header, mirror } = split
  const weights = apexWeights(routesOf(proxy).map(servicesOf), sides)
  const routes = routesOf(proxy).flatMap((route) => {
    const services = servicesOf(route)
    const apex = services.find(sides.isApex)
    if (apex === undefined) return [route]
    const { weight: _, ...canary } = { ...apex, name: sides.canary }
    const divided = reweighed(services, (spelled) => divide(spelled, sides, weight))
    const mirrored = mirror === undefined ? [] : [{ ...canary, mirror: true, weight: mirror }]
    return [
      ...(header === undefined ? [] : [copyFor(route, header, canary)]),
      { ...route, services: [...divided, ...mirrored] }
    ]
  })
  return withRoutes(proxy, routes, { weights, ...(header && { header }) })
}

/**
 * Contour prefers the route with more header conditions. The last condition decides how the path is matched, so the
 * header comes first.
 */
const copyFor = (route: ProxyRoute, { name, value }: HeaderMatch, canary: ServiceEntry): ProxyRoute => ({
  ...route,
  conditions: [{ header: { name, exact: value } }, ...(route.conditions ?? [])],
  services: [canary, ...servicesOf(route).filter(isMirror)]
})

function withRoutes(
  proxy: HttpProxy,
  routes: readonly ProxyRoute[],
  before: RulesBefore | undefined
): HttpProxy {
  const spec = proxy.spec.routes === undefined ? proxy.spec : { ...proxy.spec, routes }
  return withBefore({ ...proxy, spec }, before)
}
