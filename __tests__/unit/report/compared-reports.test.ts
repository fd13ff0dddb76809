import { describe, expect, it, test } from '@jest/globals'
import type { Outcome } from '../../../src/domain/outcome.ts'
import { renderComment } from '../../../src/report/comment.ts'
import { verdictLine } from '../../../src/report/outputs.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { lacksData } from '../../../src/report/verdict.ts'
import {
  abortedUndecided,
  asGood,
  crashed,
  onlyTesters,
  promotedUndecided,
  slower,
  sufferingAlike,
  unanswered,
  undecided,
  unheard,
  worse
} from './compared-outcomes.ts'

const headline = (outcome: Outcome): string | undefined => renderSummary(outcome).split('\n')[0]

/** What stands below a heading. */
const below = (page: string, title: string): string =>
  page.split(`### ${title}\n\n`)[1]?.split(/\n+(?:###|<details)/u)[0] ?? ''

describe('the headline', () => {
  test.each([
    ['as good', asGood, '✅ **web** was released: `shop/web:2.4.0` serves all traffic'],
    [
      'worse',
      worse,
      '❌ **web** was rolled back: `shop/web:2.4.0` failed `like stable`, `shop/web:2.3.1` serves all traffic'
    ],
    [
      'crashed',
      crashed,
      '❌ **web** was rolled back: `shop/web:2.4.0` failed 60 of 120 requests, `shop/web:2.3.1` serves all traffic'
    ],
    [
      'not heard of',
      unheard,
      '❌ **web** was rolled back: `shop/web:2.4.0` had no data for `like stable`, `shop/web:2.3.1` serves all traffic'
    ],
    [
      'not decided',
      undecided,
      '⚠️ **web** waits for a decision: `shop/web:2.4.0` has 50% of the requests, it could not be told whether it is as good as stable'
    ],
    [
      'promoted all the same',
      promotedUndecided,
      '⚠️ **web** was released, although it could not be told whether it is as good as stable: `shop/web:2.4.0` serves all traffic'
    ],
    [
      'taken out because of that',
      abortedUndecided,
      '❌ **web** was rolled back: it could not be told whether `shop/web:2.4.0` is as good as stable, `shop/web:2.3.1` serves all traffic'
    ]
  ])('of a version that was %s', (_name, outcome, words) => {
    expect(headline(outcome)).toBe(`## ${words}`)
  })

  it('is the same in the log, with the reason', () => {
    expect(verdictLine(crashed)).toBe(
      'web was rolled back: shop/web:2.4.0 failed 60 of 120 requests, shop/web:2.3.1 serves all traffic. ' +
        '60 of 120 requests failed until 14:05:36 UTC, stable 0 of 1,080: a crash, seen in 2 scrapes'
    )
  })
})

test.each([
  [worse, false],
  [crashed, false],
  [unheard, true],
  [unanswered, true],
  [asGood, false]
])('lacks data only if the comparison has not come to a rollback', (outcome, expected) => {
  expect(lacksData(outcome)).toBe(expected)
})

describe('the section on checks', () => {
  it.each([
    ['summary', renderSummary],
    ['comment', renderComment]
  ])('of a %s has the sentence and the table', (_name, render) => {
    expect(below(render(asGood), 'Checks')).toBe(
      [
        'Compared with stable: no more errors than stable: 4 of 5,420 requests against 13 of 16,900, a rise by 0.4% would have shown; ' +
          'as fast as stable: 3.5% of 5,420 requests took over 250 ms, stable 3.4%.',
        '',
        '|  | Check | New version | Stable | Difference | Odds against | Requests |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        '| ✅ | `like stable` errors | 0.07% failed | 0.08% | -0.003% | 1 : 3.3 | 5,420 beside 16,900 |',
        '| ✅ | `like stable` latency | 3.5% over 250 ms | 3.4% | +0.1% | below 1 : 10 | 5,420 beside 16,900 |'
      ].join('\n')
    )
  })

  it('does not say again what the reason of the release is', () => {
    expect(below(renderSummary(worse), 'Checks')).toMatch(/^\|.*\n.*\n\| ❌ \| `like stable` errors \|/u)
    expect(renderSummary(worse).match(/12 errors in 9 half minutes/gu)).toHaveLength(1)
  })

  it('says why both failing alike is not held against it', () => {
    expect(below(renderSummary(sufferingAlike), 'Checks')).toMatch(
      /^Compared with stable: the step has passed: nothing speaks against it; since 14:08:20 UTC 5% of 340 requests failed, and 4\.9% of stable's: both suffer alike, so that is not held against it\.\n/u
    )
  })

  it('says what was known before there was no data', () => {
    expect(below(renderSummary(unanswered), 'Checks')).toMatch(
      /^Before there was no data: nothing speaks against it\./u
    )
  })

  it('does not claim a comparison for other requests than stable has', () => {
    expect(below(renderSummary(onlyTesters), 'Checks')).toBe(
      'Not compared with stable: the step has passed: no crash, 1 of 60 requests failed.'
    )
  })

  it('has no empty table', () => {
    expect(renderSummary(crashed)).not.toContain('### Checks')
    expect(renderSummary(asGood)).not.toContain('Must be')
  })
})

describe('the charts of the odds', () => {
  const charts = (outcome: Outcome): readonly string[] =>
    renderSummary(outcome).match(/<details(?: open)?><summary>Odds over time: \w+/gu) ?? []

  it('begin with what speaks most against it, unfolded where that ended the release', () => {
    expect(charts(worse)).toEqual([
      '<details open><summary>Odds over time: errors',
      '<details><summary>Odds over time: latency'
    ])
    expect(charts(undecided)[0]).toBe('<details open><summary>Odds over time: errors')
    expect(charts(asGood)).toEqual([
      '<details><summary>Odds over time: errors',
      '<details><summary>Odds over time: latency'
    ])
    expect(charts(slower)).toContain('<details open><summary>Odds over time: latency')
  })

  it('say what is above the line', () => {
    expect(renderSummary(worse)).toContain(
      'title "Does it fail more often than stable? Odds (blue), rolled back above 50 to 1 (red)"'
    )
    expect(renderSummary(worse)).toContain(
      '  line [1.23045, 2.85126, 4.09149]\n  line [1.69897, 1.69897, 1.69897]\n'
    )
  })

  it('are left out of the comment, and before there are two blocks', () => {
    expect(renderComment(worse)).not.toContain('mermaid')
    expect(charts(crashed)).toEqual([])
  })
})
