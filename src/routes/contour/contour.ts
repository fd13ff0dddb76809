import { need } from '../../kubernetes/needs.ts'
import { commonShare, portAmong, shareOf } from '../backend-weights.ts'
import type { Route, RouteObjects } from '../route.ts'
import { httpProxyProblem } from './problem.ts'
import {
  routesOf,
  servicesOf,
  sidesOf,
  spelledOut,
  withoutRelease,
  withRelease,
  type HttpProxy
} from './rules.ts'

const GROUP = 'projectcontour.io'

/** A proxy of Contour's: the canary's Service stands beside the apex in each route that sends requests to it. */
export const httpProxyRoute: Route = {
  kind: 'httpproxy',
  object: { apiVersion: `${GROUP}/v1`, kind: 'HTTPProxy' },
  others: [],
  needs: need(GROUP, 'httpproxies', 'get', 'list', 'watch', 'patch'),
  can: ['weight', 'header', 'mirror'],
  metrics: 'envoy',
  shareOf: 'requests',
  lag: () => 5000,
  port: (object, services) => portAmong(routesOf(object as HttpProxy).flatMap(servicesOf), services),
  problem: ([object], backends, splits) => httpProxyProblem(object as HttpProxy, backends, splits),
  split([object], backends, split) {
    const sides = sidesOf(backends)
    return [withRelease(withoutRelease(object as HttpProxy, sides), sides, split)]
  },
  settle: ([object], backends) => [withoutRelease(object as HttpProxy, sidesOf(backends))],
  weight([object], backends) {
    const sides = sidesOf(backends)
    const ours = routesOf(object as HttpProxy).filter((route) => servicesOf(route).some(sides.isApex))
    return commonShare(ours.map((route) => shareOf(spelledOut(servicesOf(route)), sides)))
  },
  pending
}

function pending([object]: RouteObjects): string | undefined {
  const { metadata, status } = object as HttpProxy
  const valid = status?.conditions?.find(({ type }) => type === 'Valid')
  if (valid === undefined || (valid.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return 'Contour has not looked at it yet'
  if (valid.status === 'True') return undefined
  const errors = (valid.errors ?? []).map(({ reason, message }) => `${reason}: ${message}`)
  return `Contour says that it is ${status?.currentStatus ?? 'invalid'}: ${errors.join('; ') || (valid.message ?? 'no reason')}`
}
