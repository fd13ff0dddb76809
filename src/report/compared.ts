import type { Judgement } from '../domain/judgement.ts'
import type { Outcome } from '../domain/outcome.ts'
import { comparisonTable } from './comparison-table.ts'
import { judgementReason } from './judgement.ts'
import type { Limits } from './limits.ts'
import { paragraphs } from './markdown.ts'
import { forMarkdown } from './text.ts'
import { lacksData } from './verdict.ts'

/** What the table that follows comes to; nothing where that is the reason of the release, which was told above. */
function sentence(outcome: Outcome, { characters }: Limits): string {
  const { judgement, reason } = outcome
  if (judgement === undefined) return ''
  const why = judgementReason(judgement)
  if (reason.includes(why)) return ''
  return `${headOf(outcome, judgement)}: ${forMarkdown(why, characters * 2)}.`
}

function headOf(outcome: Outcome, { crashOnly }: Judgement): string {
  if (crashOnly === true) return 'Not compared with stable'
  return lacksData(outcome) ? 'Before there was no data' : 'Compared with stable'
}

/** The comparison with stable: what it came to in a sentence, and a row for each thing that was compared. */
export const comparison = (outcome: Outcome, limits: Limits): string =>
  paragraphs(
    sentence(outcome, limits),
    outcome.judgement === undefined ? '' : comparisonTable(outcome.judgement, limits.rows)
  )
