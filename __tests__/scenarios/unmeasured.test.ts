import { describe, expect, it, jest } from '@jest/globals'
import type { Metrics } from '../../src/checks/prometheus/metrics.ts'
import { plainHeadline } from '../../src/report/headline.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { openScene, type Scene } from './scene.ts'

// Whole releases, one after the other: far more than they take even on a busy machine.
jest.setTimeout(60_000)

/** A Prometheus that scrapes others, and nothing of this workload. */
const elsewhere = ({ clock }: Scene): Metrics => ({
  query: (promql) =>
    Promise.resolve(
      promql.startsWith('count(up offset') ? [{ labels: {}, samples: [{ at: clock.now(), value: 7 }] }] : []
    )
})

const CHECKS = {
  checks: 'success-rate >= 95%\np95 latency < 1s',
  prometheus: 'http://prometheus',
  'check-interval': '1s'
}

describe('a release whose checks cannot be measured', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['blue-green', {}],
    ['a canary', { strategy: 'canary', steps: '25% for 5s\n100%' }],
    ['in place', { strategy: 'rolling' }]
  ])('does not begin: %s', async (_how, inputs) => {
    const scene = await openScene()
    const before = scene.story.length
    const run = scene.run({ inputs: { ...CHECKS, ...inputs }, metrics: elsewhere(scene) })
    const refused =
      /success-rate, p95 latency cannot be measured: Prometheus has nothing from the stable version's pods/
    await expect(run.deploy()).rejects.toThrow(refused)
    await expect(run.plan()).rejects.toThrow(refused)
    expect(scene.story.slice(before)).toEqual([])
    expect(scene.harm).toEqual([])
  })

  it('begins with a load line, which ends it before a user is on it', async () => {
    const scene = await openScene()
    scene.cluster.answer = () => ({ status: 200, headers: {}, body: 'ok' })
    const outcome = await scene
      .run({
        inputs: { ...CHECKS, 'smoke-tests': 'GET / at 1/s for 5s -> 200' },
        metrics: elsewhere(scene)
      })
      .deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringMatching(/has no data.*\(no data counts as a failed measurement: 3 of 3\)$/)
    })
    expect(plainHeadline(outcome)).toMatch(
      /shop\/web:2 had no data for success-rate >= 95%, shop\/web:1 serves/
    )
    expect(renderSummary(outcome)).toMatch(/^\| ❌ no data +\| `success-rate`/m)
    expect(outcome.next.join('\n')).toMatch(/on-no-data: wait/)
    expect(scene.story.filter((line) => line.includes('(running 100 %)'))).toEqual([])
  })

  it('begins where missing data is waited for, and says so', async () => {
    const scene = await openScene()
    const outcome = await scene
      .run({
        inputs: { ...CHECKS, 'on-no-data': 'wait', 'no-data-timeout': '5s' },
        metrics: elsewhere(scene)
      })
      .deploy()
    expect(outcome.warnings).toContainEqual(expect.stringContaining('success-rate may have no data'))
  })
})
