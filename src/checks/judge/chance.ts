import { probit } from 'simple-statistics'

const { cos, exp, imul, log, max, PI, round, sqrt } = Math

/** A number from 0 to 1 at each call; the same ones for the same seed. */
export type Chance = () => number

/** Source: mulberry32 by Tommy Ettinger (public domain). */
export function chance(seed: number): Chance {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Source: Box & Muller (1958). */
export const normal = (random: Chance): number => sqrt(-2 * log(1 - random())) * cos(2 * PI * random())

/** Source: Knuth, The Art of Computer Programming 2, 3.4.1; from a mean of 50 on the normal distribution is near enough. */
export function poisson(random: Chance, mean: number): number {
  if (mean > 50) return max(round(mean + sqrt(mean) * normal(random)), 0)
  const limit = exp(-mean)
  let count = 0
  for (let product = random(); product > limit; product *= random()) count += 1
  return count
}

/**
 * The count below which this part of all NB1 counts lies, see `counts.ts`: so that a few plays, each with its part, have as many
 * errors as many would.
 */
export function nb1Quantile(part: number, mean: number, ratio: number): number {
  if (mean > 400) return max(round(mean + sqrt(ratio * mean) * probit(part)), 0)
  const a = max(mean, 1e-12) / (ratio - 1)
  let probability = ratio ** -a
  let below = probability
  let count = 0
  for (; below < part && count < 20 * mean + 1_000; count += 1) {
    probability *= ((a + count) / (count + 1)) * ((ratio - 1) / ratio)
    below += probability
  }
  return count
}

/** How NB1 errors that are known as a sum fall into blocks of these means: an urn, as Pólya's. */
export function spreadErrors(
  random: Chance,
  errors: number,
  means: readonly number[],
  ratio: number
): readonly number[] {
  const weights = means.map((mean) => mean / (ratio - 1))
  const found = means.map(() => 0)
  let all = weights.reduce((sum, weight) => sum + weight, 0)
  for (let drawn = 0; drawn < errors; drawn += 1) {
    let left = random() * all
    const block = weights.findIndex((weight) => (left -= weight) < 0)
    const at = block < 0 ? 0 : block
    found[at] = (found[at] ?? 0) + 1
    weights[at] = (weights[at] ?? 0) + 1
    all += 1
  }
  return found
}
