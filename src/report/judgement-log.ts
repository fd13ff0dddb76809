import type { Decision, Finding, Judgement } from '../domain/judgement.ts'
import { findingInBrief, tellingFindings } from './comparison.ts'
import { wholes } from './figures.ts'
import { judgementReason } from './judgement.ts'
import { sharedTrouble } from './shared-trouble.ts'

/** `✗` is worse, `?` may be, `✓` is not for all that is known. */
const mark = ({ isBad, logE }: Finding): string => (isBad ? '✗' : logE >= 0 ? '?' : '✓')

/** While time passes the counts say it all, and what ends a release is told with its end. */
const isTold = ({ decision }: Judgement): boolean =>
  decision.kind === 'hold' ? decision.for === 'time' : !['advance', 'no-data'].includes(decision.kind)

const tellsWhy = (judgement: Judgement): boolean =>
  judgement.findings.length === 0 || sharedTrouble(judgement) !== '' || !isTold(judgement)

const counted = ({ requests, errors }: Judgement['seen']): string =>
  `${wholes(requests, 'request')}, ${wholes(errors, 'error')}`

function line(judgement: Judgement): string {
  const told = tellingFindings(judgement).map((one) => `${mark(one)} ${findingInBrief(one, judgement)}`)
  const counts = told.length > 0 ? told : [counted(judgement.seen)]
  return [...counts, ...(tellsWhy(judgement) ? [judgementReason(judgement)] : [])].join('   ')
}

const name = (decision: Decision): string =>
  [decision.kind, 'for' in decision ? decision.for : '', 'why' in decision ? decision.why : ''].join(' ')

/**
 * What the log says after a look: one line when another block was judged or when it was decided otherwise, nothing in between.
 * @param before what was told last
 */
export function judgementNews(judgement: Judgement, before: Judgement | undefined): string | undefined {
  const isNews =
    before?.odds.length !== judgement.odds.length || name(before.decision) !== name(judgement.decision)
  return isNews ? line(judgement) : undefined
}
