/** What no shell makes anything of. */
const PLAIN = /^[\w./:@%+,=-]+$/

/** One word to a shell, whatever is in it. */
const quoted = (text: string): string =>
  PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/**
 * A command that somebody is to copy: what is put into it may have been written by anybody, and is one word.
 * @example sh`kubectl get ${title}`
 */
export const sh = (command: TemplateStringsArray, ...words: readonly string[]): string =>
  command.map((part, at) => part + (at < words.length ? quoted(words[at] ?? '') : '')).join('')

/** Text for a comment behind a command: in some shells that is none where somebody types it. */
export const remark = (text: string): string => text.replace(/[^\w ./:@%+,=-]+/g, '?')
