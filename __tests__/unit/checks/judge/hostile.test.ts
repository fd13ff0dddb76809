import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import type { PodSamples, Sample } from '../../../../src/checks/judge/pods.ts'
import type { Question } from '../../../../src/checks/judge/question.ts'
import type { Judgement } from '../../../../src/domain/judgement.ts'
import { pod, question, regularPod, START } from './builders.ts'

function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : []
}

function expectFinite(verdict: Judgement): void {
  expect(numbersOf(verdict).filter((number) => !Number.isFinite(number))).toEqual([])
}

const wildValue = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, -1, 1e308, -1e308, 5e-324, Number.MAX_SAFE_INTEGER),
  fc.double(),
  fc.nat(1000)
)
const wildTime = fc.oneof(
  fc.integer({ min: -130, max: 14 }).map((scrape) => START + scrape * 15_000),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, 1e300)
)
const wildSamples = fc.array(fc.record({ at: wildTime, value: wildValue }), { maxLength: 12 })

const wildPod: fc.Arbitrary<PodSamples> = fc
  .record({
    ready: fc.boolean(),
    createdAt: wildTime,
    requests: fc.array(fc.record({ failed: fc.boolean(), samples: wildSamples }), { maxLength: 3 }),
    buckets: fc.array(fc.record({ edge: wildValue, samples: wildSamples }), { maxLength: 4 })
  })
  .map((given) => pod(given))

const asked = question({ scrapes: 14, steps: [14] })

/** Puts samples in place of those of the first pod's first series of requests. */
const instead = (
  side: 'stable' | 'canary',
  map: (samples: readonly Sample[]) => readonly Sample[]
): Question => ({
  ...asked,
  [side]: asked[side].map((one, i) =>
    i > 0
      ? one
      : { ...one, requests: one.requests.map((series) => ({ ...series, samples: map(series.samples) })) }
  )
})

describe('hostile numbers', () => {
  it.each([NaN, Infinity, -Infinity, -5, 5e-324, 1e300])(
    'a sample of %d is as one that is missing',
    (value) => {
      const spoiled = instead('canary', (samples) =>
        samples.map((one, i) => (i === 6 ? { ...one, value } : one))
      )
      const missing = instead('canary', (samples) => samples.filter((_, i) => i !== 6))
      expect(judgeRelease(spoiled)).toEqual(judgeRelease(missing))
    }
  )

  it('a counter that goes back counts from 0 again, and all stays finite', () => {
    const jumping = (side: 'stable' | 'canary') =>
      instead(side, (samples) =>
        samples.map(({ at, value }, i) => ({ at, value: i % 2 === 0 ? value : value / 2 }))
      )
    expectFinite(judgeRelease(jumping('stable')))
    expectFinite(judgeRelease(jumping('canary')))
  })

  it('counts of billions stay finite', () => {
    const busy = (factor: number) => ({
      scrapes: 14,
      canary: (scrape: number) => ({ requests: 1e9 * factor, errors: scrape % 3 === 0 ? 1e5 : 0 }),
      stable: (scrape: number) => ({ requests: 3e9, errors: scrape % 3 === 0 ? 3e5 : 0 })
    })
    const verdict = judgeRelease(question(busy(1)))
    expectFinite(verdict)
    expect(verdict.decision.kind).toBe('hold')
  })

  it('no traffic at all is no data', () => {
    const none = question({ scrapes: 20, canary: () => ({ requests: 0 }), stable: () => ({ requests: 0 }) })
    expectFinite(judgeRelease(none))
    expect(judgeRelease(none).decision).toMatchObject({ kind: 'no-data', why: 'no requests' })
  })

  it.each<[string, Partial<Question>]>([
    ['no pods', { stable: [], canary: [] }],
    ['pods without series', { stable: [pod({ name: 'a' })], canary: [pod({ name: 'b' })] }],
    ['no steps', { steps: [] }],
    ['no checks', { checks: [] }],
    ['a step that has not begun', { steps: [{ duration: 60_000 }] }],
    ['steps of no time', { steps: [{ duration: 0, begun: START }] }],
    ['no warm-up', { warmUp: 0 }],
    ['a warm-up that never ends', { warmUp: 1e9 }],
    ['a moment before the release', { now: START - 60_000 }]
  ])('%s does not throw', (_, given) => {
    const verdict = judgeRelease({ ...asked, ...given })
    expect(verdict.odds.flatMap(numbersOf).every(Number.isFinite)).toBe(true)
  })

  it('whatever the samples are, it answers, and passes nothing that it has not seen', () => {
    fc.assert(
      fc.property(
        fc.array(wildPod, { maxLength: 2 }),
        fc.array(wildPod, { maxLength: 2 }),
        fc.boolean(),
        (stable, canary, isMixed) => {
          const verdict = judgeRelease({
            ...asked,
            stable: isMixed ? [...asked.stable, ...stable] : stable,
            canary
          })
          expect(verdict.odds.flatMap(numbersOf).every(Number.isFinite)).toBe(true)
          if (verdict.decision.kind === 'promote') expect(verdict.seen.requests).toBeGreaterThanOrEqual(100)
        }
      ),
      {
        numRuns: 300,
        examples: [[[pod({ buckets: [5e-324, Infinity].map((edge) => ({ edge, samples: [] })) })], [], false]]
      }
    )
  })
})

it('does not hang on 60 minutes of 30 pods', () => {
  const doing = (scrape: number) => ({ requests: 40 + (scrape % 7), errors: scrape % 50 === 0 ? 2 : 0 })
  const range = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
  const hour: Question = {
    checks: [{ kind: 'like-stable' }],
    steps: [{ duration: 3_600_000, begun: START }],
    warmUp: 60_000,
    now: START + 3_600_000,
    stable: range(25).map((i) => regularPod(`stable-${i}`, [-240, 240], doing)),
    canary: range(5).map((i) => regularPod(`canary-${i}`, [-1, 240], doing))
  }
  const before = process.cpuUsage()
  expect(judgeRelease(hour).odds).toHaveLength(118)
  const { user, system } = process.cpuUsage(before)
  // Some 100 ms on a quiet machine; a busy one may be slow, one that takes seconds was asked too much.
  expect((user + system) / 1000).toBeLessThan(5000)
})
