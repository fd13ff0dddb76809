import { describe, expect, test } from '@jest/globals'
import type { Measurement, Outcome } from '../../../src/domain/outcome.ts'
import { renderComment } from '../../../src/report/comment.ts'
import { keep, sizeOf, spread } from '../../../src/report/limits.ts'
import { outcomeJson } from '../../../src/report/outputs.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { judgement } from './judgements.ts'
import { check, rolledBackInBake, shift, start } from './outcomes.ts'

const many = <T>(count: number, item: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => item(at))

const measurements = (lines: readonly string[], count: number): readonly Measurement[] =>
  lines.flatMap((line) =>
    many(count, (at) => ({
      ...{ check: check(line), at: start + at * 1_000, value: 0.97, step: `step ${at % 40}` },
      verdict: at === 77 ? ('fail' as const) : ('pass' as const)
    }))
  )

/** Every list long, every text long and of characters that need escaping. */
const huge = (text: string): Outcome => ({
  ...rolledBackInBake,
  ...{ reason: text, route: text, failedCheck: text },
  serving: { slot: text, deployment: text, images: many(30, () => text), hash: text, replicas: 3 },
  canary: { slot: text, deployment: text, images: many(30, (at) => `${text}${at}`), hash: 'b', replicas: 3 },
  timeline: many(500, () => ({
    title: text,
    startedAt: start,
    milliseconds: 5,
    status: 'failed',
    detail: text
  })),
  smokeTests: many(100, () => ({
    test: { kind: 'command', run: text },
    number: 1,
    ...{ passed: false, pods: many(50, () => text), milliseconds: 4, detail: text }
  })),
  measurements: measurements(
    many(40, (at) => `metric${String.fromCharCode(97 + (at % 26))}${at}: sum(x{a="${at}"}) < 1`),
    500
  ),
  evidence: many(20, () => ({
    ...{ pod: text, reason: text, message: text, events: many(100, () => text), log: many(200, () => text) }
  })),
  foreignWrites: many(100, () => ({ object: text, manager: text, at: start, change: text })),
  shifts: many(300, (at) =>
    shift(at, { weight: 0, header: { name: text, value: `${text}${at}` }, mirror: 5 })
  ),
  versions: many(40, () => ({
    release: text,
    at: text,
    images: [text],
    run: text,
    kept: true,
    serves: false
  })),
  plan: {
    steps: many(100, () => text),
    changes: many(50, () => ({ object: text, state: 'changed', diff: many(500, () => `+${text}`) }))
  },
  driven: {
    ...{ title: 'Argo Rollouts', object: text },
    state: {
      ...{ at: 'failed', why: text, aborted: false, stable: text, wished: text },
      ...{ weight: { now: 10, wanted: 50 }, step: 2, of: 4 }
    },
    steps: many(100, () => text),
    analyses: many(40, () => ({
      ...{ name: text, when: text, phase: text, message: text },
      metrics: many(40, () => ({
        ...{ name: text, phase: text, message: text },
        measurements: many(40, () => ({ value: text, phase: text }))
      }))
    }))
  },
  judgement: judgement(
    { kind: 'no-data', why: 'stale', pods: many(200, () => text) },
    { odds: many(720, (at) => ({ at: start + at * 30_000, errors: Math.sin(at), latency: Math.cos(at) })) }
  ),
  warnings: many(100, () => text),
  next: many(50, () => text)
})

describe.each([
  ['words', 'Back-off pulling image '.repeat(40)],
  ['dollar signs', '$'.repeat(1_000)],
  ['backticks', '`'.repeat(1_000)],
  ['emoji', '😀'.repeat(1_000)],
  ['quotes', '"\\'.repeat(1_000)]
])('an outcome with more %s than a report can hold', (_name, text) => {
  const outcome = huge(text)

  test('summary and comment stay below 60 kB and are whole', () => {
    for (const page of [renderSummary(outcome), renderComment(outcome)]) {
      expect(sizeOf(page)).toBeLessThan(60_000)
      expect(page.match(/<details/gu)?.length ?? 0).toBe(page.match(/<\/details>/gu)?.length ?? 0)
      expect(page).toContain('was rolled back')
    }
  })

  test('the json output stays below 100 kB', () => {
    const json = outcomeJson(outcome)
    expect(sizeOf(json)).toBeLessThan(100_000)
    expect(JSON.parse(json)).toMatchObject({ result: 'rolled-back', weight: 0 })
  })
})

test('evidence outlives samples', () => {
  const outcome: Outcome = {
    ...rolledBackInBake,
    measurements: measurements(
      many(30, (at) => `m${at}: sum(x) < 1`),
      1_000
    ),
    evidence: [
      {
        ...{ pod: 'web-green-1', reason: 'CrashLoopBackOff', message: 'back-off', events: ['BackOff'] },
        log: many(200, (at) => `line ${at} ${'x'.repeat(300)}`)
      }
    ]
  }
  const summary = renderSummary(outcome)
  expect(sizeOf(summary)).toBeLessThan(60_000)
  expect(summary).toContain('CrashLoopBackOff')
  expect(summary).toContain('line 199')
})

test('the json output keeps everything there is room for, and counts what it left out', () => {
  const few = JSON.parse(
    outcomeJson({ ...rolledBackInBake, measurements: measurements(['q: x < 1'], 400) })
  ) as {
    measurements: unknown[]
    measurementsLeftOut: number
  }
  expect([few.measurements.length, few.measurementsLeftOut]).toEqual([400, 0])
  const lots = JSON.parse(
    outcomeJson({ ...rolledBackInBake, measurements: measurements(['q: x < 1'], 4_000) })
  ) as { measurements: { verdict: string }[]; measurementsLeftOut: number }
  expect([lots.measurements.length, lots.measurementsLeftOut]).toEqual([300, 3_700])
  expect(lots.measurements.filter(({ verdict }) => verdict === 'fail')).toHaveLength(1)
})

test('the odds of six hours take little room, and their top is among them', () => {
  const odds = many(720, (at) => ({
    at: start + at * 30_000,
    errors: at === 333 ? 5 : 1,
    latency: Math.cos(at)
  }))
  const outcome: Outcome = { ...rolledBackInBake, judgement: judgement({ kind: 'promote' }, { odds }) }
  const told = JSON.parse(outcomeJson(outcome)) as {
    judgement: { odds: { points: { value: number }[] }[] }
  }
  const [errors] = told.judgement.odds
  expect(errors?.points).toHaveLength(120)
  expect(errors?.points.map(({ value }) => value)).toContain(2.17)
  expect(sizeOf(JSON.stringify(told.judgement))).toBeLessThan(20_000)
  const drawn = /title "Does it fail[^]*?\n {2}line \[(.*)\]/u.exec(renderSummary(outcome))?.[1]?.split(', ')
  expect(drawn).toHaveLength(60)
  expect(drawn).toContain('2.17147')
})

test('spread keeps the first and the last', () => {
  expect(spread([1, 2, 3, 4, 5, 6, 7], 3)).toEqual([1, 4, 7])
  expect(spread([1, 2, 3], 1)).toEqual([3])
  expect(spread([1, 2, 3], 0)).toEqual([])
})

test('keep prefers what is important and keeps the order', () => {
  expect(keep([1, 2, 30, 4, 5, 60, 7], 4, (item) => item >= 10)).toEqual([1, 30, 60, 7])
  expect(keep([10, 20, 30], 2, (item) => item >= 10)).toEqual([10, 30])
})
