import type { Release } from '../domain/record.ts'
import { checkLineName } from '../inputs/check-line.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { DEFAULT_CANARY_STEPS, printStep, type TrafficStep } from '../inputs/step.ts'
import { ALL_AT_ONCE } from './progressive.ts'

/** The inputs that the record keeps, for later runs of the same release. */
export const asAsked = (
  { strategy, watchdog, checks }: Inputs,
  steps: readonly TrafficStep[]
): Partial<Release> => ({
  ...(strategy === 'canary' ? { steps: steps.map(printStep) } : {}),
  ...(checks.length === 0 ? {} : { checks: checks.map(checkLineName) }),
  ...(watchdog === undefined ? {} : { watchdog })
})

/** The steps that the strategy has when the user gives none. */
export function stepsOf({ strategy, steps }: Inputs): readonly TrafficStep[] {
  if (strategy !== 'canary') return ALL_AT_ONCE
  return steps.length > 0 ? steps : DEFAULT_CANARY_STEPS
}
