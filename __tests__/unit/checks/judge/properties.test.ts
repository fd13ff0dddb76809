import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { baseRate } from '../../../../src/checks/judge/base-rate.ts'
import type { Counts, Judgement } from '../../../../src/domain/judgement.ts'
import { evidenceSince, knownErrors, type Pair } from '../../../../src/checks/judge/errors.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import type { PodSamples, Sample } from '../../../../src/checks/judge/pods.ts'
import type { Question } from '../../../../src/checks/judge/question.ts'
import { question, type Scene } from './builders.ts'

/** Some requests in each scrape of a short release, some of which fail. */
const doing = fc
  .record({ requests: fc.integer({ min: 0, max: 60 }), bad: fc.integer({ min: 0, max: 40 }) })
  .map(({ requests, bad }) => ({ requests, errors: bad > 36 ? Math.min(requests, bad - 36) : 0 }))

const scene: fc.Arbitrary<Scene> = fc
  .record({
    canary: fc.array(doing, { minLength: 14, maxLength: 14 }),
    slower: fc.constantFrom(1, 1, 1.3, 2)
  })
  .map(({ canary, slower }) => ({
    scrapes: 14,
    canary: (scrape) => ({ requests: 0, ...canary[Math.max(scrape, 0)], times: slower })
  }))

const mapSamples = (pod: PodSamples, map: (samples: readonly Sample[]) => readonly Sample[]): PodSamples => ({
  ...pod,
  requests: pod.requests.map((series) => ({ ...series, samples: map(series.samples) })),
  buckets: pod.buckets.map((series) => ({ ...series, samples: map(series.samples) }))
})

const mapPods = (asked: Question, map: (pods: readonly PodSamples[]) => readonly PodSamples[]): Question => ({
  ...asked,
  stable: map(asked.stable),
  canary: map(asked.canary)
})

/** Equal but for the last digits, as sums in another order are. */
function expectAlike(one: Judgement, other: Judgement): void {
  expect(one.decision.kind).toBe(other.decision.kind)
  expect(one.seen).toEqual(other.seen)
  one.odds.forEach(({ errors, latency }, i) => {
    expect(errors).toBeCloseTo(other.odds[i]?.errors ?? NaN, 9)
    expect(latency).toBeCloseTo(other.odds[i]?.latency ?? NaN, 9)
  })
}

const RUNS = { numRuns: 20 }

describe('a verdict', () => {
  it('does not depend on the order of samples, on doubled ones, or on the order of series and pods', () => {
    fc.assert(
      fc.property(scene, fc.array(fc.nat(1000), { minLength: 600, maxLength: 600 }), (given, dice) => {
        const asked = question(given)
        const shuffled = <T>(items: readonly T[]): readonly T[] =>
          items
            .map((item, i) => ({ item, at: dice[i % dice.length] ?? 0 }))
            .sort((one, other) => one.at - other.at)
            .map(({ item }) => item)
        const mixed = mapPods(asked, (pods) =>
          shuffled(
            pods.map((pod) => {
              const series = mapSamples(pod, (samples) => shuffled([...samples, ...samples.slice(3, 9)]))
              return { ...series, requests: shuffled(series.requests), buckets: shuffled(series.buckets) }
            })
          )
        )
        expectAlike(judgeRelease(mixed), judgeRelease(asked))
      }),
      RUNS
    )
  })

  it('does not depend on restarts, which reset the counters of a pod', () => {
    fc.assert(
      fc.property(scene, fc.integer({ min: 1, max: 12 }), (given, fresh) => {
        const asked = question(given)
        // Before the restart the counters stood higher than they ever will again.
        const restart = (samples: readonly Sample[]): readonly Sample[] => {
          const [base, last] = [samples.at(-1 - fresh)?.value ?? 0, samples.at(-1)?.value ?? 0]
          return samples.map(({ at, value }, i) => ({
            at,
            value: i < samples.length - fresh ? value + last + 1 : value - base
          }))
        }
        const restarted = mapPods(asked, (pods) => pods.map((pod) => mapSamples(pod, restart)))
        expectAlike(judgeRelease(restarted), judgeRelease(asked))
      }),
      RUNS
    )
  })

  it('does not depend on the unit of durations', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const asked = question(given)
        const inMilliseconds = mapPods(asked, (pods) =>
          pods.map((pod) => ({
            ...pod,
            buckets: pod.buckets.map(({ edge, samples }) => ({ edge: edge * 1000, samples }))
          }))
        )
        expectAlike(judgeRelease(inMilliseconds), judgeRelease(asked))
      }),
      RUNS
    )
  })

  it('has the same odds of errors when a pod is two', () => {
    fc.assert(
      fc.property(scene, (given) => {
        const asked = question(given)
        const halves = asked.canary.flatMap((pod) => [
          { ...mapSamples(pod, (samples) => samples.map(({ at, value }) => ({ at, value: value / 2 }))) },
          mapSamples({ ...pod, name: `${pod.name}-half` }, (samples) =>
            samples.map(({ at, value }) => ({ at, value: value / 2 }))
          )
        ])
        const [one, other] = [judgeRelease({ ...asked, canary: halves }), judgeRelease(asked)]
        one.odds.forEach(({ errors }, i) => {
          expect(errors).toBeCloseTo(other.odds[i]?.errors ?? NaN, 9)
        })
      }),
      RUNS
    )
  })

  it('never rolls back a version without errors whose requests are quick, nor one without requests', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 14, maxLength: 14 }), (requests) => {
        const { decision } = judgeRelease(
          question({ scrapes: 14, canary: (scrape) => ({ requests: requests[Math.max(scrape, 0)] ?? 0 }) })
        )
        expect(decision.kind).not.toBe('rollback')
      }),
      RUNS
    )
  })

  it('neither passes nor fails while one version has no samples', () => {
    fc.assert(
      fc.property(scene, fc.boolean(), (given, which) => {
        const asked = question({ ...given, steps: [14] })
        const silent = mapPods(asked, (pods) => pods.map((pod) => mapSamples(pod, () => [])))
        const { decision } = judgeRelease(
          which ? { ...asked, stable: silent.stable } : { ...asked, canary: silent.canary }
        )
        expect(decision.kind).toBe('no-data')
      }),
      RUNS
    )
  })
})

describe('the odds of errors', () => {
  const block = (requests: number, errors: number): Counts => ({ requests, errors })
  const history = Array.from({ length: 60 }, (_, i) => block(300, i % 20 === 7 ? 1 : 0))
  const last = (pairs: readonly Pair[]) => evidenceSince(knownErrors(history), pairs, 0).at(-1)?.logE ?? NaN

  it('stay below 50 : 1 in an outage of any size that both versions share', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (share, begin, length) => {
          const pairs = Array.from({ length: 12 }, (_, i) => {
            const failing = i >= begin && i < begin + length ? share : 0
            return {
              stable: block(800, Math.round(800 * failing)),
              canary: block(80, Math.round(80 * failing))
            }
          })
          expect(last(pairs)).toBeLessThan(Math.log(50))
        }
      ),
      { numRuns: 60 }
    )
  })

  it('lose little to a clean hour before', () => {
    const bad = Array.from({ length: 12 }, (_, i) => ({ stable: block(800, 0), canary: block(80, i % 2) }))
    const clean = Array.from({ length: 120 }, () => ({ stable: block(800, 0), canary: block(80, 0) }))
    expect(last(bad)).toBeGreaterThan(Math.log(1e4))
    expect(last(bad) - last([...clean, ...bad])).toBeLessThan(Math.log(1 / ((1 - 0.6) * 0.02)) + 1)
  })

  it('reach 20 : 1 by luck in less than one of twenty releases', () => {
    let state = 1
    const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
    const errors = (requests: number): number =>
      Array.from({ length: requests / 10 }).filter(() => random() < 0.01).length
    const releases = Array.from({ length: 120 }, () =>
      Array.from({ length: 8 }, () => ({ stable: block(800, errors(800)), canary: block(80, errors(80)) }))
    )
    const usual = Array.from({ length: 40 }, () => block(900, errors(900)))
    const reached = releases.filter((pairs) =>
      evidenceSince(knownErrors(usual), pairs, 0).some(({ logE }) => logE >= Math.log(20))
    )
    expect(reached.length).toBeLessThanOrEqual(releases.length / 20)
  })

  it('know the base rate, whatever outages there were', () => {
    const quiet = Array.from({ length: 100 }, (_, i) => block(1000, i % 2 === 0 ? 1 : 0))
    const outage = quiet.map(({ requests, errors }, i) => block(requests, i > 90 ? 300 : errors))
    expect(baseRate(quiet)).toBeGreaterThan(0.0004)
    expect(baseRate(quiet)).toBeLessThan(0.0007)
    // On average 27 of 1,000 requests failed.
    expect(baseRate(outage)).toBeLessThan(0.002)
    expect(baseRate([])).toBeGreaterThan(2e-4)
    expect(baseRate([])).toBeLessThan(2e-3)
  })
})
