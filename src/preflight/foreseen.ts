import { wantedReplicas } from '../kubernetes/health.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Observed } from '../observe/observed.ts'
import type { Prepared } from '../plan/prepare.ts'
import { podsFor, shareByPods } from '../plan/sizing.ts'
import type { Split } from '../routes/route.ts'
import type { Foreseen } from './foresee.ts'
import { measuredStable } from './measured-stable.ts'

interface Planned {
  readonly prepared: Pick<Prepared, 'canary' | 'release' | 'routes' | 'steps'>
  readonly observed: Observed
  readonly inputs: Pick<Inputs, 'checks' | 'bake' | 'warmUp'>
}

/** A release that this run is to carry out itself, as far as its forecast needs it. */
export const foreseenOf = (planned: Planned): Foreseen => ({
  release: planned.prepared.release.id,
  stable: measuredStable(planned.observed),
  steps: planned.prepared.steps,
  shareOf: (split) => shareIn(planned, split),
  pods: planned.prepared.canary.spec.replicas ?? 1,
  inputs: planned.inputs
})

/** Numbers of pods share out connections as well as they can. */
function shareIn({ prepared: { routes }, observed }: Planned, split: Split): number {
  if (routes.length > 0 || split.weight === 100) return split.weight / 100
  const stable = wantedReplicas(observed.stable.deployment)
  return shareByPods(podsFor(split, stable, 'connections'), stable) / 100
}
