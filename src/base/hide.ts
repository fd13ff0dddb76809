/** What stands in the place of a secret, as the runner writes it. */
const MASK = '***'

/** A secret by itself, and as it goes through URLs, headers and JSON. */
const spellings = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret.toWellFormed()),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/u, '')
]

/** Fewer characters are found everywhere, and hiding them would hide everything. */
const SHORTEST = 4

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')

/** What hides these secrets in a text, wherever somebody has written them; undefined where there is none to hide. */
export function hiding(secrets: Iterable<string>): ((text: string) => string) | undefined {
  const words = [...new Set([...secrets].flatMap(spellings))].filter((word) => word.length >= SHORTEST)
  if (words.length === 0) return undefined
  // The longest first: one secret may be the beginning of another one.
  const longestFirst = words.toSorted((one, other) => other.length - one.length)
  const pattern = new RegExp(longestFirst.map(literal).join('|'), 'gu')
  return (text) => text.replace(pattern, MASK)
}
