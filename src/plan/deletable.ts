import { sh } from '../base/shell.ts'
import { isSlotService, SLOT_LABEL, slotServiceName, type SlotName } from '../domain/slots.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { templateLabels } from '../kubernetes/selectors.ts'
import { slotsOf } from '../observe/find-service.ts'
import type { Observed } from '../observe/observed.ts'
import { standOf } from './leave.ts'

/** Deployments that releases have made, and that nobody needs where the plain one serves. */
export const madeByReleases = (observed: Observed): readonly Deployment[] =>
  standOf(observed) === 'home'
    ? (Object.entries(observed.slots) as [SlotName, Deployment][])
        // A team may have Deployments of these names, too.
        .filter(([slot, { spec }]) => slot !== 'plain' && templateLabels(spec.template)[SLOT_LABEL] === slot)
        .map(([, deployment]) => deployment)
    : []

/** The Services by which routes have reached the two versions. */
function slotServices({ otherServices, workload }: Observed): readonly KubernetesObject[] {
  const names = slotsOf(workload).map(({ name, slot }) => slotServiceName(name, slot))
  return names.flatMap((name) =>
    otherServices.filter((service) => isSlotService(service) && service.metadata.name === name)
  )
}

/**
 * What is left of Greenlight, for a person to delete.
 * @param copies of config that nothing refers to but what is told here
 * @param leases names of the locks
 */
export function tellDeletable(
  observed: Observed,
  copies: readonly KubernetesObject[],
  leases: readonly string[]
): readonly string[] {
  const objects = [...madeByReleases(observed), ...slotServices(observed), ...copies]
  const titles = [
    ...objects.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`),
    ...leases.map((name) => `lease/${name}`)
  ]
  return titles.length === 0
    ? []
    : [
        `What releases have made is left for you to delete, and with it the versions that could be gone back to: ${[sh`kubectl -n ${observed.namespace} delete`, ...titles.map((title) => sh`${title}`)].join(' ')}`
      ]
}
