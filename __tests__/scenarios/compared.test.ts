import { describe, expect, it, jest } from '@jest/globals'
import type { Outcome } from '../../src/domain/outcome.ts'
import { verdictLine } from '../../src/report/outputs.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { Scraped, type Behaviour } from '../support/memory/scraped.ts'
import { openScene, service, workload, type Scene } from './scene.ts'

jest.setTimeout(60_000)

/** Releases whose new version is compared with the stable one beside it. */

const COMPARED = { prometheus: 'http://prometheus', checks: 'like stable' }
const IN_STEPS = { ...COMPARED, strategy: 'canary', steps: '25% for 5m\n50% for 5m\n100%', bake: '30s' }

const steady: Behaviour = (second) => ({ requests: 60, errors: second % 600 === 300 ? 1 : 0 })
const failing: Behaviour = () => ({ requests: 60, errors: 3 })
/** Now and then a single request fails: more than stable's, but not enough to tell. */
const doubtful: Behaviour = (second) => ({
  requests: 20,
  errors: second % 180 === 0 && second < 600 ? 1 : 0
})
const seldom: Behaviour = (second) => ({ requests: second % 30 === 0 ? 1 : 0 })

interface Played {
  readonly scene: Scene
  readonly metrics: Scraped
  readonly outcome: Outcome
  readonly seconds: number
  readonly told: readonly string[]
}

async function play(
  canary: Behaviour,
  inputs: Readonly<Record<string, string>> = {},
  meanwhile: (scene: Scene, metrics: Scraped) => unknown = () => undefined,
  stable = steady
): Promise<Played> {
  // By numbers of pods both versions serve users at the same time.
  const scene = await openScene([workload(), service()], [])
  const metrics = new Scraped(scene, { 'shop/web:2': canary, 'shop/web:1': stable })
  const told: string[] = []
  const begun = scene.clock.now()
  const run = scene.run({ inputs: { ...IN_STEPS, ...inputs }, metrics, quote: (text) => told.push(text) })
  const released = run.deploy()
  meanwhile(scene, metrics)
  const outcome = await released
  return { scene, metrics, outcome, seconds: (scene.clock.now() - begun) / 1000, told }
}

/** How the steps that watched the new version ended. */
const detailsOf = ({ timeline }: Outcome): readonly (string | undefined)[] =>
  timeline.filter(({ title }) => title.includes('watch web-green')).map(({ detail }) => detail)

describe('a version like stable', () => {
  it('is promoted, with what it was compared by', async () => {
    const { outcome, seconds, told } = await play(steady)
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    expect(outcome.judgement).toMatchObject({ decision: { kind: 'promote' }, seen: { errors: 1 } })
    expect(seconds).toBeLessThan(800)
    expect(detailsOf(outcome)).toEqual([
      'compared with stable: nothing speaks against it; errors 0.1% of 960, stable 0.1% of 2,880; ' +
        'over 100 ms 30% of 960, stable 30% of 2,880; 21 rounds of measurements',
      expect.stringMatching(
        /^compared with stable: nothing speaks against it; errors 0\.0\d% of \d,\d{3}, stable /
      ),
      expect.stringMatching(
        /^compared with stable: no more errors than stable: 1 of \d,\d{3} requests against 3 /
      )
    ])
    expect(told.filter((line, i) => told.indexOf(line) !== i)).toEqual([])
    expect(renderSummary(outcome)).toMatch(
      /### Checks\n\nCompared with stable: no more errors than stable: .*\.\n\n\|.*\n.*\n\| ✅ \| `like stable` errors \| 0\.02% failed \|/
    )
  })

  it('is promoted where all users are moved at once, compared with what was before', async () => {
    const { outcome } = await play(steady, { strategy: 'blue-green', steps: '', bake: '5m' })
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    expect(outcome.judgement?.findings.map(({ beforeAfter }) => beforeAfter)).toEqual([true, true])
  })

  it.each(['rolling', 'recreate'])('is promoted with strategy %s', async (strategy) => {
    const { outcome } = await play(steady, { strategy, steps: '', bake: '5m' })
    expect(outcome).toMatchObject({ result: 'promoted', judgement: { decision: { kind: 'promote' } } })
  })

  it('is promoted with a warning where there is too little to tell', async () => {
    const { outcome, seconds } = await play(seldom)
    expect(outcome).toMatchObject({
      result: 'promoted',
      warnings: [
        expect.stringMatching(
          /it could not be told whether the new version is as good as stable: after 14m 29s \d+ requests are too few to tell, 100 are needed/
        )
      ]
    })
    expect(seconds).toBeGreaterThan(900)
    expect(verdictLine(outcome)).toMatch(/^web was released, although it could not be told whether /)
  })
})

describe('a version that is worse', () => {
  it.each<[string, Behaviour, RegExp]>([
    ['in its errors', failing, /^error-rate was 5% of 240 requests since .*: 12 errors in 2 half minutes/],
    [
      'in how long it takes',
      () => ({ requests: 60, times: 2 }),
      /^90% of \d+ requests took over 100 ms since /
    ],
    [
      'so that it crashes',
      () => ({ requests: 60, errors: 30 }),
      /^60 of 120 requests failed until .*: a crash/
    ]
  ])('%s is rolled back', async (_, behaviour, reason) => {
    const { outcome, scene } = await play(behaviour)
    expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'like stable' })
    expect(outcome.reason).toMatch(reason)
    expect(verdictLine(outcome)).toMatch(
      /^web was rolled back: shop\/web:2 failed (?:like stable|60 of 120 requests), /
    )
    expect(scene.traffic()).toContain('v1 3')
  })

  it('is rolled back after its users have been moved all at once', async () => {
    const { outcome } = await play(failing, { strategy: 'blue-green', steps: '', bake: '5m' })
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('before the release')
    })
  })
})

describe('a version of which it cannot be told', () => {
  const HELD = { result: 'waiting', weight: 50, reason: expect.stringContaining('are not enough to tell') }

  it('is held, and promoted when somebody wants that', async () => {
    const { scene, metrics, outcome, seconds, told } = await play(doubtful)
    expect(outcome).toMatchObject(HELD)
    expect(outcome.timeline.at(-1)?.title).toBe('Wait for a decision')
    expect(seconds).toBeGreaterThan(900)
    expect(told.filter((line) => line.includes('the step goes on'))).toHaveLength(1)
    expect(renderSummary(outcome)).toMatch(
      /^## ⚠️ \*\*web\*\* waits for a decision: .*\n\n.*\n\n> \[!WARNING\]\n> error-rate was /
    )
    expect(outcome.next.at(-1)).toContain('a longer step or a larger share, for example `steps: 50% for 10m`')
    expect(scene.record()).toMatchObject({
      phase: 'waiting',
      begunAt: [expect.anything(), expect.anything()]
    })
    const inputs = { ...IN_STEPS, images: '' }
    expect(await scene.run({ inputs, metrics }).promote()).toMatchObject({ result: 'promoted' })
    expect(scene.record()).not.toHaveProperty('begunAt')
  })

  it('is held, and stable is put back when somebody wants that', async () => {
    const { scene } = await play(doubtful)
    expect(await scene.run({ inputs: { images: '' } }).abort()).toMatchObject({ result: 'aborted' })
    expect(scene.traffic()).toContain('v1 3')
  })

  it.each([
    ['abort', { result: 'rolled-back' }],
    ['promote', { result: 'promoted', warnings: [expect.stringContaining('it could not be told')] }]
  ])('meets its end with on-inconclusive: %s', async (word, expected) => {
    expect((await play(doubtful, { 'on-inconclusive': word })).outcome).toMatchObject(expected)
  })

  it('is held under all traffic as well, and promoted then whatever the comparison says', async () => {
    const all = { ...COMPARED, strategy: 'blue-green', steps: '', bake: '5m' }
    const { scene, metrics, outcome } = await play(doubtful, all)
    expect(outcome).toMatchObject({ ...HELD, weight: 100 })
    const promoted = await scene.run({ inputs: { ...all, images: '' }, metrics }).promote()
    expect(promoted).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toContain('v2 3')
  })

  it('stays where pods were replaced in place, which cannot wait', async () => {
    const { outcome } = await play(doubtful, { strategy: 'rolling', steps: '', bake: '5m' })
    expect(outcome).toMatchObject({
      result: 'promoted',
      warnings: expect.arrayContaining([expect.stringContaining('command: rollback brings these back')])
    })
  })
})

describe('without data', () => {
  it('nothing is promoted: a Prometheus that is gone ends the release', async () => {
    const { outcome } = await play(steady, {}, (scene, metrics) =>
      scene.when('(running 50 %)', 100_000, () => (metrics.isDown = true))
    )
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      failedCheck: 'like stable',
      reason: expect.stringMatching(/no data counts as a failed measurement: 3 of 3/)
    })
    expect(verdictLine(outcome)).toMatch(/^web was rolled back: shop\/web:2 had no data for like stable, /)
    expect(renderSummary(outcome)).toContain('Before there was no data: nothing speaks against it.')
    expect(outcome.next.join()).toContain('Is it scraped, and does it count its requests?')
  })

  it('a Prometheus that comes back in time is waited for', async () => {
    const { outcome } = await play(steady, { 'on-no-data': 'wait' }, (scene, metrics) =>
      scene.when('(running 50 %)', 100_000, async () => {
        metrics.isDown = true
        await scene.clock.sleep(120_000)
        metrics.isDown = false
      })
    )
    expect(outcome).toMatchObject({ result: 'promoted' })
  })

  it.each(['blue-green', 'canary'])(
    'a version beside a stable one without any requests is not promoted, with strategy %s',
    async (strategy) => {
      const steps = strategy === 'canary' ? '50% for 2m\n100%' : ''
      const idle: Behaviour = () => ({ requests: 0 })
      const { outcome } = await play(failing, { strategy, steps, bake: '2m' }, undefined, idle)
      expect(outcome).toMatchObject({
        result: 'rolled-back',
        reason: expect.stringContaining('stable has had no request to compare with')
      })
    }
  )

  const untimed: Behaviour = (second) => ({ ...steady(second, 0), untimed: true })

  it.each(['like stable', 'latency <= stable * 1.2'])(
    'a version that does not tell how long its requests take is not promoted by %s',
    async (checks) => {
      const { outcome } = await play(untimed, { checks })
      expect(outcome).toMatchObject({
        result: 'rolled-back',
        failedCheck: checks,
        reason: expect.stringMatching(/no histogram/)
      })
    }
  )

  it.each(['like stable', 'latency <= stable * 1.2'])(
    'a release does not begin where stable does not tell that, with %s',
    async (checks) => {
      const scene = await openScene([workload(), service()], [])
      const metrics = new Scraped(scene, { 'shop/web:2': steady, 'shop/web:1': untimed })
      const before = scene.story.length
      const run = scene.run({ inputs: { ...IN_STEPS, checks }, metrics })
      const refused =
        /cannot be judged: .* report none of http_request_duration_seconds_bucket[^]*error-rate <= stable \+ 0\.1%/
      await expect(run.deploy()).rejects.toThrow(refused)
      await expect(run.plan()).rejects.toThrow(refused)
      expect(scene.story.slice(before)).toEqual([])
    }
  )

  it('a release begins where stable, which does not tell that, has no users yet: there may be a histogram with them', async () => {
    const idle: Behaviour = () => ({ requests: 0, untimed: true })
    const { outcome } = await play(steady, {}, undefined, idle)
    expect(outcome.warnings).toContainEqual(expect.stringContaining('like stable may have no data: '))
    expect(outcome).toMatchObject({ result: 'rolled-back' })
  })

  it('how long requests take is not missed where errors alone are compared', async () => {
    const checks = 'error-rate <= stable + 0.1%'
    const { outcome } = await play(untimed, { checks }, undefined, untimed)
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
  })

  it('a version that gets no requests is not promoted', async () => {
    const { outcome } = await play(() => ({ requests: 0 }))
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('no request of the new version was ever counted: is it scraped')
    })
  })
})
