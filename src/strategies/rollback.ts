import type { Deployment } from '../kubernetes/objects.ts'
import type { Step } from '../plan.ts'
import type { Release, Selector } from '../record.ts'
import { DRAIN } from './drain.ts'

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
    { kind: 'finish' },
    ...(keeps
      ? []
      : [{ kind: 'drain', duration: DRAIN } as const, { kind: 'scale-down', side: 'stable' } as const]),
    ...(settled === undefined ? [] : [{ kind: 'settle', selector: settled, outcome: 'kept' } as const])
  ]
}
