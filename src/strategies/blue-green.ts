import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Step } from '../plan.ts'
import type { Release } from '../record.ts'
import { DRAIN } from './drain.ts'

export interface BlueGreen {
  readonly canary: Deployment
  /** Everything of the manifests that is not the workload itself, in order. */
  readonly manifests: readonly Manifest[]
  readonly smokeTests: boolean
  /** Whether there are any: then even a bake of 0 lasts until each of them has passed once. */
  readonly checks: boolean
  /** Milliseconds. */
  readonly bake: number
  readonly previous: 'scale-down' | 'keep'
}

/**
 * Health before traffic, one switch, the old version at hand until the new one has proved itself.
 *
 * The first step writes the record, and narrows a selector that would take in both versions: before any pod of
 * the canary exists. The record says `promoted` before the old version is touched: whoever dies after that
 * leaves a finished release behind, never one with half of its old version gone.
 */
export function planBlueGreen(
  { canary, manifests, smokeTests, checks, bake, previous }: BlueGreen,
  release: Release
): Step[] {
  return [
    { kind: 'shift', weight: 0 },
    ...manifests.map((manifest): Step => ({ kind: 'apply', manifest })),
    { kind: 'start', deployment: canary },
    { kind: 'await-ready' },
    ...(smokeTests ? [{ kind: 'smoke' } as const] : []),
    ...(release.autoscaler === undefined ? [] : [{ kind: 'point-autoscaler', to: 'canary' } as const]),
    { kind: 'shift', weight: 100 },
    ...(bake > 0 || checks ? [{ kind: 'bake', duration: bake } as const] : []),
    { kind: 'finish' },
    ...(previous === 'keep' ? [] : retire(bake))
  ]
}

/** The bake has been part of the drain: nothing new has come to the old pods since the switch. */
const retire = (bake: number): Step[] => [
  ...(bake >= DRAIN ? [] : [{ kind: 'drain', duration: DRAIN - bake } as const]),
  { kind: 'scale-down', side: 'stable' }
]
