import { gammaln } from 'simple-statistics'
import type { Counts } from '../../domain/judgement.ts'

// Taken out once, as in the other files that calculate much: each look at a global takes long in a test runner's sandbox.
const { exp, log, max } = Math

export const NOTHING: Counts = { requests: 0, errors: 0 }

export const addCounts = (one: Counts, other: Counts): Counts => ({
  requests: one.requests + other.requests,
  errors: one.errors + other.errors
})

export const lessCounts = (one: Counts, other: Counts): Counts => ({
  requests: one.requests - other.requests,
  errors: one.errors - other.errors
})

/** The library's is accurate to 1e-12 from 1e-3 on only, and the counts of rare errors need arguments near 0. */
const logGamma = (x: number): number => gammaln(1 + x) - log(x)

/** log of a(a + 1)…(a + x - 1), which is Γ(a + x) / Γ(a). */
function logRising(a: number, x: number): number {
  if (x === 0) return 0
  if (x > 20 || a > 1e14 || !Number.isInteger(x)) return logGamma(a + x) - logGamma(a)
  let product = 1
  for (let i = 0; i < x; i += 1) product *= a + i
  return log(product)
}

/** How bursty errors may be. */
export interface Dispersion {
  /** Variance over mean: 1 would be independent errors. */
  readonly ratio: number
  readonly prior: number
  /** log of the ratio, and of 1 - 1 / ratio. */
  readonly logRatio: number
  readonly logRest: number
}

/** 1.1 hardly differs from independent errors, 14 are long bursts. */
export const DISPERSIONS: readonly Dispersion[] = [
  { ratio: 1.1, prior: 0.2 },
  { ratio: 2.5, prior: 0.3 },
  { ratio: 6, prior: 0.35 },
  { ratio: 14, prior: 0.15 }
].map((one) => ({ ...one, logRatio: log(one.ratio), logRest: log((one.ratio - 1) / one.ratio) }))

/**
 * log P(`errors`) without the part that depends on `errors` alone, when they have this mean and the dispersion's times that as
 * their variance: the negative binomial NB1, errors that come in bursts. NB1 counts of one dispersion add up to such a count, so
 * pods may be added.
 *
 * Source: Cameron & Trivedi, Regression Analysis of Count Data (2013), 3.3.1: with the mean m, the ratio f and `a = m / (f - 1)`,
 * `ln Γ(x + a) - ln Γ(a) - a ln f + x ln((f - 1) / f)`.
 */
export function logNb1(errors: number, mean: number, { ratio, logRatio, logRest }: Dispersion): number {
  const a = max(mean, 1e-12) / (ratio - 1)
  return logRising(a, errors) - a * logRatio + errors * logRest
}

/** log of the sum of the exponentials, of whatever size these are. */
export function logSumExp(values: readonly number[]): number {
  const most = values.reduce((one, other) => max(one, other), -Infinity)
  if (most === -Infinity) return most
  return most + log(values.reduce((sum, value) => sum + exp(value - most), 0))
}
