import { describe, expect, it } from '@jest/globals'
import type { Decision, Judgement } from '../../../../src/domain/judgement.ts'
import { chance, poisson } from '../../../../src/checks/judge/chance.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import type { PodSamples } from '../../../../src/checks/judge/pods.ts'
import type { StableCheck } from '../../../../src/inputs/stable-check.ts'
import { pod, question, START, type Doing, type Scene } from './builders.ts'

const judge = (scene: Scene): Judgement => judgeRelease(question(scene))
const decide = (scene: Scene): Decision => judge(scene).decision

const alike = (scrape: number): Doing => ({ requests: 20, errors: scrape % 30 === 29 ? 1 : 0 })
const few = (): Doing => ({ requests: 1 })
const slow = (): Doing => ({ requests: 20, times: 1.5 })
const failing = (scrape: number): Doing => ({ requests: 20, errors: scrape % 4 === 0 ? 1 : 0 })
const crashing = (): Doing => ({ requests: 20, errors: 10 })
/** One burst, at the end of the step: it may be the begin of more. */
const uneasy = (scrape: number): Doing => ({ requests: 20, errors: scrape === 17 ? 8 : 0 })

describe('a release whose versions do not differ', () => {
  it('is held until its time is over, then promoted', () => {
    expect(decide({ scrapes: 19, canary: alike })).toEqual({ kind: 'hold', for: 'time' })
    expect(decide({ scrapes: 20, canary: alike })).toEqual({ kind: 'promote' })
  })

  it('goes on to the next step', () => {
    const steps = [20, 20]
    expect(decide({ scrapes: 19, steps, begun: 1 })).toEqual({ kind: 'hold', for: 'time' })
    expect(decide({ scrapes: 20, steps, begun: 1 })).toEqual({ kind: 'advance' })
    expect(decide({ scrapes: 20, steps, begun: 2 })).toEqual({ kind: 'hold', for: 'time' })
    expect(decide({ scrapes: 40, steps, begun: 2 })).toEqual({ kind: 'promote' })
  })

  it('is promoted when something fails for both', () => {
    const outage = (requests: number) => (scrape: number) => ({
      requests,
      errors: scrape > 8 ? requests / 10 : 0
    })
    expect(decide({ scrapes: 20, canary: outage(20), stable: outage(60) })).toEqual({ kind: 'promote' })
  })

  it('is promoted when both become slower', () => {
    const slower = (requests: number) => (scrape: number) => ({ requests, times: scrape > 8 ? 2 : 1 })
    expect(decide({ scrapes: 20, canary: slower(20), stable: slower(60) })).toEqual({ kind: 'promote' })
  })

  it('is held longer when too little was seen, at most for the same time again', () => {
    expect(decide({ scrapes: 20, canary: few })).toEqual({ kind: 'hold', for: 'proof' })
    expect(decide({ scrapes: 39, canary: few })).toEqual({ kind: 'hold', for: 'proof' })
    expect(decide({ scrapes: 40, canary: few })).toEqual({ kind: 'inconclusive', why: 'thin' })
    expect(decide({ scrapes: 30, canary: () => ({ requests: 4 }) })).toEqual({ kind: 'promote' })
  })

  it('is not promoted in the first lucky moment after it was held', () => {
    const stable = (scrape: number): Doing => ({ requests: 60, errors: (scrape + 200) % 20 === 3 ? 1 : 0 })
    const canary = (scrape: number): Doing => ({ requests: 40, errors: scrape === 15 ? 2 : 0 })
    const [at20, at38, at40] = [20, 38, 40].map((scrapes) => judge({ scrapes, canary, stable }))
    expect(at20?.odds.at(-1)?.errors).toBeGreaterThan(0)
    expect(at20?.decision).toEqual({ kind: 'hold', for: 'proof' })
    expect(at38?.odds.at(-1)?.errors).toBeLessThan(0)
    expect(at38?.decision).toEqual({ kind: 'hold', for: 'proof' })
    expect(at40?.decision).toEqual({ kind: 'promote' })
  })

  it('has not been judged yet while it is warming up', () => {
    const cold = (scrape: number): Doing => ({
      requests: 20,
      times: scrape < 4 ? 5 : 1,
      errors: scrape < 2 ? 1 : 0
    })
    expect(judge({ scrapes: 4, canary: cold })).toMatchObject({
      decision: { kind: 'hold', for: 'time' },
      findings: [],
      odds: [],
      judgedFrom: START + 60_000,
      seen: { requests: 160, errors: 4 }
    })
    expect(decide({ scrapes: 20, canary: cold })).toEqual({ kind: 'promote' })
  })
})

describe('a release that is worse', () => {
  it('is rolled back for its errors, which are counted', () => {
    expect(decide({ scrapes: 20, canary: failing })).toMatchObject({
      kind: 'rollback',
      at: START + 150_000,
      findings: [
        {
          metric: 'errors',
          isBad: true,
          beforeAfter: false,
          counts: {
            since: START + 60_000,
            canary: { requests: 240, errors: 4 },
            stable: { requests: 1440, errors: 0 },
            blocksWithErrors: 2
          }
        }
      ]
    })
  })

  it('is rolled back for its latency, which is counted', () => {
    expect(decide({ scrapes: 20, canary: slow })).toMatchObject({
      kind: 'rollback',
      at: START + 120_000,
      findings: [
        {
          metric: 'latency',
          isBad: true,
          counts: {
            since: START + 60_000,
            edge: 0.1,
            canary: { requests: 160, slow: 144 },
            stable: { requests: 960, slow: 288 },
            slowerBlocks: { count: 2, of: 2 },
            slowerPods: { count: 2, of: 2 }
          }
        }
      ]
    })
  })

  it('is rolled back at the first scrape when it crashes', () => {
    expect(decide({ scrapes: 1, canary: crashing })).toMatchObject({
      kind: 'rollback',
      at: START + 15_000,
      crash: {
        canary: { requests: 40, errors: 20 },
        stable: { requests: 240, errors: 0 },
        scrapesWithErrors: 2
      }
    })
  })

  it('is not taken for crashed where stable fails too, or has no requests', () => {
    const ill = (): Doing => ({ requests: 60, errors: 6 })
    const idle = (scrape: number): Doing => ({ requests: scrape < 0 ? 60 : 0 })
    expect(decide({ scrapes: 2, canary: crashing, stable: ill })).toEqual({ kind: 'hold', for: 'time' })
    expect(decide({ scrapes: 2, canary: crashing, stable: idle })).toEqual({ kind: 'hold', for: 'time' })
  })

  it('stays rolled back, however it went on', () => {
    const crashed = (scrape: number): Doing => ({ requests: 20, errors: scrape === 0 ? 10 : 0 })
    const recovered = (scrape: number): Doing => ({
      requests: 20,
      errors: scrape < 12 && scrape % 4 === 0 ? 1 : 0
    })
    const first = decide({ scrapes: 11, canary: recovered })
    expect(first).toMatchObject({ kind: 'rollback', at: START + 150_000 })
    expect(decide({ scrapes: 20, canary: recovered })).toEqual(first)
    expect(decide({ scrapes: 20, canary: crashed })).toMatchObject({ kind: 'rollback', at: START + 15_000 })
  })

  it('is not given more users while the odds are 10 : 1 against it, at most for the same time again', () => {
    const steps = [20, 20]
    const [at20, at40] = [20, 40].map((scrapes) => judge({ scrapes, steps, begun: 1, canary: uneasy }))
    expect(at20?.odds.at(-1)?.errors).toBeGreaterThan(Math.log(10))
    expect(at20?.decision).toEqual({ kind: 'hold', for: 'odds' })
    expect(at40?.decision).toEqual({ kind: 'advance' })
  })

  it('is inconclusive at the end when the odds only lean against it', () => {
    expect(decide({ scrapes: 20, canary: uneasy })).toEqual({ kind: 'hold', for: 'proof' })
    const leaning = (scrape: number): Doing => ({ requests: 20, errors: scrape === 37 ? 1 : 0 })
    expect(decide({ scrapes: 40, canary: leaning })).toEqual({ kind: 'inconclusive', why: 'leaning' })
  })
})

describe('without data', () => {
  const untimed = (one: PodSamples): PodSamples => ({
    ...one,
    buckets: one.buckets.map(({ edge, samples }) => ({
      edge,
      samples: samples.map(({ at }) => ({ at, value: 0 }))
    }))
  })
  const asked = question({ scrapes: 20 })
  const decideOn = (given: Partial<typeof asked>): Decision => judgeRelease({ ...asked, ...given }).decision

  it.each<[string, Partial<typeof asked>, Partial<Decision>]>([
    ['no pods of the canary', { canary: [] }, { why: 'no pods of the canary' }],
    ['no pods of stable', { stable: [] }, { why: 'no pods of stable' }],
    ['no samples for three scrapes', { now: asked.now + 46_000 }, { why: 'stale' }],
    [
      'a ready pod that tells nothing',
      { canary: [...asked.canary, pod({ name: 'mute' })] },
      { why: 'stale', pods: ['mute'] }
    ],
    [
      'no histogram',
      { canary: asked.canary.map((one) => ({ ...one, buckets: one.buckets.slice(-1) })) },
      { why: 'no histogram' }
    ],
    ['an empty histogram of the canary', { canary: asked.canary.map(untimed) }, { why: 'no durations' }],
    ['an empty histogram of stable', { stable: asked.stable.map(untimed) }, { why: 'no durations of stable' }]
  ])('%s says nothing', (_, given, expected) => {
    expect(decideOn(given)).toMatchObject({ kind: 'no-data', ...expected })
  })

  it('the first requests may all be under way still', () => {
    const few = question({ scrapes: 20, canary: (scrape) => ({ requests: scrape === 19 ? 5 : 0 }) })
    const { decision } = judgeRelease({ ...few, canary: few.canary.map(untimed) })
    expect(decision.kind).not.toBe('no-data')
  })

  it('no requests in a step is no pass', () => {
    const only = (scrape: number): Doing => ({ requests: scrape < 20 ? 20 : 0 })
    const scene = { scrapes: 40, steps: [20, 20], canary: only }
    expect(decide(scene)).toMatchObject({ kind: 'no-data', why: 'no requests' })
    expect(decide({ ...scene, canary: () => ({ requests: 0 }) })).toMatchObject({ kind: 'no-data' })
  })

  it('a histogram is not missed where no check asks for it', () => {
    const checks = [{ kind: 'error-rate', plus: 0.005 }] as const
    for (const canary of [asked.canary.map((one) => ({ ...one, buckets: [] })), asked.canary.map(untimed)])
      expect(decideOn({ canary, checks })).toEqual({ kind: 'promote' })
  })

  it('a past that is missing leaves the judge with what it sees', () => {
    const stable = asked.stable.map((one) => ({
      ...one,
      requests: one.requests.map(({ failed, samples }) => ({
        failed,
        samples: samples.filter(({ at }) => at >= START)
      })),
      buckets: one.buckets.map(({ edge, samples }) => ({
        edge,
        samples: samples.filter(({ at }) => at >= START)
      }))
    }))
    expect(decideOn({ stable }).kind).not.toBe('rollback')
  })
})

describe('the margins of a check', () => {
  const checks = (check: StableCheck) => ({ scrapes: 20, checks: [check] })

  it.each<[StableCheck, (scrape: number) => Doing, Decision['kind']]>([
    [{ kind: 'error-rate', plus: 0.01 }, failing, 'rollback'],
    [{ kind: 'error-rate', plus: 0.02 }, failing, 'promote'],
    [{ kind: 'success-rate', minus: 0.01 }, failing, 'rollback'],
    [{ kind: 'success-rate', minus: 0.02 }, failing, 'promote'],
    [{ kind: 'error-rate', times: 100 }, failing, 'rollback'],
    [{ kind: 'latency', times: 1.2 }, slow, 'rollback'],
    [{ kind: 'latency', times: 3 }, slow, 'promote'],
    [{ kind: 'latency', times: 1.2, quantile: 0.5 }, slow, 'rollback'],
    [{ kind: 'latency', times: 3, quantile: 0.5 }, slow, 'promote'],
    [{ kind: 'latency', times: 1.2, quantile: 0.95 }, failing, 'promote'],
    [{ kind: 'error-rate', plus: 0.01 }, slow, 'promote']
  ])('%j', (check, canary, kind) => {
    expect(decide({ ...checks(check), canary }).kind).toBe(kind)
  })

  it.each([
    ['error-rate <= stable + 10%', { kind: 'error-rate', plus: 0.1 }, [0.01, 0.05], 0.2],
    ['error-rate <= stable + 1%', { kind: 'error-rate', plus: 0.01 }, [0.002, 0.005], 0.03],
    ['error-rate <= stable * 20', { kind: 'error-rate', times: 20 }, [0.005, 0.01], 0.1]
  ] as const)('%s lets pass what is certain, but allowed, and nothing else', (_, check, allowed, tooMany) => {
    const ends = (share: number): readonly Decision['kind'][] =>
      Array.from({ length: 3 }, (_, seed) => {
        const random = chance(seed * 1000 + share * 500)
        const canary = (): Doing => ({ requests: 40, errors: poisson(random, 40 * share) })
        const stable = (scrape: number): Doing => ({ requests: 120, errors: scrape % 8 === 0 ? 1 : 0 })
        const steps = [20, 20]
        const looks = [40, 48, 56, 60, 80]
        const asked = question({ scrapes: 80, steps, canary, stable, checks: [check] })
        const decisions = looks.map(
          (scrapes) => judgeRelease({ ...asked, now: START + scrapes * 15_000 }).decision.kind
        )
        return decisions.find((kind) => kind !== 'hold') ?? 'hold'
      })
    for (const share of allowed) expect(new Set(ends(share))).toEqual(new Set(['promote']))
    expect(new Set(ends(tooMany))).toEqual(new Set(['rollback']))
  })

  it('change nothing about the odds', () => {
    const odds = [0.001, 0.1].map(
      (plus) => judge({ ...checks({ kind: 'error-rate', plus }), canary: failing }).odds
    )
    expect(odds[0]).toEqual(odds[1])
    expect(odds[0]?.[0]).not.toHaveProperty('latency')
  })
})

describe('a version that everybody is on', () => {
  const alone = true

  it('is compared with the one before', () => {
    const verdict = judge({ scrapes: 20, alone })
    expect(verdict.decision).toEqual({ kind: 'promote' })
    expect(verdict.findings).toMatchObject([{ beforeAfter: true }, { beforeAfter: true }])
  })

  it('is rolled back when it is much worse', () => {
    expect(decide({ scrapes: 20, alone, canary: slow }).kind).toBe('rollback')
    expect(decide({ scrapes: 20, alone, canary: failing }).kind).toBe('rollback')
    expect(decide({ scrapes: 1, alone, canary: crashing }).kind).toBe('rollback')
  })

  it('may differ twice as much', () => {
    const canary = (scrape: number): Doing => ({ requests: 60, errors: scrape % 4 === 0 ? 1 : 0 })
    const check = (plus: number) => ({ scrapes: 20, canary, checks: [{ kind: 'error-rate' as const, plus }] })
    expect(decide(check(0.003)).kind).toBe('rollback')
    expect(decide({ ...check(0.003), alone }).kind).toBe('promote')
    expect(decide({ ...check(0.001), alone }).kind).toBe('rollback')
  })
})
