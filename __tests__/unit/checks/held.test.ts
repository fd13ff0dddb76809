import { describe, expect, it, test } from '@jest/globals'
import { badOf, isCredible, wilson } from '../../../src/checks/credible.ts'
import { unlessFew, unlessShared, whileWarmingUp } from '../../../src/checks/held.ts'
import { initialStanding, judge, judgeRound, type Reading, type Rules } from '../../../src/checks/judge.ts'
import { burstiness } from '../../../src/checks/judge/burstiness.ts'
import { slower } from '../../../src/checks/judge/bounds.ts'
import { observationsAbove } from '../../../src/checks/prometheus/histogram.ts'
import { isOvertime, windowAt } from '../../../src/checks/warm-up.ts'
import { check, epoch } from './prometheus/builders.ts'

const read = (line: string, value: number, requests?: number, above?: number): Reading =>
  judge(
    check(line),
    { value, ...(requests !== undefined && { requests }), ...(above !== undefined && { above }) },
    { at: epoch, step: 'bake', young: false }
  )

describe('the counts', () => {
  // By hand, z = 2.5: (p + z²/2n -+ z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n).
  test.each([
    [1 / 40, 40, 0.0030836, 0.1752947],
    [12 / 340, 340, 0.0175107, 0.0698539],
    [12 / 340, 85, 0.0092857, 0.1249608],
    [0, 50, 0, 0.1111111],
    [1, 50, 0.8888889, 1]
  ])('of a share of %d among %d requests reach from %d to %d', (share, requests, low, high) => {
    const found = wilson(share, requests)
    expect(found[0]).toBeCloseTo(low, 6)
    expect(found[1]).toBeCloseTo(high, 6)
  })

  test.each<[string, Reading, number, boolean]>([
    ['1 error of 40 requests', read('success-rate >= 99%', 39 / 40, 40), 1, false],
    ['12 errors of 340 requests', read('success-rate >= 99%', 328 / 340, 340), 1, true],
    ['the same as a rate of errors', read('error-rate < 1%', 12 / 340, 340), 1, true],
    ['the same when 4 come at once', read('success-rate >= 99%', 328 / 340, 340), 4, false],
    ['1 error of the first 2 requests', read('success-rate >= 99%', 1 / 2, 2), 1, false],
    ['3 errors of the first 4', read('success-rate >= 99%', 1 / 4, 4), 1, true],
    ['one error where none may be', read('error-rate <= 0%', 1 / 5000, 5000), 14, true],
    // 5 % may take longer: 8 of 100 may be luck, 80 of 1000 are not.
    ['8 slow ones of 100', read('p95 latency < 500ms', 0.6, 100, 8), 1, false],
    ['80 slow ones of 1000', read('p95 latency < 500ms', 0.6, 1000, 80), 1, true]
  ])('of %s', (_, reading, together, tell) => {
    const bad = badOf(reading)
    expect(bad).toBeDefined()
    expect(bad && isCredible(bad, together)).toBe(tell)
    expect(unlessFew(reading, together)).toMatchObject(
      tell ? { verdict: 'fail' } : { verdict: 'held', held: 'few', why: 'too few requests to tell' }
    )
  })

  it('say nothing of what is no share of requests', () => {
    for (const reading of [
      read('mean latency < 100ms', 0.2, 2),
      read('request-rate > 5/s', 1, 2),
      read('queue: sum(depth) < 100', 200)
    ])
      expect(unlessFew(reading, 14)).toBe(reading)
  })

  it('of a quantile are interpolated as the quantile is', () => {
    const buckets = [
      { edge: 0.1, count: 40 },
      { edge: 0.5, count: 80 },
      { edge: Infinity, count: 100 }
    ]
    expect([0, 0.05, 0.1, 0.2, 0.5, 3].map((value) => observationsAbove(value, buckets))).toStrictEqual([
      100, 80, 60, 50, 20, 20
    ])
    const histogram = [40, 40, 20]
    expect([0, 0.05, 0.1, 0.2, 0.5, 3].map((value) => slower(histogram, [0.1, 0.5], value))).toStrictEqual(
      [100, 80, 60, 50, 20, 20].map((errors) => ({ requests: 100, errors }))
    )
  })
})

describe('how many bad requests come at once', () => {
  const blocks = (...errors: number[]) => errors.map((bad) => ({ requests: 100, errors: bad }))

  test.each([
    ['nothing was bad', blocks(0, 0, 0), 1],
    ['nothing else', [{ requests: 3, errors: 3 }], 1],
    ['they are spread evenly', blocks(1, 1, 1, 1), 1],
    // Share .02: squares 3 x 4 + 36 over 1.96 and 3 degrees of freedom.
    ['all came in one block of four', blocks(0, 0, 8, 0), 48 / 1.96 / 3],
    ['there was an incident', blocks(0, 0, 0, 80), 14],
    ['a block had no requests', [...blocks(0, 0, 8, 0), { requests: 0, errors: 0 }], 48 / 1.96 / 3]
  ])('where %s', (_, past, expected) => {
    expect(burstiness(past)).toBeCloseTo(expected, 12)
  })
})

describe('a bound that stable breaks as well', () => {
  const own = read('success-rate >= 99%', 0.95, 400)

  it('holds the new version', () => {
    expect(unlessShared(own, read('success-rate >= 99%', 0.96, 4000), 1)).toMatchObject({
      verdict: 'held',
      held: 'shared',
      why: 'stable breaks it as well: 96%',
      value: 0.95
    })
  })

  test.each<[string, Reading | undefined]>([
    ['keeps to it', read('success-rate >= 99%', 0.995, 4000)],
    ['is much better although it breaks it', read('success-rate >= 99%', 0.985, 4000)],
    ['is not there', undefined],
    ['has no data', { ...own, verdict: 'no-data' }]
  ])('fails it where stable %s', (_, stable) => {
    expect(unlessShared(own, stable, 1)).toBe(own)
  })

  it('holds a mean as well, of which nothing is counted', () => {
    const slow = read('mean latency < 100ms', 0.3, 50)
    expect(unlessShared(slow, read('mean latency < 100ms', 0.2, 500), 1).held).toBe('shared')
  })
})

describe('the warm-up', () => {
  const step = { name: '10%', startedAt: 1_000 }

  it('shows what is found, and forgives what is missing', () => {
    expect(whileWarmingUp(read('success-rate >= 99%', 0.5, 400))).toMatchObject({
      verdict: 'held',
      held: 'warm-up',
      value: 0.5
    })
    expect(whileWarmingUp(read('success-rate >= 99%', 1, 400)).verdict).toBe('held')
    expect(whileWarmingUp({ ...read('error-rate < 1%', 0), verdict: 'no-data' })).toMatchObject({
      verdict: 'no-data',
      early: true
    })
  })

  test.each([
    [30_000, 61_000, 1_000, true],
    [60_999, 61_000, 1_000, true],
    [61_000, 61_000, 61_000, false],
    [200_000, 61_000, 61_000, false],
    [30_000, 1_000, 1_000, false],
    [30_000, undefined, 1_000, false]
  ])('at %d, ending at %p: read since %d', (now, ends, since, isWarmingUp) => {
    expect(windowAt(now, step, ends)).toStrictEqual({ step: { ...step, startedAt: since }, isWarmingUp })
  })

  it('does not shorten a short step', () => {
    const window = { ...step, startedAt: 61_000 }
    expect([90_999, 91_000].map((now) => isOvertime(now, step, window, 30_000))).toStrictEqual([false, true])
    expect([200_999, 201_000].map((now) => isOvertime(now, step, window, 100_000))).toStrictEqual([
      false,
      true
    ])
    expect([90_999, 91_000].map((now) => isOvertime(now, step, window, 0))).toStrictEqual([false, true])
    expect(isOvertime(1e12, step, window, Infinity)).toBe(false)
  })
})

describe('a round with held readings', () => {
  const rules: Rules = { failureLimit: 1, onNoData: 'fail', noDataTimeout: 300_000 }
  const good = read('p95 latency < 500ms', 0.1, 40)
  const few = unlessFew(read('success-rate >= 99%', 39 / 40, 40), 1)
  const shared: Reading = { ...few, held: 'shared' }
  const warming = whileWarmingUp(read('success-rate >= 99%', 0.5, 400))

  test.each<[string, Reading]>([
    ['too few', few],
    ['shared', shared],
    ['warming up', warming]
  ])('%s neither ends a step nor fails', (_, reading) => {
    const standing = judgeRound(initialStanding, [good, reading], rules)
    expect(standing).toMatchObject({ decision: 'hold' })
    expect(standing.failures.size).toBe(0)
  })

  it('ends the step after twice its time, but not in the warm-up', () => {
    expect(judgeRound(initialStanding, [good, few], rules, true)).toMatchObject({
      decision: 'pass',
      waved: [few]
    })
    expect(judgeRound(initialStanding, [shared], rules, true)).toMatchObject({ decision: 'pass' })
    expect(judgeRound(initialStanding, [good, warming], rules, true)).toMatchObject({ decision: 'hold' })
    expect(judgeRound(initialStanding, [{ ...few, brief: true }], rules, true)).toMatchObject({
      decision: 'hold'
    })
  })
})
