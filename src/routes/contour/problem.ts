import { tooCoarse, weightOf } from '../backend-weights.ts'
import { alreadySplit } from '../before.ts'
import type { Backends, Split } from '../route.ts'
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
  const { apex } = backends
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
  const problems = routesOf(outside).map((route, at) => {
    const why = routeProblem(route, backends, splits)
    return why && `route ${at + 1} of ${name} ${why}`
  })
  return alreadySplit(live, outside, backends) ?? problems.find((why) => why !== undefined)
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
  const apex = `service/${backends.apex}`
  return tooCoarse(spelledOut(services), sides, splits, { apex, all: 'of that route' })
}
