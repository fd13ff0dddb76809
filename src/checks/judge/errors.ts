import { baseRate } from './base-rate.ts'
import { risesBeyond, type RiseEvidence } from './beyond.ts'
import {
  both,
  capped,
  learnt,
  likelihood,
  inIncidents,
  likelihoods,
  mixed,
  moved,
  ratesAround,
  scaled,
  weighed,
  type Belief,
  type Likelihood
} from './belief.ts'
import { FROM_THE_START } from './constants.ts'
import type { Counts } from '../../domain/judgement.ts'

/**
 * Does the new version fail more of its requests? A Bayes factor of two hidden Markov models: in the one it fails as often as
 * the stable version in the same minutes, in the other it fails more often by one of these rises, from the start or from some
 * block on. Its expectation is at most 1 while there is no difference, however often one looks (Ville's inequality).
 * Sources: Lindon & Malek, Anytime-valid inference for multinomial count data (NeurIPS 2022, arXiv 2011.03567): whose was an
 * error that happened? · Shin, Ramdas & Rinaldo, E-detectors (arXiv 2203.03532): it may begin late.
 */
const RISES = [
  [0.001, 0.16],
  [0.002, 0.18],
  [0.004, 0.18],
  [0.008, 0.14],
  [0.016, 0.12],
  [0.03, 0.08],
  [0.06, 0.06],
  [0.15, 0.04],
  [0.5, 0.04]
] as const

/** A rise is no smaller than that to be one, as a factor. */
const LEAST_FACTOR = 1.5

/** That a version which was as good as stable so far becomes worse in a block. */
const HAZARD = 0.02

/** What two versions did in the same block. */
export interface Pair {
  readonly stable: Counts
  readonly canary: Counts
}

export interface ErrorEvidence {
  /** log of the odds that the new version fails more often, from 1 : 1 before anything was seen. */
  readonly logE: number
  /** The same for the most likely rise of at least 0.4 %, without its prior: below 0 there is rather none. */
  readonly margin: number
  /** The largest rise that what was seen does not speak against, as a share of requests; 0 when it does against all. */
  readonly hidden: number
  /** How much more likely each rise is than none, without its prior: as logarithms. */
  readonly rises: readonly RiseEvidence[]
}

/** A regression of one size: not begun, begun. */
interface Hypothesis {
  readonly good: Belief
  readonly bad: Belief
  readonly log: number
  readonly raised: Rates
}

/** Rates of errors for each ordinary rate, and in each size of an incident. */
interface Rates {
  readonly ordinary: readonly number[]
  readonly incidents: readonly (readonly number[])[]
}

/** What a block says, whatever the rise. */
interface Seen {
  readonly canary: Counts
  readonly stable: Likelihood
  readonly stableInIncidents: readonly Likelihood[]
  readonly alike: readonly [Likelihood, Likelihood]
}

const eachBoth = (some: readonly Likelihood[], others: readonly Likelihood[]): readonly Likelihood[] =>
  some.map((one, i) => both(one, others[i] ?? one))

function see({ stable, canary }: Pair, { ordinary, incidents }: Rates): Seen {
  const alone = likelihood(stable, ordinary)
  const stableInIncidents = likelihoods(stable, incidents)
  const together = mixed(eachBoth(stableInIncidents, likelihoods(canary, incidents)))
  return {
    canary,
    stable: alone,
    stableInIncidents,
    alike: [both(alone, likelihood(canary, ordinary)), together]
  }
}

const plus = (one: Belief, other: Belief): Belief => [both(one[0], other[0]), both(one[1], other[1])]

/** In an incident a bad version may suffer as the stable one does, or more by its own factor: half and half. */
function worse({ canary, stable, stableInIncidents, alike }: Seen, raised: Rates): Likelihood[] {
  const more = mixed(eachBoth(likelihoods(canary, raised.incidents), stableInIncidents))
  return [both(stable, likelihood(canary, raised.ordinary)), mixed([alike[1], more])]
}

function after({ good, bad, log, raised }: Hypothesis, seen: Seen): Hypothesis {
  const stillGood = moved(scaled(good, 1 - HAZARD))
  const nowBad = moved(plus(bad, scaled(good, HAZARD)))
  const found = weighed([...stillGood, ...nowBad] as const, [...seen.alike, ...worse(seen, raised)])
  const [g0, g1, b0, b1] = found.belief
  return { good: [g0, g1], bad: [b0, b1], log: log + found.log, raised }
}

/** The rate of a version whose errors have risen. */
export const raisedBy = (rise: number, rate: number): number =>
  capped(Math.max(LEAST_FACTOR * rate, rate + rise))

function begun(belief: Belief, rates: readonly number[], rise: number): Hypothesis {
  const raised = (rate: number): number => raisedBy(rise, rate)
  return {
    good: scaled(belief, 1 - FROM_THE_START),
    bad: scaled(belief, FROM_THE_START),
    log: 0,
    raised: { ordinary: rates.map(raised), incidents: inIncidents(rates, raised) }
  }
}

function weigh(hypotheses: readonly Hypothesis[], none: number): ErrorEvidence {
  const rises = RISES.map(([rise, prior], i) => ({ rise, prior, ratio: (hypotheses[i]?.log ?? 0) - none }))
  return {
    ...risesBeyond(rises, () => false),
    hidden: rises.findLast(({ ratio }) => ratio >= 0)?.rise ?? 0,
    rises
  }
}

/** What the stable version's past tells about its errors: all that evidence begins with. */
export interface KnownErrors {
  /** How often it fails when nothing is wrong. */
  readonly base: number
  readonly rates: Rates
  readonly belief: Belief
}

/** @param history of the stable version, block by block, before the release */
export function knownErrors(history: readonly Counts[]): KnownErrors {
  const base = baseRate(history)
  const ordinary = ratesAround(base)
  return { base, rates: { ordinary, incidents: inIncidents(ordinary) }, belief: learnt(history, ordinary) }
}

/**
 * @param blocks since the release began; of those before `first`, the warm-up, nothing is learnt
 * @returns what is known after each block
 */
export function evidenceSince(
  { rates, belief }: KnownErrors,
  blocks: readonly Pair[],
  first: number
): readonly ErrorEvidence[] {
  let alike = { belief, log: 0 }
  let hypotheses = RISES.map(([rise]) => begun(belief, rates.ordinary, rise))
  return blocks.map((pair, block) => {
    if (block >= first && pair.canary.requests > 0) {
      const seen = see(pair, rates)
      const next = weighed(moved(alike.belief), seen.alike)
      alike = { belief: next.belief, log: alike.log + next.log }
      hypotheses = hypotheses.map((hypothesis) => after(hypothesis, seen))
    }
    return weigh(hypotheses, alike.log)
  })
}
