import type { Fault } from '../errors.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type {
  HorizontalPodAutoscaler,
  KubernetesObject,
  Service,
  ServicePort
} from '../kubernetes/objects.ts'
import type { Observed } from '../observed.ts'
import type { Selector } from '../record.ts'
import { slotsOf } from '../routes/find.ts'

/** Whether a manifest is the workload itself, under any of the names it may have. */
export const isSlotOf = ({ workload }: Observed, { kind, metadata }: KubernetesObject): boolean =>
  kind === 'Deployment' && slotsOf(workload).some(({ name }) => name === metadata.name)

const isRoute = ({ service }: Observed, { kind, metadata }: KubernetesObject): boolean =>
  kind === 'Service' && metadata.name === service.metadata.name

const isAutoscaler = (object: KubernetesObject): object is HorizontalPodAutoscaler =>
  object.kind === 'HorizontalPodAutoscaler'

const scales = ({ spec }: HorizontalPodAutoscaler, { workload }: Observed): boolean =>
  spec.scaleTargetRef.kind === 'Deployment' &&
  slotsOf(workload).some(({ name }) => name === spec.scaleTargetRef.name)

/** Name of an autoscaler that the manifests bring for the workload. */
export const newAutoscaler = (manifests: readonly Manifest[], observed: Observed): string | undefined =>
  manifests
    .map(({ object }) => object)
    .filter(isAutoscaler)
    .find((object) => scales(object, observed))?.metadata.name

/**
 * A manifest as it may be applied: what the traffic depends on stays as it is live, because the manifest knows
 * nothing of the release. That is the route's selector (`selector`: all traffic on stable), what an autoscaler scales, and the size of what it scales.
 */
export function keepTrafficFields(
  object: KubernetesObject,
  observed: Observed,
  selector: Selector
): KubernetesObject {
  const inNamespace = {
    ...object,
    metadata: { ...object.metadata, namespace: object.metadata.namespace ?? observed.namespace }
  }
  if (isRoute(observed, object)) return withSpec(inNamespace, { selector })
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
  if (isSlotOf(observed, object) && !hasContainers(object)) {
    return [
      {
        input: 'manifests',
        problem: `${source}: Deployment ${object.metadata.name} has no spec.template.spec.containers`
      }
    ]
  }
  if (object.kind === 'Pod') {
    const problem = `${source}: Pod ${object.metadata.name} would be started and never looked at again`
    return [{ input: 'manifests', problem, example: 'a Deployment, or a Job in a step of its own' }]
  }
  return isRoute(observed, object) ? portFaults(object as Service, source, observed) : []
}

const hasContainers = (object: KubernetesObject): boolean => {
  const { spec } = object as { spec?: { template?: { spec?: { containers?: unknown } } } }
  return Array.isArray(spec?.template?.spec?.containers)
}

/** A port that leads somewhere else would move the users of the running version to where it does not listen. */
function portFaults({ spec, metadata }: Service, source: string, { service }: Observed): Fault[] {
  const moved = (spec.ports ?? []).filter((port) => {
    const live = service.spec.ports?.find((other) => samePort(other, port))
    return live !== undefined && targetOf(live) !== targetOf(port)
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

/** Kinds that run something of their own beside the workload. */
const RUNS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'])

/** What is applied but not released: nobody should take the verdict for theirs. */
export const unwatched = (manifests: readonly Manifest[]): string[] =>
  manifests
    .filter(({ object }) => RUNS.has(object.kind))
    .map(
      ({ object, source }) =>
        `${source}: ${object.kind} ${object.metadata.name} is applied at once and not watched; only the workload is released step by step`
    )
