import { describe, expect, it } from '@jest/globals'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { Stored } from '../support/memory/stored.ts'
import { template } from '../support/rollouts.ts'
import { canaryRollout, openDriven, rolloutRef, until, type DrivenScene } from './driven-scene.ts'

/** People who do something to a Rollout while a run follows its release: nothing of theirs is undone. */

const STEPS = [
  { setWeight: 10 },
  { pause: { duration: '5m' } },
  { setWeight: 50 },
  { pause: { duration: '1m' } }
]

/** Somebody does something in the first pause. */
async function meanwhile(
  act: (scene: DrivenScene) => void
): Promise<{ scene: DrivenScene; outcome: Outcome }> {
  const scene = await openDriven(canaryRollout(STEPS))
  const { ended } = scene.drive('deploy')
  await until(scene, () => scene.rollout().status.phase === 'Paused')
  await scene.clock.sleep(2000)
  act(scene)
  const outcome = await ended
  await scene.clock.sleep(60_000)
  return { scene, outcome }
}

const withSpec =
  (change: object) =>
  (live: Stored): Stored => ({ ...live, spec: { ...(live.spec as object), ...change } })

describe('somebody', () => {
  it('promotes it: it is released', async () => {
    const { scene, outcome } = await meanwhile((before) => {
      before.hasten()
    })
    expect(outcome).toMatchObject({ result: 'promoted', weight: 100, serving: { images: ['shop/web:2'] } })
    expect(scene.kept()).toMatchObject({ phase: 'promoted', history: [{ served: true }] })
  })

  it('ends one pause by a yes: the release goes on from there', async () => {
    const { outcome } = await meanwhile(({ cluster }) => {
      cluster.patchStatus(rolloutRef, [{ op: 'remove', path: '/status/pauseConditions' }])
    })
    expect(outcome.result).toBe('promoted')
    expect(outcome.finishedAt - outcome.startedAt).toBeLessThan(150_000)
  })

  it('aborts it: it is told as that, and what was brought is not tried again', async () => {
    const { scene, outcome } = await meanwhile(({ cluster }) => {
      cluster.patchStatus(rolloutRef, [{ op: 'add', path: '/status/abort', value: true }])
    })
    expect(outcome).toMatchObject({
      ...{ result: 'rolled-back', weight: 0, serving: { images: ['shop/web:1'] } },
      reason: 'somebody has aborted the release of rollout/web by hand'
    })
    expect(scene.rollout()).toMatchObject({ image: 'shop/web:1', status: { phase: 'Healthy' } })
  })

  it('brings another version: that goes on', async () => {
    const { scene, outcome } = await meanwhile((before) => {
      before.edit(withSpec({ template: template('shop/web:9') }))
    })
    expect(outcome.result).toBe('failed')
    expect(outcome.reason).toMatch(/^somebody has brought another version to rollout\/web meanwhile/)
    expect(scene.rollout()).toMatchObject({ image: 'shop/web:9', status: { phase: 'Paused' } })
    expect(scene.kept()?.phase).toBe('rolled-back')
  })

  it('brings the old version back: it is rolled back', async () => {
    const { scene, outcome } = await meanwhile((before) => {
      before.edit(withSpec({ template: template('shop/web:1') }))
    })
    expect(outcome).toMatchObject({
      ...{ result: 'rolled-back', weight: 0 },
      reason: 'somebody has brought shop/web:1 back to rollout/web meanwhile'
    })
    expect(scene.behind('web-stable')).toBe('v1 3')
    expect(scene.kept()?.phase).toBe('rolled-back')
  })

  it('pauses all of it: the release waits for that, and is followed when it goes on', async () => {
    const { scene, outcome } = await meanwhile((before) => {
      before.edit(withSpec({ paused: true }))
    })
    expect(outcome).toMatchObject({
      ...{ result: 'waiting', weight: 10 },
      reason: 'somebody has paused the whole Rollout (spec.paused)',
      next: [
        'To go on: let somebody take that pause away, then run the workflow with command: follow. To put shop/web:1 back: command: abort.'
      ]
    })
    await expect(scene.drive('promote').ended).rejects.toThrow(/somebody has paused the whole Rollout/)
    scene.edit(withSpec({ paused: false }))
    await scene.clock.sleep(1000)
    expect(await scene.drive('follow').ended).toMatchObject({ result: 'promoted' })
  })

  it('scales it: the release goes on with as many pods', async () => {
    const { scene, outcome } = await meanwhile((before) => {
      before.edit(withSpec({ replicas: 6 }))
    })
    expect(outcome.result).toBe('promoted')
    expect(scene.behind('web-stable')).toBe('v2 6')
  })

  it('deletes it: there is nothing to put back, and the record is closed', async () => {
    const { scene, outcome } = await meanwhile(({ cluster }) => {
      cluster.remove(rolloutRef)
    })
    expect(outcome).toMatchObject({
      ...{ result: 'failed', reason: 'somebody deleted rollout/web in namespace shop' }
    })
    expect(outcome.unsettled).toBeUndefined()
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', history: [{ served: false }] })
  })

  it.each(['brings another version', 'deletes it'])('%s, and then the run is cancelled', async (what) => {
    const scene = await openDriven(canaryRollout(STEPS))
    const start = scene.drive('deploy')
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    start.cancel()
    if (what === 'deletes it') scene.cluster.remove(rolloutRef)
    else scene.edit(withSpec({ template: template('shop/web:9') }))
    const outcome = await start.ended
    expect(outcome.result).toBe('aborted')
    expect(outcome.unsettled).toBeUndefined()
    expect(scene.kept()?.phase).toBe('rolled-back')
    expect(await start.post()).toBeUndefined()
    if (what !== 'deletes it') expect(scene.rollout().image).toBe('shop/web:9')
  })
})
