import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  learn,
  MARGIN,
  nothingKnown,
  unknownSince,
  type Known
} from '../../../../src/checks/prometheus/known.ts'
import type { Series } from '../../../../src/checks/prometheus/metrics.ts'
import { epoch, samples, series } from './builders.ts'

const at = (seconds: number): number => epoch + seconds * 1000

/** A sample that was taken at one moment, and could be asked for from another one on; both in seconds. */
interface Stored {
  readonly taken: number
  readonly stored: number
  readonly value: number
}

type World = readonly { readonly name: string; readonly samples: readonly Stored[] }[]

/** What a range selector brings at a moment: what is stored by then and was taken later than that. */
const answerOf = (world: World, now: number, from: number): readonly Series[] =>
  world
    .map(({ name, samples: all }) => {
      const found = all.filter(({ taken, stored }) => stored <= now && taken <= now && at(taken) > from)
      return series({ pod: name }, ...found.map(({ taken, value }) => [taken, value] as const))
    })
    .filter((one) => one.samples.length > 0)

const after = at(-3_900)

const look = (known: Known, world: World, now: number): Known =>
  learn(known, { answer: answerOf(world, now, unknownSince(known, [], after)), pods: [], after })

const known = (...all: readonly Series[]): Known => learn(nothingKnown, { answer: all, pods: [], after })

/** Pods that come and go, are scraped every 15 s or not at all for a while, and whose samples are stored late. */
const world: fc.Arbitrary<World> = fc
  .array(
    fc.record({
      born: fc.integer({ min: -3_600, max: 500 }),
      lives: fc.integer({ min: 0, max: 2_000 }),
      counts: fc.array(
        fc.record({
          value: fc.nat(1_000),
          late: fc.integer({ min: 0, max: MARGIN / 1000 - 1 }),
          gap: fc.nat(9)
        }),
        { minLength: 1, maxLength: 60 }
      )
    }),
    { minLength: 1, maxLength: 6 }
  )
  .map((pods) =>
    pods.map(({ born, lives, counts }, pod) => ({
      name: `pod-${pod}`,
      samples: counts.flatMap(({ value, late, gap }, i) => {
        const taken = born + 15 * i
        const isThere = taken <= born + lives && gap > 0
        return isThere ? [{ taken, stored: taken + late, value }] : []
      })
    }))
  )

describe('what is known in the end', () => {
  const looks = fc.array(fc.integer({ min: -3_600, max: 1_000 }), { maxLength: 20 })

  it('is the same however the time was split into looks', () => {
    fc.assert(
      fc.property(world, looks, (pods, times) => {
        const inParts = [...times, 1_100]
          .sort((one, other) => one - other)
          .reduce((before, now) => look(before, pods, now), nothingKnown)
        const atOnce = look(nothingKnown, pods, 1_100)
        expect(new Map([...inParts.series].sort())).toStrictEqual(new Map([...atOnce.series].sort()))
      }),
      { numRuns: 300 }
    )
  })

  it('is the same in whatever order and how often the answers come', () => {
    const span = fc.record({
      now: fc.integer({ min: -3_600, max: 1_000 }),
      past: fc.nat(1_000),
      places: fc.tuple(fc.nat(), fc.nat())
    })
    fc.assert(
      fc.property(world, fc.array(span, { minLength: 1, maxLength: 6 }), (pods, spans) => {
        const told = spans.map(({ now, past, places }) => ({
          answer: answerOf(pods, now, at(now - past)),
          places
        }))
        const shuffled = told
          .flatMap(({ answer, places }) => places.map((place) => ({ answer, place })))
          .sort((one, other) => one.place - other.place)
        const learnt = (answers: readonly { readonly answer: readonly Series[] }[]): Known =>
          answers.reduce((before, { answer }) => learn(before, { answer, pods: [], after }), nothingKnown)
        const [one, other] = [learnt(told), learnt(shuffled)]
        expect(new Map([...other.series].sort())).toStrictEqual(new Map([...one.series].sort()))
      })
    )
  })

  it('does not depend on which of two samples of one moment came first', () => {
    const [one, other] = [series({ pod: 'a' }, [0, 3], [15, 7]), series({ pod: 'a' }, [0, 3], [15, 9])]
    expect(known(one, other)).toStrictEqual(known(other, one))
    expect([...known(one, other).series.values()]).toStrictEqual([series({ pod: 'a' }, [0, 3], [15, 9])])
  })

  it('leaves out what is no number, as the marker of a series that has ended', () => {
    const ended = known(
      series({ pod: 'a' }, [0, 1], [15, NaN], [30, Infinity]),
      series({ pod: 'b' }, [0, NaN])
    )
    expect([...ended.series.values()]).toStrictEqual([series({ pod: 'a' }, [0, 1])])
  })

  it('is not more than what is still needed', () => {
    const before = known(series({ pod: 'gone' }, [0, 1]), series({ pod: 'a' }, [0, 1], [15, 2], [30, 3]))
    const later = learn(before, { answer: [series({ pod: 'a' }, [45, 4])], pods: [], after: at(15) })
    expect([...later.series.values()]).toStrictEqual([series({ pod: 'a' }, [30, 3], [45, 4])])
  })

  it('holds when a pod was created, even when it is gone', () => {
    const pods = [{ name: 'a', createdAt: at(-60) }]
    const before = learn(nothingKnown, { answer: [], pods, after })
    expect(learn(before, { answer: [], pods: [], after }).created.get('a')).toBe(at(-60))
  })

  it('has the samples of native histograms, too', () => {
    const histogram = (second: number, count: number) => ({ at: at(second), count, buckets: [] })
    const native = (...histograms: readonly ReturnType<typeof histogram>[]): Series => ({
      labels: { pod: 'a' },
      samples: histograms.map((one) => ({ at: one.at, value: one.count })),
      histograms
    })
    const before = known(
      native(histogram(0, 1), histogram(15, 2)),
      native(histogram(30, 5), histogram(15, 2))
    )
    const later = learn(before, { answer: [native(histogram(45, NaN))], pods: [], after: at(0) })
    expect([...later.series.values()]).toStrictEqual([native(histogram(15, 2), histogram(30, 5))])
  })
})

describe('there may be news', () => {
  const since = (before: Known, unheard: readonly number[] = []) =>
    unknownSince(before, unheard, after) - epoch

  it('since the beginning while nothing is known', () => {
    expect(since(nothingKnown)).toBe(-3_900_000)
  })

  it('since a while before the newest sample of the slowest pod', () => {
    const before = known(series({ pod: 'a' }, [0, 1], [100, 2]), series({ pod: 'b' }, [0, 1], [40, 2]))
    expect(since(before)).toBe(40_000 - MARGIN)
  })

  it('but nobody is waited for who has said nothing for five minutes', () => {
    const before = known(series({ pod: 'a' }, [400, 1]), series({ pod: 'b' }, [50, 1]))
    expect(since(before)).toBe(400_000 - MARGIN)
  })

  it('since a pod was created that has said nothing yet', () => {
    const before = known(series({ pod: 'a' }, [400, 1]))
    expect(since(before, [at(350)])).toBe(350_000 - MARGIN)
    expect(since(before, [at(-1_000)])).toBe(100_000 - MARGIN)
  })

  it('and not from before what is needed', () => {
    const before = known({ labels: {}, samples: samples([-3_899, 1]) })
    expect(since(before)).toBe(-3_900_000)
  })
})
