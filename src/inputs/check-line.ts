import { checkName, printCheck, type Check } from './check.ts'
import { parseCheck } from './parse-check.ts'
import { parseStableCheck } from './parse-stable-check.ts'
import type { Parsed } from './parsed.ts'
import { printStableCheck, type StableCheck } from './stable-check.ts'

/** One line of `checks`: a bound that is written down, or a comparison with the version beside. */
export type CheckLine = Check | StableCheck

export const isComparison = (line: CheckLine): line is StableCheck => !('metric' in line)
export const isBound = (line: CheckLine): line is Check => 'metric' in line

/** The line that reads back as this one. */
export const printCheckLine = (line: CheckLine): string =>
  isComparison(line) ? printStableCheck(line) : printCheck(line)

/** What is told of it: a query of the user's own by the name before it. */
export const checkLineName = (line: CheckLine): string =>
  isComparison(line) ? printStableCheck(line) : checkName(line)

/** Two lines of the same key say the same thing about the same measurement, or contradict each other. */
export const keyOfCheckLine = (line: CheckLine): string =>
  isComparison(line) ? `${comparedName(line)} with stable` : checkName(line)

function comparedName(check: StableCheck): string {
  if (check.kind !== 'latency') return check.kind
  return check.quantile === undefined ? 'latency' : `latency at ${check.quantile}`
}

/** A query's bound may be called stable as well, but it has a name and a colon before it. */
const namesStable = (line: string): boolean => /^like\b|^[^:({[]*[<>]=?\s*stable\b/.test(line)

/** Reads one line of `checks`. */
export function parseCheckLine(text: string): Parsed<CheckLine> {
  const line = text.trim()
  return namesStable(line) ? parseStableCheck(line) : parseCheck(line)
}
