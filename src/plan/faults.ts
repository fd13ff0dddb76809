import { formatDuration } from '../base/duration.ts'
import type { Fault } from '../base/errors.ts'
import { parseImage, printImage, printImageRule, type ImageRule } from '../inputs/image.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type {
  Container,
  Deployment,
  KubernetesObject,
  PodSpec,
  Service,
  ServicePort
} from '../kubernetes/objects.ts'
import { leadsTo } from '../kubernetes/ports.ts'
import { printSelector, selects, templateLabels, type Labels } from '../kubernetes/selectors.ts'
import type { Observed } from '../observe/observed.ts'
import { isSlotOf } from './live-fields.ts'

/** A release without a new version is a mistake. */
export function nothingToRelease(
  { images }: Inputs,
  manifests: readonly Manifest[],
  observed: Observed
): Fault[] {
  if (images.length > 0 || manifests.some(({ object }) => isSlotOf(observed, object))) return []
  return [
    {
      input: manifests.length > 0 ? 'manifests' : 'images',
      problem: `nothing says what to release: no Deployment ${observed.workload} in the manifests, and no images`,
      example: `images: ${observed.stable.deployment.spec.template.spec.containers[0]?.image?.replace(/:[^:/]*$/, '') ?? 'shop/web'}:2`
    }
  ]
}

export const imageFaults = (unmatched: Inputs['images'], source: Deployment): Fault[] =>
  unmatched.map((rule) => ({
    input: 'images',
    problem: `${printImageRule(rule)} changes nothing: deployment/${source.metadata.name} has ${printContainers(source)}`,
    example: asMeant(rule, source)
  }))

/** With the container or repository that there is, and what was to run. */
function asMeant({ match, target, image }: ImageRule, { spec }: Deployment): string {
  const [{ name, image: running = '' } = { name: 'web' }] = spec.template.spec.containers
  const live = parseImage(running)
  const isMove = match === 'name' || target !== image.repository
  if (isMove || 'problem' in live) return `${name}=${printImage(image)}`
  return printImage({ ...image, repository: live.value.repository })
}

const printContainers = ({ spec }: Deployment): string =>
  [...spec.template.spec.containers, ...(spec.template.spec.initContainers ?? [])]
    .map(({ name, image }) => `${name}=${image ?? ''}`)
    .join(', ')

/** Pods that the Service would not select would never get a request. */
export function labelFaults({ metadata, spec }: Deployment, selector: Labels, service: Service): Fault[] {
  if (selects(selector, templateLabels(spec.template))) return []
  return [
    {
      input: 'manifests',
      problem: `service/${service.metadata.name} would select ${printSelector(selector)}, but the pods of deployment/${metadata.name} have ${printSelector(templateLabels(spec.template))}`,
      example: `the labels that the Service selects by in spec.template.metadata.labels`
    }
  ]
}

/** A Deployment of something else has the name of the slot: the release would replace its pods. */
export const slotFaults = ({ foreign, service, workload, namespace }: Observed, name: string): Fault[] =>
  foreign
    .filter(({ metadata }) => metadata.name === name)
    .map(({ spec }) => ({
      input: 'workload',
      problem:
        `deployment/${name} in namespace ${namespace} has the name of the slot that this release needs, but is not of ${workload}: ` +
        `its pods (${printSelector(templateLabels(spec.template))}) are none that service/${service.metadata.name} (${printSelector(service.spec.selector)}) could select. The release would replace them`,
      example: `another name for that Deployment, or a workload of another name than ${workload}`
    }))

/**
 * A port by name must be one that the new version's containers have, for every port that users come in by. Where the old
 * version lacks it as well, nobody does.
 */
export const portFaults = (
  services: readonly Service[],
  canary: Deployment,
  { stable }: Pick<Observed, 'stable'>
): Fault[] => services.flatMap((service) => lostPorts(service, canary, stable.deployment))

function lostPorts({ metadata, spec }: Service, canary: Deployment, stable: Deployment): Fault[] {
  const { ports = [] } = spec
  const isIn = (deployment: Deployment) => (port: ServicePort) => leadsTo(port, deployment)
  const lost = ports.some(isIn(canary)) ? ports.filter(isIn(stable)) : ports
  return lost
    .filter((port) => !leadsTo(port, canary))
    .map(({ targetPort = '', protocol = 'TCP' }) => ({
      input: 'route',
      problem: `service/${metadata.name} sends traffic to the port named ${targetPort}${protocol === 'TCP' ? '' : ` (${protocol})`}, which no container of deployment/${canary.metadata.name} has`,
      example: 'a container port with that name'
    }))
}

/** Manifests without these fields are reported elsewhere. */
export const containersOf = ({ spec }: Deployment): readonly Container[] =>
  (spec.template.spec as Partial<PodSpec> | undefined)?.containers ?? []

/** `minReadySeconds` longer than the timeout: the pods could never become ready in time. */
export function patienceFaults({ metadata, spec }: Deployment, timeout: number): Fault[] {
  const { minReadySeconds = 0 } = spec
  if (minReadySeconds * 1000 < timeout) return []
  const problem = `deployment/${metadata.name} has minReadySeconds: ${minReadySeconds}, so that its pods cannot count as ready within ${formatDuration(timeout)}`
  return [{ input: 'timeout', problem, example: formatDuration((minReadySeconds + 300) * 1000) }]
}

/** An object that is being deleted exists until its finalizers are gone. A release on it would not last. */
export const endingFaults = (objects: readonly KubernetesObject[]): Fault[] =>
  objects
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ kind, metadata }) => ({
      input: kind === 'Service' ? 'route' : 'workload',
      problem: `${kind.toLowerCase()}/${metadata.name} in namespace ${metadata.namespace ?? ''} is being deleted since ${metadata.deletionTimestamp ?? ''}${waitingFor(metadata.finalizers)}: a release on it would not last`,
      example: `wait until it is gone, and create it again before the release`
    }))

const waitingFor = (finalizers: readonly string[] = []): string =>
  finalizers.length === 0 ? '' : ` and waits for ${finalizers.join(', ')}`
