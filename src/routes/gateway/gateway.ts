import { need } from '../../kubernetes/needs.ts'
import { commonShare, portAmong, shareOf } from '../backend-weights.ts'
import type { Route, RouteObjects } from '../route.ts'
import { gatewayLag } from './lag.ts'
import { gatewayProblem } from './problem.ts'
import {
  refsOf,
  rulesOf,
  sidesOf,
  withoutRelease,
  withRelease,
  type GatewayRoute,
  type ParentRef,
  type ParentStatus
} from './rules.ts'

const GROUP = 'gateway.networking.k8s.io'

/**
 * A route of the Gateway API: the canary's Service stands beside the apex in each rule that refers to it, also with
 * a weight of 0, so that its controller has taken it before anybody is sent there.
 */
function gatewayRoute(objectKind: 'HTTPRoute' | 'GRPCRoute', resource: string): Route {
  const kind = objectKind.toLowerCase()
  return {
    kind,
    object: { apiVersion: `${GROUP}/v1`, kind: objectKind },
    others: [],
    needs: need(GROUP, resource, 'get', 'list', 'watch', 'patch'),
    can: ['weight', 'header', 'mirror'],
    shareOf: 'requests',
    lag: ([object]) => gatewayLag(object as GatewayRoute),
    port: (object, services) => portAmong(rulesOf(object as GatewayRoute).flatMap(refsOf), services),
    problem: ([object], backends, splits) => gatewayProblem(object as GatewayRoute, backends, splits),
    split([object], backends, split) {
      const sides = sidesOf(backends)
      return [withRelease(withoutRelease(object as GatewayRoute, sides), sides, split)]
    },
    settle: ([object], backends) => [withoutRelease(object as GatewayRoute, sidesOf(backends))],
    weight([object], backends) {
      const sides = sidesOf(backends)
      const ours = rulesOf(object as GatewayRoute).filter((rule) => refsOf(rule).some(sides.isApex))
      return commonShare(ours.map((rule) => shareOf(refsOf(rule), sides)))
    },
    pending
  }
}

export const httpRoute = gatewayRoute('HTTPRoute', 'httproutes')
export const grpcRoute = gatewayRoute('GRPCRoute', 'grpcroutes')

function pending([object]: RouteObjects): string | undefined {
  const { metadata, spec, status } = object as GatewayRoute
  const answers = (status?.parents ?? []).filter(({ parentRef }) =>
    (spec.parentRefs ?? []).some((own) => sameParent(own, parentRef, metadata.namespace))
  )
  if (answers.length === 0) return 'no gateway has accepted it yet'
  const missing = answers.flatMap((answer) => missingOf(answer, metadata.generation ?? 0))
  return missing.length === 0 ? undefined : [...new Set(missing)].join('; ')
}

const sameParent = (one: ParentRef, other: ParentRef, namespace: string | undefined): boolean =>
  nameOf(one, namespace) === nameOf(other, namespace)

const nameOf = (
  { group = GROUP, kind = 'Gateway', namespace, name, sectionName, port }: ParentRef,
  own: string | undefined
): string => JSON.stringify([group, kind, namespace ?? own, name, sectionName, port])

/** A controller that has not observed this generation may still serve the previous one, whatever its conditions say. */
function missingOf(
  { parentRef, controllerName, conditions = [] }: ParentStatus,
  generation: number
): string[] {
  const at = `${(parentRef.kind ?? 'Gateway').toLowerCase()}/${parentRef.name}`
  return ['Accepted', 'ResolvedRefs'].flatMap((type) => {
    const condition = conditions.find((one) => one.type === type)
    if (condition === undefined || (condition.observedGeneration ?? 0) < generation)
      return [`${controllerName} has not looked at it for ${at} yet`]
    if (condition.status === 'True') return []
    const { reason = 'no reason', message = '' } = condition
    return [`${controllerName} says for ${at}: not ${type}, ${reason}${message && `: ${message}`}`]
  })
}
