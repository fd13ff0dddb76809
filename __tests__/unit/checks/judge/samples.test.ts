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
      warmUp: 0,
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

describe('what happens in a cluster, with figures by hand', () => {
  const pairsOf = (given: Partial<Question>, at: number): string[] =>
    look(given, at).pairs.map(
      ({ stable, canary }) => `${stable.requests}/${stable.errors} ${canary.requests}/${canary.errors}`
    )
  const canary = [pod(requests(...every15([0, 1, 2, 3, 4, 5, 6, 7, 8])))]

  it('a container that restarts between two scrapes loses what no scrape has seen, and nothing else', () => {
    // 100, 104 | 3, 10: of the requests between 104 and the restart nobody knows. Block 1: 4 + 3 = 7, block 2: 7 + 5 = 12.
    const restarted = pod({
      requests: [
        { failed: false, samples: samples(...every15([100, 104, 3, 10, 15])) },
        // Its errors' series is there again with the first error after the restart: 2, gone, 1.
        { failed: true, samples: samples([0, 2], [15, 2], [45, 1], [60, 1]) }
      ]
    })
    expect(canaryOf([restarted], 60)).toEqual(['7/0', '13/1'])
  })

  it('a pod that is replaced by another name: the old one counts until its last scrape, the new one from 0', () => {
    const old = pod({ name: 'old', ready: false, ...requests(...every15([50, 60, 70, 80])) })
    const young = pod({ name: 'young', createdAt: START + 50_000, ...requests(...every15([4, 14, 24], 60)) })
    // 20, then 10 + 4, then 20.
    expect(canaryOf([old, young], 90)).toEqual(['20/0', '14/0', '20/0'])
  })

  it('an autoscaler that adds a pod to stable in mid-step: its share is there from its first scrape on', () => {
    const halved = pod({
      name: 'first',
      ...requests(...every15([100, 120, 140, 160, 180, 190, 200, 210, 220]))
    })
    const added = pod({
      name: 'added',
      createdAt: START + 55_000,
      ...requests(...every15([2, 12, 22, 32, 42], 60))
    })
    const { pairs, durations } = look({ stable: [halved, added], canary }, 120)
    expect(pairs.map(({ stable }) => stable.requests)).toEqual([40, 42, 40, 40])
    // Before it was there it is absent, which is not the same as idle.
    expect(durations.stable[1]?.map((histogram) => histogram !== undefined)).toEqual([
      false,
      true,
      true,
      true
    ])
  })

  it('an autoscaler that takes a pod from stable in mid-step: it is absent afterwards, and not waited for', () => {
    const kept = pod({ name: 'kept', ...requests(...every15([0, 10, 20, 30, 40, 60, 80, 100, 120])) })
    const gone = pod({ name: 'gone', ready: false, ...requests(...every15([500, 510, 520, 530, 540])) })
    const { pairs, durations } = look({ stable: [kept, gone], canary }, 120)
    expect(pairs.map(({ stable }) => stable.requests)).toEqual([40, 40, 40, 40])
    expect(durations.stable[1]?.map((histogram) => histogram !== undefined)).toEqual([
      true,
      true,
      false,
      false
    ])
  })

  it('an autoscaler that takes all but one pod from the canary', () => {
    const kept = pod({ name: 'kept', ...requests(...every15([0, 1, 2, 3, 4, 8, 12, 16, 20])) })
    const gone = pod({ name: 'gone', ready: false, ...requests(...every15([0, 3, 6, 9])) })
    // 2 + 6, 2 + 3, 8, 8.
    expect(canaryOf([kept, gone], 120)).toEqual(['8/0', '5/0', '8/0', '8/0'])
  })

  it('a Prometheus that restarts: what came meanwhile is in the block of the first scrape after it, for both', () => {
    const missed = (values: readonly number[]) =>
      requests(...every15(values).filter(([second]) => second <= 15 || second >= 75))
    const stable = pod(missed([100, 110, 120, 130, 140, 150, 160, 170, 180]))
    const own = pod(missed([0, 1, 2, 3, 4, 5, 6, 7, 8]))
    // (15 s, 75 s]: 40 of stable and 4 of the canary, in the block that ends at 90 s; and another scrape of each.
    expect(pairsOf({ stable: [stable], canary: [own] }, 120)).toEqual([
      '10/0 1/0',
      '0/0 0/0',
      '50/0 5/0',
      '20/0 2/0'
    ])
  })

  it('and brings back one version before the other: the block that has only one of them counts for none', () => {
    const stable = pod(requests([0, 100], [15, 110], [75, 150], [90, 160], [105, 170], [120, 180]))
    const own = pod(requests([0, 0], [15, 1], [105, 7], [120, 8]))
    // Block 3 has 50 of stable alone. Block 4: 20 beside all 7 that the canary got since 15 s.
    expect(pairsOf({ stable: [stable], canary: [own] }, 120)).toEqual([
      '10/0 1/0',
      '0/0 0/0',
      '0/0 0/0',
      '20/0 7/0'
    ])
  })

  it('errors of which there is a series only later, in a pod that was there before', () => {
    const late = pod({
      requests: [
        { failed: false, samples: samples(...every15([0, 10, 20, 30, 40])) },
        { failed: true, samples: samples([60, 5]) }
      ]
    })
    expect(canaryOf([late], 60)).toEqual(['20/0', '25/5'])
  })

  it('a path that is asked for only later, in a pod that was just found: its first value is all new', () => {
    const found = pod({
      requests: [
        { failed: false, samples: samples(...every15([1_000, 1_010, 1_020])) },
        { failed: false, samples: samples([30, 7]) }
      ]
    })
    // 10 + 10 + 7, whatever came before the pod was found.
    expect(canaryOf([found], 30)).toEqual(['27/0'])
  })

  it('samples that are twice there, out of order, or no numbers', () => {
    const untidy = requests(
      [30, 20],
      [0, 0],
      [15, 10],
      [15, 10],
      [30, 20],
      [22, NaN],
      [45, Infinity],
      [60, 40]
    )
    expect(canaryOf([pod(untidy)], 60)).toEqual(['20/0', '20/0'])
  })
})
