import type { Fault } from '../base/errors.ts'
import type { HorizontalPodAutoscaler } from '../kubernetes/limits.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject, Service, ServicePort } from '../kubernetes/objects.ts'
import { listeningIn, resolvePort } from '../kubernetes/ports.ts'
import { groupOf } from '../kubernetes/ref.ts'
import { printSelector, selects, templateLabels, type Labels } from '../kubernetes/selectors.ts'
import { DEPLOYMENT } from '../kubernetes/workload.ts'
import { slotsOf } from '../observe/find-service.ts'
import type { Observed } from '../observe/observed.ts'

/** API groups of Deployments, present and past. */
const DEPLOYMENTS: ReadonlySet<string> = new Set(['apps', 'extensions'])

/** Whether a manifest is the workload itself, under any of the names it may have. */
export const isSlotOf = (
  { workload }: Pick<Observed, 'workload'>,
  { apiVersion, kind, metadata }: KubernetesObject
): boolean =>
  kind === 'Deployment' &&
  DEPLOYMENTS.has(groupOf(apiVersion)) &&
  slotsOf(workload).some(({ name }) => name === metadata.name)

/** Other API groups have kinds of the same name. */
const isRoute = (
  { service, companions }: Pick<Observed, 'service' | 'companions'>,
  { apiVersion, kind, metadata }: KubernetesObject
): boolean =>
  apiVersion === 'v1' &&
  kind === 'Service' &&
  [service, ...companions].some((one) => one.metadata.name === metadata.name)

/** The Services that users come by, with the ports that they are about to have. */
export const servicesToBe = (
  { service, companions }: Pick<Observed, 'service' | 'companions'>,
  manifests: readonly Manifest[]
): readonly Service[] =>
  [service, ...companions].map((live) => {
    const found = manifests.find(({ object }) => isRoute({ service: live, companions: [] }, object))
    const { ports } = (found?.object as Service | undefined)?.spec ?? {}
    return ports === undefined ? live : { ...live, spec: { ...live.spec, ports } }
  })

const isAutoscaler = (object: KubernetesObject): object is HorizontalPodAutoscaler =>
  object.kind === 'HorizontalPodAutoscaler' && groupOf(object.apiVersion) === 'autoscaling'

const scales = ({ spec }: HorizontalPodAutoscaler, { workload }: Observed): boolean =>
  spec.scaleTargetRef.kind === 'Deployment' &&
  slotsOf(workload).some(({ name }) => name === spec.scaleTargetRef.name)

/** Name of an autoscaler that the manifests bring for the workload. */
export const newAutoscaler = (manifests: readonly Manifest[], observed: Observed): string | undefined =>
  autoscalerIn(manifests, observed)?.metadata.name

/** How many pods the autoscaler of the manifests keeps at least; 0 without one. */
export const leastOf = (manifests: readonly Manifest[], observed: Observed): number =>
  autoscalerIn(manifests, observed)?.spec.minReplicas ?? 0

const autoscalerIn = (
  manifests: readonly Manifest[],
  observed: Observed
): HorizontalPodAutoscaler | undefined =>
  manifests
    .map(({ object }) => object)
    .filter(isAutoscaler)
    .find((object) => scales(object, observed))

/**
 * A manifest with the live values of what the traffic depends on, since the manifest knows nothing of the release: the
 * route's selector (`selector`: all traffic on stable), what an autoscaler scales, and that Deployment's size.
 */
export function keepTrafficFields(
  object: KubernetesObject,
  observed: Observed,
  selector: Labels,
  followers: Readonly<Record<string, Labels>> = {}
): KubernetesObject {
  const inNamespace = {
    ...object,
    metadata: { ...object.metadata, namespace: object.metadata.namespace ?? observed.namespace }
  }
  if (isRoute(observed, object))
    return withSpec(inNamespace, { selector: followers[object.metadata.name] ?? selector })
  if (isAutoscaler(object) && scales(object, observed)) {
    const { spec } = object
    return withSpec(inNamespace, {
      scaleTargetRef: { ...spec.scaleTargetRef, name: observed.stable.deployment.metadata.name }
    })
  }
  return object.kind === 'Deployment' && observed.autoscaled.includes(object.metadata.name)
    ? withSpec(inNamespace, { replicas: undefined })
    : inNamespace
}

/** The same for all of them but the workload itself, which the release brings. */
export const keepTraffic = (
  manifests: readonly Manifest[],
  observed: Observed,
  selector: Labels,
  followers: Readonly<Record<string, Labels>>
): readonly Manifest[] =>
  manifests
    .filter(({ object }) => !isSlotOf(observed, object))
    .map((manifest) => ({
      ...manifest,
      object: keepTrafficFields(manifest.object, observed, selector, followers)
    }))

const withSpec = (object: KubernetesObject, fields: object): KubernetesObject & { spec: object } => ({
  ...object,
  spec: { ...(object as KubernetesObject & { spec?: object }).spec, ...fields }
})

/** What a manifest must not do to the traffic. */
export function trafficFaults({ object, source }: Manifest, observed: Observed): Fault[] {
  const { namespace } = object.metadata
  const ours = isSlotOf(observed, object) || isRoute(observed, object)
  if (ours && namespace !== undefined && namespace !== observed.namespace) {
    return [
      {
        input: 'manifests',
        problem: `${source}: ${object.kind} ${object.metadata.name} is for namespace ${namespace}, the release for ${observed.namespace}`,
        example: `namespace: ${namespace}`
      }
    ]
  }
  if (isSlotOf(observed, object) && object.apiVersion !== DEPLOYMENT.apiVersion) {
    const problem = `${source}: Deployment ${object.metadata.name} is of ${object.apiVersion}, which no cluster has any more`
    return [{ input: 'manifests', problem, example: `apiVersion: ${DEPLOYMENT.apiVersion}` }]
  }
  if (isSlotOf(observed, object)) {
    const foreign = selectorFaults(object as Deployment, source)
    if (foreign.length > 0) return foreign
  }
  if (object.kind === 'Pod') {
    const problem = `${source}: Pod ${object.metadata.name} would be started and never looked at again`
    return [{ input: 'manifests', problem, example: 'a Deployment, or a Job in a step of its own' }]
  }
  if (!isRoute(observed, object)) return []
  return (object as Service).spec.type === 'ExternalName'
    ? [asExternalName(object, source)]
    : movedPorts(object as Service, source, observed)
}

const asExternalName = ({ metadata }: KubernetesObject, source: string): Fault => ({
  input: 'manifests',
  problem: `${source}: Service ${metadata.name} would become an ExternalName, another name in DNS: its users would be cut off from the pods of both versions`,
  example: 'type: ClusterIP'
})

/** The API server would refuse this selector, but a release adds the selector's labels to the pods and would hide that. */
function selectorFaults({ spec }: Deployment, source: string): Fault[] {
  const { matchLabels = {} } = spec.selector
  const labels = templateLabels(spec.template)
  if (Object.keys(matchLabels).length === 0 || selects(matchLabels, labels)) return []
  const problem = `${source}: spec.selector (${printSelector(matchLabels)}) does not select the labels of spec.template (${printSelector(labels)})`
  return [{ input: 'manifests', problem, example: 'the same labels in both' }]
}

/** A changed target port would send users of the running version to a port that it does not listen on. */
function movedPorts({ spec, metadata }: Service, source: string, observed: Observed): Fault[] {
  const { service, companions, stable } = observed
  const served = companions.find((one) => one.metadata.name === metadata.name) ?? service
  const listening = listeningIn(stable.deployment.spec.template.spec)
  const moved = (spec.ports ?? []).filter((port) => {
    const live = served.spec.ports?.find((other) => samePort(other, port))
    if (live === undefined || targetOf(live) === targetOf(port)) return false
    // A name and a number may be the same port.
    const number = resolvePort(live, listening)
    return number !== undefined && resolvePort(port, listening) !== number
  })
  return moved.map((port) => ({
    input: 'manifests',
    problem: `${source}: port ${port.port} of Service ${metadata.name} would lead to ${targetOf(port)} of the pods; the version that serves now listens elsewhere and would be cut off`,
    example: 'targetPort: http, a name that each version gives to the port it listens on'
  }))
}

const samePort = (one: ServicePort, other: ServicePort): boolean =>
  one.port === other.port && (one.protocol ?? 'TCP') === (other.protocol ?? 'TCP')

const targetOf = ({ targetPort, port }: ServicePort): number | string => targetPort ?? port
