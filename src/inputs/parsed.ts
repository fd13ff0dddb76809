import { cut } from '../base/cut.ts'

/** Why a text was not understood, and a text of its kind that would have been. */
export interface Refusal {
  readonly problem: string
  readonly example: string
}

/** What a parser makes of a text. Parsers never throw: the caller adds input and line to a refusal. */
export type Parsed<T> = { readonly value: T } | Refusal

export type Parser<T> = (text: string) => Parsed<T>

export const refusal = (problem: string, example: string): Refusal => ({ problem, example })

const LONGEST_QUOTE = 120

function withoutCredentials(line: string): string {
  const text = line.replace(/(https?:\/\/[^\s?#]*\?)\S+/gi, '$1***')
  const start = text.indexOf('//') + 2
  const end = text.lastIndexOf('@')
  return start >= 2 && end >= start ? `${text.slice(0, start)}***${text.slice(end)}` : text
}

/** The user's text for use in a problem: shortened, and without the `user:password@` and the query of a URL. */
export function quote(text: string): string {
  const safe = withoutCredentials(text)
  return `"${cut(safe, LONGEST_QUOTE)}"`
}
