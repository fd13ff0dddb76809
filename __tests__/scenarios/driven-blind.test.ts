import { describe, expect, it } from '@jest/globals'
import { canaryRollout, openDriven, rolloutRef, until, type DrivenScene } from './driven-scene.ts'

/** A controller that stops while it carries a release out: its status then looks as if nothing were wrong. */

const STEPS = [
  { setWeight: 10 },
  { pause: { duration: '5m' } },
  { setWeight: 50 },
  { pause: { duration: '5m' } }
]

const isPaused = (scene: DrivenScene) => (): boolean => scene.rollout().status.phase === 'Paused'

/** What this run has written to the status besides its controller. */
function countWrites(scene: DrivenScene): () => number {
  let count = 0
  scene.cluster.subscribe((now, before, writer) => {
    const isStatus = now.kind === 'Rollout' && now.metadata.generation === before?.metadata.generation
    if (isStatus && writer === 'greenlight') count += 1
  })
  return () => count
}

describe('a controller that stops', () => {
  it('in a pause is noticed half a minute after its end, and the old version is wished for at once', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    const { ended } = scene.drive('deploy', { sha: 'c0ffee' })
    await until(scene, isPaused(scene))
    const over = scene.clock.now() + 300_000
    scene.argo.isRunning = false
    const outcome = await ended
    expect(outcome.reason).toMatch(
      /^Argo Rollouts does nothing with rollout\/web for 30s: pauses for 5m, since \S+, which was over at \S+\. Is its controller running\?$/
    )
    expect(outcome.finishedAt).toBeGreaterThan(over + 20_000)
    expect(outcome.finishedAt).toBeLessThan(over + 60_000)
    // Users are where they were: nobody can move them, and nobody says so.
    expect(outcome).toMatchObject({ result: 'failed', weight: 10 })
    expect(outcome.unsettled).toBeUndefined()
    expect(outcome.next).toEqual([
      'Urgent: start Argo Rollouts again. Until then nobody can move users; shop/web:1 is wished for already, so that it goes back by itself, and command: follow notes that.'
    ])
    expect(scene.rollout().image).toBe('shop/web:1')
    expect(scene.kept()?.phase).toBe('aborting')

    scene.argo.start()
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')
    const after = await scene.drive('follow').ended
    expect(after).toMatchObject({ result: 'rolled-back', weight: 0, commit: 'c0ffee' })
    expect(after.reason).toMatch(/^it was being taken back already; release 1-1 /)
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', history: [{ served: false }] })
  })

  it('where nobody knows how long it takes is noticed, too', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    const { ended } = scene.drive('deploy')
    await until(scene, () => scene.rollout().status.updatedReplicas === 1)
    scene.argo.isRunning = false
    expect(scene.rollout().status.phase).toBe('Progressing')
    const since = scene.clock.now()
    const outcome = await ended
    expect(outcome.result).not.toBe('promoted')
    expect(outcome.reason).toMatch(/^Argo Rollouts does nothing with rollout\/web for 30s: /)
    expect(outcome.finishedAt - since).toBeLessThan(60_000)
    expect(scene.rollout().image).toBe('shop/web:1')
  })

  it('and comes back in time has only been slow', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    const { ended } = scene.drive('deploy')
    await until(scene, isPaused(scene))
    scene.argo.isRunning = false
    await scene.clock.sleep(315_000)
    scene.argo.start()
    expect(await ended).toMatchObject({ result: 'promoted' })
  })
})

describe('a controller that runs', () => {
  it('is not asked anything while its pause lasts', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    const { ended } = scene.drive('deploy')
    await until(scene, isPaused(scene))
    const written = countWrites(scene)
    await scene.clock.sleep(290_000)
    expect(written()).toBe(0)
    expect((await ended).result).toBe('promoted')
  })

  it('answers when its clock is behind ours', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    scene.argo.behind = 120_000
    const { ended } = scene.drive('deploy')
    await until(scene, isPaused(scene))
    const written = countWrites(scene)
    expect((await ended).result).toBe('promoted')
    expect(written()).toBeGreaterThan(0)
  })

  it('has overlooked the yes of a person, and is made to look again', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    const { ended } = scene.drive('deploy')
    await until(scene, isPaused(scene))
    scene.argo.isRunning = false
    scene.cluster.patchStatus(rolloutRef, [{ op: 'remove', path: '/status/pauseConditions' }])
    await scene.clock.sleep(1000)
    // It runs again, and knows nothing of that.
    scene.argo.isRunning = true
    const begin = scene.clock.now()
    await until(scene, () => scene.rollout().status.currentStepIndex === 3)
    expect(scene.clock.now() - begin).toBeLessThan(15_000)
    expect((await ended).result).toBe('promoted')
  })
})
