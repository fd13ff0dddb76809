/** One item of an input that takes one item a line. */
export interface Line {
  /** From 1, within the input as the user wrote it. */
  readonly line: number
  /** Without comment and without white space around it. */
  readonly text: string
}

/**
 * The text with everything in quotes or braces replaced by `_`, so that a search for a separator finds only real
 * separators; positions stay the same. Double quotes count everywhere. Single quotes and backticks count only within
 * braces (JSON, labels in PromQL), since outside an apostrophe is ordinary text. A quote or brace that is not closed
 * reaches to the end of the text, so that the parser complains instead of dropping something silently.
 */
export function maskQuoted(text: string): string {
  let depth = 0
  let open = ''
  return text.replace(/\\[^]|[^]/g, (token) => {
    const inside = open !== '' || depth > 0
    if (open !== '') open = token === open ? '' : open
    else if (token === '"' || (depth > 0 && (token === "'" || token === '`'))) open = token
    else if (token === '{') depth += 1
    else if (token === '}') depth = Math.max(0, depth - 1)
    return inside || open !== '' || depth > 0 ? '_'.repeat(token.length) : token
  })
}

function withoutComment(line: string): string {
  const start = maskQuoted(line).search(/(?<!\S)#/)
  return start < 0 ? line : line.slice(0, start)
}

/**
 * Splits an input that takes one item per line; empty lines are skipped. A `#` starts a comment at the beginning of a
 * line or after white space, except within double quotes or braces. In lines for which `ownsHash` is true (shell
 * commands, headers), only a `#` at the beginning starts a comment.
 */
export const splitLines = (
  input: string,
  ownsHash: (line: string) => boolean = () => false
): readonly Line[] =>
  input
    .split(/\r\n|\r|\n/)
    .map((raw) => raw.trim())
    .map((raw) => (raw.startsWith('#') ? '' : ownsHash(raw) ? raw : withoutComment(raw).trimEnd()))
    .map((text, index) => ({ line: index + 1, text }))
    .filter(({ text }) => text !== '')
