import type { Fault } from '../base/errors.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import type { SlotName } from '../domain/slots.ts'
import { isOwnedBy } from '../kubernetes/health.ts'
import type { Service } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { recordIn, type Slots } from './find-service.ts'
import type { FoundRoute, Neighbour, Observed } from './observed.ts'
import { couldSelect } from './own-slots.ts'

/** The Service with the record, the Services that follow it, and the record that a release goes on from. */
export interface Chosen {
  readonly service: Service
  readonly companions: readonly Service[]
  readonly record: Release | undefined
}

/**
 * Which of the Services that were named leads: the one whose release is under way, else the one that the routes lead to,
 * else the one with the last release, else the first.
 */
export function choose(
  [first, ...more]: readonly [Service, ...Service[]],
  routes: readonly FoundRoute[]
): Chosen {
  const found = [first, ...more].map((service) => ({ service, record: recordIn(service) }))
  const rank = ({ service, record }: (typeof found)[number]): readonly number[] => [
    record !== undefined && (isUnfinished(record) || record.settle !== undefined) ? 1 : 0,
    routes.filter((route) => leadsTo(route, service)).length,
    timeOf(record)
  ]
  const service = found.reduce((best, one) => (isBefore(rank(best), rank(one)) ? one : best)).service
  const last = found.reduce((best, one) => (timeOf(best.record) < timeOf(one.record) ? one : best))
  const record = recordIn(service)
  return {
    service,
    companions: [first, ...more].filter((one) => one !== service),
    record: record !== undefined && isUnfinished(record) ? record : last.record
  }
}

const timeOf = (record: Release | undefined): number =>
  record === undefined ? 0 : Date.parse(record.startedAt)

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index])
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0)
}

/** Every kind of route names the Services that it leads to somewhere in its fields, or in an annotation. */
function leadsTo({ object }: FoundRoute, { metadata }: Service): boolean {
  const { spec } = object as { spec?: unknown }
  const text = JSON.stringify([spec, object.metadata.annotations])
  return new RegExp(`(?<![a-z0-9-])${metadata.name}(?![a-z0-9-])`).test(text)
}

/** Services whose pods are none of the workload cannot follow a release of it. */
export const companionFaults = (companions: readonly Service[], slots: Slots, workload: string): Fault[] =>
  companions
    .filter((service) => !isOf(service, slots))
    .map(({ metadata, spec }) => ({
      input: 'route',
      problem: `service/${metadata.name} selects ${printSelector(spec.selector) || 'nothing'}, which are not pods of deployment/${workload}: it cannot follow its releases`,
      example: 'only the Services that users of this workload come through'
    }))

/** Whether the Service could be pointed to one of the versions. */
export const isOf = (service: Service, slots: Slots): boolean =>
  Object.entries(slots).some(([slot, deployment]) => couldSelect(service, deployment, slot as SlotName))

/** A Service that is to follow must send its users to the version that serves: else a release would take theirs away. */
export const divergedFaults = (
  companions: readonly Neighbour[],
  { service, stable }: Pick<Observed, 'service'> & { readonly stable: Pick<Observed['stable'], 'deployment'> }
): Fault[] =>
  companions.flatMap(({ service: companion, pods }) => {
    const stranger = pods.find((pod) => !isOwnedBy(stable.deployment, pod))
    return stranger === undefined
      ? []
      : [
          {
            input: 'route',
            problem:
              `service/${companion.metadata.name} sends users to pod ${stranger.metadata.name}, which is not of deployment/${stable.deployment.metadata.name}, ` +
              `the version that serves behind service/${service.metadata.name}: a release would take it out of service`,
            example: `point both Services to the same version first: the selector of service/${service.metadata.name} is ${printSelector(service.spec.selector)}`
          }
        ]
  })
