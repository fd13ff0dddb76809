import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import type { Histogram } from '../../../../src/checks/judge/arms.ts'
import { baseRate } from '../../../../src/checks/judge/base-rate.ts'
import type { Counts } from '../../../../src/domain/judgement.ts'
import { largeErrors } from '../../../../src/checks/judge/error-size.ts'
import { evidenceSince, knownErrors } from '../../../../src/checks/judge/errors.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import { latencySize } from '../../../../src/checks/judge/latency-size.ts'
import { blocksOf, latencyEvidence, pastOf } from '../../../../src/checks/judge/latency.ts'
import { podsOf } from './builders.ts'

interface Side {
  readonly requests_errors: readonly (readonly [number, number])[]
  readonly pods: readonly (readonly Histogram[])[]
}

/** A release with what two programs in Python, which agree to 1e-12, say after each of its blocks, with nine decimal places. */
interface Golden {
  readonly scenario: string
  readonly rps: number
  readonly block: number
  readonly warm: number
  readonly step: number
  readonly edges: readonly number[]
  readonly history: Side
  readonly stable: Side
  readonly canary: Side
  readonly expected: {
    readonly base_rate: number
    readonly errors: readonly { readonly logE: number; readonly key: boolean; readonly margin: number }[]
    readonly latency: readonly { readonly logE: number; readonly key: boolean; readonly whole: number }[]
  }
}

const golden = readFileSync(new URL('golden.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden)

const counts = ({ requests_errors }: Side): Counts[] =>
  requests_errors.map(([requests, errors]) => ({ requests, errors }))

function pairs({ stable, canary }: Golden) {
  const own = counts(canary)
  return counts(stable).map((one, i) => ({ stable: one, canary: own[i] ?? { requests: 0, errors: 0 } }))
}

describe.each(golden)('$scenario at $rps requests a second', (release) => {
  const { expected, history, stable, canary, edges, warm, step } = release
  const durations = { history: history.pods, stable: stable.pods, canary: canary.pods, edges }

  it('has the base rate', () => {
    expect(baseRate(counts(history))).toBeCloseTo(expected.base_rate, 12)
  })

  it('has the evidence of errors after each block', () => {
    const found = evidenceSince(knownErrors(counts(history)), pairs(release), warm)
    expect(found).toHaveLength(40)
    expected.errors.forEach(({ logE, margin }, i) => {
      expect(Math.abs((found[i]?.logE ?? NaN) - logE)).toBeLessThan(1e-9)
      expect(Math.abs((found[i]?.margin ?? NaN) - margin)).toBeLessThan(1e-9)
    })
  })

  it('has the size of errors after each block', () => {
    const found = expected.errors.map((_, block) => {
      const places = { first: warm, step: Math.floor(block / step) * step }
      return block >= warm && largeErrors(pairs(release), block, places, { plus: 0.001 }) !== undefined
    })
    expect(found).toEqual(expected.errors.map(({ key }) => key))
  })

  it('has the evidence and the size of latency after each block', () => {
    const [past, blocks] = [pastOf(durations, 10), blocksOf(durations, warm)]
    const found = latencyEvidence(past, blocks, edges, { first: warm, planned: 40 })
    expected.latency.forEach(({ logE, whole, key }, i) => {
      const since = found[i]?.since ?? 0
      const window = { blocks: blocks.slice(since, i + 1), past: past.shares, edges, since }
      expect(Math.abs((found[i]?.logE ?? NaN) - logE)).toBeLessThan(1e-9)
      expect(Math.abs((found[i]?.whole ?? NaN) - whole)).toBeLessThan(1e-9)
      expect(i >= warm && latencySize(window, { times: 1.15 })?.isLarge === true).toBe(key)
    })
  })

  it('comes to the same from raw counters', () => {
    const start = 1_800_000_000_000
    const block = release.block * 1000
    const duration = step * block
    const { odds } = judgeRelease({
      checks: [{ kind: 'like-stable' }],
      steps: [0, 1, 2, 3].map((i) => ({ duration, begun: start + i * duration })),
      warmUp: warm * block,
      now: start + 4 * duration,
      stable: podsOf('stable', [history, stable], { edges, block, start }),
      canary: podsOf('canary', [canary], { edges, block, start })
    })
    odds.forEach(({ errors, latency }, i) => {
      expect(Math.abs((errors ?? NaN) - (expected.errors[warm + i]?.logE ?? NaN))).toBeLessThan(1e-9)
      expect(Math.abs((latency ?? NaN) - (expected.latency[warm + i]?.logE ?? NaN))).toBeLessThan(1e-9)
    })
    expect(odds).toHaveLength(40 - warm)
  })
})
