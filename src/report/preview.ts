import type { ObjectChange, Outcome } from '../domain/outcome.ts'
import type { Limits } from './limits.ts'
import { more, paragraphs, section } from './markdown.ts'
import { clean, codeBlock, codeSpan, forMarkdown, truncate } from './text.ts'

const states: Readonly<Record<ObjectChange['state'], string>> = {
  new: 'is new',
  changed: 'changes',
  same: 'stays as it is',
  unknown: 'cannot be read (no permission), so what would change in it is not shown'
}

/** A line of others stays one line, and keeps its indentation. */
const lineOf = (text: string, { characters }: Limits): string =>
  truncate(clean(text).replaceAll('\n', ' '), characters)

function changeReport(change: ObjectChange, lines: number, limits: Limits): string {
  const { object, state, diff, why } = change
  const shown = diff.slice(0, lines).map((line) => lineOf(line, limits))
  return paragraphs(
    `**${codeSpan(object, 120)}** ${states[state]}${why === undefined ? '' : `: the credentials ${forMarkdown(why, limits.characters)}`}`,
    shown.length === 0 ? '' : codeBlock(shown.join('\n'), 'diff'),
    more(diff.length - shown.length, 'lines')
  )
}

/** How many lines each object gets when all share the limit, the first ones first. */
function shares(changes: readonly ObjectChange[], lines: number): readonly number[] {
  let left = lines
  return changes.map(({ diff }) => {
    const share = Math.min(diff.length, left)
    left -= share
    return share
  })
}

/** Nothing is to be seen of them but their names. */
function sameReport(same: readonly ObjectChange[], { rows }: Limits): string {
  if (same.length === 0) return ''
  const names = same.slice(0, rows).map(({ object }) => codeSpan(object, 120))
  const rest = same.length > rows ? ` and ${same.length - rows} more` : ''
  return `${names.join(', ')}${rest} ${same.length === 1 ? states.same : 'stay as they are'}`
}

/** What a release would make of the objects: first what changes. */
export function previewOfChanges({ plan }: Outcome, limits: Limits): string {
  const { changes: all = [] } = plan ?? {}
  const { rows, diffLines } = limits
  const changes = all.filter(({ state }) => state !== 'same')
  const lines = shares(changes, diffLines)
  return section(
    'What would change',
    ...changes.slice(0, rows).map((change, at) => changeReport(change, lines[at] ?? 0, limits)),
    more(changes.length - rows, 'objects'),
    sameReport(
      all.filter(({ state }) => state === 'same'),
      limits
    )
  )
}

/** The steps that a release would take. That they are listed means that nothing is in their way. */
export function previewOfSteps({ plan }: Outcome, { rows }: Limits): string {
  const { steps = [], changes = [] } = plan ?? {}
  const unseen = changes.some(({ state }) => state === 'unknown')
  return section(
    'What a release would do',
    steps
      .slice(0, rows)
      .map((step, at) => `${at + 1}. ${forMarkdown(step, 120)}`)
      .join('\n'),
    more(steps.length - rows, 'steps'),
    steps.length === 0
      ? ''
      : `The credentials have every right that the release takes${unseen ? ', but not to read everything that it changes (see above)' : ''}, and the API server would take every object (dry run). Nothing was changed.`
  )
}
