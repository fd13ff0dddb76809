/**
 * Makes text that others wrote (pods, events, metrics, commits) safe to print. Nothing that was not made safe
 * here may reach the log, the summary or a comment.
 */

const ESC = '\u001B'
const BEL = '\u0007'

/** Colours and cursor moves (also the one-character C1 form), and window titles or hyperlinks. */
const TERMINAL_SEQUENCE = new RegExp(
  `(?:${ESC}\\[|\u009B)[0-?]*[ -/]*[@-~]|${ESC}\\][^${BEL}${ESC}]{0,2000}(?:${BEL}|${ESC}\\\\)`,
  'gu'
)
const NEWLINE = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/gu
const INVISIBLE = /(?![\n\t])\p{Cc}|[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/** Removes terminal sequences, control characters, direction overrides and everything without a width. */
export const clean = (text: string): string =>
  text.toWellFormed().replace(TERMINAL_SEQUENCE, '').replace(NEWLINE, '\n').replace(INVISIBLE, '')

/** The same, as one line. */
export const oneLine = (text: string): string => clean(text).replace(/\s+/gu, ' ').trim()

/** At most `max` characters, then `… 12 more`. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text
  // No more is looked at than can be shown: a text may be of any length.
  const characters = Array.from(text.slice(0, 2 * max + 2))
  if (characters.length <= max) return text
  const shown = characters.slice(0, max).join('')
  return `${shown}… ${countOf(text, shown.length)} more`
}

/** Characters from there on; of very long ones the halves of pairs are counted as well. */
const countOf = (text: string, from: number): number =>
  text.length - from < 100_000 ? Array.from(text.slice(from)).length : text.length - from

/** The runner takes `##[name]` for a command wherever it stands in a line. */
const withoutOldCommands = (text: string): string => text.replaceAll('##[', '## [')

/** A line of ours for the log: unchanged, unless the runner would take it for a command. */
export function lineForLog(text: string): string {
  const line = withoutOldCommands(clean(text).replaceAll('\n', ' '))
  return line.trimStart().startsWith('::') ? `│ ${line}` : line
}

/** Text of others for the log: every line is marked, so that the runner cannot take one for a command. */
export const forLog = (text: string): string =>
  withoutOldCommands(clean(text))
    .split('\n')
    .map((line) => `│ ${line}`)
    .join('\n')

/**
 * Mentions, references, links and emoji are found after unescaping: only a character without a width stops them.
 * `clean` has removed all others, so this one is always ours.
 */
const WIDTHLESS_BREAK = '\u200B'
const LINKABLE = /@|#(?=\w)|:(?=\/\/|(?:\d*[a-z_+-][\w+-]*|100|1234):)|www(?=\.)|gh-(?=\d)/giu
const STRUCTURAL = /[&<>$\\`*_[\]|~#\u200B]/gu

const entity: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  // GitHub's own advice against its math syntax.
  $: '<span>$</span>',
  [WIDTHLESS_BREAK]: '&#8203;'
}

/** At the start of a line these would begin a list, a heading's underline or a rule. */
const LINE_START = /^(?:(?=[-+=])|(\d+)(?=[.)](?:\s|$)))/u

const words = (text: string): string =>
  text
    .replace(LINKABLE, `$&${WIDTHLESS_BREAK}`)
    .replace(STRUCTURAL, (character) => entity[character] ?? `\\${character}`)
    .replace(LINE_START, '$1\\')

const longestRun = (text: string): number =>
  (text.match(/`+/gu) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)

/** Text of others as code within a line or table cell of Markdown. */
export function codeSpan(text: string, max = 200): string {
  const code = truncate(oneLine(text), max)
  // A table cell ends at a pipe even within backticks.
  if (code === '' || code.includes('|')) return `<code>${words(code)}</code>`
  const ticks = '`'.repeat(longestRun(code) + 1)
  const gap = code.startsWith('`') || code.endsWith('`') ? ' ' : ''
  return `${ticks}${gap}${code}${gap}${ticks}`
}

/** Text of others within a line or table cell of Markdown: plain words, and code where it stands in backticks. */
export const forMarkdown = (text: string, max = 500): string =>
  truncate(oneLine(text), max)
    .split(/(`[^`]+`)/u)
    .map((part, at) => (at % 2 === 1 ? codeSpan(part.slice(1, -1), Infinity) : words(part)))
    .join('')

/** Lines of others as a block of code that they cannot end. */
export function codeBlock(text: string, language: 'text' | 'diff' = 'text'): string {
  const code = clean(text)
  const fence = '`'.repeat(Math.max(3, longestRun(code) + 1))
  return `${fence}${language}\n${code}\n${fence}`
}
