import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { familyWorld, FAMILY_STEPS } from './families.ts'
import { judgeRecorded, playOurs, playPlanned } from './ours.ts'
import { binomial, bursts, poisson, randomOf } from './random.ts'
import type { Recorded } from './release.ts'
import { replay } from './replay.ts'
import { quantile, rivalsAt, type Traffic } from './rivals.ts'
import { PROTOCOLS, realWorld } from './scenarios.ts'
import { wilson } from './tally.ts'

const random = randomOf('bench')

/** Mean and variance of many draws, which the wanted ones must be near to: six standard errors. */
function drawn(draw: () => number, mean: number, variance: number): void {
  const values = Array.from({ length: 20_000 }, draw)
  const found = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = values.reduce((sum, value) => sum + (value - found) ** 2, 0) / values.length
  expect(Math.abs(found - mean)).toBeLessThan(6 * Math.sqrt(variance / values.length))
  expect(spread / variance).toBeGreaterThan(0.85)
  expect(spread / variance).toBeLessThan(1.15)
}

describe('simulated counts', () => {
  it.each([0.5, 8, 12, 900])('have the mean and the variance of Poisson with %d', (mean) => {
    drawn(() => poisson(random, mean), mean, mean)
  })

  it.each([
    [20, 0.3],
    [400, 0.02],
    [3_000, 0.4],
    [3_000, 0.9]
  ])('have those of %d trials with %d', (n, p) => {
    drawn(() => binomial(random, n, p), n * p, n * p * (1 - p))
  })

  it('end where hardly anything is left to draw', () => {
    expect(binomial(random, 1_000, 1e-18)).toBe(0)
  })

  it('have errors in bursts: the variance is 2 m - 1 times the mean', () => {
    drawn(() => bursts(random, 2_000, 0.01, 3), 20, 20 * 5)
  })

  it('are the same for the same key, and others for another one', () => {
    expect(randomOf(7, 'a')()).toBe(randomOf(7, 'a')())
    expect(randomOf(7, 'a')()).not.toBe(randomOf(7, 'b')())
  })
})

describe('the figures', () => {
  it("know Wilson's interval", () => {
    const [low, high] = wilson(15, 1_000)
    expect(low).toBeCloseTo(0.911, 3)
    expect(high).toBeCloseTo(2.46, 3)
  })

  it('know quantiles as Prometheus does', () => {
    expect(quantile({ n: 100, e: 0, h: [50, 40, 10] }, 0.7, [0.1, 0.3])).toBeCloseTo(0.2, 12)
    expect(quantile({ n: 100, e: 0, h: [50, 40, 10] }, 0.95, [0.1, 0.3])).toBe(0.3)
    expect(quantile({ n: 0, e: 0, h: [0, 0, 0] }, 0.95, [0.1, 0.3])).toBeNaN()
  })
})

describe('thresholds', () => {
  const cell = { n: 100, e: 2, h: [100, 0] }
  const traffic: Traffic = {
    scrape: 15,
    edges: [0.1],
    steps: [[0.5, 300]],
    canary: Array.from({ length: 20 }, () => cell),
    stable: Array.from({ length: 20 }, () => cell)
  }

  it('roll back after as many failed readings as each allows', () => {
    const rivals = rivalsAt(20)
    expect(rivals.GL99(traffic)).toEqual({ verdict: 'rollback', at: 45 })
    expect(rivals.GL95(traffic)).toEqual({ verdict: 'promote', at: 300 })
    expect(rivals.tight(traffic)).toEqual({ verdict: 'rollback', at: 180 })
    expect(rivals.Flagger(traffic)).toEqual({ verdict: 'rollback', at: 300 })
    expect(rivals.Argo(traffic)).toEqual({ verdict: 'promote', at: 300 })
  })
})

describe('a recorded release', () => {
  const recorded = (kind: 'good' | 'bad', id: string): Recorded => {
    const world = familyWorld('shop', kind, 2, [3])
    const { stable, canary } = playPlanned(world, FAMILY_STEPS)
    return {
      id,
      scrape: world.service.scrape,
      edges: world.service.edges,
      steps: FAMILY_STEPS,
      history: { pods: world.past },
      stable: { pods: stable },
      canary: { pods: canary }
    }
  }

  it('is judged as when it went on', () => {
    const played = playOurs(() => familyWorld('shop', 'bad', 2, [3]), FAMILY_STEPS)
    expect(judgeRecorded(recorded('bad', 'x'))).toEqual(played.unextended)
  })

  it('has a verdict in a line of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'))
    const [file, out] = [join(folder, 'releases.jsonl'), join(folder, 'verdicts.jsonl')]
    const { canary, ...others } = recorded('good', 'silent')
    const silent = {
      ...others,
      canary: { pods: canary.pods.map((line) => line.map(() => ({ n: 0, e: 0, h: [] }))) }
    }
    writeFileSync(
      file,
      [recorded('bad', 'shop:bad:2:0'), silent].map((one) => JSON.stringify(one)).join('\n')
    )
    expect(await replay(file, out)).toBe(2)
    const verdicts = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string })
    rmSync(folder, { recursive: true })
    expect(verdicts).toMatchObject([
      { id: 'shop:bad:2:0', verdict: 'rollback' },
      { id: 'silent', verdict: 'no-data' }
    ])
  })
})

describe('simulated traffic', () => {
  it('goes on alike until a step is extended', () => {
    const [one, other] = [1, 2].map(() => realWorld('aa', 20, PROTOCOLS.P1, [4]))
    const planned = one === undefined ? [] : playPlanned(one, PROTOCOLS.P1).canary
    const longer = other === undefined ? [] : playPlanned(other, [...PROTOCOLS.P1, [0.5, 300]]).canary
    expect(longer.map((line) => line.slice(0, 80))).toEqual(planned)
  })
})
