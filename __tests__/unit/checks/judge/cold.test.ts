import { describe, expect, it } from '@jest/globals'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import { measure } from '../../../../src/checks/judge/measured.ts'
import type { Question } from '../../../../src/checks/judge/question.ts'
import { pod, question, regularPod, requests, START } from './builders.ts'

const every15 = (values: readonly number[], from = 0): readonly (readonly [number, number])[] =>
  values.map((value, i) => [from + 15 * i, value])

const tens = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => 10 * i)

const steady = pod({ name: 'steady', ...requests(...every15(tens(25), -180)) })

const canaryOf = (given: Partial<Question>): readonly number[] =>
  measure(
    {
      checks: [{ kind: 'like-stable' }],
      steps: [{ duration: 300_000, begun: START }],
      warmUp: 60_000,
      now: START + 180_000,
      stable: [steady],
      canary: [],
      ...given
    },
    START
  ).pairs.map(({ canary }) => canary.requests)

describe('a pod that is new', () => {
  it('counts from the end of its own warm-up on', () => {
    const first = pod({ name: 'first', createdAt: START - 20_000, ...requests(...every15(tens(13))) })
    const later = pod({ name: 'later', createdAt: START + 50_000, ...requests(...every15(tens(9), 60)) })
    // The first one warms up for two blocks, the other for three, as its first requests may be of any moment of the third block.
    expect(canaryOf({ canary: [first, later] })).toEqual([0, 0, 20, 20, 20, 40])
  })

  it('has none where there is no warm-up', () => {
    const later = pod({ name: 'later', createdAt: START + 50_000, ...requests(...every15(tens(9), 60)) })
    expect(canaryOf({ canary: [later], warmUp: 0 })).toEqual([0, 0, 20, 20, 20, 20])
  })

  it('warms up from its first requests on, not from when it was there', () => {
    const idle = pod({
      name: 'idle',
      createdAt: START - 20_000,
      ...requests(...every15([0, 0, 0, 0, 0, 0, 0, 10, 20, 30, 40, 50, 60]))
    })
    // Its first requests come in the fourth block.
    expect(canaryOf({ canary: [idle] })).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('is not told apart from those of old when it is stable as well', () => {
    const added = pod({ name: 'added', createdAt: START - 100_000, ...requests(...every15(tens(19), -90)) })
    const { pairs } = measure(
      { ...question({ scrapes: 12 }), stable: [steady, added], canary: [steady], warmUp: 60_000 },
      START
    )
    // Three blocks until the release begins.
    expect(pairs.map(({ stable }) => stable.requests)).toEqual([40, 40, 40, 40, 40, 40])
  })

  it('is not what a good version is rolled back for, when the next share brings it', () => {
    const cold = (from: number) => (scrape: number) => ({
      requests: 20,
      times: scrape - from < 2 ? 3 : 1
    })
    const asked = question({ scrapes: 44, steps: [20, 20] })
    const young = (name: string, from: number) => ({
      ...regularPod(name, [from, 44], cold(from)),
      createdAt: START + (from * 15 - 5) * 1_000
    })
    const canary = [young('first', 0), young('second', 21), young('third', 21)]
    expect(judgeRelease({ ...asked, canary, now: START + 41 * 15_000 }).decision).toEqual({ kind: 'promote' })
    const old = canary.map((one) => ({ ...one, createdAt: START - 86_400_000 }))
    expect(judgeRelease({ ...asked, canary: old, now: START + 41 * 15_000 }).decision.kind).toBe('rollback')
  })
})

describe('a stable version that is new itself', () => {
  const young = pod({ name: 'young', createdAt: START - 50_000, ...requests(...every15(tens(4), -45)) })
  const canary = [pod({ name: 'canary', createdAt: START - 10_000, ...requests(...every15(tens(13))) })]
  const alone: Partial<Question> = {
    steps: [{ duration: 300_000, begun: START, alone: true }],
    warmUp: 30_000,
    canary
  }

  it('is compared by what it did while it was cold, where that is all there is', () => {
    const { compared } = measure(
      { ...question({ scrapes: 12 }), now: START + 180_000, ...alone, stable: [young] },
      START
    )
    // The first block of the canary is its warm-up. Stable had 30 requests in the two blocks before.
    expect(compared.map(({ canary: own }) => own.requests)).toEqual([0, 20, 20, 20, 20, 20])
    expect(compared.slice(1).every(({ stable }) => stable.requests > 0)).toBe(true)
  })

  it('leaves the counts of the new one to be told where it did nothing', () => {
    const idle = pod({ name: 'idle', ...requests([-30, 0]) })
    const { compared } = measure(
      { ...question({ scrapes: 12 }), now: START + 180_000, ...alone, stable: [idle] },
      START
    )
    expect(compared.map(({ canary: own, stable }) => [own.requests, stable.requests])).toEqual([
      [0, 0],
      ...Array<[number, number]>(5).fill([20, 0])
    ])
  })
})
