import { describe, expect, it, jest } from '@jest/globals'
import { UNDONE_ANNOTATION } from '../../src/domain/slots.ts'
import type { Deployment } from '../../src/kubernetes/objects.ts'
import type { Scene } from './scene.ts'
import { type World, open, REST, killed, crashes, setImage } from './in-place.ts'

/** What a release in place refuses, and what comes before and after it. */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

const replicaSetsOf = (scene: Scene, version: number) =>
  scene.cluster
    .all<Deployment>({ apiVersion: 'apps/v1', kind: 'ReplicaSet' })
    .filter(({ spec }) => spec.template.spec.containers[0]?.image === `shop/web:${version}`)

function removeReplicaSet(scene: Scene, version: number): void {
  for (const { apiVersion, kind, metadata } of replicaSetsOf(scene, version))
    scene.cluster.remove({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name })
}

describe('a release in place', () => {
  it('is refused when the template that serves has no ReplicaSet any more', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    removeReplicaSet(scene, 1)
    await expect(scene.run(to(2)).deploy()).rejects.toThrow(/replicaset\/web-\w+ in namespace shop is gone/)
    expect(scene.story).toEqual([])
  })

  it('that died, and whose previous template is gone, is closed with what serves', async () => {
    const { scene, to, image } = await open('rolling, a plain Deployment')
    await killed(scene, to(2), 3)
    removeReplicaSet(scene, 1)
    expect(await scene.run().rollback()).toMatchObject({
      result: 'rolled-back',
      serving: { images: ['shop/web:2'] },
      warnings: [expect.stringContaining('is gone')]
    })
    expect(image()).toBe('shop/web:2')
    expect(scene.record()?.phase).toBe('rolled-back')
    expect(await scene.run(to(3)).deploy()).toMatchObject({ result: 'promoted' })
  })

  it('that died before it changed the Deployment leaves a note there, which no other Deployment gets', async () => {
    const { scene, to, state, before } = await open('rolling, a plain Deployment')
    await killed(scene, to(2), 1)
    await scene.run().rollback()
    expect(scene.deployment('web').metadata.annotations).toHaveProperty([UNDONE_ANNOTATION])
    expect(state()).toEqual(before)
    await scene.run({ inputs: { images: 'shop/web:2' } }).deploy()
    expect(scene.deployment('web-green').metadata.annotations).not.toHaveProperty([UNDONE_ANNOTATION])
  })

  it('that died, and in which somebody has changed the template since, goes back to before, and says so', async () => {
    const { scene, name, to, image } = await open('rolling, a plain Deployment')
    await killed(scene, to(2), 3)
    setImage(scene, name, 9)
    await scene.clock.sleep(REST)
    expect(await scene.run().rollback()).toMatchObject({
      result: 'rolled-back',
      warnings: ['deployment/web ran shop/web:9, which the release did not bring']
    })
    expect(image()).toBe('shop/web:1')
  })

  it.each<World>(['rolling, a plain Deployment', 'recreate'])(
    '%s: is rolled back the same way',
    async (world) => {
      const { scene, state, before, to, harm } = await open(world)
      await scene.run(to(2)).deploy()
      expect(await scene.run().rollback()).toMatchObject({
        result: 'rolled-back',
        serving: { slot: 'plain', images: ['shop/web:1'] },
        previous: { images: ['shop/web:2'] }
      })
      await scene.clock.sleep(REST)
      expect(state()).toEqual(before)
      expect(scene.traffic()).toBe('app=web -> v1 3')
      expect(harm()).toEqual([])
      await expect(scene.run().rollback()).rejects.toThrow(/no previous version on record/)
    }
  )

  it('whose rollback does not come up stays', async () => {
    const { scene, to, harm } = await open('rolling, a plain Deployment')
    await scene.run(to(2)).deploy()
    crashes(scene, 1)
    expect(await scene.run().rollback()).toMatchObject({
      result: 'failed',
      serving: { images: ['shop/web:2'] }
    })
    expect(scene.traffic()).toBe('app=web -> v2 3')
    expect(scene.record()).toMatchObject({ phase: 'rolled-back', previous: { images: ['shop/web:1'] } })
    expect(harm()).toEqual([])
  })

  it('cannot be rolled back when the previous template is gone', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    await scene.run(to(2)).deploy()
    removeReplicaSet(scene, 1)
    await expect(scene.run().rollback()).rejects.toThrow(/which is gone/)
  })

  it('is followed by a release beside it, and follows one, with a rollback to either', async () => {
    const { scene, to, harm } = await open('rolling, a plain Deployment')
    const beside = (version: number) => ({ inputs: { images: `shop/web:${version}` } })
    await scene.run(to(2)).deploy()
    expect(await scene.run(beside(3)).deploy()).toMatchObject({
      result: 'promoted',
      serving: { slot: 'green' }
    })
    await scene.clock.sleep(REST)
    expect(await scene.run().rollback()).toMatchObject({ serving: { slot: 'plain', images: ['shop/web:2'] } })
    await scene.clock.sleep(REST)
    expect(scene.traffic()).toBe('app=web -> v2 3')

    await scene.run(beside(3)).deploy()
    await scene.clock.sleep(REST)
    expect(await scene.run(to(4)).deploy()).toMatchObject({ result: 'promoted', serving: { slot: 'green' } })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v4 3')
    expect(await scene.run().rollback()).toMatchObject({ serving: { slot: 'green', images: ['shop/web:3'] } })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v3 3')
    expect(harm()).toEqual([])
  })
})
