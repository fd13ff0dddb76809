import { nameStep, type TrafficStep } from '../inputs/step.ts'
import type { PlannedStep } from './judge/plays.ts'
import type { Course } from './judged-steps.ts'

const isWatched = ({ split, until }: TrafficStep): boolean => split.weight > 0 && until.kind !== 'none'

/**
 * The steps in which the two versions will be compared. Those with a header, copies or nobody come before them, and find nothing but
 * a crash; of how many requests nobody knows.
 * @param shareOf what part of all users a step really gives to the new version, from 0 to 1
 */
export const plannedSteps = (
  { steps, bake }: Pick<Course, 'steps' | 'bake'>,
  shareOf: (split: TrafficStep['split']) => number
): readonly PlannedStep[] => [
  ...steps.filter(isWatched).map((step) => ({
    name: nameStep(step),
    duration: step.until.kind === 'duration' ? step.until.duration : 0,
    share: shareOf(step.split)
  })),
  { name: 'bake', duration: bake, share: 1 }
]

/** No step ends before something has been judged, which begins with the first block after the warm-up. Milliseconds. */
export function lastingSteps(
  steps: readonly PlannedStep[],
  { warmUp, block }: { readonly warmUp: number; readonly block: number }
): readonly PlannedStep[] {
  const judgedFrom = Math.ceil(warmUp / block) * block
  let begin = 0
  return steps.map((step) => {
    const duration = Math.max(step.duration, judgedFrom + block - begin, block)
    begin += duration
    return { ...step, duration }
  })
}
