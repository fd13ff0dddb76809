import { canonical } from '../../kubernetes/canonical.ts'
import type { Share } from '../backend-weights.ts'
import type { Backends } from '../route.ts'
import {
  groupsOf,
  isCanaryIn,
  isOwnIn,
  isStableIn,
  serviceOf,
  stableGroup,
  weightOf,
  withGroups,
  withService,
  withWeight,
  type Action,
  type TargetGroup
} from './action.ts'

const sum = (groups: readonly TargetGroup[]): number =>
  groups.reduce((total, group) => total + weightOf(group), 0)

export function shareIn(action: Action, backends: Backends): Share {
  const groups = groupsOf(action)
  return {
    whole: sum(groups.filter((group) => isOwnIn(group, backends))),
    canary: sum(groups.filter((group) => isCanaryIn(group, backends))),
    alone: groups.every((group) => isOwnIn(group, backends) || weightOf(group) === 0)
  }
}

/** Whether users come to the workload by this action. */
export const isInUse = (action: Action, backends: Backends): boolean =>
  groupsOf(action).some((group) => isStableIn(group, backends)) && shareIn(action, backends).whole > 0

/** Gives the canary `canary` of the weight that both versions have together. Other target groups keep their weights. */
function shifted(action: Action, backends: Backends, canary: number, whole: number): Action {
  const groups = groupsOf(action)
  const stable = stableGroup(groups, backends)
  const isThere = groups.some((group) => isCanaryIn(group, backends))
  const moved = groups.flatMap((group) => {
    if (group === stable) {
      const beside = isThere ? [] : [withWeight(withService(group, backends.canary), canary)]
      return [withWeight(group, whole - canary), ...beside]
    }
    if (isCanaryIn(group, backends)) return [withWeight(group, canary)]
    return [isOwnIn(group, backends) && weightOf(group) > 0 ? withWeight(group, 0) : group]
  })
  return withGroups(action, moved)
}

/** Without other target groups the weights are arbitrary, so 100 is used: fine enough for every percentage. */
export function divided(action: Action, backends: Backends, percent: number): Action {
  const { alone, whole: own } = shareIn(action, backends)
  const whole = alone ? 100 : own
  return shifted(action, backends, Math.round((whole * percent) / 100), whole)
}

/** Gives one version the weight of both. */
export function given(action: Action, backends: Backends, serving: 'stable' | 'canary'): Action {
  const { whole } = shareIn(action, backends)
  return shifted(action, backends, serving === 'canary' ? whole : 0, whole)
}

/** The canary as only target, for the requests of a header step. */
export function canaryAlone(action: Action, backends: Backends): Action {
  const stable = stableGroup(groupsOf(action), backends) ?? {}
  return withGroups(action, [withWeight(withService(stable, backends.canary), 100)])
}

/**
 * The action from before the release, with the changes that others have made since. Returns `original` itself when
 * there are none, so that its text stays the same.
 */
export function restored(live: Action, original: Action, backends: Backends): Action {
  const former = groupsOf(original)
  const groups = groupsOf(live).flatMap((group) =>
    isOwnIn(group, backends) ? former.filter((one) => serviceOf(one) === serviceOf(group)) : [group]
  )
  const action = withGroups(live, groups)
  return canonical(action) === canonical(original) ? original : action
}
