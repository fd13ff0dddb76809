import { formatDuration, parseDuration } from '../base/duration.ts'
import { quote, refusal, type Parser } from './parsed.ts'

/** No job on GitHub lasts longer than 5 days, and a timer beyond 24 days would fire at once. Milliseconds. */
export const LONGEST_JOB = 5 * 24 * 3_600_000

/** Reads a duration of at least `least` and at most `most` milliseconds. */
export const durationBetween =
  (least: number, most: number, example: string): Parser<number> =>
  (text) => {
    const value = parseDuration(text)
    if (value === undefined) {
      return refusal(`${quote(text)} is not a duration; its units are h, m, s and ms`, example)
    }
    if (value < least)
      return refusal(`${quote(text)} is too short, at least ${formatDuration(least)}`, example)
    if (value > most) return refusal(`${quote(text)} is too long, at most ${formatDuration(most)}`, example)
    return { value }
  }
