import { describe, expect, it, test } from '@jest/globals'
import fc from 'fast-check'
import type { Sample, Series } from '../../../../src/checks/prometheus/metrics.ts'
import {
  absorb,
  emptyHistory,
  forget,
  increase,
  newestSample,
  scrapeGap
} from '../../../../src/checks/prometheus/samples.ts'
import { epoch, samples, series } from './builders.ts'

const at = (seconds: number): number => epoch + seconds * 1000

describe('increase', () => {
  test.each([
    ['is counted from the last sample before', samples([-10, 5], [0, 9], [10, 12], [20, 20]), 5, true, 11],
    ['takes a sample at the very moment as the base', samples([0, 9], [10, 12]), 0, true, 3],
    ['counts the first value of a new series', samples([10, 40], [20, 40]), 0, true, 40],
    ['skips the first value of an older series', samples([10, 40], [20, 43]), 0, false, 3],
    ['counts a restarted counter from 0', samples([0, 100], [10, 110], [20, 4], [30, 9]), 0, true, 19],
    ['counts a restart right after the base', samples([0, 100], [10, 4]), 0, false, 4],
    ['is 0 while nothing happens', samples([0, 7], [10, 7], [20, 7]), 0, true, 0],
    ['is 0 when all samples are older', samples([-20, 3], [-10, 7]), 0, true, 0],
    ['is 0 without samples', samples(), 0, true, 0]
  ])('%s', (_rule, given, since, fromZero, expected) => {
    expect(increase(given, at(since), fromZero)).toBe(expected)
  })

  /** Steps of a counter: how much it grows until the next scrape, and whether it began again before that. */
  const life = fc.array(fc.record({ grown: fc.nat(50), restarted: fc.boolean() }), { minLength: 1 })

  const scraped = (steps: readonly { grown: number; restarted: boolean }[]) => {
    let value = 0
    let truth = 0
    const stored: Sample[] = steps.map(({ grown, restarted }, index) => {
      // A restart shows only when the counter has not overtaken its old value by the next scrape.
      value = restarted && grown < value ? grown : value + grown
      truth += grown
      return { at: at(index * 5), value }
    })
    return { stored, truth }
  }

  it('is exactly what a counter has counted, restarts included', () => {
    fc.assert(
      fc.property(life, (steps) => {
        const { stored, truth } = scraped(steps)
        expect(increase(stored, at(-1), true)).toBe(truth)
      })
    )
  })

  it('adds up over neighbouring windows', () => {
    fc.assert(
      fc.property(life, fc.nat(100), (steps, seconds) => {
        const { stored, truth } = scraped(steps)
        const until = stored.filter((sample) => sample.at <= at(seconds))
        expect(increase(until, at(-1), true) + increase(stored, at(seconds), true)).toBe(truth)
      })
    )
  })
})

describe('absorb', () => {
  const labels = { __name__: 'http_requests_total', pod: 'a' }

  it('does not care for order, repetition and cuts', () => {
    const batches = fc.uniqueArray(fc.nat(100), { minLength: 1 }).chain((times) =>
      fc.record({
        times: fc.constant(times),
        batches: fc.array(fc.subarray(times), { maxLength: 5 }),
        order: fc.shuffledSubarray(times, { minLength: times.length })
      })
    )
    const batch = (times: readonly number[]): Series =>
      series(labels, ...times.map((time): [number, number] => [time, time * 2]))
    fc.assert(
      fc.property(batches, ({ times, batches: parts, order }) => {
        const once = absorb(emptyHistory, [batch([...times].sort((one, other) => one - other))])
        const often = [...parts, order, ...parts].reduce(
          (history, part) => absorb(history, [batch(part)]),
          emptyHistory
        )
        expect([...often.values()]).toStrictEqual([...once.values()])
      })
    )
  })

  it('knows a series by its labels, in whatever order they come', () => {
    const history = absorb(emptyHistory, [
      series({ pod: 'a', code: '200' }, [0, 1]),
      series({ code: '200', pod: 'a' }, [5, 2]),
      series({ code: '500', pod: 'a' }, [5, 1])
    ])
    expect([...history.values()].map((one) => one.samples.length)).toStrictEqual([2, 1])
  })

  it('leaves out values that are no numbers', () => {
    const history = absorb(emptyHistory, [series(labels, [0, NaN], [5, 3], [10, Infinity])])
    expect([...history.values()][0]?.samples).toStrictEqual(samples([5, 3]))
  })

  it('does not change the history it is given', () => {
    const before = absorb(emptyHistory, [series(labels, [0, 1])])
    absorb(before, [series(labels, [5, 2])])
    expect([...before.values()][0]?.samples).toStrictEqual(samples([0, 1]))
  })
})

describe('forget', () => {
  it('keeps what an increase needs', () => {
    const counter = fc.array(fc.nat(100), { minLength: 1 })
    fc.assert(
      fc.property(counter, fc.nat(60), fc.nat(60), fc.boolean(), (values, one, other, fromZero) => {
        const [forgotten, since] = [Math.min(one, other), Math.max(one, other)]
        const all = values.map((value, index): [number, number] => [index, value])
        const history = absorb(emptyHistory, [series({ pod: 'a' }, ...all)])
        const kept = [...forget(history, at(forgotten)).values()][0]?.samples ?? []
        expect(increase(kept, at(since), fromZero)).toBe(increase(samples(...all), at(since), fromZero))
        expect(kept.filter((sample) => sample.at < at(forgotten)).length).toBeLessThanOrEqual(1)
      })
    )
  })
})

test('newestSample', () => {
  expect(newestSample([])).toBeUndefined()
  expect(newestSample([series({})])).toBeUndefined()
  expect(newestSample([series({}, [3, 1]), series({}, [1, 1], [7, 1]), series({}, [5, 1])])).toBe(at(7))
})

test('scrapeGap is the average of the series with the most samples', () => {
  expect(scrapeGap([])).toBeUndefined()
  expect(scrapeGap([series({}, [0, 1]), series({}, [9, 1])])).toBeUndefined()
  expect(scrapeGap([series({}, [0, 1], [99, 1]), series({}, [0, 1], [14, 1], [30, 1])])).toBe(15_000)
})
