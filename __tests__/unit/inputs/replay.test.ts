import { describe, expect, it, test } from '@jest/globals'
import { parseReplay, replayedSpan } from '../../../src/inputs/replay.ts'

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-26T12:00:00Z')
const at = (text: string): number => Date.parse(text)

describe('parseReplay', () => {
  test.each([
    ['24h', { kind: 'last', duration: 24 * HOUR }],
    ['168h', { kind: 'last', duration: 168 * HOUR }],
    [
      '2026-11-25T00:00:00Z/2026-11-26T00:00:00Z',
      { kind: 'between', from: at('2026-11-25T00:00:00Z'), to: at('2026-11-26T00:00:00Z') }
    ],
    [
      ' 2026-11-25 / 2026-11-26 ',
      { kind: 'between', from: at('2026-11-25T00:00:00Z'), to: at('2026-11-26T00:00:00Z') }
    ],
    ['2026-11-25t02:00+02:00/now', { kind: 'between', from: at('2026-11-25T00:00:00Z'), to: 'now' }],
    [
      '0000-01-01/0000-01-02',
      { kind: 'between', from: at('0000-01-01T00:00:00Z'), to: at('0000-01-02T00:00:00Z') }
    ]
  ])('%s is read', (text, value) => {
    expect(parseReplay(text)).toEqual({ value })
  })

  test.each([
    ['2026-11-26/2026-11-25', /ends before it begins/],
    ['2026-11-26/2026-11-26', /ends before it begins/],
    ['2016-11-26/2026-11-26', /too long, at most a week/],
    ['87600h', /too long, at most a week/],
    ['2026-02-30/2026-03-01', /"2026-02-30" does not exist/],
    ['2026-11-25T25:00:00Z/now', /does not exist/],
    ['2026-11-25T00:00:00/now', /has no time zone: add Z/],
    ['now/2026-11-26', /"now" is not a time like/],
    ['yesterday/now', /"yesterday" is not a time like/],
    ['/', /"" is not a time like/],
    ['2026-11-25/', /"" is not a time like/],
    ['2026-11-24/2026-11-25/2026-11-26', /neither how far back to go nor <from>\/<to>/],
    ['7d', /neither how far back to go nor/],
    ['-24h', /neither how far back to go nor/],
    ['0s', /too short/]
  ])('%s is refused', (text, problem) => {
    expect(parseReplay(text)).toMatchObject({
      problem: expect.stringMatching(problem),
      example: expect.anything()
    })
  })
})

describe('replayedSpan', () => {
  it('ends now, or when it says', () => {
    expect(replayedSpan({ kind: 'last', duration: HOUR }, NOW, 1)).toEqual({
      value: { from: NOW - HOUR, to: NOW }
    })
    const from = NOW - 2 * HOUR
    expect(replayedSpan({ kind: 'between', from, to: 'now' }, NOW, 1)).toEqual({ value: { from, to: NOW } })
    expect(replayedSpan({ kind: 'between', from, to: NOW - HOUR }, NOW, 1)).toEqual({
      value: { from, to: NOW - HOUR }
    })
  })

  test.each([
    [{ kind: 'between', from: NOW - HOUR, to: NOW + 1 }, /is still to come/],
    [{ kind: 'between', from: NOW + HOUR, to: 'now' }, /is still to come/],
    [{ kind: 'between', from: NOW - 169 * HOUR, to: 'now' }, /at most a week/],
    [
      { kind: 'last', duration: HOUR / 2 },
      /the window of 30 min is shorter than a release, which may take 60 min/
    ]
  ] as const)('%j is refused', (window, problem) => {
    expect(replayedSpan(window, NOW, HOUR)).toMatchObject({ problem: expect.stringMatching(problem) })
  })
})
