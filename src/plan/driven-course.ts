import type { EngineState, Share } from '../engines/engine.ts'
import { gateTime } from '../inputs/gates.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { TrafficStep, Until } from '../inputs/step.ts'

/** The shares of a release that a controller carries out as steps: how long each lasts, as far as that is known before. */
export const courseOf = (
  shares: readonly Share[],
  inputs: Pick<Inputs, 'gates' | 'bake'>
): readonly TrafficStep[] =>
  shares.map((share) => ({ split: { weight: share.weight }, until: untilOf(share, inputs) }))

function untilOf({ duration, waits }: Share, inputs: Pick<Inputs, 'gates' | 'bake'>): Until {
  const checked = waits && inputs.gates.kind === 'checks' ? gateTime(inputs) : 0
  const whole = duration + checked
  if (whole > 0) return { kind: 'duration', duration: whole }
  return { kind: waits ? 'approval' : 'none' }
}

/** Which of the shares the controller is at; their number once all users are on the new version, or where there are none. */
export function shareAt(shares: readonly Share[], state: EngineState): number {
  if (state.at === 'rest' || state.at === 'unseen') return shares.length
  const at = shares.findLastIndex(({ step }) => step <= (state.step ?? 0))
  return at < 0 ? shares.length : at
}
