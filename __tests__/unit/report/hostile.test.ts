import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Outcome, Version } from '../../../src/domain/outcome.ts'
import type { Check } from '../../../src/inputs/check.ts'
import { renderComment } from '../../../src/report/comment.ts'
import { versionLines } from '../../../src/report/history.ts'
import { verdictLine, outcomeJson, verdictOutputs } from '../../../src/report/outputs.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { clean } from '../../../src/report/text.ts'
import { allTags, html, linkable, proseOf } from '../../support/report/markdown.ts'
import { hostile } from './hostile-text.ts'
import { judgement } from './judgements.ts'
import { rolledBackInBake, shift, start } from './outcomes.ts'

const fields = 50

/** An outcome in which others wrote every piece of text. */
function writtenBy(texts: readonly string[]): Outcome {
  let used = 0
  const text = (): string => {
    const next = texts[used % texts.length] ?? ''
    used += 1
    return next
  }
  const version = (hash: string): Version => ({
    ...{ slot: text(), deployment: `${hash}${text()}`, hash: `${hash}${text()}`, replicas: 1 },
    images: [`${hash}${text()}`, text()]
  })
  const check: Check = {
    metric: { kind: 'query', name: 'queue', promql: text() },
    ...{ comparison: '<', bound: 10, unit: '' }
  }
  const measured = { check, verdict: 'fail', why: text(), step: text() } as const
  return {
    ...rolledBackInBake,
    ...{
      reason: text(),
      release: text(),
      namespace: text(),
      workload: text(),
      route: text(),
      failedCheck: text()
    },
    serving: version('a'),
    canary: version('b'),
    previous: version('c'),
    driven: {
      ...{ title: 'Argo Rollouts', object: text() },
      state: {
        ...{ at: 'gate', gate: 'pause', what: text(), testable: true, stable: text(), wished: text() },
        weight: { now: 10, wanted: 10 }
      },
      steps: [text()],
      analyses: [
        {
          ...{ name: text(), when: text(), phase: text(), message: text() },
          metrics: [
            {
              ...{ name: text(), phase: text(), message: text() },
              measurements: [{ value: text(), phase: text() }]
            }
          ]
        }
      ]
    },
    timeline: [
      { title: text(), startedAt: start, milliseconds: 1, status: 'failed', detail: text() },
      { title: text(), startedAt: start, milliseconds: 1, status: 'done', detail: text() }
    ],
    smokeTests: [
      {
        test: { kind: 'command', run: text() },
        number: 1,
        passed: false,
        pods: [text()],
        milliseconds: 1,
        detail: text()
      }
    ],
    measurements: [
      { ...measured, at: start, value: 1 },
      { ...measured, at: start + 1_000, value: 12 }
    ],
    evidence: [{ pod: text(), reason: text(), message: text(), events: [text()], log: [text(), text()] }],
    foreignWrites: [{ object: text(), manager: text(), at: start, change: text() }],
    shifts: [
      shift(1, { weight: 0, header: { name: text(), value: text() } }),
      shift(2, { weight: 10, header: { name: text(), value: text() }, mirror: 5 })
    ],
    weight: 10,
    versions: [
      {
        ...{ release: text(), command: 'deploy', served: true, at: text(), images: [text(), text()] },
        ...{ deployment: text(), revision: 3, kept: true, serves: true, run: text() }
      },
      { release: text(), at: text(), images: [text()], kept: false, serves: false, run: text() }
    ],
    plan: {
      steps: [text(), text()],
      changes: [
        { object: text(), state: 'changed', diff: [` ${text()}`, `-${text()}`, `+${text()}`, text()] },
        { object: text(), state: 'unknown', diff: [] }
      ]
    },
    judgement: judgement({ kind: 'no-data', why: 'stale', pods: [text(), text()] }),
    warnings: [text(), text()],
    next: [text()]
  }
}

/** As many lines that say something, but nothing that could be more than words. */
const harmless = (text: string): string =>
  clean(text)
    .split('\n')
    .map((line) => (line.trim() === '' ? '' : 'x'))
    .join('\n')

/** Every tag but those that harmless text may become: code in backticks, and the shell around a dollar sign. */
const tags = (page: string): readonly string[] =>
  allTags(page).filter((tag) => !/^<\/?(?:code|span)>$/u.test(tag))

const texts = fc.array(hostile, { minLength: fields, maxLength: fields })

test.each([
  ['summary', renderSummary],
  ['comment', renderComment]
])('text of others adds nothing to the structure of a %s', (_name, render) => {
  fc.assert(
    fc.property(texts, (written) => {
      const page = html(render(writtenBy(written)))
      expect(tags(page)).toEqual(tags(html(render(writtenBy(written.map(harmless))))))
      expect(linkable.exec(proseOf(page))?.[0]).toBeUndefined()
    }),
    { numRuns: 120 }
  )
})

test('text of others cannot start a command in the log of versions', () => {
  fc.assert(
    fc.property(texts, (written) => {
      for (const line of versionLines(writtenBy(written).versions ?? []))
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    })
  )
})

test('text of others cannot start a new line in the outputs that are one', () => {
  fc.assert(
    fc.property(texts, (written) => {
      const outcome = writtenBy(written)
      expect(
        Object.values(verdictOutputs(outcome)).filter((value) => /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(value))
      ).toEqual([])
      expect(verdictLine(outcome)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
      expect(JSON.parse(outcomeJson(outcome))).toBeInstanceOf(Object)
    })
  )
})
