import type { Step } from '../plan.ts'
import type { Release } from '../record.ts'
import { DRAIN } from './drain.ts'

/** The part that users feel: stable has the traffic again after it. */
export const planRestore = (): Step[] => [{ kind: 'ensure-stable' }, { kind: 'shift', weight: 0 }]

/**
 * The part that can wait. Needs nothing but the record, so that any later run can do it.
 * The selector is widened again only when the canary has no pods that it could take in.
 */
export const planTidy = (release: Release): Step[] => [
  ...(release.autoscaler === undefined ? [] : [{ kind: 'point-autoscaler', to: 'stable' } as const]),
  { kind: 'collect-evidence' },
  ...(release.exposed ? [{ kind: 'drain', duration: DRAIN } as const] : []),
  { kind: 'scale-down', side: 'canary' },
  { kind: 'settle', selector: release.selectors.before, outcome: 'restored' }
]
