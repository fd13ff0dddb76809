import { describe, expect, it } from '@jest/globals'
import { READY, UNREADY, waiting } from '../support/memory/controllers.ts'
import { deploymentRef, openScene, STARTED, SERVING, RESTORED, type Scene } from './scene.ts'
import { slotted, breakCanary } from './interference.ts'

describe('stable is not what it was when the traffic has to come back:', () => {
  it('scaled down by somebody: it is scaled up first', async () => {
    const scene = await openScene(slotted())
    void scene.when(SERVING, 15_000, () => {
      scene.cluster.patch(deploymentRef('web-blue'), [{ op: 'replace', path: '/spec/replicas', value: 0 }])
    })
    void scene.when(SERVING, 25_000, () => {
      breakCanary(scene)
    })
    expect(await scene.run({ inputs: { bake: '1m' } }).deploy()).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('one of its three pods is not ready any more: a bad version is taken out in seconds all the same', async () => {
    const scene = await openScene(slotted())
    let brokenAt = 0
    let backAt = 0
    void scene.when(RESTORED, 0, () => (backAt = scene.clock.now()))
    void scene.when(SERVING, 5000, () => {
      const [pod] = scene.controllers.podsOf('web-blue')
      if (pod !== undefined) scene.controllers.change(pod, UNREADY)
      brokenAt = scene.clock.now()
      breakCanary(scene)
    })
    expect(await scene.run().deploy()).toMatchObject({ result: 'rolled-back' })
    expect(backAt - brokenAt).toBeLessThan(10_000)
  })

  it('it was broken before the release already: the release after the next is not locked out for ever', async () => {
    const scene = await openScene(slotted())
    scene.controllers.life = ({ spec }) => ({
      after: 500,
      status: spec.containers[0]?.image === 'shop/web:1' ? waiting('CrashLoopBackOff') : READY
    })
    for (const pod of scene.controllers.podsOf('web-blue'))
      scene.controllers.change(pod, waiting('CrashLoopBackOff'))
    void scene.when(SERVING, 5000, () => {
      breakCanary(scene)
    })
    await scene.run().deploy()
    scene.controllers.life = () => ({ after: 500, status: READY })
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
  })

  const allBroken = async (): Promise<Scene> => {
    const scene = await openScene(slotted())
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    for (const pod of scene.controllers.podsOf('web-blue'))
      scene.controllers.change(pod, waiting('CrashLoopBackOff'))
    return scene
  }

  it('it was broken before, and the canary does not come up either: the traffic stays where it is', async () => {
    const scene = await allBroken()
    expect(await scene.run().deploy()).toMatchObject({ result: 'rolled-back' })
    expect(scene.story.filter((line) => line.includes('slot=green'))).toEqual([])
    expect(scene.record()).toMatchObject({ phase: 'rolled-back', stable: { deployment: 'web-blue' } })
  })

  it('it was broken before, and the run died before its switch: the next release mends it', async () => {
    const scene = await allBroken()
    const run = scene.run()
    scene.controllers.life = () => ({ after: 5000, status: READY })
    void run.deploy()
    await scene.when(STARTED, 1000, () => {
      run.kill()
    })
    await scene.clock.sleep(10_000)
    scene.controllers.life = () => ({ after: 500, status: READY })
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v3 3')
  })
})
