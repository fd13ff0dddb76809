import { canonical } from '../../kubernetes/canonical.ts'
import { missingFineness, weightOf } from '../backend-weights.ts'
import { BEFORE_ANNOTATION, type Backends, type Split } from '../route.ts'
import {
  areWeighted,
  isMirror,
  routesOf,
  servicesOf,
  sidesOf,
  spelledOut,
  withoutRelease,
  type HttpProxy,
  type ProxyRoute
} from './rules.ts'

/** Why the proxy cannot be split like this; undefined when it can. */
export function httpProxyProblem(
  live: HttpProxy,
  backends: Backends,
  splits: readonly Split[]
): string | undefined {
  const { apex, canary } = backends
  const sides = sidesOf(backends)
  const name = `httpproxy/${live.metadata.name}`
  const outside = withoutRelease(live, sides)
  if (live.spec.tcpproxy !== undefined)
    return `${name} has spec.tcpproxy, which takes connections past spec.routes: name an HTTPProxy without it`
  const used = routesOf(outside)
    .flatMap((route) => spelledOut(servicesOf(route)))
    .filter((entry) => weightOf(entry) > 0)
  if (!used.some(sides.isApex)) {
    const others = [...new Set(used.map((entry) => `service/${entry.name}`))].join(', ') || 'nobody'
    return `no route of ${name} sends requests to service/${apex}, they go to ${others}: name service/${apex} in the spec.routes that users of this workload come through; what stands in spec.includes is an HTTPProxy of its own`
  }
  if (
    live.metadata.annotations?.[BEFORE_ANNOTATION] === undefined &&
    canonical(live.spec) !== canonical(outside.spec)
  )
    return `${name} sends or mirrors requests to service/${canary} beside service/${apex} already, without a release: take those entries out, a release makes its own`
  const problems = routesOf(outside).map((route, at) => {
    const why = routeProblem(route, backends, splits)
    return why && `route ${at + 1} of ${name} ${why}`
  })
  return problems.find((why) => why !== undefined)
}

function routeProblem(route: ProxyRoute, backends: Backends, splits: readonly Split[]): string | undefined {
  const headers = (route.conditions ?? []).flatMap(({ header }) => header?.name.toLowerCase() ?? [])
  const taken = splits.find(({ header }) => header && headers.includes(header.name.toLowerCase()))?.header
  if (taken) return `matches on the header ${taken.name} itself: use another header for the step`
  const services = servicesOf(route)
  const sides = sidesOf(backends)
  if (!services.some(sides.isApex)) return undefined
  const mirror = services.find(isMirror)
  if (mirror && splits.some((split) => split.mirror !== undefined))
    return `mirrors to service/${mirror.name} already, and Contour allows one mirror a route: take it out, or leave the mirror step out`
  if (!areWeighted(services) && services.filter((entry) => !isMirror(entry)).length > 1)
    return `gives none of its services a weight, which would change what they get when one has: give each a weight of 100`
  const missing = missingFineness(
    spelledOut(services),
    sides,
    splits.map(({ weight }) => weight)
  )
  return (
    missing &&
    `gives service/${backends.apex} a weight of ${missing.weight} beside others, which is too coarse to take ${missing.percent} % of it: multiply all weights of that route by ${missing.factor}`
  )
}
