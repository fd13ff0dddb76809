import { UNEASY_ODDS, type Finding, type Judgement } from '../domain/judgement.ts'
import { printStableCheck } from '../inputs/stable-check.ts'
import { besideOf, isNone, likeness, over, tellingFindings, type Beside } from './comparison.ts'
import { shareText, whole } from './figures.ts'
import { table } from './markdown.ts'
import { oddsOf } from './odds.ts'
import { codeSpan } from './text.ts'

function mark({ isBad, logE }: Finding): string {
  if (isBad) return '❌'
  return logE >= Math.log(UNEASY_ODDS) ? '⚠️' : '✅'
}

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
  if (both === undefined) return [mark(finding), checkCell(finding), '—', '—', '—', '—', '—']
  const { own, stable, ownOf, stableOf } = both
  const what = finding.metric === 'errors' ? 'failed' : over(finding)
  const before = finding.beforeAfter ? ' before' : ''
  return [
    mark(finding),
    checkCell(finding),
    isNone(ownOf) ? '—' : `${own} ${what}`,
    isNone(stableOf) ? '—' : stable + before,
    difference(finding, both),
    oddsOf(finding, judgement) ?? '—',
    `${whole(ownOf)} beside ${whole(stableOf)}`
  ]
}

/** One row for each comparison; nothing before there is one. */
export const comparisonTable = (judgement: Judgement): string =>
  table(
    ['', 'Check', 'New version', 'Stable', 'Difference', 'Odds against', 'Requests'],
    tellingFindings(judgement).map((finding) => cells(finding, judgement))
  )
