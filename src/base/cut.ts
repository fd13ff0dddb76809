/** No secret has more characters. */
const LONGEST_SECRET = 4096

/** What stands between words, in JSON, URLs and HTML as well. */
const BETWEEN = /[\s"'`<>{}[\]()|,;&?]/u

const isBetween = (text: string, at: number): boolean => BETWEEN.test(text.charAt(at))

/** The word that a cut goes through; undefined where that is none, or one too long for a secret. */
function wordAt(text: string, at: number): { readonly start: number; readonly end: number } | undefined {
  let [start, end] = [at, at]
  while (start > 0 && end - start <= LONGEST_SECRET && !isBetween(text, start - 1)) start -= 1
  while (end < text.length && end - start <= LONGEST_SECRET && !isBetween(text, end)) end += 1
  return start === at || end === at || end - start > LONGEST_SECRET ? undefined : { start, end }
}

/**
 * The beginning of a text, at most so many characters and whole words of it: whoever masks secrets, the runner above all, finds them
 * whole or not at all.
 */
export const beginningOf = (text: string, longest: number): string =>
  text.length <= longest ? text : text.slice(0, wordAt(text, longest)?.start ?? longest)

/** Its end likewise. */
export function endingOf(text: string, longest: number): string {
  const at = text.length - longest
  return at <= 0 ? text : text.slice(wordAt(text, at)?.end ?? at)
}

/** For messages: its beginning, with `…` where something is left out. */
export const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${beginningOf(text, longest)}…`
