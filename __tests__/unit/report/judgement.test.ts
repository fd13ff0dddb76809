import { describe, expect, it, test } from '@jest/globals'
import type { Decision, Judgement } from '../../../src/domain/judgement.ts'
import { comparisonTable } from '../../../src/report/comparison-table.ts'
import { judgementNews, watchedWell } from '../../../src/report/judgement-log.ts'
import { judgedCheck, judgementReason } from '../../../src/report/judgement.ts'
import { luck, odds, oddsCurves } from '../../../src/report/odds.ts'
import { clean, forLog, forMarkdown } from '../../../src/report/text.ts'
import { atRouter, counts, errors, fineErrors, fineLatency, judgement, latency, TEN } from './judgements.ts'

const rollback = (...findings: Judgement['findings']): Decision => ({ kind: 'rollback', at: TEN, findings })
const reason = (decision: Decision, given: Partial<Judgement> = {}): string =>
  judgementReason(judgement(decision, given))

describe('why it was rolled back', () => {
  it('for errors', () => {
    expect(reason(rollback(errors()))).toBe(
      'error-rate was 3.5% of 340 requests since 10:04:30 UTC, stable 0.03% of 9,812 in the same minutes: ' +
        '12 errors in 9 half minutes; by luck in fewer than 1 of 10,000 releases'
    )
  })

  it('for latency', () => {
    expect(reason(rollback(latency()))).toBe(
      '12.1% of 1,350 requests took over 250 ms since 10:04:30 UTC, stable 3.5% of 9,000 in the same minutes: ' +
        'as if 5% of them took 4 times as long, slower in 11 of 12 half minutes and on 2 of 2 pods; ' +
        'by luck in fewer than 1 of 1,000 releases'
    )
  })

  it('for latency that a router has measured', () => {
    expect(reason(rollback(atRouter(latency())))).toContain(
      'slower in 11 of 12 half minutes, measured at the router, which does not tell pods apart; by luck'
    )
    expect(reason({ kind: 'promote' }, { findings: [atRouter(fineLatency)] })).toBe(
      'as fast as stable: 3.5% of 5,420 requests took over 250 ms, stable 3.4%, measured at the router, which does not tell pods apart'
    )
  })

  it('for both', () => {
    const both = reason(rollback(errors(), latency()))
    expect(both).toContain('1 of 10,000 releases; besides, 12.1% of 1,350 requests took over 250 ms')
  })

  it('when there is no stable version beside it any more', () => {
    expect(reason(rollback(errors({ beforeAfter: true })))).toContain(
      ', stable 0.03% of 9,812 before the release: '
    )
  })

  it('for a crash', () => {
    const crash = { at: TEN + 15_000, canary: counts(40, 20), stable: counts(240, 0), scrapesWithErrors: 2 }
    const decision = { kind: 'rollback', at: crash.at, crash } as const
    expect(reason(decision)).toBe(
      '20 of 40 requests failed until 10:00:15 UTC, stable 0 of 240: a crash, seen in 2 scrapes'
    )
    expect(judgedCheck(judgement(decision))).toBeUndefined()
    const late = { ...decision, crash: { ...crash, since: TEN - 45_000 } }
    expect(reason(late)).toMatch(/^20 of 40 requests failed from 09:59:15 UTC until 10:00:15 UTC, stable/)
  })

  it('by which check', () => {
    const check = { kind: 'error-rate', plus: 0.005 } as const
    expect(judgedCheck(judgement(rollback(errors({ check }))))).toBe('error-rate <= stable + 0.5%')
    expect(judgedCheck(judgement({ kind: 'promote' }))).toBeUndefined()
  })

  test.each([
    [{ kind: 'stretch', times: 1.4, share: 1 }, 'as if all of them took 1.4 times as long'],
    [{ kind: 'stretch', times: 2, share: 1 }, 'as if all of them took twice as long'],
    [{ kind: 'slow share', times: 10, share: 0.02 }, 'as if 2% of them took 10 times as long'],
    [{ kind: 'above an edge', times: 1.35, share: 0.1 }, 'as if 1.35 times as many were that slow']
  ] as const)('in the shape of %j', (shape, words) => {
    expect(reason(rollback(latency({ shape })))).toContain(`: ${words}, slower in`)
  })

  test.each([
    [60_000, '12 errors in 9 minutes'],
    [45_000, '12 errors in 9 blocks of 45 s']
  ])('in blocks of %d ms', (block, words) => {
    expect(reason(rollback(errors()), { block })).toContain(words)
  })
})

describe('why it goes on, or not', () => {
  test('promoted', () => {
    expect(reason({ kind: 'promote' })).toBe(
      'no more errors than stable: 4 of 5,420 requests against 13 of 16,900, a rise by 0.4% would have shown; ' +
        'as fast as stable: 3.5% of 5,420 requests took over 250 ms, stable 3.4%'
    )
  })

  test('promoted on few requests, which show little', () => {
    const few = { ...fineErrors, hidden: 0, counts: { ...errors().counts, canary: counts(30, 0) } }
    expect(reason({ kind: 'promote' }, { findings: [few] })).toContain('a rise by 10% would have shown')
  })

  test('promoted with errors that are more by chance', () => {
    const more = { ...fineErrors, counts: { ...errors().counts, canary: counts(5_420, 7) }, hidden: 0 }
    expect(reason({ kind: 'promote' }, { findings: [more] })).toBe(
      'errors as stable has them: 7 of 5,420 requests against 3 of 9,812, a rise by 0.1% would have shown'
    )
  })

  test('held for its time', () => {
    expect(reason({ kind: 'hold', for: 'time' })).toBe('nothing speaks against it')
    const leaning = latency({ isBad: false, logE: Math.log(6.2) })
    expect(reason({ kind: 'hold', for: 'time' }, { findings: [fineErrors, leaning] })).toBe(
      'odds of 6.2 : 1 against its latency are not enough to tell'
    )
    expect(reason({ kind: 'hold', for: 'time' }, { findings: [] })).toBe(
      'it warms up until 10:01:00 UTC, and nothing but a crash counts'
    )
  })

  test('held for the odds', () => {
    const findings = [errors({ isBad: false, logE: Math.log(14.3) }), fineLatency]
    expect(reason({ kind: 'hold', for: 'odds' }, { findings })).toBe(
      'odds of 14 : 1 against its errors: no more users until they are below 10 : 1, at most for its time again'
    )
  })

  test('held for proof, and never proven', () => {
    const findings = [
      errors({ isBad: false, logE: -0.2, hidden: 0.016 }),
      latency({ isBad: false, logE: -0.5 })
    ]
    const thin = { seen: counts(310, 0), findings }
    const what =
      '310 requests do not tell enough: a rise of errors by 1.6% or requests that take 1.25 times as long could hide'
    expect(reason({ kind: 'hold', for: 'proof' }, thin)).toBe(
      `${what}; the step goes on, at most for its time again`
    )
    expect(reason({ kind: 'inconclusive', why: 'thin' }, thin)).toBe(
      `after 9m 0s ${what}; a larger share or a longer step would tell`
    )
    expect(reason({ kind: 'hold', for: 'proof' }, { ...thin, seen: counts(1, 0) })).toContain(
      '1 request is too few to tell, 100 are needed: '
    )
  })

  test('leaning', () => {
    const findings = [fineErrors, latency({ isBad: false, logE: Math.log(6.2) })]
    expect(reason({ kind: 'inconclusive', why: 'leaning' }, { findings })).toBe(
      '12.1% of 1,350 requests took over 250 ms since 10:04:30 UTC, stable 3.5% of 9,000 in the same minutes: ' +
        'as if 5% of them took 4 times as long, slower in 11 of 12 half minutes and on 2 of 2 pods; ' +
        'odds of 6.2 : 1 against its latency are not enough to tell after 9m 0s'
    )
  })

  test('more errors than allowed, which may be luck', () => {
    const findings = [errors({ isBad: false, logE: Math.log(1 / 1.3) }), fineLatency]
    expect(reason({ kind: 'inconclusive', why: 'leaning' }, { findings })).toBe(
      'error-rate was 3.5% of 340 requests since 10:04:30 UTC, stable 0.03% of 9,812 in the same minutes: ' +
        '12 errors in 9 half minutes; that is more than the check allows, but after 9m 0s it may as well be luck: ' +
        'odds of 1 : 1.3 against its errors'
    )
  })

  test('when both fail alike', () => {
    const both = errors({
      isBad: false,
      logE: -0.5,
      recent: {
        since: TEN + 480_000,
        canary: counts(340, 17),
        stable: counts(1_020, 50),
        blocksWithErrors: 4
      }
    })
    const shared =
      "since 10:08:00 UTC 5% of 340 requests failed, and 4.9% of stable's: " +
      'both suffer alike, so that is not held against it'
    const time = { kind: 'hold', for: 'time' } as const
    expect(reason(time, { findings: [both] })).toBe(`nothing speaks against it; ${shared}`)
    const found = judgement(time, { findings: [both] })
    expect(judgementNews(found, undefined)).toMatch(new RegExp(`${shared}$`, 'u'))
    const later = { ...found, odds: [...found.odds, { at: TEN }] }
    expect(judgementNews(later, found)).not.toContain('alike')
    const worse = { ...both, recent: { ...both.recent, canary: counts(340, 40) } }
    const alone = { ...both, beforeAfter: true }
    for (const finding of [worse, alone, { ...both, logE: Math.log(20) }])
      expect(reason({ kind: 'advance' }, { findings: [finding] })).not.toContain('alike')
  })

  test.each<[Decision & { kind: 'no-data' }, string]>([
    [
      { kind: 'no-data', why: 'stale', pods: ['web-1', 'web-2'] },
      'there are no samples since 10:10:00 UTC of web-1, web-2'
    ],
    [
      { kind: 'no-data', why: 'stale', pods: ['a', 'b', 'c', 'd'] },
      'there are no samples since 10:10:00 UTC of a, b, c and 1 more pod'
    ],
    [{ kind: 'no-data', why: 'stale', pods: [] }, 'there are no samples since 10:10:00 UTC'],
    [
      { kind: 'no-data', why: 'no pods of the canary', pods: [] },
      'there is no pod of the new version to measure'
    ],
    [{ kind: 'no-data', why: 'no pods of stable', pods: [] }, 'there is no pod of stable to compare with'],
    [
      { kind: 'no-data', why: 'no requests', pods: [] },
      'no request of the new version was counted in this step'
    ],
    [
      { kind: 'no-data', why: 'no histogram', pods: [] },
      'no histogram of durations has edges that all pods have, so latency cannot be compared'
    ],
    [
      { kind: 'no-data', why: 'no durations', pods: [] },
      'the new version counts its requests, but not how long they take: its histogram of durations is empty, so latency cannot be compared'
    ],
    [
      { kind: 'no-data', why: 'no durations of stable', pods: [] },
      'stable counts its requests, but not how long they take: its histogram of durations is empty, so latency cannot be compared'
    ]
  ])('no data: %j', (decision, words) => {
    expect(reason(decision)).toBe(`nothing can be said, which is no pass: ${words}`)
  })
})

describe('a line in the log', () => {
  const news = (decision: Decision, given: Partial<Judgement> = {}): string | undefined =>
    judgementNews(judgement(decision, given), undefined)

  it('has the counts while time passes', () => {
    expect(news({ kind: 'hold', for: 'time' })).toBe(
      '✓ errors 0.07% of 5,420, stable 0.08% of 16,900, odds 1 : 3.3   ' +
        '✓ over 250 ms 3.5% of 5,420, stable 3.4% of 16,900, odds below 1 : 10'
    )
  })

  it('says why it is held longer', () => {
    const findings = [errors({ isBad: false, logE: Math.log(14.3) })]
    expect(news({ kind: 'hold', for: 'odds' }, { findings })).toBe(
      '? errors 3.5% of 340, stable 0.03% of 9,812, odds 14 : 1   odds of 14 : 1 against its errors: ' +
        'no more users until they are below 10 : 1, at most for its time again'
    )
  })

  it('counts before anything is judged', () => {
    expect(news({ kind: 'hold', for: 'time' }, { findings: [], seen: counts(160, 1) })).toBe(
      '160 requests, 1 error   it warms up until 10:01:00 UTC, and nothing but a crash counts'
    )
  })

  it('shows what rolled back as it was then', () => {
    expect(news(rollback(errors()))).toBe(
      '✗ errors 3.5% of 340, stable 0.03% of 9,812, odds 12,000 : 1   ' +
        '✓ over 250 ms 3.5% of 5,420, stable 3.4% of 16,900, odds below 1 : 10'
    )
  })

  it('has no odds of latency after a single block', () => {
    const first = judgement({ kind: 'hold', for: 'time' }).odds.slice(0, 1)
    expect(news({ kind: 'hold', for: 'time' }, { odds: first })).toMatch(/stable 3\.4% of 16,900$/u)
  })

  it('comes once a block, and says why once', () => {
    const time = judgement({ kind: 'hold', for: 'time' })
    const thin = { seen: counts(310, 0), findings: [{ ...fineErrors, logE: -0.2, hidden: 0.016 }] }
    const proof = judgement({ kind: 'hold', for: 'proof' }, thin)
    const another = (one: Judgement): Judgement => ({ ...one, odds: [...one.odds, { at: TEN }] })
    expect(judgementNews({ ...time, until: time.until + 15_000 }, time)).toBeUndefined()
    expect(judgementNews(another(time), time)).toMatch(/^✓ errors 0\.07% of 5,420, .* odds below 1 : 10$/u)
    expect(judgementNews(proof, time)).toBe(
      '310 requests do not tell enough: a rise of errors by 1.6% could hide; the step goes on, at most for its time again'
    )
    expect(judgementNews(another(proof), proof)).toMatch(/^✓ errors \S+ of 5,420, stable .* odds 1 : 1\.2$/u)
    const end = judgement({ kind: 'inconclusive', why: 'thin' }, thin)
    expect(judgementNews(end, proof)).toMatch(/^after 9m 0s 310 requests do not tell enough: /u)
  })

  it('does not tell a step that has passed twice', () => {
    const time = judgement({ kind: 'hold', for: 'time' })
    const passed = judgement({ kind: 'advance' })
    expect(judgementNews(passed, time)).toBeUndefined()
    expect(judgementNews(time, passed)).toBeUndefined()
  })

  it('does not take nothing for something fine', () => {
    const none = { since: TEN, canary: counts(0, 0), stable: counts(360, 0), blocksWithErrors: 0 }
    const idle = { findings: [{ ...fineErrors, counts: none }], seen: counts(0, 0) }
    expect(news({ kind: 'hold', for: 'time' }, idle)).toBe(
      '? errors no requests, stable 0% of 360, odds 1 : 3.3'
    )
    expect(reason({ kind: 'hold', for: 'time' }, idle)).toBe('none of its requests was counted yet')
    expect(reason({ kind: 'no-data', why: 'no requests', pods: [] }, idle)).toMatch(
      /: no request of the new version was ever counted: is it scraped, and does it count its requests\?$/u
    )
    const stale = { kind: 'no-data', why: 'stale', pods: ['web-1'] } as const
    expect(reason(stale, idle)).toMatch(
      / of web-1; no request of the new version was ever counted: is it scraped, and does it count its requests\?$/u
    )
  })

  it('of a step with other requests than stable has promises no comparison', () => {
    const alike = { crashOnly: true, findings: [], seen: counts(60, 1) }
    const began = judgement({ kind: 'hold', for: 'time' }, { ...alike, odds: [] })
    expect(judgementNews(began, undefined)).toBe(
      '60 requests, 1 error   its requests are others than stable has, so only a crash is looked for'
    )
    expect(judgementNews({ ...began, odds: [{ at: TEN }] }, began)).toBe('60 requests, 1 error')
    expect(reason({ kind: 'advance' }, alike)).toBe('the step has passed: no crash, 1 of 60 requests failed')
  })
})

describe('a step that has passed', () => {
  test.each([
    [2, undefined, 'every check passed, 21 rounds of measurements'],
    [
      0,
      judgement({ kind: 'advance' }),
      'compared with stable: nothing speaks against it; errors 0.07% of 5,420, stable 0.08% of 16,900; ' +
        'over 250 ms 3.5% of 5,420, stable 3.4% of 16,900; 21 rounds of measurements'
    ],
    [
      1,
      judgement({ kind: 'promote' }),
      'the bound was kept; compared with stable: no more errors than stable: 4 of 5,420 requests against 13 of 16,900, ' +
        'a rise by 0.4% would have shown; as fast as stable: 3.5% of 5,420 requests took over 250 ms, stable 3.4%; ' +
        '21 rounds of measurements'
    ],
    [
      2,
      judgement({ kind: 'advance' }, { crashOnly: true, findings: [], seen: counts(60, 1) }),
      'every bound was kept; nothing but a crash was looked for: 1 of 60 requests failed; 21 rounds of measurements'
    ]
  ])('with %d bounds says what it was compared by', (bounds, judged, words) => {
    expect(watchedWell({ count: bounds, waved: [] }, judged, 21)).toBe(words)
  })

  test.each([
    [1, undefined, 'p95 latency could not be judged, which counted as passed; 21 rounds of measurements'],
    [
      2,
      judgement({ kind: 'advance' }, { crashOnly: true, findings: [], seen: counts(60, 1) }),
      'every other bound was kept, p95 latency could not be judged, which counted as passed; ' +
        'nothing but a crash was looked for: 1 of 60 requests failed; 21 rounds of measurements'
    ]
  ])('with %d bounds, one of which was waved through, says so', (count, judged, words) => {
    expect(watchedWell({ count, waved: ['p95 latency'] }, judged, 21)).toBe(words)
  })
})

describe('the table', () => {
  it('has a row for each comparison, what is worse first', () => {
    const findings = [errors({ isBad: false, logE: Math.log(14.3) }), latency()]
    expect(comparisonTable(judgement(rollback(latency()), { findings }))).toBe(
      [
        '|  | Check | New version | Stable | Difference | Odds against | Requests |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        '| ❌ | `like stable` latency | 12.1% over 250 ms | 3.5% | as if 5% of them took 4 times as long | 1,400 : 1 | 1,350 beside 9,000 |',
        '| ⚠️ | `like stable` errors | 3.5% failed | 0.03% | +3.5% | 14 : 1 | 340 beside 9,812 |'
      ].join('\n')
    )
  })

  it('has a dash for what is not known', () => {
    const check = { kind: 'latency', times: 1.2, quantile: 0.95 } as const
    const { counts: _, shape: __, ...unknown } = latency({ check, isBad: false, logE: 0 })
    const idle = {
      ...fineErrors,
      counts: { since: TEN, canary: counts(0, 0), stable: counts(12, 0), blocksWithErrors: 0 }
    }
    expect(
      comparisonTable(judgement({ kind: 'hold', for: 'time' }, { findings: [idle, unknown] })).split('\n')
    ).toEqual([
      expect.any(String),
      expect.any(String),
      '| ⚪ | `p95 latency <= stable * 1.2` | — | — | — | — | — |',
      '| ⚪ | `like stable` errors | — | 0% | — | 1 : 3.3 | 0 beside 12 |'
    ])
  })

  it('has no more rows than there is room for', () => {
    expect(comparisonTable(judgement({ kind: 'promote' }), 1).split('\n')).toHaveLength(3)
  })

  it('is nothing before there is a comparison', () => {
    expect(comparisonTable(judgement({ kind: 'hold', for: 'time' }, { findings: [] }))).toBe('')
  })
})

describe('odds', () => {
  test.each([
    [Math.log(50), '50 : 1'],
    [Math.log(49.99), '49 : 1'],
    [Math.log(9.99), '9.9 : 1'],
    [Math.log(12_345), '12,000 : 1'],
    [Math.log(1e6), 'over 1,000,000 : 1'],
    [1e6, 'over 1,000,000 : 1'],
    [0, '1 : 1'],
    [-0.01, '1 : 1'],
    [-1.2, '1 : 3.3'],
    [-2.31, 'below 1 : 10'],
    [-1e6, 'below 1 : 10']
  ])('of %d are %j', (logarithm, expected) => {
    expect(odds(logarithm)).toBe(expected)
  })

  test.each([
    [Math.log(50), 'by luck in fewer than 1 of 50 releases'],
    [Math.log(199), 'by luck in fewer than 1 of 100 releases'],
    [Math.log(5_000), 'by luck in fewer than 1 of 5,000 releases'],
    [34, 'by luck in fewer than 1 of 1,000,000 releases']
  ])('luck of %d is %j', (logarithm, expected) => {
    expect(luck(logarithm)).toBe(expected)
  })

  it('are curves over time, no further than they are told apart', () => {
    const at = [TEN, TEN + 30_000, TEN + 60_000]
    const curves = oddsCurves({
      odds: at.map((time, i) => ({ at: time, errors: i * 1e3, latency: -30 + 30 * i }))
    })
    expect(curves.map(({ metric, bound }) => [metric, 10 ** bound])).toEqual([
      ['errors', expect.closeTo(50)],
      ['latency', expect.closeTo(100)]
    ])
    expect(curves.map(({ points }) => points.map(({ value }) => value))).toEqual([
      [0, 6, 6],
      [0, 6]
    ])
    expect(oddsCurves({ odds: [{ at: TEN, errors: 0 }] }).map(({ metric }) => metric)).toEqual(['errors'])
  })
})

test('names of pods are text of others', () => {
  const pods = ['web\n::error::pwned', '<img src=x>@everyone', `\u001B[2K${'x'.repeat(300)}`]
  const text = reason({ kind: 'no-data', why: 'stale', pods })
  expect(clean(text)).toBe(text)
  expect(text).not.toContain('\n')
  expect(text.length).toBeLessThan(400)
  expect(forLog(text)).toMatch(/^│ /u)
  expect(forMarkdown(text)).toContain('&lt;img src=x&gt;@&#8203;everyone')
})
