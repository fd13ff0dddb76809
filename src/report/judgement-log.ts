import { counted } from '../base/counted.ts'
import type { Decision, Finding, Judgement } from '../domain/judgement.ts'
import { besideOf, countsInBrief, findingInBrief, isNone, tellingFindings } from './comparison.ts'
import { whole, wholes } from './figures.ts'
import { judgementReason, standing } from './judgement.ts'
import { sharedTrouble } from './shared-trouble.ts'

/** `✗` is worse, `?` may be or is not known, `✓` is not for all that is known. */
function mark(finding: Finding): string {
  if (finding.isBad) return '✗'
  return finding.logE >= 0 || isNone(besideOf(finding)?.ownOf ?? 0) ? '?' : '✓'
}

/** What ends a step is told with its end, and while its time passes the counts say it all. */
const isTold = ({ decision, findings }: Judgement): boolean =>
  decision.kind === 'hold'
    ? decision.for !== 'time' || findings.length === 0
    : decision.kind === 'no-data' || decision.kind === 'inconclusive'

/** What the line says besides the counts, where that is not plain from the line before. */
function reason(judgement: Judgement, before: Judgement | undefined): string {
  const isNew = before === undefined || name(before) !== name(judgement)
  if (isNew && isTold(judgement)) return judgementReason(judgement)
  const shared = judgement.decision.kind === 'rollback' ? '' : sharedTrouble(judgement)
  return shared !== '' && (before === undefined || sharedTrouble(before) === '') ? shared : ''
}

const seenInBrief = ({ seen: { requests, errors } }: Judgement): string =>
  `${wholes(requests, 'request')}, ${wholes(errors, 'error')}`

function counts(judgement: Judgement): string {
  const told = tellingFindings(judgement).map((one) => `${mark(one)} ${findingInBrief(one, judgement)}`)
  return [...new Set(told)].join('   ') || seenInBrief(judgement)
}

const nameOf = (decision: Decision): string =>
  [decision.kind, 'for' in decision ? decision.for : '', 'why' in decision ? decision.why : ''].join(' ')

/** Two looks of the same name differ in nothing but counts. */
const name = ({ decision, findings }: Judgement): string =>
  `${nameOf(decision)} ${findings.length > 0 ? 'judged' : ''}`

/**
 * What the log says after a look: the counts when another block was judged, why when it was decided otherwise, nothing in between.
 * @param before what was known until then
 */
export function judgementNews(judgement: Judgement, before: Judgement | undefined): string | undefined {
  const isFirst = before?.odds.length !== judgement.odds.length
  const parts = [isFirst ? counts(judgement) : '', reason(judgement, before)].filter((part) => part !== '')
  return parts.length > 0 ? parts.join('   ') : undefined
}

function compared(judgement: Judgement): string {
  const { decision, findings, crashOnly, seen } = judgement
  if (crashOnly === true)
    return `nothing but a crash was looked for: ${whole(seen.errors)} of ${wholes(seen.requests, 'request')} failed`
  return decision.kind === 'advance'
    ? [`compared with stable: ${standing(judgement)}`, ...new Set(findings.map(countsInBrief))].join('; ')
    : `compared with stable: ${judgementReason(judgement)}`
}

/** What became of the lines of `checks` that have a fixed bound. */
export interface Bounds {
  readonly count: number
  /** Names of those that could not be judged to the end of the step, and let it end all the same. */
  readonly waved: readonly string[]
}

function boundsText({ count, waved }: Bounds): readonly string[] {
  if (count === 0) return []
  if (waved.length > 0) {
    const others = waved.length < count ? 'every other bound was kept, ' : ''
    return [`${others}${waved.join(', ')} could not be judged, which counted as passed`]
  }
  return [`${count === 1 ? 'the bound was' : 'every bound was'} kept`]
}

/** How a watched step ended well. */
export function watchedWell(bounds: Bounds, judgement: Judgement | undefined, rounds: number): string {
  const times = `${counted(rounds, 'round')} of measurements`
  if (judgement === undefined && bounds.waved.length === 0) return `every check passed, ${times}`
  const told = judgement === undefined ? [] : [compared(judgement)]
  return [...boundsText(bounds), ...told, times].join('; ')
}
