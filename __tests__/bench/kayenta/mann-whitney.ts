/**
 * The test of Mann and Whitney with the confidence interval of a shift, as R's `wilcox.test` has it and Kayenta after it: average
 * ranks for ties, a correction for continuity, and the roots sought to 1e-4 in the data's own unit.
 */

const { abs, max, min, sign, sqrt } = Math

const PRECISION = 1e-4
const ITERATIONS = 1_000

/** Of an interval of that confidence, in standard deviations. */
export type Confidence = 0.95 | 0.98
const DEVIATIONS: Readonly<Record<Confidence, number>> = { 0.95: 1.959963984540054, 0.98: 2.3263478740408408 }

/** By how many standard deviations the ranks of `x` shifted by `mu` are too high, without `z` of them. */
export function rankDifference(mu: number, z: number, x: readonly number[], y: readonly number[]): number {
  const [m, n] = [x.length, y.length]
  const all = [...x.map((value) => ({ value: value - mu, own: 1 })), ...y.map((value) => ({ value, own: 0 }))]
  all.sort((one, other) => one.value - other.value)
  let [ranks, ties] = [0, 0]
  for (let from = 0; from < all.length;) {
    let to = from
    let own = 0
    for (; to < all.length && all[to]?.value === all[from]?.value; to += 1) own += all[to]?.own ?? 0
    ranks += (own * (from + 1 + to)) / 2
    ties += (to - from) ** 3 - (to - from)
    from = to
  }
  const excess = ranks - (m * (m + 1)) / 2 - (m * n) / 2
  const deviation = sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))))
  return (excess - 0.5 * sign(excess)) / deviation - z
}

/** Inverse quadratic interpolation where there are three points, secants where there are two. As a fraction, q >= 0. */
function interpolate(
  [a, b, c]: readonly [number, number, number],
  [fa, fb, fc]: readonly [number, number, number]
): readonly [p: number, q: number] {
  const s = fb / fa
  let p = (c - b) * s
  let q = 1 - s
  if (a !== c) {
    const [r, t] = [fa / fc, fb / fc]
    p = s * ((c - b) * r * (r - t) - (b - a) * (t - 1))
    q = (r - 1) * (t - 1) * (s - 1)
  }
  return p > 0 ? [p, -q] : [-p, q]
}

/** Source: Brent, Algorithms for minimization without derivatives (1973), chapter 4. */
export function root(of: (at: number) => number, from: number, to: number): number {
  let [a, b] = [from, to]
  let [fa, fb] = [of(a), of(b)]
  if (fa === 0) return a
  let [c, fc] = [a, fa]
  for (let left = ITERATIONS; left > 0; left -= 1) {
    const before = b - a
    if (abs(fc) < abs(fb)) [a, b, c, fa, fb, fc] = [b, c, b, fb, fc, fb]
    const tolerance = 2 * Number.EPSILON * abs(b) + PRECISION / 2
    const half = (c - b) / 2
    if (abs(half) <= tolerance || fb === 0) return b
    let step = half
    if (abs(before) >= tolerance && abs(fa) > abs(fb)) {
      const [p, q] = interpolate([a, b, c], [fa, fb, fc])
      if (p < 0.75 * (c - b) * q - abs(tolerance * q) / 2 && p < abs((before * q) / 2)) step = p / q
    }
    if (abs(step) < tolerance) step = step > 0 ? tolerance : -tolerance
    ;[a, fa] = [b, fb]
    b += step
    fb = of(b)
    if (fb > 0 === fc > 0 && fb !== 0 && fc !== 0) [c, fc] = [a, fa]
  }
  return b
}

export interface Shift {
  readonly lower: number
  readonly upper: number
  readonly estimate: number
}

/** By how much `x` is shifted against `y`. */
export function shiftOf(x: readonly number[], y: readonly number[], confidence: Confidence): Shift {
  const [least, most] = [min(...x) - max(...y), max(...x) - min(...y)]
  const solve = (z: number): number => root((mu) => rankDifference(mu, z, x, y), least, most)
  const bound = (z: number): number => {
    if (rankDifference(least, z, x, y) <= 0) return least
    return rankDifference(most, z, x, y) >= 0 ? most : solve(z)
  }
  const z = DEVIATIONS[confidence]
  return { lower: bound(z), upper: bound(-z), estimate: solve(0) }
}
