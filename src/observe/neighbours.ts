import type { Fault } from '../base/errors.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import { isSlotService, type SlotName } from '../domain/slots.ts'
import { isOwnedBy } from '../kubernetes/health.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import { printSelector, selects, templateLabels, withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import { recordIn, slotsOf } from './find-service.ts'
import type { Neighbour, Observed } from './observed.ts'
import { ownerFindings } from './owners.ts'

/** Whether a Service may send users to pods of one of these Deployments, whatever template they have. */
export const mayReach = ({ spec }: Service, deployments: readonly Deployment[]): boolean =>
  deployments.some((deployment) =>
    selects(withoutKeys(spec.selector ?? {}, HASH_LABEL), templateLabels(deployment.spec.template))
  )

/**
 * A Service that is called after the slot it selects (`web-blue`, `preview-green`) is there to reach that slot, whatever
 * serves: it has no users of its own, and no pods while the slot has none.
 */
const isOfSlot = (service: Service): boolean =>
  isSlotService(service) ||
  Object.values(service.spec.selector ?? {}).some(
    (value) => (value === 'blue' || value === 'green') && service.metadata.name.split('-').includes(value)
  )

/** The Services whose users are on pods of these Deployments, and on no others. */
export const servedOnlyBy = (
  neighbours: readonly Neighbour[],
  deployments: readonly Deployment[]
): readonly Service[] =>
  neighbours
    .filter(
      ({ service, pods }) =>
        !isOfSlot(service) &&
        pods.length > 0 &&
        pods.every((pod) => deployments.some((deployment) => isOwnedBy(deployment, pod)))
    )
    .map(({ service }) => service)

/** What of a release says which pods it ends. */
interface Change {
  readonly canary: Deployment
  readonly release: Pick<Release, 'strategy' | 'autoscaler'>
  readonly leftovers?: readonly string[]
}

/** Why a release would do harm to those who come by other Services, or would be undone by a controller. */
export const harmToOthers = (observed: Observed, change: Change): readonly Fault[] => [
  ...ownerFindings(observed, change.release).faults,
  ...rivalFaults(observed),
  ...neighbourFaults(observed, change)
]

/**
 * Services besides that of the release whose users would be left without pods, or be given a version that nobody has
 * tested: they come through what this release ends or replaces.
 */
function neighbourFaults(observed: Observed, { canary, release, leftovers = [] }: Change): Fault[] {
  const { stable, slots, neighbours } = observed
  const inPlace = release.strategy !== undefined
  const besides = (Object.entries(slots) as [SlotName, Deployment][]).flatMap(([slot, deployment]) =>
    slot !== stable.slot && isTouched(deployment, canary, leftovers) ? [deployment] : []
  )
  const replaced = new Set(inPlace ? [] : servedOnlyBy(neighbours, besides))
  const ended = servedOnlyBy(neighbours, [stable.deployment, ...(inPlace ? [] : besides)]).filter(
    (service) =>
      !replaced.has(service) && !selects(service.spec.selector, templateLabels(canary.spec.template))
  )
  return [
    ...[...replaced].map((service) => faultOf(service, besides, 'ends or replaces', observed)),
    ...ended.map((service) =>
      faultOf(service, [stable.deployment], inPlace ? 'gives other labels' : 'ends', observed)
    )
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

/** A release of the same Deployments by another Service, which has not ended: its traffic is on what this one would end. */
export const rivalFaults = ({
  otherServices,
  workload
}: Pick<Observed, 'otherServices' | 'workload'>): Fault[] =>
  otherServices.flatMap((service) => {
    const record = recordIn(service)
    const isSame =
      record !== undefined &&
      isUnfinished(record) &&
      slotsOf(workload).some(({ name }) => name === record.stable.deployment)
    const where = `service/${service.metadata.name}`
    return isSame
      ? [
          {
            input: 'route',
            problem: `release ${record.id} (${record.run ?? 'run unknown'}) of ${where}, which leads to the same Deployments, is ${record.phase}`,
            example: `wait for it, or end it: command: abort with route: ${where}`
          }
        ]
      : []
  })
