import { describe, expect, it } from '@jest/globals'
import { blockOf, cellOf } from '../../../../src/checks/judge/arms.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import { measure } from '../../../../src/checks/judge/measured.ts'
import { clipped, noiseOf, scoreOf, type Past } from '../../../../src/checks/judge/noise.ts'
import type { Question } from '../../../../src/checks/judge/question.ts'
import { mixedNoise } from '../../../../src/checks/judge/router.ts'
import { podSquares } from '../../../../src/checks/judge/windows.ts'
import type { Finding } from '../../../../src/domain/judgement.ts'
import { atRouter, simulate } from '../../../support/traffic.ts'
import { pod, question, requests, samples, START, type Scene } from './builders.ts'

const OLD = START - 86_400_000

/** Half of stable's requests are slow, and 60 % of those of the shape that is looked for. */
const shares = [0.5, 0.5]
const score = scoreOf({ shares: [0.4, 0.6] }, shares)
/** Both buckets score alike but for the sign: (ln 1.2 - ln .8) / 2. */
const DEVIATION = 0.2027326

const past = (slow: readonly number[], mixed: number): Past => ({
  cells: slow.map((count, block) => ({ ...cellOf([100 - count, count], mixed), pod: 0, block })),
  pods: 1,
  blocks: slow.length,
  span: 10,
  shares,
  near: [0.45, 0.55],
  mixed
})

describe('the noise of a router', () => {
  it('is what neighbouring blocks differ by, and what pods usually do', () => {
    const noise = mixedNoise(past([50, 60, 50, 60], 4), score)
    // Mean scores 0, .2, 0, .2 standard deviations; a difference stands on 1/(1/100 + 1/100) = 50 requests, so z² = .04 x 50 = 2.
    // Requests explain 1 of that. The rest are 4 pods' (2 - 1) x 3 / (2 x 150 / 4) = .04.
    expect(noise.correlation).toBeCloseTo(0.04, 9)
    // Robust: (1.4826² x 2 - 1) x 3 / 75 = .1358482; pods: (.1 x .075 / ln 1.1)² = .0061922.
    expect(noise.clipVariance).toBeCloseTo(0.1420404, 5)
    expect(noise.betweenPods).toBeCloseTo(0.0061922 * DEVIATION ** 2, 8)
  })

  it('is that of requests alone where blocks do not differ by more', () => {
    const noise = mixedNoise(past([50, 54, 50, 50], 4), score)
    // z²: .08² x 50 = .32, .32 and 0: less than 1 each, and 1.4826² x .32 as well.
    expect(noise.correlation).toBe(0)
    expect(noise.clipVariance).toBeCloseTo(0.0061922, 6)
  })

  it('is what pods usually do where there are no neighbouring blocks', () => {
    const [first, second] = past([50, 90], 4).cells.map((cell) => ({ ...cell, block: 3 * cell.block }))
    const apart = { ...past([], 4), cells: [first, second].filter((cell) => cell !== undefined) }
    expect(mixedNoise(apart, score)).toMatchObject({ correlation: 0 })
  })
})

it('takes two pods for too few to say that pods differ by less than they usually do', () => {
  const alike = (pods: number): Past => ({
    ...past([], 1),
    pods,
    blocks: 10,
    cells: Array.from({ length: pods * 10 }, (_, i) => ({
      ...cellOf([50, 50]),
      pod: i % pods,
      block: Math.floor(i / pods)
    }))
  })
  // (.1 x .04 / ln 1.1)² = .0017613 standard deviations; of four pods 4 degrees of freedom of it and 3 of none.
  expect(noiseOf(alike(2), score).betweenPods).toBeCloseTo(0.0017613 * DEVIATION ** 2, 8)
  expect(noiseOf(alike(4), score).betweenPods).toBeCloseTo((0.0017613 * DEVIATION ** 2 * 4) / 7, 8)
})

describe('a cell that mixes pods', () => {
  it('weighs as they do', () => {
    const [canary, stable] = [cellOf([60, 60], 2), cellOf([150, 150], 4)]
    const block = blockOf([canary], [stable], 2)
    expect([block.canaryCrowd, block.stableCrowd]).toEqual([2 * 60 ** 2, 4 * 75 ** 2])
    const [canaryWeight, stableWeight] = [300 / 420, 120 / 420]
    const each = 2 * (canaryWeight * 60) ** 2 + 4 * (stableWeight * 75) ** 2
    expect(podSquares([block, block])).toEqual([expect.closeTo(each, 6), expect.closeTo(4 * each, 6)])
  })

  it('is clipped as a mean of pods is', () => {
    const noise = { score: { values: [], variance: 1, most: 0 }, clipVariance: 0.16 }
    // 3 x sqrt(1/100 + .16 / 4) = .6708; of one pod 3 x sqrt(.17) = 1.2369.
    expect(clipped(5, 100, noise, 4)).toBeCloseTo(0.6708, 4)
    expect(clipped(5, 100, noise)).toBeCloseTo(1.2369, 4)
  })
})

describe('the durations that a router reports', () => {
  const instance = (name: string, ...counts: readonly (readonly [number, number])[]) =>
    pod({
      ...requests(...counts),
      name,
      buckets: [
        { edge: 0.1, samples: samples(...counts.map(([at, count]) => [at, count / 2] as const)) },
        { edge: 0.2, samples: samples(...counts.map(([at, count]) => [at, count] as const)) },
        { edge: Infinity, samples: samples(...counts.map(([at, count]) => [at, count] as const)) }
      ]
    })
  const every30 = (by: number, from = -60): (readonly [number, number])[] =>
    Array.from({ length: (90 - from) / 30 + 1 }, (_, i) => [from + 30 * i, by * i])

  it('are added up, with the pods that there were then', () => {
    const asked: Question = {
      checks: [{ kind: 'like-stable' }],
      steps: [{ duration: 300_000, begun: START }],
      warmUp: 0,
      now: START + 90_000,
      stable: [instance('one', ...every30(20)), instance('other', ...every30(40))],
      canary: [instance('one', ...every30(2, 0)), instance('other', ...every30(6, 30))],
      router: {
        pods: { stable: [OLD, OLD, START + 40_000], canary: [START - 5_000, START + 1_000] },
        times: 1.2
      }
    }
    const { durations } = measure(asked, START)
    expect(durations).toMatchObject({
      stable: [Array(3).fill([30, 30, 0])],
      canary: [
        [
          [1, 1, 0],
          [4, 4, 0],
          [4, 4, 0]
        ]
      ],
      mixed: { stable: [2, 2, 3], canary: [1, 2, 2], past: 3 }
    })
    expect(durations.history).toEqual([
      [
        [30, 30, 0],
        [30, 30, 0]
      ]
    ])
  })
})

describe('a release that a router tells about', () => {
  const AT_ROUTER: Question['router'] = {
    pods: { stable: [OLD, OLD, OLD, OLD], canary: [OLD, OLD] },
    times: 1.2
  }
  const judge = (scene: Scene, given: Partial<Question> = {}) =>
    judgeRelease({ ...question(scene), router: AT_ROUTER, ...given })

  it('is promoted when it is like stable, and rolled back when it is slower', () => {
    expect(judge({ scrapes: 20 }).decision).toEqual({ kind: 'promote' })
    const slower = judge({ scrapes: 20, canary: () => ({ requests: 20, times: 1.5 }) })
    expect(slower.decision).toMatchObject({ kind: 'rollback' })
    expect(slower.findings.map((finding: Finding) => finding.metric)).toEqual(['errors', 'latency'])
    expect(slower.findings[1]?.counts).not.toHaveProperty('slowerPods')
  })

  it('has no requests while no instance has sent it any', () => {
    expect(judge({ scrapes: 10 }, { canary: [] }).decision).toEqual({ kind: 'hold', for: 'time' })
    expect(judge({ scrapes: 20 }, { canary: [] }).decision).toMatchObject({
      kind: 'no-data',
      why: 'no requests'
    })
  })

  it('is judged by errors as one that pods tell about', () => {
    const asked = simulate('err10x', 100, 3)
    const errors = ({ odds }: ReturnType<typeof judgeRelease>) => odds.map((one) => one.errors)
    expect(errors(judgeRelease(atRouter(asked, 2)))).toEqual(errors(judgeRelease(asked)))
  })
})
