import { isUnfinished, type Release } from '../domain/record.ts'
import { planAfterUndo, planUndo } from './in-place.ts'
import type { Step } from './step.ts'

/** The part that users feel: stable has the traffic again after it. */
export const planRestore = ({ strategy }: Release): Step[] =>
  strategy === undefined ? [{ kind: 'ensure-stable' }, { kind: 'restore' }] : planUndo()

/** Stable cannot take the traffic back: what has all of it keeps it, and no route is left as in the middle of a release. */
export const planStay = ({ routes, strategy }: Release): Step[] => [
  ...(routes === undefined || strategy !== undefined
    ? []
    : [{ kind: 'follow', hopeless: true } as const, { kind: 'await-routes' } as const]),
  { kind: 'finish' }
]

/**
 * The part that can wait. Needs nothing but the record, so that any later run can do it.
 * The selector is widened again only when the canary has no pods that it could take in.
 * @param drain milliseconds between the last request to the canary and the end of its pods
 */
export function planTidy(release: Release, drain: number): Step[] {
  if (release.strategy === undefined) return planRemoval(release, drain)
  // Closed already when the Deployment was left to somebody who has changed it meanwhile.
  return isUnfinished(release) ? planAfterUndo(release) : []
}

const planRemoval = (release: Release, drain: number): Step[] => [
  ...(release.autoscaler === undefined ? [] : [{ kind: 'point-autoscaler', to: 'stable' } as const]),
  { kind: 'collect-evidence' },
  ...(release.routes === undefined ? [] : [{ kind: 'await-routes' } as const]),
  ...(release.exposed ? [{ kind: 'drain', duration: drain } as const] : []),
  { kind: 'scale-down', side: 'canary' },
  ...(release.watchdog === undefined ? [] : [{ kind: 'stop-watchdog' } as const]),
  { kind: 'settle', selector: release.selectors.before, outcome: 'restored' }
]
