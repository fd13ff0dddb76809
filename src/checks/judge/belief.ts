import { INCIDENT_FACTORS, MOST_ERRORS } from './constants.ts'
import type { Counts } from '../../domain/judgement.ts'
import { DISPERSIONS, logNb1 } from './counts.ts'

const { exp, log, max, min } = Math

/**
 * What is believed of the stable version's errors, as a hidden Markov model: how probable each pair of an ordinary rate and a
 * dispersion is, first without and then with an incident that both versions suffer from. The two sum to 1.
 * Source: Rabiner, A tutorial on hidden Markov models (1989), the scaled forward recursion.
 */
export type Belief = readonly [ordinary: States, incident: States]

/** A number for each pair. Typed, and counted in loops: of a look at the samples this is the longest part. */
export type States = Readonly<Float64Array>

/** log-likelihoods of the same pairs. */
export type Likelihood = States

/** Rates around the base rate, 26 % apart: from a quarter of it to ten times. */
const GRID = Array.from({ length: 17 }, (_, i) => 10 ** ((i - 6) / 10))

const FAMILIES = DISPERSIONS.length

/** That an incident begins in a block, and that it goes on. */
const BEGINS = 0.02
const STAYS = 0.75

/** That the ordinary rate moves one step of the grid up in a block, and likewise down. */
const WANDERS = 0.05

/** History counts half: yesterday's errors are not quite today's. */
const TEMPER = 0.5

/** So much of what was learnt about the rate is given up again when the release begins. */
const FORGOTTEN = 0.2

const SCORES = GRID.map((factor) => exp(-0.5 * log(factor) ** 2))
const SCORES_SUM = SCORES.reduce((sum, score) => sum + score, 0)

/** Of a rate that is known but for a factor of e. */
const RATE_PRIOR = SCORES.map((score) => score / SCORES_SUM)

type Rates = readonly number[]

export const ratesAround = (base: number): Rates => GRID.map((factor) => factor * base)

export const capped = (rate: number): number => min(rate, MOST_ERRORS)

/** The rate's and the dispersion's place of each pair. */
const PLACES = GRID.flatMap((_, rate) =>
  DISPERSIONS.map((dispersion, family) => ({ rate, family, dispersion }))
)

const PAIRS = PLACES.length

const pairs = (of: (rate: number, family: number) => number): States =>
  Float64Array.from(PLACES, ({ rate, family }) => of(rate, family))

const prior = (family: number): number => DISPERSIONS[family]?.prior ?? 0

const atRest = (of: (rate: number, family: number) => number): Belief => [
  pairs((rate, family) => of(rate, family) * (1 - BEGINS)),
  pairs((rate, family) => of(rate, family) * BEGINS)
]

/** How likely these counts are at each rate. */
export function likelihood({ requests, errors }: Counts, rates: Rates): Likelihood {
  const found = new Float64Array(PAIRS)
  let pair = 0
  for (const rate of rates)
    for (const dispersion of DISPERSIONS) {
      found[pair] = logNb1(errors, requests * rate, dispersion)
      pair += 1
    }
  return found
}

export function both(one: States, other: States): States {
  const found = new Float64Array(PAIRS)
  for (let pair = 0; pair < PAIRS; pair += 1) found[pair] = (one[pair] ?? 0) + (other[pair] ?? 0)
  return found
}

function times(one: States, by: number): States {
  const found = new Float64Array(PAIRS)
  for (let pair = 0; pair < PAIRS; pair += 1) found[pair] = (one[pair] ?? 0) * by
  return found
}

export const scaled = ([ordinary, incident]: Belief, by: number): Belief => [
  times(ordinary, by),
  times(incident, by)
]

/** log of the mean of what the exponentials of these are, pair by pair. */
export function mixed(all: readonly Likelihood[]): Likelihood {
  const share = log(all.length)
  const found = new Float64Array(PAIRS)
  for (let pair = 0; pair < PAIRS; pair += 1) {
    let most = -Infinity
    for (const one of all) most = max(most, one[pair] ?? 0)
    let sum = 0
    for (const one of all) sum += exp((one[pair] ?? 0) - most)
    found[pair] = most + log(sum) - share
  }
  return found
}

/** The rates in each size of an incident. */
export const inIncidents = (rates: readonly number[], at: (rate: number) => number = capped): Rates[] =>
  INCIDENT_FACTORS.map((factor) => rates.map((rate) => at(rate * factor)))

export const likelihoods = (counts: Counts, incidents: readonly Rates[]): readonly Likelihood[] =>
  incidents.map((rates) => likelihood(counts, rates))

/** The same belief a block later: the rate may have wandered, an incident may have begun or ended. */
export function moved([ordinary, incident]: Belief): Belief {
  const [calm, ill] = [new Float64Array(PAIRS), new Float64Array(PAIRS)]
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const here = ordinary[pair] ?? 0
    const beside = (ordinary[pair - FAMILIES] ?? here) + (ordinary[pair + FAMILIES] ?? here)
    const wandered = (1 - 2 * WANDERS) * here + WANDERS * beside
    const before = incident[pair] ?? 0
    calm[pair] = wandered * (1 - BEGINS) + before * (1 - STAYS)
    ill[pair] = wandered * BEGINS + before * STAYS
  }
  return [calm, ill]
}

/**
 * What was believed, in the light of what was seen: Bayes' rule.
 * @returns what is believed now, summing to 1, and the logarithm of how likely that was which has been seen
 */
export function weighed<T extends readonly States[]>(
  believed: T,
  seen: readonly Likelihood[]
): { readonly belief: T; readonly log: number } {
  let most = -Infinity
  for (const one of seen) for (const value of one) most = max(most, value)
  let sum = 0
  const weights = believed.map((before, of) => {
    const logs = seen[of]
    const found = new Float64Array(PAIRS)
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const weight = (before[pair] ?? 0) * exp((logs?.[pair] ?? 0) - most)
      sum += weight
      found[pair] = weight
    }
    return found
  })
  const total = max(sum, 1e-300)
  const belief: readonly States[] = weights.map((weight) => times(weight, 1 / total))
  return { belief: belief as T, log: log(total) + most }
}

/** What the stable version's past, block by block, makes one believe when the release begins. */
export function learnt(history: readonly Counts[], rates: readonly number[]): Belief {
  let belief = atRest((rate, family) => (RATE_PRIOR[rate] ?? 0) * prior(family))
  const incidents = inIncidents(rates)
  for (const counts of history) {
    const seen = [likelihood(counts, rates), mixed(likelihoods(counts, incidents))]
    belief = weighed(
      moved(belief),
      seen.map((one) => times(one, TEMPER))
    ).belief
  }
  const families = DISPERSIONS.map((_, family) =>
    belief.reduce(
      (sum, all) =>
        sum + all.reduce((part, state, pair) => part + (pair % FAMILIES === family ? state : 0), 0),
      0
    )
  )
  const fresh = atRest((rate, family) => (RATE_PRIOR[rate] ?? 0) * (families[family] ?? 0))
  const blend = (of: 0 | 1): States => both(times(belief[of], 1 - FORGOTTEN), times(fresh[of], FORGOTTEN))
  return [blend(0), blend(1)]
}
