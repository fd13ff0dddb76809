import { counted } from '../base/counted.ts'
import type { Outcome, PodEvidence } from '../domain/outcome.ts'
import type { Limits } from './limits.ts'
import { details, more, paragraphs, section } from './markdown.ts'
import { clean, codeBlock, codeSpan, oneLine, truncate } from './text.ts'

/** The last lines, because a crash explains itself at the end. */
const tail = (texts: readonly string[], count: number, characters: number): readonly string[] =>
  count === 0
    ? []
    : texts
        .slice(-count)
        .flatMap((text) => clean(text).split('\n'))
        .slice(-count)
        .map((line) => truncate(line, characters))

const block = (lines: readonly string[]): string => (lines.length === 0 ? '' : codeBlock(lines.join('\n')))

function podReport(evidence: PodEvidence, limits: Limits, first: boolean): string {
  const { pod, reason, message, events, log } = evidence
  const { characters, events: mostEvents, logLines } = limits
  const eventLines = tail(events, mostEvents, characters)
  const logTail = tail(log, logLines, characters)
  return paragraphs(
    `**${codeSpan(pod, 100)}**: ${codeSpan(reason, 100)}`,
    oneLine(message) === '' ? '' : codeBlock(truncate(clean(message), characters * 2)),
    eventLines.length === 0 ? '' : `Events\n\n${block(eventLines)}`,
    details(`The last ${counted(logTail.length, 'line')} of its log`, block(logTail), first)
  )
}

/** What the pods that did not come up, or misbehaved, had to say. */
export const podEvidence = ({ evidence }: Outcome, limits: Limits): string =>
  section(
    'Evidence from the pods',
    ...evidence.slice(0, limits.pods).map((pod, at) => podReport(pod, limits, at === 0)),
    limits.pods === 0 ? '' : more(evidence.length - limits.pods, 'pods')
  )
