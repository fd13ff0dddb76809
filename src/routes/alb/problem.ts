import { canonical } from '../../kubernetes/canonical.ts'
import { tooCoarse, type Sides, type Weighted } from '../backend-weights.ts'
import { readBefore } from '../before.ts'
import { annotationsOf, servicesOf, type Ingress, type IngressService } from '../ingress.ts'
import type { Backends, HeaderMatch, Split } from '../route.ts'
import {
  actionKey,
  conditionsKey,
  groupsOf,
  isCanaryIn,
  isStableIn,
  parseAction,
  serviceOf,
  typeOf,
  weightOf,
  type Action,
  type TargetGroup
} from './action.ts'
import { divided, shareIn } from './actions.ts'
import { conditionsOf } from './header-paths.ts'
import { actionOf, ownServices, usesAction, withoutRelease } from './ingress.ts'

/** What a listener rule of an Application Load Balancer may have. */
const LIMITS = { groups: 5, headerName: 40, headerValue: 128, conditionValues: 5 }

/** Why the Ingress cannot be split like this; undefined when it can. */
export function albProblem(live: Ingress, backends: Backends, splits: readonly Split[]): string | undefined {
  const outside = withoutRelease(live, backends)
  const own = ownServices(outside, backends)
  const name = `ingress/${live.metadata.name}`
  const headers = splits.flatMap(({ header }) => header ?? [])
  const found = [
    ...servicesOf(outside).map((service) => unreadable(outside, service)),
    own.length === 0 ? notReferred(name, outside, backends) : undefined,
    ...own.flatMap((service) => [
      ambiguous(name, own, service),
      readBefore(live) === undefined ? alreadySplit(live, service, backends) : undefined,
      actionProblem(outside, service, backends, splits),
      headers.length === 0 ? undefined : roomForHeader(name, outside, service)
    ]),
    ...headers.map((header) => headerProblem(name, header))
  ]
  return found.find((problem) => problem !== undefined)
}

const textOf = (ingress: Ingress, service: IngressService): string | undefined =>
  usesAction(service) ? annotationsOf(ingress)[actionKey(service.name)] : undefined

function unreadable(ingress: Ingress, service: IngressService): string | undefined {
  const text = textOf(ingress, service)
  return text === undefined || parseAction(text) !== undefined
    ? undefined
    : `the annotation ${actionKey(service.name)} of ingress/${ingress.metadata.name} is not the JSON of an action: correct it`
}

function notReferred(name: string, ingress: Ingress, { apex }: Backends): string {
  const others = servicesOf(ingress).map((service) => whatItDoes(ingress, service))
  const found = others.length === 0 ? 'it has none at all' : `they go to ${[...new Set(others)].join(', ')}`
  return `no path of ${name} forwards requests to service/${apex}, ${found}: name service/${apex} in the paths that users of this workload come through, or among the target groups of their forward action`
}

function whatItDoes(ingress: Ingress, service: IngressService): string {
  if (!usesAction(service)) return `service/${service.name}`
  const action = parseAction(textOf(ingress, service) ?? '')
  if (action === undefined) return `the action ${service.name}, which has no annotation`
  const services = groupsOf(action).map((group) => `service/${serviceOf(group) ?? 'none'}`)
  return services.length === 0
    ? `the action ${service.name} of type ${typeOf(action)}`
    : `${services.join(' and ')} (action ${service.name})`
}

/** An action has the name of its Service, so each Service can have only one action. */
function ambiguous(
  name: string,
  own: readonly IngressService[],
  service: IngressService
): string | undefined {
  const others = own.filter(
    (one) => one.name === service.name && canonical(one.port) !== canonical(service.port)
  )
  const ports = [service, ...others].map(({ port }) => port?.name ?? String(port?.number))
  return others.length === 0
    ? undefined
    : `paths of ${name} refer to ${service.name} by different ports (${[...new Set(ports)].join(', ')}), and an action can have one only: write an annotation ${actionKey('<name>')} for each, and refer to it by the port use-annotation`
}

/** Requests that already go to the canary's slot would reach a version that has not been tested yet. */
function alreadySplit(live: Ingress, service: IngressService, backends: Backends): string | undefined {
  const action = actionOf(live, service, backends)
  if (action === undefined || shareIn(action, backends).canary === 0) return undefined
  return `the annotation ${actionKey(service.name)} of ingress/${live.metadata.name} sends requests to service/${backends.canary} already, where the new version comes to run before it is tested: give its weight to the version that serves`
}

function actionProblem(
  ingress: Ingress,
  service: IngressService,
  backends: Backends,
  splits: readonly Split[]
): string | undefined {
  const action = actionOf(ingress, service, backends) ?? {}
  const where = `the action ${service.name} of ingress/${ingress.metadata.name}`
  const count = groupsOf(divided(action, backends, 0)).length
  if (count > LIMITS.groups)
    return `${where} has ${groupsOf(action).length} target groups; with the new version's there would be more than the ${LIMITS.groups} that a rule may have`
  const coarse = coarsenessOf(action, backends, splits)
  return coarse && `${where} ${coarse} (999 is the greatest)`
}

type Entry = Weighted & { readonly group: TargetGroup }

function coarsenessOf(action: Action, backends: Backends, splits: readonly Split[]): string | undefined {
  const entries = groupsOf(action).map((group): Entry => ({
    group,
    name: serviceOf(group) ?? '',
    weight: weightOf(group)
  }))
  const sides: Sides<Entry> = {
    isApex: ({ group, weight = 0 }) => isStableIn(group, backends) && weight > 0,
    isCanary: ({ group }) => isCanaryIn(group, backends),
    canary: backends.canary
  }
  return tooCoarse(entries, sides, splits, { apex: `service/${backends.apex}`, all: 'of that action' })
}

/** The path and the host count as values of a rule, too. */
function roomForHeader(name: string, ingress: Ingress, service: IngressService): string | undefined {
  const isDefault = !(ingress.spec.rules ?? []).some(({ http }) =>
    http?.paths.some(({ backend }) => backend.service?.name === service.name)
  )
  if (isDefault)
    return `${service.name} is the default backend of ${name} alone, where nothing can stand before it: give it a path, or leave out the header step`
  const count = conditionsOf(ingress, service.name).flatMap(valuesOf).length
  return count + 3 <= LIMITS.conditionValues
    ? undefined
    : `the annotation ${conditionsKey(service.name)} of ${name} leaves no room for a header: with host, path and header a rule may have ${LIMITS.conditionValues} values`
}

/** Of a condition, e.g. `{"field": "http-header", "httpHeaderConfig": {"httpHeaderName": "x", "values": ["y"]}}`. */
const valuesOf = (condition: unknown): readonly unknown[] =>
  Object.values(condition ?? {}).flatMap((config: { values?: unknown[] } | null) => config?.values ?? [])

function headerProblem(route: string, { name, value }: HeaderMatch): string | undefined {
  if (/[*?]/.test(value))
    return `${route} cannot match the header ${name} with ${value}: a load balancer reads * and ? as wildcards; use another value`
  if (name.length > LIMITS.headerName || value.length > LIMITS.headerValue)
    return `${route} cannot match the header ${name}: a load balancer takes ${LIMITS.headerName} characters of the name and ${LIMITS.headerValue} of the value`
  return undefined
}
