import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { blockAt, gridOf, scrapeGapOf } from '../../../../src/checks/judge/cells.ts'
import { eachGrowth } from '../../../../src/checks/judge/growth.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import type { PodSamples, Sample } from '../../../../src/checks/judge/pods.ts'
import type { Question } from '../../../../src/checks/judge/question.ts'
import { nothingKnown, type Known } from '../../../../src/checks/prometheus/known.ts'
import { thinned } from '../../../../src/checks/prometheus/thin.ts'
import { question, START } from '../judge/builders.ts'

const GRID = gridOf(START, 15_000)

const knownOf = (lists: Readonly<Record<string, readonly Sample[]>>): Known => ({
  ...nothingKnown,
  series: new Map(Object.entries(lists).map(([name, samples]) => [name, { labels: { name }, samples }]))
})

const thin = (known: Known, grid = GRID): Known => thinned(known, START, () => grid)

const samplesIn = ({ series }: Known, name: string): readonly Sample[] => series.get(name)?.samples ?? []

/** Pairs of seconds since the users came, and values. */
const at = (...pairs: readonly (readonly [number, number])[]): readonly Sample[] =>
  pairs.map(([seconds, value]) => ({ at: START + seconds * 1000, value }))

const HOUR = 3_600

/** Something that was scraped two hours later, so that all before the second one is old. */
const later = { newest: at([2 * HOUR, 1]) }

describe('a long release', () => {
  it('keeps the last sample of each half minute that is older than an hour, and the first', () => {
    const counter = at([-15, 5], [0, 6], [15, 7], [30, 8], [45, 9], [60, 10], [75, 11], [2 * HOUR, 12])
    expect(samplesIn(thin(knownOf({ counter, ...later })), 'counter')).toEqual(
      at([-15, 5], [0, 6], [30, 8], [60, 10], [75, 11], [2 * HOUR, 12])
    )
  })

  it('keeps both samples of a counter that began again', () => {
    // 100, 110 | 5, 120: grown by 10 + 5 + 115, all in one block.
    const counter = at(
      [0, 100],
      [5, 105],
      [10, 110],
      [15, 5],
      [20, 60],
      [25, 120],
      [35, 121],
      [2 * HOUR, 130]
    )
    expect(samplesIn(thin(knownOf({ counter, ...later })), 'counter')).toEqual(
      at([0, 100], [10, 110], [15, 5], [25, 120], [35, 121], [2 * HOUR, 130])
    )
  })

  it('keeps when the others were scraped as a series came: it did not exist before', () => {
    const up = at([0, 1], [15, 1], [30, 1], [45, 1], [60, 1], [2 * HOUR, 1])
    const errors = at([45, 1], [60, 2], [2 * HOUR, 2])
    expect(samplesIn(thin(knownOf({ up, errors })), 'up')).toEqual(
      at([0, 1], [30, 1], [45, 1], [60, 1], [2 * HOUR, 1])
    )
  })

  it('is left as it is before the first hour is over', () => {
    const known = knownOf({ counter: at([0, 1], [15, 2], [30, 3], [HOUR, 4]) })
    expect(thin(known)).toEqual(known)
  })

  it('has grown by as much in each block, in however many parts it was thinned', () => {
    const scrapes = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 90 }), value: fc.nat(50) }), {
      minLength: 1,
      maxLength: 60
    })
    const grownIn = (samples: readonly Sample[]): ReadonlyMap<number, number> => {
      const blocks = new Map<number, number>()
      const add = (by: number, time: number) =>
        blocks.set(blockAt(GRID, time), (blocks.get(blockAt(GRID, time)) ?? 0) + by)
      eachGrowth(samples, () => false, add)
      return blocks
    }
    fc.assert(
      fc.property(scrapes, fc.nat(3 * HOUR), (given, first) => {
        let time = START
        const counter = given.map(({ gap, value }) => ({ at: (time += gap * 1000), value }))
        const until = (seconds: number): Known => knownOf({ counter, newest: at([seconds, 1]) })
        const early = { ...thin(until(HOUR + first)).series.get('counter'), labels: { name: 'counter' } }
        const parts = thin(knownOf({ counter: early.samples ?? [], newest: at([5 * HOUR, 1]) }))
        const whole = thin(until(5 * HOUR))
        expect(samplesIn(parts, 'counter')).toEqual(samplesIn(whole, 'counter'))
        expect(grownIn(samplesIn(whole, 'counter'))).toEqual(grownIn(counter))
      })
    )
  })
})

describe('the verdict on a long release', () => {
  const thinPods = (pods: readonly PodSamples[], grid: ReturnType<typeof gridOf>): readonly PodSamples[] =>
    pods.map((pod) => {
      const all = [...pod.requests, ...pod.buckets]
      const known = thin(knownOf(Object.fromEntries(all.map(({ samples }, i) => [i, samples]))), grid)
      const samplesOf = (i: number) => ({ samples: samplesIn(known, String(i)) })
      return {
        ...pod,
        requests: pod.requests.map((one, i) => ({ ...one, ...samplesOf(i) })),
        buckets: pod.buckets.map((one, i) => ({ ...one, ...samplesOf(pod.requests.length + i) }))
      }
    })
  const sizeOf = ({ stable, canary }: Question): number =>
    [...stable, ...canary]
      .flatMap(({ requests, buckets }) => [...requests, ...buckets])
      .reduce((sum, { samples }) => sum + samples.length, 0)

  it.each([
    ['is fine', { requests: 20 }],
    ['has some more errors', { requests: 20, errors: 0.04 }],
    ['is slower', { requests: 20, times: 1.3 }]
  ])('is the same of one that %s', (_, doing) => {
    const asked = question({ scrapes: 960, steps: [480, 480], canary: () => doing })
    const grid = gridOf(START, scrapeGapOf(asked.stable))
    const less = { ...asked, stable: thinPods(asked.stable, grid), canary: thinPods(asked.canary, grid) }
    expect(sizeOf(less)).toBeLessThan(0.7 * sizeOf(asked))
    const [one, other] = [judgeRelease(asked), judgeRelease(less)]
    expect(other).toMatchObject({ decision: one.decision, block: one.block, until: one.until })
    expect(other.seen.requests).toBeCloseTo(one.seen.requests, 6)
    expect(other.odds).toHaveLength(one.odds.length)
    other.odds.forEach(({ errors = NaN, latency = NaN }, i) => {
      expect(errors).toBeCloseTo(one.odds[i]?.errors ?? NaN, 6)
      expect(latency).toBeCloseTo(one.odds[i]?.latency ?? NaN, 6)
    })
  })
})
