import { describe, expect, it } from '@jest/globals'
import { READY, waiting } from '../support/memory/controllers.ts'
import { canaryOf } from '../support/canaries.ts'
import { openFlagger, type FlaggerScene } from './driven-flagger-scene.ts'

/** Going back through Flagger, which knows no way past its steps. */

async function released(scene: FlaggerScene): Promise<FlaggerScene> {
  expect((await scene.drive('deploy').ended).result).toBe('promoted')
  return scene
}

describe('a rollback through Flagger', () => {
  it('goes through its steps with what served before, however long they take', async () => {
    const scene = await released(await openFlagger(canaryOf({ iterations: 10 }, { provider: 'kubernetes' })))
    const begin = scene.clock.now()
    const outcome = await scene.drive('rollback', { inputs: { timeout: '30s' } }).ended
    expect(scene.clock.now() - begin).toBeGreaterThan(60_000)
    expect(outcome).toMatchObject({
      ...{ result: 'rolled-back', reason: '', weight: 100 },
      ...{ serving: { images: ['shop/web:1'] }, previous: { images: ['shop/web:2'] } }
    })
    expect(scene.images()).toBe('v1, v1 serves')
    expect(scene.pods()).toBe('v1 3')
    expect(scene.kept()).toMatchObject({ command: 'rollback', history: [{ served: true }, { served: true }] })
    await expect(scene.drive('rollback').ended).rejects.toThrow(/`to` can name 1-1 \(shop\/web:2/)
  })

  it('that cannot become ready puts back what served', async () => {
    const scene = await released(await openFlagger())
    scene.controllers.life = (pod) =>
      pod.spec.containers[0]?.image === 'shop/web:1'
        ? { after: 500, status: waiting('ImagePullBackOff', 'Back-off pulling image: not found') }
        : { after: 1000, status: READY }
    const outcome = await scene.drive('rollback').ended
    expect(outcome).toMatchObject({ result: 'failed', serving: { images: ['shop/web:2'] } })
    await scene.clock.sleep(120_000)
    expect(scene.images()).toBe('v2, v2 serves')
    expect(scene.pods()).toBe('v2 3')
  })

  it.each(['7', 'shop/web:2'])('is refused where `to` is %s', async (to) => {
    const scene = await released(await openFlagger())
    await expect(scene.drive('rollback', { inputs: { to } }).ended).rejects.toThrow(
      to === '7' ? /"7" is no release, revision or image of canary\/web/ : /serves already/
    )
    expect(scene.images()).toBe('v2, v2 serves')
  })
})

describe('a release by Flagger', () => {
  it('that somebody else has begun is aborted', async () => {
    const scene = await openFlagger()
    scene.setImage(9)
    await scene.until(() => scene.status().phase === 'Progressing')
    const outcome = await scene.drive('abort').ended
    expect(outcome).toMatchObject({ result: 'aborted', serving: { images: ['shop/web:1'] } })
    await scene.clock.sleep(120_000)
    expect(scene.images()).toBe('v1, v1 serves')
    expect(scene.pods()).toBe('v1 3')
  })

  it('whose run is lost is noted by a cleanup once it serves', async () => {
    const scene = await openFlagger()
    const lost = scene.drive('deploy')
    lost.ended.catch(() => undefined)
    await scene.clock.sleep(20_000)
    lost.kill()
    await scene.until(() => scene.status().phase === 'Succeeded')
    await scene.clock.sleep(30_000)
    const outcome = await scene.drive('cleanup').ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(scene.images()).toBe('v2, v2 serves')
  })
})
