/** Building blocks of Markdown. What is put into them has been made safe before (text.ts). */

/** The paragraphs that say something, with a blank line between them. */
export const paragraphs = (...parts: readonly string[]): string =>
  parts.filter((part) => part !== '').join('\n\n')

/** A heading with what stands below it; nothing when there is nothing below it. */
export function section(title: string, ...parts: readonly string[]): string {
  const body = paragraphs(...parts)
  return body === '' ? '' : `### ${title}\n\n${body}`
}

export const bullets = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n')

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** A table; nothing when it has no rows. */
export const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? '' : [row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n')

/** Something to unfold. The blank lines make GitHub read the body as Markdown. */
export const details = (title: string, body: string, open = false): string =>
  body === '' ? '' : `<details${open ? ' open' : ''}><summary>${title}</summary>\n\n${body}\n\n</details>`

/** One of GitHub's coloured boxes; nothing when there is nothing to put into it. */
export const alert = (kind: 'NOTE' | 'WARNING' | 'CAUTION', body: string): string =>
  body === '' ? '' : [`[!${kind}]`, ...body.split('\n')].map((line) => `> ${line}`.trimEnd()).join('\n')

/** `_… 12 more lines_`, `_… 1 more step before_`; nothing when none were left out. */
export function more(count: number, what: string): string {
  const noun = count === 1 ? what.replace(/s(?= before$|$)/u, '') : what
  return count > 0 ? `_… ${count} more ${noun}_` : ''
}

/** A link whose address cannot do anything but be one; nothing when it is not one. */
export const link = (text: string, url: string | undefined): string =>
  url !== undefined && /^https?:\/\/[\w.~:/?#[\]@!&'*+,;=%-]+$/u.test(url) ? `[${text}](<${url}>)` : ''
