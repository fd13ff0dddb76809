import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Counts as traffic has them, drawn exactly: what the judge is measured by must not share its approximations. */

const { abs, cos, exp, floor, imul, log, log1p, max, min, PI, sqrt, trunc } = Math

/** A number from 0 to 1, the latter not included, at each call. */
export type Random = () => number

/** The same numbers for the same key, and others for each other one. Source of the hash: FNV-1a, finished as MurmurHash3 does. */
export function randomOf(...key: readonly (string | number)[]): Random {
  let hash = 0x811c9dc5
  for (const letter of key.join('/')) hash = imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  const generator = xoroshiro128plus(hash ^ (hash >>> 16))
  // Its state begins with many zeros.
  for (let i = 0; i < 20; i += 1) generator.next()
  return () => uniformFloat64(generator)
}

/** Source: Box & Muller (1958). */
export const normal = (random: Random): number => sqrt(-2 * log(1 - random())) * cos(2 * PI * random())

/** log of the factorial. Source: a table, and Stirling's series from 16 on, where it is exact to 1e-13. */
const FACTORIALS = Array.from({ length: 16 }, (_, n) =>
  Array.from({ length: n }, (__, i) => log(i + 1)).reduce((sum, one) => sum + one, 0)
)
function logFactorial(n: number): number {
  const known = FACTORIALS[n]
  if (known !== undefined) return known
  const x = n + 1
  const inverse = 1 / x
  const square = inverse * inverse
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
  return (x - 0.5) * log(x) - x + 0.9189385332046728 + series
}

/** Multiplication for small means; Hörmann's PTRS (1993) for large ones. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0
  if (mean < 10) {
    const limit = exp(-mean)
    let count = 0
    for (let product = random(); product > limit; product *= random()) count += 1
    return count
  }
  const [b, logMean] = [0.931 + 2.53 * sqrt(mean), log(mean)]
  const a = -0.059 + 0.02483 * b
  const [inverseAlpha, vr] = [1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)]
  for (;;) {
    const u = random() - 0.5
    const v = random()
    const us = 0.5 - abs(u)
    const k = floor(((2 * a) / us + b) * u + mean + 0.43)
    if (us >= 0.07 && v <= vr) return k
    if (k < 0 || (us < 0.013 && v > us)) continue
    const left = log(v) + log(inverseAlpha) - log(a / (us * us) + b)
    if (left <= -mean + k * logMean - logFactorial(k)) return k
  }
}

/** Hörmann's BTRS (1993), for n p of 10 and more, p up to a half. */
function largeBinomial(random: Random, n: number, p: number): number {
  const spread = sqrt(n * p * (1 - p))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const [centre, vr] = [n * p + 0.5, 0.92 - 4.2 / b]
  const alpha = (2.83 + 5.1 / b) * spread
  const [odds, mode] = [log(p / (1 - p)), floor((n + 1) * p)]
  const top = logFactorial(mode) + logFactorial(n - mode)
  for (;;) {
    const u = random() - 0.5
    const v = random()
    const us = 0.5 - abs(u)
    const k = floor(((2 * a) / us + b) * u + centre)
    if (us >= 0.07 && v <= vr) return k
    if (k < 0 || k > n) continue
    const left = log((v * alpha) / (a / (us * us) + b))
    if (left <= top - logFactorial(k) - logFactorial(n - k) + (k - mode) * odds) return k
  }
}

export function binomial(random: Random, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - binomial(random, n, 1 - p)
  if (n * p >= 10) return largeBinomial(random, n, p)
  // The gaps between successes are geometric.
  const logMiss = log1p(-p)
  let count = 0
  for (let at = trunc(log(1 - random()) / logMiss); at < n; at += 1 + trunc(log(1 - random()) / logMiss))
    count += 1
  return count
}

/** How many of `n` fall into each part. Binomials of what is left, one after the other. */
export function multinomial(random: Random, n: number, shares: readonly number[]): number[] {
  let left = n
  let rest = 1
  return shares.map((share, i) => {
    if (left === 0) return 0
    const count = i === shares.length - 1 ? left : binomial(random, left, min(max(share / rest, 0), 1))
    left -= count
    rest -= share
    return count
  })
}

/** With scale 1 and a shape of 1 and more. Source: Marsaglia & Tsang, A simple method for generating gamma variables (2000). */
function gamma(random: Random, shape: number): number {
  const d = shape - 1 / 3
  const c = 1 / sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && log(1 - random()) < 0.5 * x * x + d - d * v + d * log(v)) return d * v
  }
}

/** How many failures come before so many successes of probability `p`. */
const negativeBinomial = (random: Random, successes: number, p: number): number =>
  poisson(random, (gamma(random, successes) * (1 - p)) / p)

/** Errors of `n` requests at a rate, in bursts of geometric length: so many on average. */
export function bursts(random: Random, n: number, rate: number, mean: number): number {
  const p = min(rate, 0.98)
  if (mean <= 1) return binomial(random, n, p)
  const begun = binomial(random, n, min(p / mean, 1))
  return begun === 0 ? 0 : min(n, begun + negativeBinomial(random, begun, 1 / mean))
}
