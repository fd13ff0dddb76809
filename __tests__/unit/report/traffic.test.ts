import { expect, test } from '@jest/globals'
import type { Outcome, Shift } from '../../../src/domain/outcome.ts'
import { renderComment } from '../../../src/report/comment.ts'
import { LADDER } from '../../../src/report/limits.ts'
import { outcomeJson } from '../../../src/report/outputs.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { trafficOverTime } from '../../../src/report/traffic.ts'
import {
  abortedAsAsked,
  failedAtTenPerCent,
  promotedInSteps,
  promotedLater,
  sharedByPods,
  testersFirst,
  waitingAtHalf
} from './canary-outcomes.ts'
import { promoted, rolledBackAsAsked, shift } from './outcomes.ts'

const pictureOf = (outcome: Outcome): string => trafficOverTime(outcome, LADDER[0])

const wayOf = (outcome: Outcome): string | undefined => pictureOf(outcome).split('\n')[2]

const rowsOf = (outcome: Outcome): readonly string[] =>
  pictureOf(outcome)
    .split('\n')
    .filter((line) => line.startsWith('| +'))

test.each<[string, Outcome, string]>([
  ['step by step', promotedInSteps, '**10% → 30% → 50% → 100%**'],
  ['taken back', failedAtTenPerCent, '**10% → 0%** at the failed check'],
  [
    'taken back without a check',
    { ...failedAtTenPerCent, failedCheck: undefined } as never,
    '**10% → 0%** when it failed'
  ],
  ['cancelled', { ...abortedAsAsked, command: 'deploy' }, '**50% → 0%** when it was stopped'],
  ['aborted', abortedAsAsked, '**50% → 0%** on request'],
  ['testers first', testersFirst, '**header `x-canary` → mirror 20% → 10% → 100%**']
])('the way of the traffic in one line: %s', (_name, outcome, way) => {
  expect(wayOf(outcome)).toBe(way)
  expect(renderSummary(outcome)).toContain(way)
  expect(renderComment(outcome)).toContain(way)
})

test.each([
  ['all traffic moved at once', promoted],
  ['a rollback brought all traffic back at once', rolledBackAsAsked],
  ['no traffic moved', { ...promotedInSteps, shifts: [] }],
  [
    'only nobody was sent anywhere',
    { ...promotedInSteps, shifts: [shift(0, { weight: 0 }), shift(3, { weight: 0 })] }
  ]
])('there is no picture when %s', (_name, outcome) => {
  expect(pictureOf(outcome)).toBe('')
})

test('every row tells when, how much and for how long', () => {
  expect(rowsOf(promotedInSteps)).toEqual([
    '| +5 s | `██░░░░░░░░░░░░░░░░░░` 10% of the requests | 5m 1s |',
    '| +5m 6s | `██████░░░░░░░░░░░░░░` 30% of the requests | 5m 5s |',
    '| +10m 11s | `██████████░░░░░░░░░░` 50% of the requests | 5m 6s |',
    '| +15m 17s | `████████████████████` all traffic | since |'
  ])
  expect(rowsOf(failedAtTenPerCent).at(-1)).toBe('| +1m 5s | `░░░░░░░░░░░░░░░░░░░░` no traffic | since |')
  expect(rowsOf(waitingAtHalf).at(-1)).toContain('| until it is approved |')
})

test('does not promise that the traffic stays where a run that failed has left it', () => {
  expect(rowsOf({ ...waitingAtHalf, result: 'failed' }).at(-1)).toMatch(/50% of the requests \|\s+\|$/u)
})

test('what an earlier run has left began before', () => {
  expect(rowsOf(promotedLater)).toHaveLength(1)
  expect(pictureOf(promotedLater)).toContain(
    '| before | `██████████░░░░░░░░░░` 50% of the requests | 1h 30m |'
  )
})

test('a share of connections is told as what it is, with what the pods make of it', () => {
  expect(rowsOf(sharedByPods)).toEqual([
    '| +5 s | `██░░░░░░░░░░░░░░░░░░` 10% of the connections | 10% | 5m 1s |',
    '| +5m 6s | `██████░░░░░░░░░░░░░░` 30% of the connections | 30.8% | 5m 5s |',
    '| +10m 11s | `████████████████████` all traffic |  | since |'
  ])
  expect(pictureOf(sharedByPods)).toContain('shares of connections, by the number of pods')
  expect(pictureOf(promotedInSteps)).not.toContain('connections')
})

test('a little is not drawn as nothing, nor almost everything as all', () => {
  const outcome = { ...promotedInSteps, shifts: [shift(1, { weight: 1 }), shift(2, { weight: 99 })] }
  expect(rowsOf(outcome).map((row) => row.split('`')[1])).toEqual([
    `█${'░'.repeat(19)}`,
    `${'█'.repeat(19)}░`
  ])
})

test('what was seen through the entry has a column of its own, once there is any', () => {
  const shifts = promotedInSteps.shifts.map((one) =>
    one.split.weight === 10 ? { ...one, observed: { share: 10.526, requests: 190 } } : one
  )
  expect(pictureOf({ ...promotedInSteps, shifts })).toContain('| Observed | For |')
  expect(rowsOf({ ...promotedInSteps, shifts }).slice(0, 2)).toEqual([
    '| +5 s | `██░░░░░░░░░░░░░░░░░░` 10% of the requests | 10.5% of 190 | 5m 1s |',
    '| +5m 6s | `██████░░░░░░░░░░░░░░` 30% of the requests |  | 5m 5s |'
  ])
  expect(pictureOf(promotedInSteps)).not.toContain('Observed')
  const json = outcomeJson({ ...promotedInSteps, shifts })
  expect((JSON.parse(json) as { shifts: unknown[] }).shifts.slice(0, 3)).toMatchObject([
    { weight: 0 },
    { weight: 10, observed: { share: 10.53, requests: 190 } },
    { weight: 30 }
  ])
})

test('a shift to where the traffic is already is none', () => {
  const again = [...failedAtTenPerCent.shifts, shift(70, { weight: 0 })]
  expect(pictureOf({ ...failedAtTenPerCent, shifts: again })).toBe(pictureOf(failedAtTenPerCent))
})

test('a long way keeps its two ends, and counts what it leaves out', () => {
  const shifts: readonly Shift[] = Array.from({ length: 100 }, (_, at) => shift(at, { weight: at + 1 }))
  const outcome = { ...promotedInSteps, shifts }
  expect(wayOf(outcome)).toBe('**1% → 2% → 3% → 4% → 5% → 6% → … → 96% → 97% → 98% → 99% → 100%**')
  expect(rowsOf(outcome)).toHaveLength(60)
  expect(rowsOf(outcome)[0]).toContain('| 1 s |')
  expect(pictureOf(outcome)).toContain('_… 40 more shifts_')
})

test('a header that somebody chose stays within its cell', () => {
  const header = { name: 'x-`a`|**b**', value: '</td>|`| @octocat\n| x |' }
  const outcome = { ...testersFirst, shifts: [shift(5, { weight: 0, header }), shift(9, { weight: 100 })] }
  expect(rowsOf(outcome)).toHaveLength(2)
  expect(rowsOf(outcome)[0]?.match(/(?<!\\)\|/gu)).toHaveLength(4)
  expect(pictureOf(outcome)).not.toMatch(/<\/td>|@octocat/u)
})

test('the json output has every shift as it was written, and what it came to', () => {
  const json = outcomeJson({
    ...sharedByPods,
    shifts: [...testersFirst.shifts.slice(1, 3), ...sharedByPods.shifts]
  })
  expect(JSON.parse(json)).toMatchObject({
    shareOf: 'connections',
    shifts: [
      { at: '2026-11-03T14:05:05.000Z', weight: 0, header: 'x-canary' },
      { weight: 0, mirror: 20 },
      { weight: 10, achieved: 10 },
      { weight: 30, achieved: 30.77 },
      { weight: 100 }
    ]
  })
})
