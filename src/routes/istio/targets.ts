import { shareOf, type Share, type Sides, type Weighted } from '../backend-weights.ts'
import type { Destination, MeshVersions } from './versions.ts'

/** An entry of a rule's `route`. */
export interface Target {
  readonly destination: Destination
  readonly weight?: number
}

export type Targets = readonly Target[]

/** A single entry gets everything, whatever its weight; among several entries, one without a weight gets nothing. */
const weightIn = (targets: Targets, { weight }: Target): number => weight ?? (targets.length === 1 ? 100 : 0)

const withWeight = ({ weight: _, ...target }: Target, weight: number | null): Target =>
  weight === null ? target : { ...target, weight }

type Entry = Weighted & Target

/** The entries with the weights that they have, and who they are. */
export const entriesOf = (targets: Targets): readonly Entry[] =>
  targets.map((target) => ({
    ...target,
    name: target.destination.host,
    weight: weightIn(targets, target)
  }))

export const sidesOf = ({ isStable, isCanary, isTwin }: MeshVersions): Sides<Entry> => ({
  isApex: ({ destination }) => isStable(destination),
  isCanary: ({ destination }) => isCanary(destination) || isTwin(destination),
  canary: ''
})

export const shareIn = (targets: Targets, versions: MeshVersions): Share =>
  shareOf(entriesOf(targets), sidesOf(versions))

/** One share for each entry of stable, since each entry is rounded separately. */
export function sharesIn(targets: Targets, versions: MeshVersions): readonly Share[] {
  const { alone } = shareIn(targets, versions)
  const [first] = stableIn(targets, versions)
  return targets.flatMap((target, at) => {
    if (!versions.isStable(target.destination)) return []
    const beside = besideOf(targets, at, versions)
    const canary = beside + (target === first ? ofTwins(targets, versions) : 0)
    return [{ whole: weightIn(targets, target) + canary, canary, alone }]
  })
}

/** The canary's weight that was taken from the entry at this place. */
function besideOf(targets: Targets, at: number, { isCanary }: MeshVersions): number {
  const next = targets[at + 1]
  return next !== undefined && isCanary(next.destination) ? weightIn(targets, next) : 0
}

const ofTwins = (targets: Targets, { isTwin }: MeshVersions): number =>
  targets
    .filter(({ destination }) => isTwin(destination))
    .reduce((sum, target) => sum + weightIn(targets, target), 0)

export const stableIn = (targets: Targets, { isStable }: MeshVersions): Targets =>
  targets.filter(({ destination }) => isStable(destination))

/** Puts the canary beside each entry for the apex, also with a weight of 0: proxies know it before anybody is sent there. */
export function divide(targets: Targets, versions: MeshVersions, percent: number): Targets {
  const { alone } = shareIn(targets, versions)
  return targets.flatMap((target) => {
    if (!versions.isStable(target.destination)) return [target]
    // Without other entries the weight is arbitrary, so 100 is used: fine enough for every percentage.
    const whole = alone ? 100 : weightIn(targets, target)
    const canary = Math.round((whole * percent) / 100)
    return [
      { ...target, weight: whole - canary },
      { ...target, destination: versions.canaryOf(target.destination), weight: canary }
    ]
  })
}

/**
 * Gives the canary's weight back to stable. Without other entries, the weight becomes `before`; if that is unknown, a
 * single entry gets none. Beside other entries it becomes the sum of both versions' weights.
 */
export function unite(
  targets: Targets,
  versions: MeshVersions,
  before: readonly (number | null)[] | undefined
): Targets {
  const { isStable, isCanary, isTwin } = versions
  const own = stableIn(targets, versions)
  const { whole, canary, alone } = shareIn(targets, versions)
  const isDivided = canary > 0 || targets.some(({ destination }) => isCanary(destination))
  if (own.length === 0 || !isDivided) return targets
  const isOnly = targets.every(({ destination }) => isStable(destination) || isCanary(destination))
  return targets.flatMap((target, at) => {
    const { destination } = target
    if (isCanary(destination)) return []
    if (isTwin(destination)) return [weightIn(targets, target) > 0 ? withWeight(target, 0) : target]
    if (!isStable(destination)) return [target]
    if (alone) return [withWeight(target, before?.[0] ?? (isOnly ? null : whole))]
    const divided = weightIn(targets, target) + besideOf(targets, at, versions)
    return [withWeight(target, divided + (target === own[0] ? ofTwins(targets, versions) : 0))]
  })
}

/** In a pair of subsets, moves the weight from the subset of stable's pods to the subset of the canary's pods. */
export function succeed(targets: Targets, { isStable, isTwin, successorOf }: MeshVersions): Targets {
  const isAt =
    ({ host, subset }: Destination) =>
    ({ destination }: Target): boolean =>
      destination.host === host && destination.subset === subset
  return targets.map((target) => {
    const { destination } = target
    if (isTwin(destination) && targets.find(isAt(destination)) === target) {
      const predecessors = targets.filter(
        (one) => isStable(one.destination) && isAt(successorOf(one.destination))(target)
      )
      const inherited = predecessors.reduce((sum, one) => sum + weightIn(targets, one), 0)
      return inherited === 0 ? target : withWeight(target, weightIn(targets, target) + inherited)
    }
    if (!isStable(destination)) return target
    const successor = successorOf(destination)
    const isSucceeded = successor !== destination && targets.some(isAt(successor))
    return isSucceeded ? withWeight(target, 0) : { ...target, destination: successor }
  })
}
