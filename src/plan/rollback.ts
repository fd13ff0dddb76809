import type { Fault } from '../base/errors.ts'
import { withCause } from '../domain/change-cause.ts'
import type { Version } from '../domain/outcome.ts'
import { hasRoutes, type InPlace, type Release } from '../domain/record.ts'
import { inSlot, SLOT_LABEL, type Placement, type SlotName } from '../domain/slots.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { hasTemplateOf, wantedReplicas } from '../kubernetes/health.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, ReplicaSet } from '../kubernetes/objects.ts'
import { withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Observed, ObservedRoute } from '../observe/observed.ts'
import { EVERYBODY } from '../routes/split.ts'
import { followingAutoscaler } from './autoscaler.ts'
import { beginRelease, type ReleaseOrigin } from './begin-release.ts'
import { DRAIN } from './drain.ts'
import { labelFaults, portFaults, slotFaults } from './faults.ts'
import { followersOf, recorded } from './followers.ts'
import { exposedBy, leftoverOf } from './leftover.ts'
import { placementOf, selectorsOf } from './placement.ts'
import { ALL_AT_ONCE, finishing, planFollow } from './progressive.ts'
import { reachedFaults } from './reached.ts'
import { retirable } from './retirement.ts'
import { changingLabels, prepareRouting } from './routing.ts'
import type { Step } from './step.ts'

/** The version to go back to, and what is left of it. */
export interface Previous {
  readonly version: Version
  /** Whose template it was. */
  readonly live: Deployment
  /** The ReplicaSet that holds its template; a failed release may have used its Deployment since. */
  readonly replicaSet: ReplicaSet
  /** How the pods of what serves are replaced by it; undefined when it comes up beside that. */
  readonly inPlace: InPlace | undefined
}

export interface PreparedRollback extends Omit<Rollback, 'previous' | 'drain'> {
  readonly release: Release
  readonly routes: readonly ObservedRoute[]
  readonly faults: readonly Fault[]
}

/**
 * Turns the version to go back to into a release, at the size of the one that serves; at its own, if that is more and
 * it has had users until a moment ago.
 */
export function prepareRollback(
  observed: Observed,
  { version, live, replicaSet }: Previous,
  origin: ReleaseOrigin
): PreparedRollback {
  const free = placeFor(version, observed)
  const source = { ...live, spec: { ...live.spec, template: replicaSet.spec.template } }
  const there = observed.slots[free.slot]
  const leftover = leftoverOf(observed, free.name, origin.startedAt)
  const lingering = leftover.hasRecentUsers ? there : undefined
  const isItself = lingering !== undefined && hasTemplateOf(lingering, inSlot(source, free, there))
  const placement = isItself ? notBelow(lingering, free) : free
  const canary = inSlot(source, placement, there)
  // In another slot its template has another label, and with it another hash.
  const hash = placement.name === version.deployment ? version.hash : ''
  const selectors = selectorsOf(observed, placement, hash)
  const autoscaler = followingAutoscaler(observed, placement.name)
  const placed = { ...version, ...placedIn(placement), hash }
  const begun = beginRelease(origin, observed, { command: 'rollback', canary: placed, selectors, autoscaler })
  const followers = followersOf(observed, canary, selectors)
  const labels = changingLabels(observed, canary, selectors)
  const release = { ...begun, ...exposedBy(leftover), ...recorded(followers), ...labels }
  const { routes, services } = prepareRouting(observed, release, ALL_AT_ONCE, canary)
  const settled = withoutKeys(selectors.canary, HASH_LABEL)
  return {
    // A revision that is there already was brought by another release, and says so.
    canary: there && hasTemplateOf(there, canary) ? canary : withCause(canary, origin.release),
    live: there,
    release,
    routes,
    manifests: services,
    hasRecentUsers: lingering !== undefined && wantedReplicas(lingering) > 0 && !isItself,
    ...(placement.slot === 'plain' ? { settled, leftovers: leftoversBeside(placement.name, observed) } : {}),
    faults: [
      ...slotFaults(observed, placement.name),
      ...(placement.slot === 'plain' ? reachedFaults(observed) : []),
      ...labelFaults(canary, settled, observed.service),
      ...portFaults([observed.service, ...observed.companions], canary, observed),
      ...followers.faults
    ]
  }
}

/** Versions that were kept: the Service would select their pods too, once its selector is widened. */
const leftoversBeside = (place: string, observed: Observed): readonly string[] =>
  retirable(observed, Infinity)
    .versions.map(({ deployment }) => deployment)
    .filter((name) => name !== place)

/** A smaller Deployment would end pods that may still have users. */
const notBelow = (there: Deployment, placement: Placement): Placement => ({
  ...placement,
  replicas: Math.max(placement.replicas, wantedReplicas(there))
})

/** Where it ran before; when that is what serves now, in the other slot. */
function placeFor({ slot, deployment }: Version, observed: Observed): Placement {
  const other = placementOf(observed)
  return deployment === observed.stable.deployment.metadata.name
    ? other
    : { ...other, slot: slot as SlotName, name: deployment }
}

const placedIn = ({
  slot,
  name,
  replicas
}: Placement): Pick<Version, 'slot' | 'deployment' | 'replicas'> => ({
  slot,
  deployment: name,
  replicas
})

export interface Rollback {
  /** The previous version's Deployment, at the size of the one that serves. */
  readonly canary: Deployment
  /** Its Deployment as it is, if there is one. */
  readonly live?: Deployment | undefined
  readonly previous: Inputs['previous']
  /** The Service's selector as it was before the first release, when that is where this goes back to. */
  readonly settled?: Labels | undefined
  /** Versions that were kept, and would get traffic with that selector. */
  readonly leftovers?: readonly string[]
  /** The canary's Service, for the routes that send traffic there. */
  readonly manifests: readonly Manifest[]
  /** Milliseconds. */
  readonly drain: number
  /** See `Leftover`: another version, whose pods this one replaces. */
  readonly hasRecentUsers: boolean
}

/**
 * Like a release without tests, since the previous version has served before and a person has asked for it.
 *
 * After a rollback to a plain Deployment every other version is always scaled down, and then the selector is widened:
 * narrowed to the hash of a template, it would select nothing after the next `kubectl apply` of that Deployment.
 */
export function planRollback(
  { canary, live, manifests, previous, settled, leftovers = [], drain, hasRecentUsers }: Rollback,
  release: Release
): Step[] {
  const keeps = previous !== 'scale-down' && settled === undefined
  return [
    { kind: 'begin' },
    ...(hasRecentUsers ? [{ kind: 'drain', duration: drain } as const] : []),
    ...manifests.map((manifest): Step => ({ kind: 'apply', manifest })),
    { kind: 'start', deployment: canary, live },
    { kind: 'await-ready' },
    ...(hasRoutes(release) ? [{ kind: 'prepare-routes' } as const] : []),
    ...(release.autoscaler === undefined
      ? []
      : [{ kind: 'resize', split: EVERYBODY } as const, { kind: 'point-autoscaler', to: 'canary' } as const]),
    { kind: 'shift', split: EVERYBODY, step: 0 },
    ...planFollow(release),
    finishing(keeps ? previous : 'scale-down', settled),
    ...(keeps
      ? []
      : [{ kind: 'drain', duration: drain } as const, { kind: 'scale-down', side: 'stable' } as const]),
    ...(settled === undefined ? [] : settling(settled, leftovers))
  ]
}

/** The selector is widened only when nothing else runs that it would take in. */
const settling = (selector: Labels, leftovers: readonly string[]): readonly Step[] => [
  ...leftovers.map((deployment): Step => ({ kind: 'retire', deployment })),
  { kind: 'settle', selector, outcome: 'kept' }
]

/** The selector that the Service gets after a rollback to a plain Deployment; undefined of any other release. */
export const settledAt = ({ command, canary, selectors, strategy }: Release): Labels | undefined =>
  command === 'rollback' && canary.slot === 'plain' && strategy === undefined
    ? withoutKeys(selectors.canary, SLOT_LABEL, HASH_LABEL)
    : undefined

/** The next steps of a rollback to a plain Deployment that died when this had all users; `planSettle` has the last ones. */
export const planReturned = (release: Release, settled: Labels): readonly Step[] => [
  ...planFollow(release),
  finishing('scale-down', settled)
]

/** The remaining steps of a rollback to a plain Deployment that died after the traffic had moved. */
export const planSettle = (
  selector: Labels,
  { drain = DRAIN, leftovers = [] }: Partial<Pick<Rollback, 'drain' | 'leftovers'>> = {}
): Step[] => [
  { kind: 'drain', duration: drain },
  { kind: 'scale-down', side: 'canary' },
  ...settling(selector, leftovers)
]
