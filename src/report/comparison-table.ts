import { UNEASY_ODDS, type Finding, type Judgement } from '../domain/judgement.ts'
import { printStableCheck } from '../inputs/stable-check.ts'
import { besideOf, isNone, likeness, over, tellingFindings, type Beside } from './comparison.ts'
import { shareText, whole } from './figures.ts'
import { table } from './markdown.ts'
import { oddsOf } from './odds.ts'
import { codeSpan } from './text.ts'

/** Where nothing was counted, nothing is known. What could not be decided is nothing that has passed. */
function mark(finding: Finding, { decision }: Judgement): string {
  const { isBad, logE } = finding
  if (isBad) return '❌'
  if (isNone(besideOf(finding)?.ownOf ?? 0)) return '⚪'
  return logE >= (decision.kind === 'inconclusive' ? 0 : Math.log(UNEASY_ODDS)) ? '⚠️' : '✅'
}

/** What is worse first, then what has the highest odds. */
const mostTellingFirst = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted(
    (one, other) => Number(other.isBad) - Number(one.isBad) || (one.logE < other.logE ? 1 : -1)
  )

const signed = (difference: number): string =>
  difference === 0 ? '0%' : `${difference < 0 ? '-' : '+'}${shareText(Math.abs(difference))}`

function difference(finding: Finding, both: Beside): string {
  const { logE } = finding
  if (isNone(both.ownOf) || isNone(both.stableOf)) return '—'
  const isLike = finding.metric === 'latency' && finding.shape !== undefined && logE >= 0
  return isLike ? likeness(finding.shape) : signed(both.difference)
}

/** `like stable` is two comparisons. */
const checkCell = (finding: Finding): string =>
  codeSpan(printStableCheck(finding.check)) +
  (finding.check.kind === 'like-stable' ? ` ${finding.metric}` : '')

function cells(finding: Finding, judgement: Judgement): readonly string[] {
  const both = besideOf(finding)
  if (both === undefined) return [mark(finding, judgement), checkCell(finding), '—', '—', '—', '—', '—']
  const { own, stable, ownOf, stableOf } = both
  const what = finding.metric === 'errors' ? 'failed' : over(finding)
  const before = finding.beforeAfter ? ' before' : ''
  return [
    mark(finding, judgement),
    checkCell(finding),
    isNone(ownOf) ? '—' : `${own} ${what}`,
    isNone(stableOf) ? '—' : stable + before,
    difference(finding, both),
    oddsOf(finding, judgement) ?? '—',
    `${whole(ownOf)} beside ${whole(stableOf)}`
  ]
}

/** One row for each comparison; nothing before there is one. @param rows how many at most */
export const comparisonTable = (judgement: Judgement, rows = Infinity): string =>
  table(
    ['', 'Check', 'New version', 'Stable', 'Difference', 'Odds against', 'Requests'],
    mostTellingFirst(tellingFindings(judgement))
      .slice(0, rows)
      .map((finding) => cells(finding, judgement))
  )
