import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { countAt } from '../../kubernetes/read.ts'
import type { Share } from '../engine.ts'
import { shareOf } from '../share.ts'
import { stepsOf, strategyOf, wholeWeight } from './objects.ts'
import { pauseOf } from './steps.ts'

/** By `setWeight`, with the pauses after each. How long an analysis takes, nobody knows. */
export const sharesOf = (object: KubernetesObject): readonly Share[] =>
  strategyOf(object) === 'canary'
    ? stepsOf(object)
        .reduce<readonly Share[]>(
          (shares, step, index) => withStep(shares, step, { index, whole: wholeWeight(object) }),
          []
        )
        .filter(({ weight }) => weight > 0)
    : []

function withStep(
  shares: readonly Share[],
  step: unknown,
  { index, whole }: { readonly index: number; readonly whole: number }
): readonly Share[] {
  const weight = countAt(step, 'setWeight')
  if (weight !== undefined && whole > 0)
    return [
      ...shares,
      { weight: shareOf((weight / whole) * 100), step: index + 1, duration: 0, waits: false }
    ]
  const last = shares.at(-1)
  const pause = pauseOf(step)
  if (last === undefined || pause === undefined) return shares
  const longer =
    pause === 'until-yes' ? { ...last, waits: true } : { ...last, duration: last.duration + pause }
  return [...shares.slice(0, -1), longer]
}
