import type { Fault } from '../base/errors.ts'
import { isSlotService } from '../domain/slots.ts'
import { nearest } from '../inputs/nearest.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject, Service } from '../kubernetes/objects.ts'
import { printSelector, selects, templateLabels } from '../kubernetes/selectors.ts'
import { besides, nobody, type Vacant } from '../observe/first.ts'
import type { Observed } from '../observe/observed.ts'
import type { RouteName } from '../inputs/route.ts'
import { isSlotOf } from './live-fields.ts'

/** What the inputs say of the place. */
export interface Wanted {
  /** Names of the Services that users come by; none: the one that selects the pods. */
  readonly services: readonly string[]
  readonly routes: readonly RouteName[]
}

/**
 * Where the workload is to be installed: its Service is the live one, else that of the manifests, which is not there yet.
 * @param why no version of it serves
 * @returns faults when the manifests do not hold its Deployment and its Service
 */
export function placeToInstall(
  vacant: Vacant,
  manifests: readonly Manifest[],
  wanted: Wanted,
  why: readonly Fault[]
): Observed | readonly Fault[] {
  const objects = manifests.map(({ object }) => object)
  const deployment = objects.find(
    (object): object is Deployment => isSlotOf(vacant, object) && object.metadata.name === vacant.workload
  )
  if (deployment === undefined)
    return [...why, ...(objects.length === 0 ? [] : [noDeployment(vacant, objects)])]
  const named = servicesFor(deployment, objects.filter(isService), wanted.services)
  if ('problem' in named) return [named]
  const elsewhere = vacant.services.filter(
    (live) => leadsElsewhere(live) && named.some(({ metadata }) => metadata.name === live.metadata.name)
  )
  if (elsewhere.length > 0) return elsewhere.map(elsewhereFault)
  const [first, ...more] = named.map((service) => inNamespace(service, vacant))
  if (first === undefined) return [noService(deployment, objects.filter(isService))]
  const { services, goneRoutes: _, ...read } = vacant
  return {
    ...read,
    goneRoutes: missing(vacant, objects, wanted.routes),
    routes: [],
    foreign: [],
    ...besides(services, [first, ...more]),
    ...nobody(vacant)
  }
}

/** Told with the right that this takes, which nobody has given for a namespace that was meant to be another one. */
export const wouldBeInstalled = ({ workload, namespace }: Observed): Fault => ({
  input: 'namespace',
  problem: `no version of ${workload} exists in namespace ${namespace}, so that it would be installed there, for which these credentials have no right. Is it the right namespace?`,
  example: 'namespace: the one the workload runs in'
})

/** Why no version serves where a Service still keeps everybody away. */
export const failedBefore = ({ workload, namespace, record }: Observed): Fault => ({
  input: 'workload',
  problem: `no version of ${workload} serves in namespace ${namespace}: its installation${record === undefined ? '' : ` ${record.id}`} has failed. To install it again, deploy it with manifests that hold its Deployment and its Service`,
  example: 'manifests: k8s/'
})

export const isService = (object: KubernetesObject): object is Service =>
  object.apiVersion === 'v1' && object.kind === 'Service' && !isSlotService(object as Service)

/** Without a selector, somebody else says where its users go: by Endpoints, or by another name in DNS. */
const leadsElsewhere = ({ spec }: Service): boolean =>
  spec.type === 'ExternalName' || Object.keys(spec.selector ?? {}).length === 0

const elsewhereFault = ({ metadata, spec }: Service): Fault => ({
  input: 'route',
  problem:
    `service/${metadata.name} is there already and ` +
    (spec.type === 'ExternalName'
      ? 'of type ExternalName: it is another name in DNS, and its users would be cut off from there'
      : 'has no selector: its users go where its Endpoints say, and would be cut off from there'),
  example: `delete service/${metadata.name} first, if nobody comes by it any more`
})

/** The one that is there, or the one to be created. */
function inNamespace(
  { status: _, ...service }: Service & { status?: unknown },
  { namespace, services }: Vacant
): Service {
  const live = services.find(({ metadata }) => metadata.name === service.metadata.name)
  return live ?? { ...service, metadata: { namespace, ...service.metadata } }
}

function servicesFor(
  { metadata, spec }: Deployment,
  services: readonly Service[],
  names: readonly string[]
): readonly Service[] | Fault {
  const own = services.filter((service) => selects(service.spec.selector, templateLabels(spec.template)))
  const absent = names.find((name) => !services.some((service) => service.metadata.name === name))
  if (absent !== undefined) return noNamed(absent, services)
  if (names.length > 0) return names.flatMap((name) => services.filter((one) => one.metadata.name === name))
  if (own.length <= 1) return own
  const lines = own.map((service) => `service/${service.metadata.name}`)
  return {
    input: 'route',
    problem: `${own.length} Services of the manifests select the pods of Deployment ${metadata.name}: ${lines.join(', ')}. Which of them do users come by?`,
    example: `route: ${lines.join(' and, on the next line, ')}; all that are named have no endpoints until the version has passed`
  }
}

const titled = (objects: readonly KubernetesObject[]): string =>
  objects.map(({ metadata }) => metadata.name).join(', ') || 'none'

function noDeployment({ workload }: Vacant, objects: readonly KubernetesObject[]): Fault {
  const deployments = objects.filter(({ kind }) => kind === 'Deployment')
  const names = deployments.map(({ metadata }) => metadata.name)
  const meant = nearest(workload, names)
  return {
    input: 'manifests',
    problem:
      `they hold no Deployment ${workload} that could be installed; ` +
      (meant === undefined ? `their Deployments: ${titled(deployments)}` : `did you mean ${meant}?`),
    example: `workload: ${meant ?? names[0] ?? 'web'}`
  }
}

const noNamed = (name: string, services: readonly Service[]): Fault => ({
  input: 'route',
  problem: `service/${name} is not among the manifests, and a first installation takes the Service from them; they hold ${titled(services)}`,
  example: `route: service/${services[0]?.metadata.name ?? 'web'}`
})

const noService = ({ metadata, spec }: Deployment, services: readonly Service[]): Fault => ({
  input: 'manifests',
  problem:
    `no Service in them selects the pods of Deployment ${metadata.name} (${printSelector(templateLabels(spec.template))}), and a first installation takes both from them; ` +
    `their Services: ${services.map((one) => `${one.metadata.name} (${printSelector(one.spec.selector)})`).join(', ') || 'none'}`,
  example: 'a Service whose selector is part of those labels'
})

/** Why routes that the user named are neither there nor among the manifests. */
function missing(
  { routes, namespace }: Vacant,
  objects: readonly KubernetesObject[],
  wanted: readonly RouteName[]
): readonly string[] {
  const isIn = ({ kind, name }: RouteName, object: KubernetesObject): boolean =>
    object.kind.toLowerCase() === kind && object.metadata.name === name
  return wanted
    .filter((name) => !routes.some((found) => isIn(name, found.object)))
    .filter((name) => !objects.some((object) => isIn(name, object)))
    .map(({ kind, name }) => `${kind}/${name} exists neither in namespace ${namespace} nor in the manifests`)
}
