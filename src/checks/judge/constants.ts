import { ODDS_LIMITS } from '../../domain/judgement.ts'

/**
 * The numbers that the judge believes in. None is to be set by users or for a service: they were chosen on simulated traffic
 * and checked on other, see `__tests__/unit/checks/judge/`.
 */

/** Times the ordinary rate of errors, for both versions, while something that both need is down. */
export const INCIDENT_FACTORS = [5, 30, 300] as const

/** No version fails more of its requests, as a rate. */
export const MOST_ERRORS = 0.9

/** A regression is there from the first judged block with this probability; else it begins in a later one. */
export const FROM_THE_START = 0.6

/** Odds that a difference is real, as logarithms: rolled back by luck in 2 % and 1 % of releases at most. */
export const ERRORS_LIMIT = Math.log(ODDS_LIMITS.errors)
export const LATENCY_LIMIT = Math.log(ODDS_LIMITS.latency)

/** Evidence that there is none, of a block that says nothing. */
export const NO_EVIDENCE = -30
