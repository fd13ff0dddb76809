import type { Deployment, ReplicaSet } from '../kubernetes/objects.ts'
import { withoutKeys } from '../kubernetes/selectors.ts'
import { inSlot } from '../kubernetes/slots.ts'
import type { SlotName } from '../kubernetes/slots.ts'
import type { Observed } from '../observed.ts'
import type { Version } from '../outcome.ts'
import type { Step } from '../plan.ts'
import type { Release, Selector } from '../record.ts'
import { HASH_LABEL } from '../routes/find.ts'
import { DRAIN } from './drain.ts'
import { beginRelease, placementOf, selectorsOf } from './prepare.ts'
import type { Origin } from './prepare.ts'

/** The version to go back to, and what is left of it. */
export interface Previous {
  readonly version: Version
  readonly live: Deployment
  /** Holds its template: a failed release may have used its Deployment since. */
  readonly replicaSet: ReplicaSet
}

export interface PreparedRollback {
  readonly canary: Deployment
  readonly release: Release
  /** See `Rollback`. */
  readonly settled: Selector | undefined
}

/** Turns the version to go back to into a release, at the size of the one that serves. */
export function prepareRollback(
  observed: Observed,
  { version, live, replicaSet }: Previous,
  origin: Origin
): PreparedRollback {
  const slot = version.slot as SlotName
  const placement = { ...placementOf(observed), slot, name: version.deployment }
  const source = { ...live, spec: { ...live.spec, template: replicaSet.spec.template } }
  const selectors = selectorsOf(observed, placement, version.hash)
  const canary = { ...version, replicas: placement.replicas }
  return {
    canary: inSlot(source, placement, live),
    release: beginRelease(
      'rollback',
      observed,
      canary,
      selectors,
      observed.autoscaler?.metadata.name,
      origin
    ),
    settled: slot === 'plain' ? withoutKeys(selectors.canary, HASH_LABEL) : undefined
  }
}

export interface Rollback {
  /** The previous version's Deployment, at the size of the one that serves. */
  readonly canary: Deployment
  readonly previous: 'scale-down' | 'keep'
  /** The Service's selector as it was before the first release, when that is where this goes back to. */
  readonly settled: Selector | undefined
}

/**
 * As a release, without tests: the previous version has served before, and somebody has asked for it.
 *
 * Back to a plain Deployment the version that is left is always scaled down, and the selector widened after it:
 * narrowed to a template it would select nothing after the next `kubectl apply` to that Deployment.
 */
export function planRollback({ canary, previous, settled }: Rollback, release: Release): Step[] {
  const keeps = previous === 'keep' && settled === undefined
  return [
    { kind: 'shift', weight: 0 },
    { kind: 'start', deployment: canary },
    { kind: 'await-ready' },
    ...(release.autoscaler === undefined ? [] : [{ kind: 'point-autoscaler', to: 'canary' } as const]),
    { kind: 'shift', weight: 100 },
    { kind: 'finish', ...(settled === undefined ? {} : { settle: settled }) },
    ...(keeps
      ? []
      : [{ kind: 'drain', duration: DRAIN } as const, { kind: 'scale-down', side: 'stable' } as const]),
    ...(settled === undefined ? [] : [{ kind: 'settle', selector: settled, outcome: 'kept' } as const])
  ]
}

/** What is left to do when a rollback to a plain Deployment died after the traffic had moved. */
export const planSettle = (selector: Selector): Step[] => [
  { kind: 'drain', duration: DRAIN },
  { kind: 'scale-down', side: 'canary' },
  { kind: 'settle', selector, outcome: 'kept' }
]
