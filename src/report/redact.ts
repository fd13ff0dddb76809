import type { Outcome } from '../domain/outcome.ts'

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

/**
 * The outcome without these secrets, wherever somebody has written them: a pod that logs the requests of a smoke test,
 * an error that quotes one. The runner masks the log; comment and outputs go past it.
 */
export function redacted(outcome: Outcome, secrets: Iterable<string>): Outcome {
  const words = [...new Set([...secrets].flatMap(spellings))].filter((word) => word.length >= SHORTEST)
  if (words.length === 0) return outcome
  // The longest first: one secret may be the beginning of another one.
  const longestFirst = words.toSorted((one, other) => other.length - one.length)
  const pattern = new RegExp(longestFirst.map(literal).join('|'), 'gu')
  const { runUrl, ...told } = outcome
  return { ...within(told, pattern), ...(runUrl === undefined ? {} : { runUrl }) }
}

function within<T>(value: T, pattern: RegExp): T
function within(value: unknown, pattern: RegExp): unknown {
  if (typeof value === 'string') return value.replace(pattern, MASK)
  if (Array.isArray(value)) return value.map((item: unknown) => within(item, pattern))
  if (typeof value !== 'object' || value === null) return value
  // Of a smoke test itself only the name is told.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === 'test' ? item : within<unknown>(item, pattern)])
  )
}
