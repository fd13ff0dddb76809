import type { PortRef } from '../../kubernetes/ports.ts'
import { readBefore, withAnnotations, withBefore } from '../before.ts'
import {
  annotationsOf,
  mapServices,
  portIn,
  servicesOf,
  USE_ANNOTATION,
  type Ingress,
  type IngressService
} from '../ingress.ts'
import type { Backends, OwnServices, Split } from '../route.ts'
import {
  actionKey,
  forwardTo,
  groupsOf,
  isCanaryIn,
  isStableIn,
  parseAction,
  portOf,
  serviceOf,
  type Action
} from './action.ts'
import { canaryAlone, divided, given, isInUse, restored } from './actions.ts'
import { isForHeader, withHeaderPaths, withoutHeaderPaths } from './header-paths.ts'

/** By name of the action: the text that its annotation had, null where a release has made it. */
type Before = Readonly<Record<string, string | null>>

export const usesAction = ({ port }: IngressService): boolean => port?.name === USE_ANNOTATION

/** The action of a path. A path that names the Service itself has the action that a release would make for it. */
export function actionOf(ingress: Ingress, service: IngressService, backends: Backends): Action | undefined {
  if (usesAction(service)) {
    const text = annotationsOf(ingress)[actionKey(service.name)]
    return text === undefined ? undefined : parseAction(text)
  }
  const action = forwardTo(service.name, service.port?.number ?? service.port?.name)
  return groupsOf(action).some((group) => isStableIn(group, backends)) ? action : undefined
}

/** The port by which actions, or else paths, send requests to one of these Services. */
export function actionPort(ingress: Ingress, services: OwnServices): PortRef | undefined {
  const { apex, stable } = services
  const group = servicesOf(ingress)
    .filter(usesAction)
    .flatMap(({ name }) => groupsOf(parseAction(annotationsOf(ingress)[actionKey(name)] ?? '') ?? {}))
    .find((one) => [apex, stable].includes(serviceOf(one) ?? ''))
  const port = group === undefined ? undefined : portOf(group)
  return typeof port === 'number' || typeof port === 'string' ? port : portIn(ingress, services)
}

/** The Services of the paths that users come to the workload by. */
export const ownServices = (ingress: Ingress, backends: Backends): readonly IngressService[] =>
  servicesOf(ingress).filter((service) => {
    const action = actionOf(ingress, service, backends)
    return action !== undefined && !isForHeader(service) && isInUse(action, backends)
  })

/** The Ingress as it is outside a release, with all traffic on stable. */
export function withoutRelease(live: Ingress, backends: Backends): Ingress {
  const before = readActions(live)
  const names = new Set([
    ...servicesOf(live)
      .filter(usesAction)
      .map(({ name }) => name),
    ...Object.keys(before ?? {})
  ])
  let ingress = withoutHeaderPaths(live)
  for (const name of names) ingress = withoutDivision(ingress, name, before, backends)
  return withBefore(ingress, undefined)
}

function withoutDivision(
  ingress: Ingress,
  name: string,
  before: Before | undefined,
  backends: Backends
): Ingress {
  const text = annotationsOf(ingress)[actionKey(name)]
  const action = text === undefined ? undefined : parseAction(text)
  if (action === undefined) return ingress
  const former = before?.[name]
  if (former === null) return withoutAction(ingress, name, action)
  // Either not divided, or rewritten by somebody else.
  if (!groupsOf(action).some((group) => isCanaryIn(group, backends))) return ingress
  const original = former === undefined ? undefined : parseAction(former)
  // If the original is unknown, the canary's target group stays registered with weight 0.
  if (original === undefined) return withAction(ingress, name, given(action, backends, 'stable'))
  const after = restored(action, original, backends)
  return withText(ingress, name, after === original ? (former ?? '') : JSON.stringify(after))
}

/** The paths name the Service and its port again. */
function withoutAction(ingress: Ingress, name: string, action: Action): Ingress {
  const port = groupsOf(action).map(portOf)[0]
  const { [actionKey(name)]: _, ...kept } = annotationsOf(ingress)
  const direct = mapServices(ingress, (service) =>
    service.name === name && usesAction(service)
      ? { ...service, port: typeof port === 'number' ? { number: port } : { name: String(port) } }
      : service
  )
  return withAnnotations(direct, kept)
}

/** `outside` is as outside a release. */
export function withRelease(outside: Ingress, backends: Backends, { weight, header }: Split): Ingress {
  const own = ownServices(outside, backends)
  const before = Object.fromEntries(
    own.map((service) => [
      service.name,
      usesAction(service) ? annotationsOf(outside)[actionKey(service.name)] : null
    ])
  )
  const split = withActions(outside, backends, (action) => divided(action, backends, weight))
  const toCanary = own.map((service) => {
    const action = actionOf(outside, service, backends) ?? {}
    return [service.name, canaryAlone(action, backends)] as const
  })
  const led = header === undefined ? split : withHeaderPaths(split, new Map(toCanary), header)
  return withBefore(led, before)
}

/**
 * Leaves the traffic on the canary's own Service, whose pods the load balancer knows. `outside` is the Ingress as
 * outside a release.
 */
export const onCanary = (outside: Ingress, backends: Backends): Ingress =>
  withActions(outside, backends, (action) => given(action, backends, 'canary'))

/** Each action by which users come to the workload becomes what `turn` makes of it; all paths to it then refer to one. */
function withActions(outside: Ingress, backends: Backends, turn: (action: Action) => Action): Ingress {
  const own = ownServices(outside, backends)
  const acting = own.reduce((ingress, service) => {
    const action = actionOf(outside, service, backends)
    return action === undefined ? ingress : withAction(ingress, service.name, turn(action))
  }, outside)
  return mapServices(acting, (service) =>
    own.some(({ name }) => name === service.name) ? { ...service, port: { name: USE_ANNOTATION } } : service
  )
}

const withAction = (ingress: Ingress, name: string, action: Action): Ingress =>
  withText(ingress, name, JSON.stringify(action))

const withText = (ingress: Ingress, name: string, text: string): Ingress =>
  withAnnotations(ingress, { ...annotationsOf(ingress), [actionKey(name)]: text })

function readActions(live: Ingress): Before | undefined {
  const before = readBefore(live)
  return typeof before === 'object' && before !== null ? (before as Before) : undefined
}
