import { describe, expect, it, jest } from '@jest/globals'
import type { Outcome } from '../../src/domain/outcome.ts'
import { rolloutOf } from '../../src/kubernetes/rollout.ts'
import { plainHeadline } from '../../src/report/headline.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { deploymentRef, manifest, RESTORED, workload } from './scene.ts'
import { ROLLING, rolled, open, REST, crashes } from './in-place.ts'

/** In place with `strategy: rolling`: somebody serves all the time. */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

function endOf({ timeline }: Outcome, title: string): number {
  const step = timeline.find((one) => one.title.startsWith(title))
  return (step?.startedAt ?? NaN) + (step?.milliseconds ?? NaN)
}

/** Not when the template was written, but when its pods were ready. */
function expectBackWithItsPods(outcome: Outcome): void {
  const restored = (outcome.restoreSeconds ?? NaN) * 1000
  expect(restored).toBeGreaterThan(endOf(outcome, 'Give web its previous') - endOf(outcome, 'Smoke tests'))
  expect(restored).toBeLessThanOrEqual(endOf(outcome, 'Wait until web runs') - endOf(outcome, 'Smoke tests'))
  const [whole, replaced, back] = outcome.shifts.slice(-3)
  expect([whole?.split.weight, replaced?.gradual, back?.split.weight]).toEqual([100, true, 0])
  expect(back?.at).toBeGreaterThan(replaced?.at ?? NaN)
}

describe('a rolling release', () => {
  it('writes the record, the template, and the record again', async () => {
    const { scene, to, harm } = await open('rolling, a plain Deployment')
    const outcome = await scene.run(to(2)).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      weight: 100,
      serving: { slot: 'plain', deployment: 'web', images: ['shop/web:2'], replicas: 3 },
      previous: { deployment: 'web', images: ['shop/web:1'] }
    })
    expect(scene.story).toEqual([
      'service/web app=web (running 0 %)',
      'deployment/web 3 x shop/web:2',
      'service/web app=web (running 100 %)',
      'service/web app=web (promoted 0 %)'
    ])
    expect(scene.traffic()).toBe('app=web -> v2 3')
    expect(rolloutOf(scene.deployment('web')).strategy).toEqual(ROLLING)
    expect(harm()).toEqual([])
  })

  it('of what runs already changes nothing', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    await scene.run(to(2)).deploy()
    const told = scene.story.length
    expect(await scene.run(to(2)).deploy()).toMatchObject({ result: 'unchanged' })
    expect(scene.story.slice(told)).toEqual([])
  })

  it('leaves the size to the autoscaler, also to one that acts in the middle', async () => {
    const { scene, to, harm } = await open('rolling, a slot with an autoscaler')
    void scene.when('(running 0 %)', 0, () =>
      scene.cluster.patch(deploymentRef('web-blue'), [{ op: 'replace', path: '/spec/replicas', value: 5 }])
    )
    const source = rolled(workload('web', { replicas: 1, version: 2 }))
    const outcome = await scene.run({ ...to(2), manifests: [manifest(source)] }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v2 5$/)
    expect(harm()).toEqual([])
  })

  it('keeps the old pods serving when no new one comes up, and is undone', async () => {
    const { scene, state, before, to, harm } = await open('rolling, a plain Deployment')
    crashes(scene, 2)
    const outcome = await scene.run(to(2)).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('CrashLoopBackOff'),
      serving: { images: ['shop/web:1'] },
      weight: 0
    })
    expect(outcome.evidence.length).toBeGreaterThan(0)
    expect(state()).toEqual(before)
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(harm()).toEqual([])
  })

  it('is undone when a smoke test fails, which users come along with', async () => {
    const { scene, state, before, to, harm } = await open('rolling, a plain Deployment')
    scene.cluster.answer = () => ({ status: 404, headers: {}, body: '' })
    const inputs = { ...to(2).inputs, 'smoke-tests': 'GET /version -> 200' }
    const outcome = await scene.run({ inputs }).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('smoke test failed: 1: GET /version: 3 of 3 pods failed')
    })
    expect(scene.story).toContain('service/web app=web (running 100 %)')
    expectBackWithItsPods(outcome)
    expect(state()).toEqual(before)
    expect(harm()).toEqual([])
  })

  it('says after a cancel that its pods are coming back, and not when', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    const run = scene.run(to(2))
    void scene.when('service/web app=web (running 100 %)', 500, () => {
      run.cancel()
    })
    const outcome = await run.deploy()
    expect(outcome).toMatchObject({ result: 'aborted', returning: true })
    expect(outcome).not.toHaveProperty('restoreSeconds')
    expect(plainHeadline(outcome)).toBe(
      'The release of web was stopped before its end: the pods of shop/web:1 are coming back'
    )
    const summary = renderSummary(outcome)
    expect(summary.match(/^\| .*`web` \(plain\).*$/gm)).toEqual([
      expect.stringMatching(/its pods are coming back.*shop\/web:1/)
    ])
    expect(summary).not.toMatch(/traffic was back|\| since \|/)
    expect(summary).toContain('less and less: its pods are replaced')
    await run.post()
    await scene.clock.sleep(REST)
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('tells for how long nobody served when all pods were replaced at once', async () => {
    const { scene, to } = await open('recreate')
    const outcome = await scene.run(to(2)).deploy()
    expect(outcome.result).toBe('promoted')
    expect(outcome.gapSeconds).toBeGreaterThan(0)
    expect(renderSummary(outcome)).toMatch(/nobody served for up to \d/)
    expect(outcome.timeline.find(({ title }) => title.startsWith('All traffic on the new'))?.detail).toMatch(
      /^3 new pods serve, after up to \d+\.\d s in which nobody did$/
    )
  })

  it('says when the pods of before do not come back, and the next run waits for them', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    crashes(scene, 2)
    void scene.when(RESTORED, 0, () => (scene.controllers.lag = 3_600_000))
    const outcome = await scene.run({ inputs: { ...to(2).inputs, timeout: '1m' } }).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      unsettled: true,
      warnings: [
        expect.stringContaining('container web has no preStop hook'),
        expect.stringContaining('cleaning up is not finished')
      ]
    })
    expect(scene.record()?.phase).toBe('aborting')
  })
})
