import { describe, expect, it } from '@jest/globals'
import { measure, type Measured } from '../../../../src/checks/judge/measured.ts'
import type { PodSamples } from '../../../../src/checks/judge/pods.ts'
import type { Question } from '../../../../src/checks/judge/question.ts'
import { pod, requests, samples, START } from './builders.ts'

/** A pod of stable that is scraped every 15 s, and serves 10 requests each time. */
const steady = pod({
  name: 'steady',
  ...requests(...Array.from({ length: 25 }, (_, i) => [-180 + 15 * i, 1000 + 10 * i] as const))
})

const look = (given: Partial<Question>, at = 180): Measured =>
  measure(
    {
      checks: [{ kind: 'like-stable' }],
      steps: [{ duration: 300_000, begun: START }],
      warmUp: 60_000,
      now: START + at * 1000,
      stable: [steady],
      canary: [],
      ...given
    },
    START
  )

/** Requests and errors of the canary by block. */
const canaryOf = (pods: readonly PodSamples[], at = 180): string[] =>
  look({ canary: pods }, at).pairs.map(({ canary }) => `${canary.requests}/${canary.errors}`)

const every15 = (values: readonly number[], from = 0): readonly (readonly [number, number])[] =>
  values.map((value, i) => [from + 15 * i, value])

describe('blocks', () => {
  it('hold what came between their ends, of the stable version before the release too', () => {
    const { history, pairs, grid } = look({ canary: [pod(requests(...every15([0, 1, 2, 3, 5, 7, 9])))] }, 90)
    expect(grid.block).toBe(30_000)
    expect(history).toEqual(Array(6).fill({ requests: 20, errors: 0 }))
    expect(pairs).toEqual([
      { stable: { requests: 20, errors: 0 }, canary: { requests: 2, errors: 0 } },
      { stable: { requests: 20, errors: 0 }, canary: { requests: 3, errors: 0 } },
      { stable: { requests: 20, errors: 0 }, canary: { requests: 4, errors: 0 } }
    ])
  })

  it.each([
    [5, 30_000],
    [15, 30_000],
    [20, 40_000],
    [30, 30_000],
    [45, 45_000],
    [60, 60_000]
  ])('of scrapes each %d s last %d ms', (gap, block) => {
    const jitter = (i: number): number => (i % 3) * 0.004
    const stable = pod(requests(...Array.from({ length: 20 }, (_, i) => [gap * i + jitter(i), i] as const)))
    expect(look({ stable: [stable] }).grid.block).toBe(block)
  })

  it('close when the slowest ready pod has told about them', () => {
    const quick = pod(requests(...every15([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])))
    const slow = pod({ name: 'slow', ...requests(...every15([0, 1, 2, 3, 4, 5, 6], 4)) })
    expect(canaryOf([quick])).toHaveLength(6)
    expect(canaryOf([quick, slow])).toHaveLength(3)
    expect(look({ canary: [quick, slow] })).toMatchObject({ until: START + 94_000, slowest: ['slow'] })
  })

  it('do not wait for a pod that is gone', () => {
    const gone = pod({ ready: false, ...requests(...every15([0, 1, 2])) })
    const quick = pod(requests(...every15([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])))
    expect(canaryOf([quick, gone])).toEqual(['4/0', '2/0', '2/0', '2/0', '2/0', '2/0'])
  })

  it('close until a pod was created that no scrape has reached yet, and none later', () => {
    const late = pod({ name: 'late', createdAt: START + 100_000 })
    const quick = pod(requests(...every15([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])))
    expect(canaryOf([quick, late])).toHaveLength(3)
    expect(look({ canary: [quick, late] }).slowest).toEqual(['late'])
  })

  it('know nothing of later than now', () => {
    const ahead = pod(requests(...every15([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])))
    expect(canaryOf([ahead], 70)).toHaveLength(2)
  })
})

describe('counters', () => {
  it('that begin again at 0 are counted from there', () => {
    // 100 → 110 → restart → 5 → 15
    expect(canaryOf([pod(requests(...every15([100, 110, 5, 15, 25])))], 60)).toEqual(['15/0', '20/0'])
  })

  it('that go back are taken for such, as Prometheus does', () => {
    expect(canaryOf([pod(requests(...every15([100, 90, 100])))], 30)).toEqual(['100/0'])
  })

  it('of a new pod began at 0', () => {
    const born = pod({ createdAt: START + 2_000, ...requests(...every15([7, 9, 9], 15)) })
    expect(canaryOf([born], 45)).toEqual(['9/0'])
  })

  it('of an old pod that was only just found begin at its first sample', () => {
    const found = pod(requests(...every15([7_000, 7_002, 7_002], 15)))
    expect(canaryOf([found], 45)).toEqual(['2/0'])
  })

  it('of errors that appear in a pod which was scraped before began at 0', () => {
    const failing = pod({
      requests: [
        { failed: false, samples: samples(...every15([50, 60, 70, 80, 90])) },
        { failed: true, samples: samples([45, 2], [60, 3]) }
      ]
    })
    expect(canaryOf([failing], 60)).toEqual(['20/0', '23/3'])
  })

  it('of errors that never appear are 0', () => {
    const quiet = pod({
      requests: [
        { failed: false, samples: samples(...every15([50, 60, 70])) },
        { failed: true, samples: [] }
      ]
    })
    expect(canaryOf([quiet], 30)).toEqual(['20/0'])
  })

  it('of pods that are added in mid-step add up from the moment they are there', () => {
    const one = pod(requests(...every15([0, 10, 20, 25, 30, 35, 40])))
    const added = pod({
      name: 'added',
      createdAt: START + 28_000,
      ...requests(...every15([5, 10, 15, 20], 45))
    })
    expect(canaryOf([one, added], 90)).toEqual(['20/0', '20/0', '20/0'])
  })

  it('that were not scraped for a while bring all of it with the next sample', () => {
    const { pairs } = look(
      { canary: [pod(requests([0, 0], [15, 1], [30, 2], [120, 20], [135, 21], [150, 22]))] },
      150
    )
    expect(pairs.map(({ canary }) => canary.requests)).toEqual([2, 0, 0, 18, 2])
    // What stable did in blocks for which the canary has nothing is not held against it.
    expect(pairs.map(({ stable }) => stable.requests)).toEqual([20, 0, 0, 20, 20])
  })

  it('of several series of a pod are added', () => {
    const paths = pod({
      requests: [
        { failed: false, samples: samples(...every15([0, 1, 2])) },
        { failed: false, samples: samples(...every15([9, 9, 12])) },
        { failed: true, samples: samples(...every15([1, 1, 2])) }
      ]
    })
    expect(canaryOf([paths], 30)).toEqual(['6/1'])
  })
})

describe('histograms', () => {
  const buckets = (edge: number, ...values: readonly number[]) => ({
    edge,
    samples: samples(...every15(values))
  })
  const histogramOf = (pods: readonly PodSamples[]) => look({ canary: pods }, 30).durations

  it('are what is between two edges', () => {
    const timed = pod({ buckets: [buckets(0.1, 0, 1, 3), buckets(Infinity, 0, 4, 9), buckets(0.5, 5, 7, 9)] })
    expect(histogramOf([timed])).toMatchObject({ edges: [0.1, 0.5], canary: [[[3, 1, 5]]] })
  })

  it('have the edges that all pods have', () => {
    const one = pod({ buckets: [buckets(0.1, 0, 1, 3), buckets(0.5, 5, 7, 9), buckets(Infinity, 0, 4, 9)] })
    const other = pod({ buckets: [buckets(0.2, 0, 1, 3), buckets(0.5, 0, 2, 4), buckets(Infinity, 0, 4, 8)] })
    const none = pod(requests(...every15([0, 1, 2])))
    expect(histogramOf([one, other, none])).toMatchObject({
      edges: [0.5],
      canary: [[[4, 5]], [[4, 4]], [[0, 0]]]
    })
  })

  it("leave out an edge that one of a pod's histograms lacks", () => {
    const paths = [buckets(0.1, 0, 1, 2), buckets(0.5, 0, 2, 4), buckets(Infinity, 0, 3, 6)]
    const others = [buckets(0.5, 0, 1, 1), buckets(Infinity, 0, 1, 2)]
    expect(histogramOf([pod({ buckets: [...paths, ...others] })])).toMatchObject({
      edges: [0.5],
      canary: [[[5, 3]]]
    })
  })

  it('do not go down where a scrape met them while they were written', () => {
    const torn = pod({ buckets: [buckets(0.1, 0, 1, 5), buckets(0.5, 0, 2, 4), buckets(Infinity, 0, 3, 6)] })
    expect(histogramOf([torn]).canary).toEqual([[[5, 0, 1]]])
  })
})

it('counts what each scrape brings since the release began', () => {
  const failing = pod({
    requests: [
      { failed: false, samples: samples([-15, 0], [0, 5], [15, 8]) },
      { failed: true, samples: samples([15, 2], [30, 2]) }
    ]
  })
  expect(look({ canary: [failing] }).scrapes.canary).toEqual([
    { at: START + 15_000, requests: 5, errors: 2 },
    { at: START + 30_000, requests: 0, errors: 0 }
  ])
})
