import { describe, expect, it, test } from '@jest/globals'
import { chance, nb1Quantile, spreadErrors } from '../../../../src/checks/judge/chance.ts'
import { forecast } from '../../../../src/checks/judge/forecast.ts'
import { measure, type Measured } from '../../../../src/checks/judge/measured.ts'
import { slower, type Plan } from '../../../../src/checks/judge/plays.ts'
import type { Forecast, Prospect } from '../../../../src/domain/forecast.ts'
import { simulate } from '../../../support/traffic.ts'
import { START } from './builders.ts'

const MINUTES = 60_000

const kept = new Map<string, Measured>()

/** What is known of the stable version before a release. */
function known(rps: number, seed: number): Measured {
  const key = `${rps} ${seed}`
  const found =
    kept.get(key) ?? measure({ ...simulate('aa', rps, seed), steps: [], canary: [], now: START }, START)
  kept.set(key, found)
  return found
}

const plan: Plan = {
  checks: [{ kind: 'like-stable' }],
  steps: [0.05, 0.1, 0.25, 0.5].map((share) => ({ share, duration: 5 * MINUTES })),
  warmUp: MINUTES,
  pods: 2,
  seed: 1
}

function nameOf({ regression }: Prospect): string {
  if (regression.kind === 'errors') return `+${(100 * (regression.to - regression.from)).toFixed(1)}%`
  return regression.kind === 'latency' ? `x${regression.times}` : regression.kind
}

/** By the end of the last step, of several histories. */
function foundAtLast(rps: number, seeds: readonly number[]): Readonly<Record<string, number>> {
  const all = seeds.flatMap((seed) => forecast(known(rps, seed), { ...plan, seed }).prospects)
  return Object.fromEntries(
    [...Map.groupBy(all, nameOf)].map(([name, found]) => [
      name,
      found.reduce((sum, one) => sum + (one.found.at(-1) ?? 0), 0) / found.length
    ])
  )
}

/**
 * Of 16 forecasts each for 5, 20 and 100 requests a second and the traffic of `simulate`, on average against how often the judge
 * found the same in 250 releases: +0.9 % errors 0.62, 0.94, 1 against 0.50, 0.98, 1; +0.2 % 0.04, 0.13, 0.55 against 0.08, 0.14,
 * 0.68; all 1.2 times as slow 0.87, 0.94, 0.90 against 0.85, 0.92, 0.92.
 */
describe('a forecast', () => {
  it('finds on ordinary traffic what the judge does', () => {
    const found = foundAtLast(20, [1, 2, 3])
    expect(Object.keys(found)).toEqual(['crash', '+1.0%', '+0.3%', 'x1.5', 'x1.25'])
    expect(found.crash).toBe(1)
    expect(found['+1.0%']).toBeGreaterThan(0.8)
    expect(found['+0.3%']).toBeLessThan(0.6)
    expect(found['x1.5']).toBeGreaterThan(0.9)
    expect(found['x1.25']).toBeGreaterThan(0.8)
  })

  it('finds less where there is less traffic', () => {
    const found = foundAtLast(1, [1, 2])
    expect(found['+1.0%']).toBeLessThan(0.5)
    expect(found['+0.3%']).toBeLessThan(0.3)
  })

  it('is the same for the same release, and finds no less with every step', () => {
    const one = forecast(known(20, 1), plan)
    expect(forecast(known(20, 1), plan)).toEqual(one)
    expect(one.rate).toBeGreaterThan(19)
    expect(one.rate).toBeLessThan(21)
    expect(one.requests.map((count) => Math.round(count / 300))).toEqual([1, 2, 5, 10])
    for (const { found } of one.prospects) expect(found).toEqual(found.toSorted((a, b) => a - b))
  })

  it('sees a crash within the first scrapes, if anybody comes', () => {
    const crash = ({ prospects }: Forecast): Prospect | undefined => prospects[0]
    expect(crash(forecast(known(100, 1), plan))).toMatchObject({ found: [1, 1, 1, 1], after: 15_000 })
    const short = { ...plan, steps: [{ share: 0.01, duration: MINUTES }, ...plan.steps] }
    expect(crash(forecast(known(1, 1), short))?.found[0]).toBeLessThan(0.5)
  })

  test.each<[string, Partial<Plan>]>([
    ['no steps', { steps: [] }],
    ['a step that is all warm-up', { steps: [{ share: 0.5, duration: MINUTES }] }],
    ['fifty steps', { steps: Array.from({ length: 50 }, (_, i) => ({ share: i / 50, duration: MINUTES })) }],
    ['everybody', { steps: [{ share: 1, duration: 5 * MINUTES }] }],
    ['no checks', { checks: [] }],
    ['no pods', { pods: 0 }]
  ])('%s makes shares of it', (_, given) => {
    const { prospects, requests } = forecast(known(5, 1), { ...plan, ...given })
    const shares = prospects.flatMap(({ found }) => found)
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
    expect(requests.every(Number.isFinite)).toBe(true)
  })

  it('finds a crash and slowness of a version that everybody is on', () => {
    const steps = [{ share: 1, duration: 5 * MINUTES }]
    const found = forecast(known(100, 1), { ...plan, steps }).prospects.map((one) => [
      nameOf(one),
      one.found[0]
    ])
    expect(found).toEqual(
      expect.arrayContaining([
        ['crash', 1],
        ['x1.5', 1]
      ])
    )
  })

  it('without a past finds nothing', () => {
    const nothing = measure({ ...simulate('aa', 5, 1), stable: [], steps: [], canary: [] }, START)
    const { rate, prospects } = forecast(nothing, plan)
    expect(rate).toBe(0)
    expect(prospects.flatMap(({ found }) => found).every((share) => share === 0)).toBe(true)
  })

  it('takes half a second at most', () => {
    const before = known(20, 1)
    const taken = [1, 2, 3].map((seed) => {
      const start = process.cpuUsage()
      forecast(before, { ...plan, seed })
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    })
    // A machine that others use, with cold caches, is several times as slow.
    expect(Math.min(...taken)).toBeLessThan(1_200)
  })
})

describe('chance', () => {
  const parts = Array.from({ length: 200 }, (_, i) => (i + 0.5) / 200)
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length

  test.each([
    [0.5, 6],
    [12, 2.5],
    [300, 14],
    [5_000, 6]
  ])('NB1 counts of the mean %d and the ratio %d have both', (expected, ratio) => {
    const counts = parts.map((part) => nb1Quantile(part, expected, ratio))
    expect(mean(counts) / expected).toBeGreaterThan(0.9)
    expect(mean(counts) / expected).toBeLessThan(1.1)
    const variance = mean(counts.map((count) => (count - mean(counts)) ** 2))
    expect(variance / expected / ratio).toBeGreaterThan(0.8)
    expect(variance / expected / ratio).toBeLessThan(1.2)
  })

  it('spreads all errors, in bursts', () => {
    const spread = parts.map((_, seed) => spreadErrors(chance(seed), 60, [10, 20, 30], 6))
    expect(spread.every((counts) => mean(counts) === 20)).toBe(true)
    expect(mean(spread.map(([first = 0]) => first))).toBeCloseTo(10, -1)
  })

  it('makes requests slower', () => {
    const shares = [0.1, 0.2, 0.3, 0.4]
    slower(shares, [1, 2, 4], 1).forEach((share, i) => {
      expect(share).toBeCloseTo(shares[i] ?? NaN, 5)
    })
    const twice = slower(shares, [1, 2, 4], 2)
    expect(twice.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    ;[0, 0.1, 0.2, 0.7].forEach((share, i) => {
      expect(twice[i]).toBeCloseTo(share, 4)
    })
  })
})
