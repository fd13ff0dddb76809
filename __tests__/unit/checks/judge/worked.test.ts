import { describe, expect, it } from '@jest/globals'
import type { Counts } from '../../../../src/domain/judgement.ts'
import { DISPERSIONS, logNb1, logSumExp } from '../../../../src/checks/judge/counts.ts'
import { evidenceSince, knownErrors, type ErrorEvidence } from '../../../../src/checks/judge/errors.ts'
import { exceededBy, shapesOf, stretched, survivalAt } from '../../../../src/checks/judge/shapes.ts'

/** Figures that can be checked by hand. */
describe('NB1', () => {
  const six = DISPERSIONS[2] ?? { ratio: 0, prior: 0, logRatio: 0, logRest: 0 }

  it('is that of bursts of six', () => {
    expect(six.ratio).toBe(6)
    expect(Math.exp(logNb1(0, 0.5, six))).toBeCloseTo(6 ** -0.1, 12)
    expect(Math.exp(logNb1(0, 0.5, six))).toBeCloseTo(0.8359588, 7)
    expect(logNb1(1, 1, six) - logNb1(1, 0.5, six)).toBeCloseTo(Math.log(2) - 0.1 * Math.log(6), 12)
    expect(logNb1(1, 1, six) - logNb1(1, 0.5, six)).toBeCloseTo(0.5139712, 7)
    expect(logNb1(3, 1, six) - logNb1(3, 0.5, six)).toBeCloseTo(0.6475026, 7)
  })

  it('sums to 1', () => {
    const factorial = (x: number): number => (x === 0 ? 0 : Math.log(x) + factorial(x - 1))
    const logs = Array.from({ length: 200 }, (_, x) => logNb1(x, 3, six) - factorial(x))
    expect(logSumExp(logs)).toBeCloseTo(0, 10)
  })

  it.each([1e-9, 1e-3, 0.7, 40, 1e6])('has no seam at 20 errors when the mean is %d', (mean) => {
    // P(x + 1) / P(x) (x + 1) = (a + x) (f - 1) / f
    const ratio = (x: number): number => Math.exp(logNb1(x + 1, mean, six) - logNb1(x, mean, six))
    for (const x of [18, 19, 20, 21, 22]) expect(ratio(x) / ((mean / 5 + x) * (5 / 6))).toBeCloseTo(1, 6)
  })
})

describe('stretched', () => {
  it('moves the shares of a histogram', () => {
    const found = stretched([0.1, 0.2, 0.3, 0.4], [1, 2, 4], 2)
    ;[0, 0.1, 0.2, 0.7].forEach((share, i) => {
      expect(found[i]).toBeCloseTo(share, 8)
    })
  })

  it('is undone by its inverse at every duration', () => {
    const [shares, edges] = [
      [0.1, 0.2, 0.3, 0.4],
      [1, 2, 4]
    ]
    for (const share of [0.85, 0.7, 0.5, 0.41])
      expect(survivalAt(shares, edges, exceededBy(shares, edges, share) ?? NaN)).toBeCloseTo(share, 12)
    expect(exceededBy(shares, edges, 0.3)).toBeUndefined()
  })

  it('has shapes whose weights are a probability, and whose shares are a histogram', () => {
    const shapes = shapesOf([0.1, 0.2, 0.3, 0.4], [1, 2, 4])
    const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
    expect(shapes).toHaveLength(20)
    expect(total(shapes.map(({ weight }) => weight))).toBeCloseTo(1, 12)
    for (const { shares } of shapes) expect(total(shares)).toBeCloseTo(1, 7)
  })
})

/** 12 errors of 340 requests beside 3 of 9,812, in six minutes after half an hour with 3 errors of 18,000. */
describe('twelve errors beside three', () => {
  type At = Readonly<Record<number, number>>
  const history = Array.from({ length: 60 }, (_, i): Counts => {
    return { requests: 300, errors: [10, 30, 50].includes(i) ? 1 : 0 }
  })
  const evidence = (canary: At, stable: At): ErrorEvidence | undefined =>
    evidenceSince(
      knownErrors(history),
      Array.from({ length: 12 }, (_, i) => ({
        canary: { requests: i < 4 ? 29 : 28, errors: canary[i] ?? 0 },
        stable: { requests: i < 8 ? 818 : 817, errors: stable[i] ?? 0 }
      })),
      0
    ).at(-1)
  const spread = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [i, 1]))

  it.each<[string, At, At, number, number]>([
    [
      'spread over all blocks: 10^14 : 1',
      spread,
      { 2: 1, 5: 1, 8: 1 },
      34.20256032984539,
      36.497750839567246
    ],
    ['in two bursts: 93 : 1', { 3: 5, 8: 7 }, { 5: 3 }, 4.537521596800356, 5.582091527264137],
    [
      'while stable suffers too: below 1 : 1',
      { 3: 5, 8: 7 },
      { 3: 20, 8: 22 },
      -0.05265527814334825,
      0.10948393849861304
    ],
    ['none at all: 0.6 : 1', {}, {}, -0.5249769854782218, -0.42008673031506727]
  ])('%s', (_, canary, stable, logE, margin) => {
    const found = evidence(canary, stable)
    expect(found?.logE).toBeCloseTo(logE, 9)
    expect(found?.margin).toBeCloseTo(margin, 9)
  })

  it('says which rises could hide', () => {
    expect(evidence({}, {})?.hidden).toBeLessThanOrEqual(0.002)
    expect(evidence(spread, {})?.hidden).toBe(0.5)
  })
})
