import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { judgeRelease } from '../../../src/checks/judge/index.ts'
import type { PodSamples } from '../../../src/checks/judge/pods.ts'
import type { Decision, Finding, Judgement } from '../../../src/domain/judgement.ts'
import type { StableCheck } from '../../../src/inputs/stable-check.ts'
import { LADDER } from '../../../src/report/limits.ts'
import { comparisonTable } from '../../../src/report/comparison-table.ts'
import { judgementJson } from '../../../src/report/judgement-json.ts'
import { judgementNews } from '../../../src/report/judgement-log.ts'
import { judgedCheck, judgementReason } from '../../../src/report/judgement.ts'
import { oddsCurves } from '../../../src/report/odds.ts'
import { pod, question, START } from '../checks/judge/builders.ts'
import { errors, judgement, latency, TEN } from './judgements.ts'

/** Everything that is told of it. */
const textsOf = (found: Judgement): readonly string[] => [
  judgementReason(found),
  judgementNews(found, undefined) ?? '',
  comparisonTable(found),
  judgedCheck(found) ?? '',
  JSON.stringify(oddsCurves(found)),
  JSON.stringify(judgementJson(found, LADDER[0]))
]

const NO_TEXT =
  /NaN|undefined|Infinity|null|Invalid|\[object|\b1 (?:requests|errors|pods|scrapes|half minutes|minutes|blocks)\b|\D-0(?![.\d])/u

function expectText(found: Judgement): void {
  const [reason = '', news = '', table = ''] = textsOf(found)
  expect(textsOf(found).filter((text) => NO_TEXT.test(text))).toEqual([])
  expect([reason, news, table].filter((text) => /\de[-+]\d/u.test(text))).toEqual([])
  expect([reason, news].filter((text) => text.includes('\n'))).toEqual([])
  expect(reason).not.toBe('')
}

const check: fc.Arbitrary<StableCheck> = fc.constantFrom<StableCheck>(
  { kind: 'like-stable' },
  { kind: 'error-rate', plus: 0.005 },
  { kind: 'error-rate', times: 2 },
  { kind: 'success-rate', minus: 0.001 },
  { kind: 'latency', times: 1.15 },
  { kind: 'latency', times: 1.2, quantile: 0.95 }
)

const doing = fc.record({
  requests: fc.integer({ min: 0, max: 60 }),
  errors: fc.constantFrom(0, 0, 0, 0, 1, 2),
  times: fc.constantFrom(1, 1, 1.3, 3)
})
const doings = fc.array(doing, { minLength: 1, maxLength: 14 })

const wild = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, -1, 1e308, 5e-324),
  fc.double(),
  fc.nat(1000)
)
const wildTime = fc.oneof(
  fc.integer({ min: -130, max: 14 }).map((scrape) => START + scrape * 15_000),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, 1e300)
)
const wildSamples = fc.array(fc.record({ at: wildTime, value: wild }), { maxLength: 12 })
const wildPod: fc.Arbitrary<PodSamples> = fc
  .record({
    name: fc.string().filter((name) => !NO_TEXT.test(` ${name} `)),
    ready: fc.boolean(),
    createdAt: wildTime,
    requests: fc.array(fc.record({ failed: fc.boolean(), samples: wildSamples }), { maxLength: 3 }),
    buckets: fc.array(fc.record({ edge: wild, samples: wildSamples }), { maxLength: 4 })
  })
  .map((given) => pod(given))

const count = fc.oneof(fc.nat(3), fc.nat(100_000), fc.double({ min: 0, max: 1e9, noNaN: true }))
const logarithm = fc.oneof(
  fc.double({ min: -5, max: 20, noNaN: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true })
)
const counts = fc
  .tuple(count, count)
  .map(([one, other]) => ({ requests: Math.max(one, other), errors: Math.min(one, other) }))
const slow = counts.map(({ requests, errors: slower }) => ({ requests, slow: slower, share: 0.5 }))
const part = fc
  .tuple(fc.nat(40), fc.nat(40))
  .map(([one, other]) => ({ count: Math.min(one, other), of: Math.max(one, other) }))

const finding: fc.Arbitrary<Finding> = fc
  .record({
    check,
    logE: logarithm,
    isBad: fc.boolean(),
    beforeAfter: fc.boolean(),
    canary: counts,
    stable: counts,
    canarySlow: slow,
    stableSlow: slow,
    part,
    edge: fc.constantFrom(0.005, 0.25, 1, 2.5, 3600),
    hidden: fc.constantFrom(0, 0.001, 0.016, 0.5, 1),
    metric: fc.constantFrom('errors', 'latency', 'nothing timed')
  })
  .map((given) => {
    const { canary, stable, canarySlow, stableSlow, edge, hidden, metric } = given
    const base = { check: given.check, logE: given.logE, isBad: given.isBad, beforeAfter: given.beforeAfter }
    if (metric === 'errors')
      return errors({
        ...base,
        hidden,
        recent: { since: TEN, canary: stable, stable: canary, blocksWithErrors: 1 },
        counts: { since: TEN, canary, stable, blocksWithErrors: given.part.count }
      })
    const timed = {
      since: TEN,
      edge,
      canary: canarySlow,
      stable: stableSlow,
      slowerBlocks: given.part,
      slowerPods: given.part
    }
    const found = latency({ ...base, hidden: 1 + hidden / 4, counts: timed })
    const { counts: _, ...untimed } = found
    return metric === 'latency' ? found : untimed
  })

const decision: fc.Arbitrary<Decision> = fc.oneof(
  fc
    .array(finding, { minLength: 1, maxLength: 2 })
    .map((findings): Decision => ({ kind: 'rollback', at: TEN, findings })),
  fc.tuple(counts, counts, fc.nat(4)).map(([canary, stable, scrapesWithErrors]): Decision => ({
    kind: 'rollback',
    at: TEN,
    crash: { at: TEN, canary, stable, scrapesWithErrors }
  })),
  fc.constantFrom<Decision>(
    { kind: 'hold', for: 'time' },
    { kind: 'hold', for: 'odds' },
    { kind: 'hold', for: 'proof' },
    { kind: 'advance' },
    { kind: 'promote' },
    { kind: 'inconclusive', why: 'leaning' },
    { kind: 'inconclusive', why: 'thin' },
    { kind: 'no-data', why: 'stale', pods: ['web-1'] },
    { kind: 'no-data', why: 'no requests', pods: [] }
  )
)

describe('no text has a hole in it', () => {
  it('whatever was found', () => {
    fc.assert(
      fc.property(
        decision,
        fc.array(finding, { maxLength: 3 }),
        counts,
        fc.constantFrom(TEN, -Infinity),
        (decided, findings, seen, until) => {
          expectText(judgement(decided, { findings, seen, until }))
        }
      ),
      { numRuns: 1_000 }
    )
  })

  it('whatever happened', () => {
    fc.assert(
      fc.property(
        doings,
        doings,
        fc.array(check, { maxLength: 2 }),
        fc.integer({ min: 0, max: 15 }),
        (canary, stable, checks, scrapes) => {
          const at = (all: typeof canary) => (scrape: number) => {
            const one = all[Math.max(scrape, 0) % all.length] ?? { requests: 0, errors: 0, times: 1 }
            return { ...one, errors: Math.min(one.errors, one.requests) }
          }
          const asked = question({ scrapes, steps: [8], canary: at(canary), stable: at(stable), checks })
          expectText(judgeRelease(asked))
        }
      ),
      { numRuns: 60 }
    )
  })

  it('whatever the samples are', () => {
    const asked = question({ scrapes: 14, steps: [14] })
    fc.assert(
      fc.property(fc.array(wildPod, { maxLength: 2 }), fc.boolean(), (canary, isMixed) => {
        expectText(judgeRelease({ ...asked, canary: isMixed ? [...asked.canary, ...canary] : canary }))
      }),
      { numRuns: 100 }
    )
  })
})
