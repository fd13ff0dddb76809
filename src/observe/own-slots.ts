import type { Release } from '../domain/record.ts'
import { SLOT_LABEL, type SlotName } from '../domain/slots.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import { selects, templateLabels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Slots } from './find-service.ts'

interface Owned {
  readonly slots: Slots
  readonly foreign: readonly Deployment[]
}

/**
 * A Deployment may have the name of a slot and be another team's. It is the workload's own when the Service could select
 * its pods, or a release has put a version into it.
 */
export function ownSlots(named: Slots, service: Service, record: Release | undefined): Owned {
  const recorded = recordedDeployments(record)
  const all = Object.entries(named) as [SlotName, Deployment][]
  const isOwn = ([slot, deployment]: [SlotName, Deployment]): boolean =>
    couldSelect(service, deployment, slot) || recorded.has(deployment.metadata.name)
  return {
    slots: Object.fromEntries(all.filter(isOwn)),
    foreign: all.filter((one) => !isOwn(one)).map(([, deployment]) => deployment)
  }
}

/** Whether the Service would select the Deployment's pods if it were pointed to the version in this slot. */
export function couldSelect({ spec }: Service, { spec: { template } }: Deployment, slot: SlotName): boolean {
  const selector = spec.selector ?? {}
  const labels = templateLabels(template)
  const shared = Object.entries(selector).filter((pair) => !tellsVersions(pair))
  if (shared.length > 0) return selects(Object.fromEntries(shared), labels)
  return Object.keys(selector).some((key) => labels[key] === slot)
}

const tellsVersions = ([key, value]: readonly [string, string]): boolean =>
  key === SLOT_LABEL || key === HASH_LABEL || value === 'blue' || value === 'green'

/** The Deployments that releases have put versions into. */
export const recordedDeployments = (record: Release | undefined): ReadonlySet<string> =>
  new Set(
    record === undefined
      ? []
      : [
          record.stable,
          record.canary,
          record.previous,
          ...record.history.map(({ version }) => version)
        ].flatMap((version) => version?.deployment ?? [])
  )
