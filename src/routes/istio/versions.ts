import type { KubernetesObject } from '../../kubernetes/objects.ts'
import type { Labels } from '../../kubernetes/selectors.ts'
import type { Backends } from '../route.ts'
import { apexRules, suffixOf, type Subset } from './destination-rules.ts'

export interface Destination {
  readonly host: string
  readonly subset?: string
  readonly port?: { readonly number?: number }
}

/** Which version a destination of the mesh means. */
export interface MeshVersions {
  readonly isStable: (destination: Destination) => boolean
  /** The canary's own Service: an entry that a release has made. */
  readonly isCanary: (destination: Destination) => boolean
  /**
   * The apex with a subset that selects the canary's slot, in a pair of subsets that tells the slots apart. It has no
   * pods while the apex selects stable, so no requests may be sent to it during a release.
   */
  readonly isTwin: (destination: Destination) => boolean
  /** The destination for the canary's part of the requests to this destination of stable. */
  readonly canaryOf: (destination: Destination) => Destination
  /** The destination that replaces this one after a promotion: usually itself, since the apex then selects the canary. */
  readonly successorOf: (destination: Destination) => Destination
  /**
   * Whether no DestinationRule has the subset; and whether the subset excludes the canary's pods while no other subset
   * has them.
   */
  readonly unknownSubset: (destination: Destination) => boolean
  readonly lacksSuccessor: (destination: Destination) => boolean
  /** Labels of the subset, which is narrower than the Service. */
  readonly labelsOf: (destination: Destination) => Labels
}

/** A label that both have, with different values. */
const contradicts = ({ labels = {} }: Subset, selector: Labels): boolean =>
  Object.entries(labels).some(([key, value]) => selector[key] !== undefined && selector[key] !== value)

/** @param objects the VirtualService and the DestinationRules of the namespace */
export function meshVersions(objects: readonly KubernetesObject[], backends: Backends): MeshVersions {
  const { namespace, apex, canary, selectors } = backends
  const subsets = apexRules(objects, backends).flatMap(({ spec }) => spec.subsets ?? [])
  const suffix = ({ host }: Destination): string | undefined => suffixOf(host, apex, namespace)
  const isOfApex = (destination: Destination): boolean => suffix(destination) !== undefined
  const subsetOf = ({ subset }: Destination): Subset => ({
    name: '',
    ...subsets.find(({ name }) => name === subset)
  })
  const isStable = (destination: Destination): boolean =>
    isOfApex(destination) && !contradicts(subsetOf(destination), selectors.stable)
  const isTwin = (destination: Destination): boolean =>
    isOfApex(destination) &&
    contradicts(subsetOf(destination), selectors.stable) &&
    !contradicts(subsetOf(destination), selectors.canary)
  const lacksCanary = (destination: Destination): boolean =>
    contradicts(subsetOf(destination), selectors.canary)
  const twin = subsets.find(({ name }) => isTwin({ host: apex, subset: name }))
  const successorOf = (destination: Destination): Destination =>
    lacksCanary(destination) && twin !== undefined ? { ...destination, subset: twin.name } : destination
  return {
    isStable,
    isTwin,
    isCanary: ({ host }) => suffixOf(host, canary, namespace) !== undefined,
    canaryOf: (destination) => ({
      ...successorOf(destination),
      host: `${canary}${suffix(destination) ?? ''}`
    }),
    successorOf,
    unknownSubset: ({ subset }) => subset !== undefined && !subsets.some(({ name }) => name === subset),
    labelsOf: (destination) => subsetOf(destination).labels ?? {},
    lacksSuccessor: (destination) => lacksCanary(destination) && twin === undefined
  }
}
