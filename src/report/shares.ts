import { percent } from '../base/counted.ts'
import type { Outcome, Shift } from '../domain/outcome.ts'
import type { Split } from '../routes/route.ts'
import { isNobody } from '../routes/split.ts'
import { sameVersion } from './verdict.ts'
import type { Voice } from './versions.ts'

/** Who was sent to the canary, and the words for it. */

type ShareOf = Outcome['shareOf']

/** Where the last shift of the run has left the traffic; a run that shifted nothing knows the weight alone. */
export function shiftNow({ shifts, weight }: Outcome): Pick<Shift, 'split' | 'achieved'> {
  const last = shifts.at(-1)
  return last?.split.weight === weight ? last : { split: { weight } }
}

/** Whether two versions get traffic at the end of the run. */
export function isSplit(outcome: Outcome): boolean {
  const { weight, serving, canary } = outcome
  return (
    canary !== undefined &&
    !sameVersion(serving, canary) &&
    weight < 100 &&
    !isNobody(shiftNow(outcome).split)
  )
}

/** What goes to the canary besides its share: requests with a header, copies. */
const besides = ({ header, mirror }: Split, { code }: Voice): readonly string[] => [
  ...(header === undefined ? [] : [`the requests with header ${code(header.name)}`]),
  ...(mirror === undefined ? [] : [`copies of ${percent(mirror)} of the requests`])
]

/** What the canary has: `10% of the requests`. `achieved` is told instead of the wanted share. */
export function canaryShare(
  { split, achieved }: Pick<Shift, 'split' | 'achieved'>,
  shareOf: ShareOf,
  voice: Voice
): string {
  if (split.weight === 100) return 'all traffic'
  const share = split.weight === 0 ? [] : [`${percent(achieved ?? split.weight)} of the ${shareOf}`]
  return [...share, ...besides(split, voice)].join(' and ') || 'no traffic'
}

/** What is left for stable while the canary has a part: `90% of the requests`. */
export function stableShare(
  { split, achieved }: Pick<Shift, 'split' | 'achieved'>,
  shareOf: ShareOf
): string {
  if (split.header !== undefined) return 'all other traffic'
  return split.weight === 0 ? 'all traffic' : `${percent(100 - (achieved ?? split.weight))} of the ${shareOf}`
}
