import { describe, expect, it, jest } from '@jest/globals'
import type { Deployment } from '../../src/kubernetes/objects.ts'
import { rolloutOf } from '../../src/kubernetes/rollout.ts'
import { ROLLING, open, REST, crashes } from './in-place.ts'

/** In place with `strategy: recreate`: never two versions at once. */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

describe('a release that recreates', () => {
  it('ends all old pods first, and gives the Deployment its own strategy back without moving a pod', async () => {
    const { scene, to, harm } = await open('recreate')
    const strategies = new Set<string | undefined>()
    scene.cluster.subscribe((now) => {
      if (now.kind === 'Deployment') strategies.add(rolloutOf(now as Deployment).strategy?.type)
    })
    const uids = (): (string | undefined)[] =>
      scene.controllers.podsOf('web').map(({ metadata }) => metadata.uid)
    let serving: unknown
    void scene.when('(running 100 %)', 0, () => (serving = uids()))
    expect(await scene.run(to(2)).deploy()).toMatchObject({ result: 'promoted' })
    await scene.clock.sleep(REST)
    expect([...strategies]).toEqual(['Recreate', 'RollingUpdate'])
    expect(rolloutOf(scene.deployment('web')).strategy).toEqual(ROLLING)
    expect(uids()).toEqual(serving)
    expect(scene.traffic()).toBe('app=web -> v2 3')
    expect(harm()).toEqual([])
  })

  it('is undone in the same way', async () => {
    const { scene, state, before, to, harm } = await open('recreate')
    crashes(scene, 2)
    expect(await scene.run(to(2)).deploy()).toMatchObject({ result: 'rolled-back' })
    expect(state()).toEqual(before)
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(harm()).toEqual([])
  })
})
