import { describe, expect, test } from '@jest/globals'
import type { Outcome, Version } from '../../../src/domain/outcome.ts'
import { commentMarker, commentOf, renderComment } from '../../../src/report/comment.ts'
import { failsTheStep, verdictLine, outcomeJson, verdictOutputs } from '../../../src/report/outputs.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import type { Split } from '../../../src/routes/route.ts'
import { canaries, waitingAtHalf } from './canary-outcomes.ts'
import { comparedOutcomes } from './compared-outcomes.ts'
import { measurements, outcomes, promoted, rolledBackInBake, shift } from './outcomes.ts'

describe.each(Object.entries({ ...outcomes, ...canaries, ...comparedOutcomes }))('%s', (_name, outcome) => {
  test('summary', () => {
    expect(renderSummary(outcome)).toMatchSnapshot()
  })

  test('comment', () => {
    expect(renderComment(outcome)).toMatchSnapshot()
  })

  test('outputs', () => {
    const message = failsTheStep(outcome) ? verdictLine(outcome) : 'the step passes'
    expect({
      ...verdictOutputs(outcome),
      json: JSON.parse(outcomeJson(outcome)) as unknown,
      message
    }).toMatchSnapshot()
  })
})

test('a comment begins with the marker of workload and cluster by which it is found again', () => {
  expect(renderComment(promoted, 'eu').split('\n')[0]).toBe('<!-- greenlight:shop/web@eu -->')
})

test('where the cluster is not known, the release stands in for it', () => {
  expect(renderComment(promoted).split('\n')[0]).toBe('<!-- greenlight:shop/web#9876543210-1 -->')
})

test('a marker cannot be left', () => {
  const { namespace, workload, release } = { namespace: 'a-->b', workload: '<b>', release: '1' }
  expect(commentMarker({ namespace, workload, release }, '--> c')).toBe('<!-- greenlight:a--b/b@--c -->')
})

test.each([
  ['<!-- greenlight:shop/web -->', true, 'by an earlier version'],
  ['<!-- greenlight:shop/web#1-1 -->', true, 'by an earlier run that did not come to know its cluster'],
  ['<!-- greenlight:/#1-1 -->', true, 'by one that did not even know the workload'],
  ['<!-- greenlight:shop/web#9876543210-1 -->', false, 'by another job of this run'],
  ['<!-- greenlight:shop/web@us -->', false, 'for another cluster'],
  ['<!-- greenlight:shop/api#1-1 -->', false, 'for another workload'],
  ['<!-- greenlight:shop/web@us --> and more', false, 'by who knows whom']
])('a comment that begins with %s is replaced: %j, it is %s', (marker, replaced) => {
  expect(commentOf(promoted, 'eu').replaces?.(marker)).toBe(replaced)
})

test.each([
  ['deploy', 'promoted', false],
  ['deploy', 'unchanged', false],
  ['deploy', 'rolled-back', true],
  ['deploy', 'aborted', true],
  ['deploy', 'failed', true],
  ['deploy', 'waiting', false],
  ['promote', 'promoted', false],
  ['promote', 'waiting', false],
  ['promote', 'rolled-back', true],
  ['promote', 'aborted', true],
  ['promote', 'failed', true],
  ['abort', 'aborted', false],
  ['abort', 'promoted', false],
  ['abort', 'failed', true],
  ['rollback', 'rolled-back', false],
  ['rollback', 'unchanged', false],
  ['rollback', 'aborted', true],
  ['rollback', 'failed', true],
  ['status', 'unchanged', false],
  ['status', 'failed', true],
  ['plan', 'planned', false],
  ['plan', 'unchanged', false],
  ['plan', 'aborted', true],
  ['plan', 'failed', true],
  ['cleanup', 'unchanged', false],
  ['cleanup', 'rolled-back', false],
  ['cleanup', 'promoted', false],
  ['cleanup', 'aborted', true],
  ['cleanup', 'failed', true]
] as const)('%s that ends %s: the step fails is %s', (command, result, fails) => {
  expect(failsTheStep({ command, result })).toBe(fails)
})

describe('the headline', () => {
  const headline = (outcome: Outcome): string | undefined => renderSummary(outcome).split('\n')[0]

  test('of an abort without a release under way is no alarm', () => {
    const { canary: _, previous: __, ...rest } = promoted
    expect(headline({ ...rest, command: 'abort', result: 'failed', timeline: [] })).toMatch(
      /There is no release of \*\*web\*\* to abort: nothing was changed, .* serves all traffic$/
    )
  })

  const without = (outcome: Outcome, ...left: readonly (keyof Outcome)[]): Outcome =>
    Object.fromEntries(
      Object.entries(outcome).filter(([name]) => !left.some((key) => key === name))
    ) as unknown as Outcome

  test('tells how the traffic is divided when it is', () => {
    const { serving, canary } = rolledBackInBake
    const divided = { ...promoted, result: 'failed', weight: 30, serving, canary } as Outcome
    expect(headline(divided)).toBe(
      '## ❌ The release of **web** failed: `shop/web:2.3.1` serves 70% of the connections and ' +
        '`shop/web:2.4.0` has 30% of the connections'
    )
    expect(headline({ ...divided, shifts: [shift(5, { weight: 30 }, 400 / 13)] })).toContain(
      'serves 69.2% of the connections and `shop/web:2.4.0` has 30.8% of the connections'
    )
  })

  test.each<[string, Split, string]>([
    ['a share', { weight: 50 }, '50% of the requests'],
    [
      'a header',
      { weight: 0, header: { name: 'x-canary', value: 'true' } },
      'the requests with header `x-canary`'
    ],
    ['copies', { weight: 0, mirror: 20 }, 'copies of 20% of the requests'],
    ['nobody', { weight: 0 }, 'no traffic'],
    ['everybody', { weight: 100 }, 'all traffic']
  ])('tells what waits for approval with %s', (_name, split, words) => {
    const outcome = { ...waitingAtHalf, weight: split.weight, shifts: [shift(5, split)] }
    expect(headline(outcome)).toBe(`## ⏳ **web** waits for approval: \`shop/web:2.4.0\` has ${words}`)
  })

  test('tells what the testers have who could not be sent back', () => {
    const split = { weight: 0, header: { name: 'x-canary', value: 'true' } }
    expect(headline({ ...waitingAtHalf, result: 'failed', weight: 0, shifts: [shift(5, split)] })).toBe(
      '## ❌ The release of **web** failed: `shop/web:2.3.1` serves all other traffic and ' +
        '`shop/web:2.4.0` has the requests with header `x-canary`'
    )
  })

  test('does not take an abort that failed for one that was done', () => {
    expect(headline({ ...waitingAtHalf, command: 'abort', result: 'failed' })).toBe(
      '## ❌ The release of **web** could not be aborted: `shop/web:2.3.1` serves 50% of the requests and ' +
        '`shop/web:2.4.0` has 50% of the requests'
    )
  })

  test('does not claim to know what serves when it is not known', () => {
    expect(headline({ ...without(promoted, 'serving'), result: 'failed' })).toBe(
      '## ❌ The release of **web** failed: it is not known what gets the traffic now, look at `service/web`'
    )
  })

  test('tells versions apart by registry, digest or template where nothing else differs', () => {
    const digest = `@sha256:${'a'.repeat(64)}`
    const named = (image: string, other: string): string | undefined => {
      const serving = { ...promoted.serving, images: [image] } as Version
      const previous = { ...promoted.previous, images: [other] } as Version
      return headline({ ...promoted, serving, canary: serving, previous })?.split(': ')[1]
    }
    expect(named('a.example/web:1', 'b.example/web:1')).toBe('`a.example/web:1` serves all traffic')
    expect(named(`a.example/web${digest}`, 'a.example/web:1')).toBe(
      '`web@sha256:aaaaaaaaaaaa…` serves all traffic'
    )
    expect(named('web:1', 'web:1')).toBe('`web:1` (template `6c8d9f7b5`) serves all traffic')
  })

  test('says that nothing serves after the first release of all was taken back', () => {
    expect(headline(without(rolledBackInBake, 'serving', 'previous'))).toContain(
      'nothing gets the traffic, as before'
    )
  })
})

test('the check that failed is in the table, whatever is left out', () => {
  const lines = Array.from(
    { length: 60 },
    (_, at) => `metric${'abcdefghij'[at % 10]}${'abcdef'[Math.floor(at / 10)]}: sum(x{a="${at}"}) < 10`
  )
  const failed = lines.at(-1) ?? ''
  const taken = lines.flatMap((line, at) =>
    measurements(line, [at === 59 ? 11 : at / 10], { passes: (value) => value < 10 })
  )
  const outcome: Outcome = { ...rolledBackInBake, failedCheck: failed, measurements: taken }
  const rows = renderComment(outcome)
    .split('\n')
    .filter((line) => /^\| \S+ \| `metric/.test(line))
  expect(rows[0]).toMatch(/^\| ❌ \| `metricjf` \|/)
  // Then what is nearest to its bound.
  expect(rows[1]).toContain('`metricif`')
  expect(rows).toHaveLength(20)
})

test('days of measurements, thousands of back ticks and lines without end are no trouble', () => {
  const values = Array.from({ length: 130_000 }, (_, at) => 0.99 + (at % 10) / 1_000)
  const outcome: Outcome = {
    ...promoted,
    reason: 'x'.repeat(5_000_000),
    measurements: measurements('success-rate >= 95%', values, { every: 1 }),
    plan: {
      steps: [],
      changes: [{ object: 'ConfigMap a', state: 'new', diff: Array<string>(130_000).fill('+ `a` `') }]
    }
  }
  expect(renderSummary(outcome)).toContain('99%')
  expect(verdictLine(outcome).length).toBeLessThan(3_000)
})
