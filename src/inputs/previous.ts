import { formatDuration } from '../base/duration.ts'
import { durationBetween } from './duration.ts'
import { choice } from './names.ts'
import type { Parser } from './parsed.ts'

/** What becomes of the old version after the bake. `for`: milliseconds; else it is kept until somebody ends it. */
export type Previous = 'scale-down' | 'keep' | { readonly for: number }

const EXAMPLE = 'keep for 1h'
/** Nobody goes back to a version of last month at once. */
const LONGEST = 30 * 24 * 3_600_000

const parseHold = durationBetween(1000, LONGEST, EXAMPLE)
const parseWord = choice('scale-down', 'keep', EXAMPLE)

/** Reads `scale-down`, `keep` or `keep for 1h`. */
export const parsePrevious: Parser<Previous> = (text) => {
  const [, duration] = /^keep\s+for\s+(.+)$/.exec(text) ?? []
  if (duration !== undefined) {
    const read = parseHold(duration)
    return 'problem' in read ? read : { value: { for: read.value } }
  }
  const word = parseWord(text)
  if ('problem' in word) return word
  return { value: word.value === 'scale-down' ? 'scale-down' : 'keep' }
}

/** As the input says it. */
export const printPrevious = (previous: Previous): string =>
  typeof previous === 'string' ? previous : `keep for ${formatDuration(previous.for)}`

/** For how many milliseconds the old version is kept, where that is said. */
export const keptFor = (previous: Previous): number | undefined =>
  typeof previous === 'string' ? undefined : previous.for
