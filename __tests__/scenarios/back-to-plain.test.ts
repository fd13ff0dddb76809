import { describe, expect, it, jest } from '@jest/globals'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { killed } from './in-place.ts'
import { openScene, service, workload, type Run, type Scene } from './scene.ts'

/** Back to the plain Deployment, whose Service selects by no slot: nothing else may run then that it would select. */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

const keeping = (version: number) => ({
  inputs: { images: `shop/web:${version}`, bake: '0s', previous: 'keep' }
})
const TO_PLAIN = { inputs: { command: 'rollback', to: 'shop/web:1' } }

/** v1 is the plain Deployment's, v2 is kept in green, and v3 serves in blue. */
async function keptInGreen(more: readonly ReturnType<typeof service>[] = []): Promise<Scene> {
  const scene = await openScene([workload(), service(), ...more])
  for (const version of [2, 3])
    expect(await scene.run(keeping(version)).deploy()).toMatchObject({ result: 'promoted' })
  expect(scene.controllers.podsOf('web-green')).toHaveLength(3)
  return scene
}

describe('a rollback to the plain Deployment while another version is kept', () => {
  it('ends that version before the Service would select it', async () => {
    const scene = await keptInGreen()
    const lines = scene.story.length
    expect(await scene.run(TO_PLAIN).rollback()).toMatchObject({ result: 'rolled-back' })
    expect(scene.story.slice(lines)).toEqual([
      'service/web app=web,greenlight.dev/slot=blue (running 0 %)',
      'deployment/web 3 x shop/web:1',
      'service/web app=web,pod-template-hash=v1 (running 100 %)',
      'service/web app=web,pod-template-hash=v1 (rolled-back 0 %)',
      'deployment/web-blue 0 x shop/web:3',
      'deployment/web-green 0 x shop/web:2',
      'service/web app=web (rolled-back 0 %)'
    ])
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  const deeds: Readonly<Record<string, (run: Run, scene: Scene) => Promise<unknown>>> = {
    post: (run) => run.post(),
    cleanup: (_, scene) => scene.run().cleanup(),
    'post and leave': (run, scene) => run.post().then(() => scene.run().leave()),
    'cleanup and leave': (_, scene) =>
      scene
        .run()
        .cleanup()
        .then(() => scene.run().leave()),
    deploy: (_, scene) => scene.run(keeping(4)).deploy()
  }

  it.each(Object.keys(deeds))('after its machine has died at any write, %s does the same', async (after) => {
    for (let writes = 1; ; writes += 1) {
      const scene = await keptInGreen()
      const run = await killed(scene, TO_PLAIN, writes, (one) => one.rollback())
      if (run === undefined) {
        expect(writes).toBeGreaterThan(6)
        return
      }
      await deeds[after]?.(run, scene)
      await scene.clock.sleep(30_000)
      expect([writes, scene.harm]).toEqual([writes, []])
      expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v\d 3$/)])
    }
  })

  it.each(['post', 'cleanup', 'rollback'])(
    'behind a route, after its machine has died at any write, %s leaves no selector by a hash',
    async (after) => {
      for (let writes = 1; ; writes += 1) {
        const scene = await openScene([workload(), service(), httpRoute()])
        openGateway(scene.cluster)
        const route = { route: 'httproute/web' }
        await scene.run({ inputs: { images: 'shop/web:2', bake: '0s', ...route } }).deploy()
        const back = { inputs: { command: 'rollback', ...route } }
        const run = await killed(scene, back, writes, (one) => one.rollback())
        if (run === undefined) {
          expect(writes).toBeGreaterThan(8)
          return
        }
        const isOver = scene.record()?.phase === 'rolled-back'
        if (after === 'post') await run.post()
        if (after === 'rollback' && !isOver)
          expect(await scene.run(back).rollback()).toMatchObject({ result: 'rolled-back' })
        await scene.run().cleanup()
        expect([writes, scene.traffic()]).toEqual([
          writes,
          expect.stringMatching(/^app=web(,greenlight.dev\/slot=green -> v2| -> v1) 3$/)
        ])
        expect([writes, scene.harm]).toEqual([writes, []])
      }
    }
  )

  it('and then a release that is cancelled at once: nobody comes to a version that was left running', async () => {
    const scene = await keptInGreen()
    const run = scene.run(TO_PLAIN)
    void run.rollback()
    await scene.when('(rolled-back 0 %)', 1000, () => {
      run.kill()
    })
    await scene.clock.sleep(20_000)
    expect(scene.controllers.podsOf('web-blue')).toHaveLength(3)
    const next = scene.run(keeping(4))
    void scene.when('(running 0 %)', 300, () => {
      next.cancel()
    })
    expect(await next.deploy()).toMatchObject({ result: 'aborted' })
    await next.post()
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('asked for again after its users have moved, is finished', async () => {
    const scene = await keptInGreen()
    const run = scene.run(TO_PLAIN)
    void run.rollback()
    await scene.when('(rolled-back 0 %)', 1000, () => {
      run.kill()
    })
    await scene.clock.sleep(20_000)
    expect(await scene.run(TO_PLAIN).rollback()).toMatchObject({
      result: 'rolled-back',
      reason: 'rollback 3-1 was unfinished: it was finished'
    })
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('is refused where that version serves behind another Service, and changes nothing', async () => {
    const other = { ...service({ app: 'web', 'greenlight.dev/slot': 'green' }) }
    const scene = await keptInGreen()
    scene.cluster.create({ ...other, metadata: { ...other.metadata, name: 'web-old' } })
    await scene.clock.sleep(1000)
    const lines = scene.story.length
    await expect(scene.run(TO_PLAIN).rollback()).rejects.toThrow(
      /service\/web would select app=web, and with it the pods of deployment\/web-green .*first point service\/web-old/
    )
    expect(scene.story.slice(lines)).toEqual([])
  })
})
