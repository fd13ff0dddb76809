import type { Fault } from '../base/errors.ts'
import type { Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import { selects, templateLabels, printSelector } from '../kubernetes/selectors.ts'
import { rivalFaults, servedOnlyBy } from '../observe/neighbours.ts'
import type { Observed } from '../observe/observed.ts'
import { ownerFindings } from './owners.ts'

/** The part of a release that says which pods it ends. */
interface Change {
  readonly canary: Deployment
  readonly release: Pick<Release, 'strategy' | 'first' | 'autoscaler'>
  readonly leftovers?: readonly string[]
}

/** Why a release would do harm to those who come by other Services, or would be undone by a controller. */
export const harmToOthers = (observed: Observed, change: Change): readonly Fault[] => [
  ...ownerFindings(observed, change.release).faults,
  ...rivalFaults(observed),
  ...neighbourFaults(observed, change)
]

/**
 * Services, other than those of the release, whose users would be left without pods or get an untested version, because
 * they use pods that this release ends or replaces.
 */
function neighbourFaults(observed: Observed, { canary, leftovers = [] }: Change): Fault[] {
  const { stable, slots, neighbours } = observed
  const besides = (Object.entries(slots) as [SlotName, Deployment][]).flatMap(([slot, deployment]) =>
    slot !== stable.slot && isTouched(deployment, canary, leftovers) ? [deployment] : []
  )
  const replaced = new Set(servedOnlyBy(neighbours, besides))
  const ended = servedOnlyBy(neighbours, [stable.deployment, ...besides]).filter(
    (service) =>
      !replaced.has(service) && !selects(service.spec.selector, templateLabels(canary.spec.template))
  )
  const serving = stable.deployment.metadata.name
  const deed = serving === canary.metadata.name ? 'gives other labels' : 'ends'
  return [
    ...[...replaced].map((service) => faultOf(service, besides, 'ends or replaces', observed)),
    ...ended.map((service) => faultOf(service, [stable.deployment], deed, observed))
  ]
}

const isTouched = ({ metadata }: Deployment, canary: Deployment, leftovers: readonly string[]): boolean =>
  metadata.name === canary.metadata.name || leftovers.includes(metadata.name)

function faultOf(
  service: Service,
  deployments: readonly Deployment[],
  deed: string,
  observed: Observed
): Fault {
  const { name } = service.metadata
  const pods = deployments.map(({ metadata }) => `deployment/${metadata.name}`).join(' and ')
  return {
    input: 'route',
    problem:
      `service/${name} (${printSelector(service.spec.selector)}) in namespace ${observed.namespace} sends its users to pods of ${pods} alone, ` +
      `which this release ${deed}: nobody would serve behind it`,
    example: `one more line in route, service/${name}, so that it follows together with service/${observed.service.metadata.name}`
  }
}
