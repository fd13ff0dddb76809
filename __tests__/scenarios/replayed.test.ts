import { describe, expect, it, jest } from '@jest/globals'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { Replayed } from '../../src/domain/replay.ts'
import { outcomeJson } from '../../src/report/json.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { Scraped, type Behaviour } from '../support/memory/scraped.ts'
import { openScene, service, workload } from './scene.ts'

jest.setTimeout(60_000)

/** The checks, played on stable's past: what would they have done to a version that is fine? */

const LINES = 'like stable\nsuccess-rate >= 99%'
const IN_STEPS = {
  command: 'plan',
  prometheus: 'http://prometheus',
  checks: LINES,
  strategy: 'canary',
  steps: '25% for 3m\n50% for 3m\n100%',
  bake: '1m',
  replay: '3h'
}

const steady: Behaviour = () => ({ requests: 60 })
/** Every half an hour something that all need is down for a minute. */
const troubled: Behaviour = (second) => ({ requests: 60, errors: second % 1_800 < 60 ? 12 : 0 })

async function replayed(
  stable: Behaviour,
  inputs: Readonly<Record<string, string>> = {},
  { pods = 3, hours = 5 } = {}
): Promise<{ readonly outcome: Outcome; readonly replay: Replayed | undefined; readonly log: string }> {
  const scene = await openScene([workload('web', { replicas: pods }), service()], [])
  const metrics = new Scraped(scene, { 'shop/web:2': stable, 'shop/web:1': stable }, hours)
  const log: string[] = []
  const quote = (text: string) => log.push(text)
  const outcome = await scene.run({ inputs: { ...IN_STEPS, ...inputs }, metrics, quote }).obey()
  return { outcome, replay: outcome.replay, log: log.join('\n') }
}

const lines = (replay: Replayed | undefined) => (replay === undefined || 'why' in replay ? [] : replay.lines)

describe('a replay', () => {
  it('of a quiet past rolls back nothing', async () => {
    const { outcome, replay, log } = await replayed(steady)
    expect(outcome).toMatchObject({ result: 'planned' })
    expect(replay).toMatchObject({
      releases: 24,
      wanted: 24,
      lines: [
        { check: 'like stable', releases: 24, rolledBack: 0, undecided: 0, withoutData: 0 },
        { check: 'success-rate >= 99%', releases: 24, rolledBack: 0, undecided: 0, withoutData: 0 }
      ],
      leftOut: []
    })
    expect(log).toMatch(/Replayed \S+ \S+ to \S+ \S+ UTC: 24 releases of 7m 0s, of a version that is fine/)
    expect(log).toContain('like stable: 0 of 24 releases rolled back')
  })

  it('of a past with troubles shows which line takes them for the version’s', async () => {
    // Releases begin every 20 minutes and bake from their 7th to their 18th. Three of them bake when there is trouble: nothing is beside
    // them then that breaks the bound as well. It comes after 10 minutes, and three readings find it. For three others it comes first.
    const { outcome, replay } = await replayed(troubled, { bake: '12m' })
    const [compared, bound] = lines(replay)
    expect(compared).toMatchObject({ check: 'like stable', releases: 8, rolledBack: 0 })
    expect(bound).toMatchObject({ releases: 8, rolledBack: 3, undecided: 0 })
    expect(bound?.first).toMatchObject({
      after: 660_000,
      reason: expect.stringMatching(/^success-rate was .* but must be >= 99% \(failed measurement 3 of 3\)$/)
    })
    expect(outcome.warnings).toContainEqual(
      expect.stringMatching(
        /^success-rate >= 99% would have rolled back 3 of 8 releases of a version that was fine/
      )
    )
    const summary = renderSummary(outcome)
    expect(summary).toContain('### What the checks would have done')
    expect(summary).toMatch(/^\| `like stable` \| 0 of 8 \| 0 \| 0 \|/m)
    expect(JSON.parse(outcomeJson(outcome))).toMatchObject({
      replay: {
        releases: 8,
        checks: [{ check: 'like stable', rolledBack: 0 }, { first: { reason: expect.anything() } }]
      }
    })
  })

  it('of a bound holds what the others break as well', async () => {
    // All pods always fail 3.3 %. Two steps beside the others take twice their 3 minutes; then all users are on it, and three readings fail.
    const { replay } = await replayed(() => ({ requests: 60, errors: 2 }), { checks: 'success-rate >= 99%' })
    expect(lines(replay)).toMatchObject([{ releases: 24, rolledBack: 24, first: { after: 765_000 } }])
  })

  it('of a bound holds what comes in the warm-up', async () => {
    const atOnce = { checks: 'success-rate >= 99%', strategy: 'blue-green', steps: '', bake: '18m' }
    // In the first minute of two releases there is trouble. What comes later is too little among bursts that stable is known for.
    const { replay } = await replayed(troubled, { ...atOnce, 'warm-up': '1m' })
    expect(lines(replay)).toMatchObject([{ releases: 8, rolledBack: 0, undecided: 0 }])
    const cold = await replayed(troubled, { ...atOnce, 'warm-up': '0s' })
    expect(lines(cold.replay)).toMatchObject([{ releases: 8, rolledBack: 2, first: { after: 45_000 } }])
  })

  it('of a bound holds what so few requests cannot tell', async () => {
    // A pod that is alone is judged with nothing beside it. One in 380 fails: it is 95 % of the first 20, and 98.3 % of 60.
    const lucky: Behaviour = (second) => ({ requests: 20, errors: second % 285 === 0 ? 1 : 0 })
    const checks = 'success-rate >= 99%'
    const { replay } = await replayed(lucky, { checks }, { pods: 1 })
    expect(lines(replay)).toMatchObject([{ releases: 24, rolledBack: 0, undecided: 0, withoutData: 0 }])
    const failing = await replayed(() => ({ requests: 20, errors: 2 }), { checks }, { pods: 1 })
    expect(lines(failing.replay)).toMatchObject([{ releases: 24, rolledBack: 24 }])
  })

  it('needs nothing new to release', async () => {
    const { outcome, replay } = await replayed(steady, { images: 'shop/web:1' })
    expect(outcome).toMatchObject({ result: 'unchanged' })
    expect(lines(replay)).toHaveLength(2)
    expect(renderSummary(outcome)).toContain('### What the checks would have done')
  })

  it('with a single pod plays the bounds alone, and all users at once before and after', async () => {
    const one = await replayed(steady, {}, { pods: 1 })
    expect(one.replay).toMatchObject({
      lines: [{ check: 'success-rate >= 99%', rolledBack: 0 }],
      leftOut: [{ check: 'like stable', why: expect.stringContaining('it takes two pods') }]
    })
    const all = await replayed(steady, { strategy: 'blue-green', steps: '' }, { pods: 1 })
    expect(lines(all.replay).map(({ check, rolledBack }) => [check, rolledBack])).toEqual([
      ['like stable', 0],
      ['success-rate >= 99%', 0]
    ])
  })

  it('leaves out what the past does not keep, and says so', async () => {
    const { replay } = await replayed(steady, {
      checks: `${LINES}\nmean latency < 1s`
    })
    expect(replay).toMatchObject({
      lines: [{ check: 'like stable' }, { check: 'success-rate >= 99%' }],
      leftOut: [{ check: 'mean latency < 1s' }]
    })
  })
})

describe('a window that cannot be replayed', () => {
  it.each([
    ['without samples', { replay: '2020-01-01/2020-01-02' }, 'there are no samples of stable in this window'],
    [
      'long before anything',
      { replay: '0000-01-01/0000-01-02' },
      'there are no samples of stable in this window'
    ]
  ])('%s is told', async (_, inputs, why) => {
    const { outcome, replay } = await replayed(steady, inputs)
    expect(replay).toEqual({ why })
    expect(renderSummary(outcome)).toContain(`Nothing was replayed: ${why}`)
  })

  it.each([
    ['2999-01-01/2999-01-02', /2999-01-02T00:00:00.000Z is still to come/],
    ['10m', /the window of 10 min is shorter than a release, which may take 18 min/]
  ])('%s is refused', async (window, reason) => {
    const { outcome } = await replayed(steady, { replay: window }, { hours: 1 })
    expect(outcome).toMatchObject({ result: 'failed', reason: expect.stringMatching(reason) })
  })
})
