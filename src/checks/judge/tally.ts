import { NO_EVIDENCE } from './constants.ts'

const { exp, log } = Math

/** What all beginnings of one shape come to for one block: the sum of their evidence, and the strongest. */
export interface Tally {
  /** log of the strongest one, and of the sum as a multiple of that. */
  most: number
  multiple: number
  whole: number
  since: number
}

/** A term that is smaller by that, as a logarithm, changes no digit of the sum. */
const NEGLIGIBLE = 40

export const tallyFrom = (first: number): Tally => ({
  most: -Infinity,
  multiple: 0,
  whole: NO_EVIDENCE,
  since: first
})

/** Adds a term in place: there are too many for copies. Source: the running form of the log-sum-exp. */
export function add(tally: Tally, term: number, since: number): void {
  if (term < tally.most - NEGLIGIBLE) return
  if (term <= tally.most) {
    tally.multiple += exp(term - tally.most)
    return
  }
  tally.multiple = tally.multiple * exp(tally.most - term) + 1
  tally.most = term
  tally.since = since
}

/** log of the sum. */
export const sumOf = ({ most, multiple }: Tally): number =>
  multiple === 0 ? NO_EVIDENCE : most + log(multiple)
