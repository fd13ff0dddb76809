import type { Fault } from '../base/errors.ts'
import { readRecord } from '../domain/read-record.ts'
import { RECORD_ANNOTATION, type Release } from '../domain/record.ts'
import { isSlotService, selectsNobody, slotDeploymentName, type SlotName } from '../domain/slots.ts'
import { wantedReplicas } from '../kubernetes/health.ts'
import type { Deployment, Service } from '../kubernetes/objects.ts'
import { printSelector, selects, templateLabels, withoutKeys } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'

/** The Deployments that a workload's versions can run in, as far as they exist. */
export type Slots = Readonly<Partial<Record<SlotName, Deployment>>>

const present = (slots: Slots): readonly [SlotName, Deployment][] =>
  (['plain', 'blue', 'green'] as const).flatMap((name) =>
    slots[name] === undefined ? [] : [[name, slots[name]] as [SlotName, Deployment]]
  )

/** Whether a Service sends traffic to pods of this Deployment, once they are there. */
export const reaches = ({ spec }: Service, deployment: Deployment): boolean =>
  spec.type !== 'ExternalName' &&
  selects(withoutKeys(spec.selector ?? {}, HASH_LABEL), templateLabels(deployment.spec.template))

/** In the middle of a release the Deployment that the Service selects may be gone, but its record names the workload's. */
function isRecordedFor(service: Service, workload: string): boolean {
  const record = recordIn(service)
  // One that was to be installed behind this Service serves by another one since.
  if (record?.first === true) return false
  return slotsOf(workload).some(({ name }) => name === record?.stable.deployment)
}

/** Whether one of the Services sends users to pods of the workload, or would if these were there. */
export const isServed = (services: readonly Service[], slots: Slots): boolean =>
  present(slots).some(
    ([, deployment]) =>
      wantedReplicas(deployment) > 0 && services.some((service) => reaches(service, deployment))
  )

/** The record of any Service; undefined when it cannot be read, which is for that Service's own release to tell. */
export function recordIn(service: Service): Release | undefined {
  try {
    return readRecord(service)
  } catch {
    return undefined
  }
}

/** The one Service that selects the workload. */
export function findService(
  services: readonly Service[],
  slots: Slots,
  workload: string,
  namespace: string
): Service | Fault {
  const found = services.filter(
    (service) =>
      !isSlotService(service) &&
      (present(slots).some(([, deployment]) => reaches(service, deployment)) ||
        isRecordedFor(service, workload))
  )
  const recorded = found.filter(({ metadata }) => metadata.annotations?.[RECORD_ANNOTATION] !== undefined)
  const [service, another] = recorded.length === 1 ? recorded : nearest(found, slots)
  if (service === undefined) return noService(services, slots, workload, namespace)
  const closed = services.find((one) => isClosedFor(one, workload))
  if (another === undefined)
    return closed === undefined || recordIn(service) !== undefined
      ? service
      : twoWays(service, closed, workload)
  const names = found.map(({ metadata }) => `service/${metadata.name}`).join(', ')
  return {
    input: 'route',
    problem: `${found.length} Services in namespace ${namespace} select deployment/${workload}: ${names}. Which one do users come through?`,
    example: `route: ${found.map(({ metadata }) => `service/${metadata.name}`).join(' and, on the next line, ')}; all that are named follow in one release, and none of them may lead to pods of others too`
  }
}

/** The Service of an installation that has failed keeps everybody away, whatever serves by another one since. */
function isClosedFor(service: Service, workload: string): boolean {
  const record = recordIn(service)
  return selectsNobody(service) && record?.first === true && record.canary.deployment === workload
}

const twoWays = ({ metadata }: Service, closed: Service, workload: string): Fault => ({
  input: 'route',
  problem:
    `service/${closed.metadata.name} keeps everybody away since the installation of ${workload} behind it has failed, but deployment/${workload} has pods, ` +
    `to which service/${metadata.name} sends its users. Which one do users come through?`,
  example: `route: service/${metadata.name}; or, if these pods are there to be looked at alone, scale deployment/${workload} to 0 to install it behind service/${closed.metadata.name} again`
})

/** Another team's Deployment may have a slot's name, and a Service. If the plain one runs, only its Services count. */
function nearest(found: readonly Service[], { plain }: Slots): readonly Service[] {
  if (plain === undefined || wantedReplicas(plain) === 0) return found
  const own = found.filter((service) => reaches(service, plain))
  return own.length > 0 ? own : found
}

/** The Service that the user has named. */
export function namedService(name: string, services: readonly Service[], namespace: string): Service | Fault {
  const service = services.find(({ metadata }) => metadata.name === name)
  if (service === undefined) {
    const names = services.map(({ metadata }) => metadata.name)
    return {
      input: 'route',
      problem: `service/${name} does not exist in namespace ${namespace}; there are ${names.join(', ') || 'none'}`,
      example: `route: service/${names[0] ?? 'web'}`
    }
  }
  if (service.spec.type === 'ExternalName') {
    return {
      input: 'route',
      problem: `service/${name} is of type ExternalName, another name in DNS: there are no pods behind it whose traffic could be moved`
    }
  }
  if (Object.keys(service.spec.selector ?? {}).length > 0) return service
  return {
    input: 'route',
    problem: `service/${name} has no selector, so there is nothing in it that could be switched`
  }
}

/** Services that select the canary's pods as soon as these are ready, so that users come to them before any test. */
export const untestedWays = (others: readonly Service[], canary: Deployment): string[] =>
  others
    .filter(
      (service) =>
        !isSlotService(service) && selects(service.spec.selector, templateLabels(canary.spec.template))
    )
    .map(
      ({ metadata, spec }) =>
        `service/${metadata.name} (${printSelector(spec.selector)}) selects both versions: who comes through it reaches the new one as soon as it is ready, before it is tested. To have it follow, give it a line in route: service/${metadata.name}`
    )

function noService(services: readonly Service[], slots: Slots, workload: string, namespace: string): Fault {
  const labels = present(slots).map(([, deployment]) =>
    printSelector(templateLabels(deployment.spec.template))
  )
  const others = services.map(
    ({ metadata, spec }) => `service/${metadata.name} (${printSelector(spec.selector)})`
  )
  return {
    input: 'route',
    problem:
      `no Service in namespace ${namespace} selects the pods of deployment/${workload} (labels ${labels.join(' and ')}); ` +
      (others.length === 0 ? 'there is none at all' : `there are ${others.slice(0, 5).join(', ')}`),
    example: `a Service whose selector is part of those labels; without one there is no traffic that could be moved`
  }
}

/** The slot whose pods the Service sends traffic to. */
export function findStable(
  service: Service,
  slots: Slots,
  recorded: string | undefined
): { slot: SlotName; deployment: Deployment } | Fault {
  const reached = present(slots).filter(([, deployment]) => reaches(service, deployment))
  const running = reached.filter(([, deployment]) => (deployment.spec.replicas ?? 1) > 0)
  const serving = running.length === 0 ? reached : running
  const [only, another] = serving
  if (only === undefined)
    return selectsNobody(service) ? isClosed(service, slots) : nothingReached(service, slots)
  if (another === undefined) return { slot: only[0], deployment: only[1] }
  const known = serving.find(([, deployment]) => deployment.metadata.name === recorded)
  return known === undefined ? severalReached(service, serving) : { slot: known[0], deployment: known[1] }
}

function isClosed({ metadata }: Service, slots: Slots): Fault {
  const title = `deployment/${present(slots)[0]?.[1].metadata.name ?? ''}`
  return {
    input: 'route',
    problem: `service/${metadata.name} keeps everybody away since an installation behind it has failed, and ${title} has pods again`,
    example: `scale ${title} to 0, and deploy it again`
  }
}

const nothingReached = ({ metadata, spec }: Service, slots: Slots): Fault => ({
  input: 'route',
  problem: `service/${metadata.name} selects ${printSelector(spec.selector) || 'nothing'}, which are not pods of ${present(
    slots
  )
    .map(([, deployment]) => `deployment/${deployment.metadata.name}`)
    .join(', ')}`,
  example: 'route: the Service that users of this workload come through'
})

const severalReached = ({ metadata, spec }: Service, serving: readonly [SlotName, Deployment][]): Fault => ({
  input: 'route',
  problem:
    `service/${metadata.name} (${printSelector(spec.selector)}) sends traffic to ` +
    `${serving.map(([, deployment]) => `deployment/${deployment.metadata.name}`).join(' and ')} at the same time: it is not clear which version is the one that serves`,
  example:
    'scale the one that should not serve to 0 replicas, or add the label that tells them apart to the selector'
})

export const slotsOf = (workload: string): readonly { slot: SlotName; name: string }[] =>
  (['plain', 'blue', 'green'] as const).map((slot) => ({ slot, name: slotDeploymentName(workload, slot) }))
