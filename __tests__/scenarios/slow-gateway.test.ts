import { describe, expect, it, jest } from '@jest/globals'
import { UNREADY } from '../support/memory/controllers.ts'
import { httpRoute, openSlowGateway, type Gateway } from '../support/memory/gateway-controller.ts'
import { deploymentRef, openScene, service, workload, type Scene } from './scene.ts'

/**
 * A load balancer outside of the cluster that has a new weight after 8 s and new pods after 18 s, while its controller
 * says at once that all is well: whatever a release does, there is somebody behind each Service that it sends users to.
 */

jest.setTimeout(120_000)

const LATE = { controller: 'networking.gke.io/gateway', routes: 8000, pods: 18_000 }
const ON_ROUTE = { route: 'httproute/web' }
const CANARY = { ...ON_ROUTE, strategy: 'canary', steps: '10% for 5s\n50% for 5s\n100%', bake: '0s' }
const AT_ONCE = { ...ON_ROUTE, bake: '0s' }

async function open(): Promise<{ readonly scene: Scene; readonly gateway: Gateway }> {
  const scene = await openScene([workload(), service(), httpRoute()])
  return { scene, gateway: openSlowGateway(scene.cluster, LATE) }
}

const settle = (scene: Scene): Promise<void> => scene.clock.sleep(120_000)

describe.each(Object.entries({ CANARY, AT_ONCE }))('a gateway that learns late: %s', (_, inputs) => {
  it('is never sent to a Service whose pods it does not know, through two releases and a rollback', async () => {
    const { scene, gateway } = await open()
    for (const images of ['shop/web:2', 'shop/web:3']) {
      expect(await scene.run({ inputs: { ...inputs, images } }).deploy()).toMatchObject({
        result: 'promoted'
      })
      await settle(scene)
    }
    const back = await scene.run({ inputs: { ...ON_ROUTE, images: '' } }).rollback()
    expect(back).toMatchObject({ result: 'rolled-back' })
    await settle(scene)
    expect(gateway.story.at(-1)).toBe('web')
    expect(gateway.harm).toEqual([])
  })

  it('nor when the release is cancelled, or its machine dies and another run ends it', async () => {
    for (let second = 5; second < 220; second += 5) {
      for (const stop of ['cancel', 'kill'] as const) {
        const { scene, gateway } = await open()
        const run = scene.run({ inputs })
        const ended = run.deploy().catch(() => undefined)
        await scene.clock.sleep(second * 1000)
        run[stop]()
        if (stop === 'cancel') await ended
        await run.post()
        await settle(scene)
        await scene.run({ inputs: { ...inputs, images: 'shop/web:3' } }).deploy()
        await settle(scene)
        expect([stop, second, gateway.harm]).toEqual([stop, second, []])
        scene.clock.stop()
      }
    }
  })

  it('nor when the old version, which somebody has scaled down, has to come up again first', async () => {
    const { scene, gateway } = await open()
    const released = scene.run({ inputs: { ...inputs, bake: '5m' } }).deploy()
    while (!gateway.story.at(-1)?.includes('web-green 1')) await scene.clock.sleep(100)
    if (inputs === CANARY)
      while (gateway.story.at(-1) !== 'web 0, web-green 100') await scene.clock.sleep(100)
    await scene.clock.sleep(20_000)
    scene.cluster.patch(deploymentRef('web'), [{ op: 'replace', path: '/spec/replicas', value: 0 }])
    await scene.clock.sleep(20_000)
    const [ill] = scene.controllers.podsOf('web-green')
    if (ill !== undefined) scene.controllers.change(ill, UNREADY)
    expect(await released).toMatchObject({ result: 'rolled-back' })
    await settle(scene)
    expect(gateway.story.at(-1)).toBe('web')
    expect(gateway.harm.filter((line) => !line.includes('was ended'))).toEqual([])
  })

  it('and a new version whose pods fail is taken out without a wait', async () => {
    const { scene, gateway } = await open()
    const released = scene.run({ inputs: { ...inputs, bake: '5m' } }).deploy()
    while (!gateway.story.at(-1)?.includes('web-green 1')) await scene.clock.sleep(100)
    await scene.clock.sleep(2000)
    const broken = scene.clock.now()
    for (const pod of scene.controllers.podsOf('web-green'))
      scene.controllers.change(pod, { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] })
    while (gateway.story.at(-1) !== 'web') await scene.clock.sleep(100)
    expect(scene.clock.now() - broken).toBeLessThan(15_000)
    expect(await released).toMatchObject({ result: 'rolled-back' })
  })
})
