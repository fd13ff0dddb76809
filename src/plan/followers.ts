import type { Fault } from '../base/errors.ts'
import { companionOf, companionSelectors, type Companion } from '../domain/companions.ts'
import type { Release } from '../domain/record.ts'
import { SLOT_LABEL } from '../domain/slots.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import { labelFaults } from './faults.ts'

/** The Services that follow the release, and what would keep their users from the new version's pods. */
export interface Followers {
  readonly companions: readonly Companion[]
  readonly faults: readonly Fault[]
  /** By name: the selector that each has with all traffic on stable. */
  readonly selectors: Readonly<Record<string, Labels>>
}

/** How the companions take part in a release with these selectors. */
export function followersOf(
  { companions: services, stable }: Pick<Observed, 'companions' | 'stable'>,
  canary: Deployment,
  followed: Release['selectors']
): Followers {
  const found = services.map((service) => {
    const companion = companionOf(service, stable, followed)
    return { service, companion, selectors: companionSelectors(companion.before, followed) }
  })
  return {
    companions: found.map(({ companion }) => companion),
    faults: found.flatMap(({ service, selectors }) => [
      ...labelFaults(canary, lasting(selectors.canary), service),
      ...(selectors.both !== undefined && Object.keys(selectors.both).length === 0
        ? [selectsBySlotAlone(service.metadata.name)]
        : [])
    ]),
    selectors: Object.fromEntries(found.map(({ companion, selectors }) => [companion.name, selectors.stable]))
  }
}

/** Of a plain Deployment's pods, what is not about its template. */
const lasting = (selector: Labels): Labels =>
  withoutKeys(selector, HASH_LABEL, ...(selector[SLOT_LABEL] === 'plain' ? [SLOT_LABEL] : []))

const selectsBySlotAlone = (name: string): Fault => ({
  input: 'steps',
  problem: `service/${name} selects by the label of the slot alone, so that it cannot select both versions for a share of the traffic`,
  example: 'a label that both versions have in its selector, e.g. app: web'
})

/** For a record: nothing where no Service follows. */
export const recorded = ({ companions }: Followers): Pick<Release, 'companions'> =>
  companions.length === 0 ? {} : { companions }

/** In place no selector changes, so each Service must find the new pods with its present one. */
export const inPlaceFollowers = (
  { companions }: Pick<Observed, 'companions'>,
  canary: Deployment
): Omit<Followers, 'companions'> => ({
  faults: companions.flatMap((service) => labelFaults(canary, service.spec.selector ?? {}, service)),
  selectors: Object.fromEntries(companions.map(({ metadata, spec }) => [metadata.name, spec.selector ?? {}]))
})
