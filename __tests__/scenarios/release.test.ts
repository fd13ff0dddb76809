import { describe, expect, it } from '@jest/globals'
import type { Pod } from '../../src/kubernetes/objects.ts'
import { READY, UNREADY, waiting } from '../support/memory/controllers.ts'
import { autoscaler, essence, openScene, service, workload, SERVING, type Scene } from './scene.ts'

const isCanary = ({ metadata }: Pod): boolean => metadata.name.startsWith('web-green')

/** From now on pods of the canary come up like this. */
function canaryComesUp({ controllers }: Scene, status: Pod['status'], after = 500): void {
  controllers.life = (pod) =>
    isCanary(pod) ? { after, status: status ?? READY } : { after: 500, status: READY }
}

const slotted = () => [
  workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
  service({ app: 'web', 'greenlight.dev/slot': 'blue' })
]

describe('a healthy release', () => {
  it('of a plain Deployment: narrows, starts, switches, records, scales down', async () => {
    const scene = await openScene()
    const outcome = await scene.run().deploy()
    expect(scene.story).toEqual([
      'service/web app=web,pod-template-hash=v1 (running 0 %)',
      'deployment/web-green 0 x shop/web:2',
      'deployment/web-green 3 x shop/web:2',
      'service/web app=web,greenlight.dev/slot=green (running 100 %)',
      'service/web app=web,greenlight.dev/slot=green (promoted 0 %)',
      'deployment/web 0 x shop/web:1'
    ])
    expect(outcome).toMatchObject({ result: 'promoted', weight: 100, serving: { slot: 'green' } })
    expect(scene.harm).toEqual([])
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
    expect(scene.record()).toMatchObject({
      phase: 'promoted',
      stable: { deployment: 'web-green' },
      previous: { deployment: 'web', images: ['shop/web:1'] }
    })
  })

  it('the one after it goes back to the other slot, and leaves the plain Deployment alone', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()
    expect(scene.story.slice(6)).toEqual([
      'service/web app=web,greenlight.dev/slot=green (running 0 %)',
      'deployment/web-blue 0 x shop/web:3',
      'deployment/web-blue 3 x shop/web:3',
      'service/web app=web,greenlight.dev/slot=blue (running 100 %)',
      'service/web app=web,greenlight.dev/slot=blue (promoted 0 %)',
      'deployment/web-green 0 x shop/web:2'
    ])
    expect(scene.harm).toEqual([])
    expect(scene.record()?.history.map(({ release, served }) => `${release} ${served}`)).toEqual([
      '2-1 true',
      '1-1 true'
    ])
  })

  it('a pair with a label of its own keeps that label', async () => {
    const pair = [
      workload('web-blue', { labels: { version: 'blue' } }),
      workload('web-green', { labels: { version: 'green' }, replicas: 0 }),
      service({ version: 'blue' })
    ]
    const scene = await openScene(pair)
    await scene.run().deploy()
    expect(scene.traffic()).toBe('version=green -> v2 3')
    expect(scene.deployment('web-green').spec.template.metadata?.labels).toEqual({
      app: 'web',
      version: 'green'
    })
    expect(scene.harm).toEqual([])
  })

  it('each of such a pair keeps what it says of itself, and the same image is nothing new', async () => {
    const coloured = (colour: 'blue' | 'green', replicas: number) => {
      const deployment = workload(`web-${colour}`, { labels: { version: colour }, replicas })
      const [container] = deployment.spec.template.spec.containers
      return {
        ...deployment,
        spec: {
          ...deployment.spec,
          template: {
            ...deployment.spec.template,
            spec: { containers: [{ ...container, name: 'web', env: [{ name: 'VERSION', value: colour }] }] }
          }
        }
      }
    }
    const scene = await openScene([coloured('blue', 3), coloured('green', 0), service({ version: 'blue' })])
    const containerOf = (name: string) => scene.deployment(name).spec.template.spec.containers[0]
    expect(await scene.run({ inputs: { images: 'shop/web:1' } }).deploy()).toMatchObject({
      result: 'unchanged'
    })
    expect(await scene.run({ inputs: { images: 'shop/web:2' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(containerOf('web-green')).toMatchObject({ env: [{ name: 'VERSION', value: 'green' }] })
    expect(await scene.run({ inputs: { images: 'shop/web:2' } }).deploy()).toMatchObject({
      result: 'unchanged'
    })
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(containerOf('web-blue')).toMatchObject({ env: [{ name: 'VERSION', value: 'blue' }] })
    expect(scene.harm).toEqual([])
  })

  it.each([
    ['keep', '0s', ['v1 3', 'v2 3']],
    ['scale-down', '0s', ['v2 3']],
    ['scale-down', '5s', ['v2 3']]
  ])('previous: %s and bake: %s leave %j running, after a drain', async (previous, bake, left) => {
    const scene = await openScene(slotted())
    await scene.run({ inputs: { previous, bake } }).deploy()
    await scene.clock.sleep(60_000)
    const pods = ['web-blue', 'web-green'].flatMap((name) => scene.controllers.podsOf(name))
    const versions = pods.map(({ spec }) => `v${spec.containers[0]?.image?.split(':')[1] ?? ''}`)
    expect(
      [...new Set(versions)].map((one) => `${one} ${versions.filter((other) => other === one).length}`)
    ).toEqual(left)
    expect(scene.harm).toEqual([])
  })

  it('into a slot whose old version crashes is judged by the new one', async () => {
    const broken = workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, version: 9 })
    const scene = await openScene([...slotted(), broken])
    for (const pod of scene.controllers.podsOf('web-green'))
      scene.controllers.change(pod, waiting('CrashLoopBackOff'))
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.harm).toEqual([])
  })

  it('of what already serves changes nothing', async () => {
    const scene = await openScene()
    const run = scene.run({ inputs: { images: 'shop/web:1' } })
    expect(await run.deploy()).toMatchObject({ result: 'unchanged' })
    expect(scene.story).toEqual([])
  })

  it('of a workload at 0 replicas shows with one pod whether the new version runs', async () => {
    const scene = await openScene([workload('web', { replicas: 0 }), service()])
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 1')
  })

  it('the autoscaler goes over before the traffic, and comes back with it', async () => {
    const scene = await openScene([workload(), service(), autoscaler()])
    await scene.run().deploy()
    expect(scene.story).toEqual([
      'service/web app=web,pod-template-hash=v1 (running 0 %)',
      'deployment/web-green 0 x shop/web:2',
      'deployment/web-green 3 x shop/web:2',
      'autoscaler -> web-green',
      'service/web app=web,greenlight.dev/slot=green (running 100 %)',
      'service/web app=web,greenlight.dev/slot=green (promoted 0 %)',
      'deployment/web 0 x shop/web:1'
    ])
    await scene.run().rollback()
    expect(scene.story.filter((line) => line.startsWith('autoscaler'))).toEqual([
      'autoscaler -> web-green',
      'autoscaler -> web'
    ])
    expect(scene.harm).toEqual([])
  })
})

describe('a version that does not come up', () => {
  it.each([
    ['cannot be pulled', waiting('ErrImagePull', 'manifest unknown'), 5],
    ['crashes', waiting('CrashLoopBackOff'), 5],
    ['never gets ready', UNREADY, 65]
  ])('%s: users never see it, and everything is as before', async (_, status, seconds) => {
    const scene = await openScene()
    const before = [essence(scene.deployment('web')), scene.service().spec]
    canaryComesUp(scene, status)
    const started = scene.clock.now()
    const outcome = await scene.run({ inputs: { timeout: '1m' } }).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { slot: 'plain' }, weight: 0 })
    expect(scene.clock.now() - started).toBeLessThan(seconds * 1000)
    expect([essence(scene.deployment('web')), scene.service().spec]).toEqual(before)
    expect(scene.deployment('web-green').spec.replicas).toBe(0)
    expect(scene.record()?.phase).toBe('rolled-back')
    expect(scene.harm).toEqual([])
    expect(outcome.evidence.map(({ log }) => log)).toContainEqual([
      expect.stringMatching(/^the last words of web-green-/)
    ])
  })

  it('the next release can use the slot again', async () => {
    const scene = await openScene()
    canaryComesUp(scene, waiting('CrashLoopBackOff'))
    await scene.run().deploy()
    canaryComesUp(scene, READY)
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.harm).toEqual([])
  })
})

/** Breaks so many of the canary's three pods some seconds after the traffic has come to them. */
function breakUnderTraffic(scene: Scene, count: number, status: Pod['status']) {
  void scene.when(SERVING, 3000, () => {
    for (const pod of scene.controllers.podsOf('web-green').slice(0, count))
      scene.controllers.change(pod, status)
  })
  return scene.run()
}

describe('a version that breaks under traffic', () => {
  it('is taken out in a second, and ended after a drain', async () => {
    const scene = await openScene(slotted())
    const outcome = await breakUnderTraffic(scene, 1, waiting('CrashLoopBackOff')).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { slot: 'blue' } })
    expect(outcome.restoreSeconds).toBeLessThan(1)
    expect(scene.story.slice(3)).toEqual([
      'service/web app=web,greenlight.dev/slot=green (running 100 %)',
      'service/web app=web,greenlight.dev/slot=blue (aborting 0 %)',
      'deployment/web-green 0 x shop/web:2',
      'service/web app=web,greenlight.dev/slot=blue (rolled-back 0 %)'
    ])
    expect(scene.harm).toEqual([])
  })

  it('is taken out as well when its pods only get unready, without any check', async () => {
    const scene = await openScene(slotted())
    const outcome = await breakUnderTraffic(scene, 3, UNREADY).deploy()
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
    expect(outcome).toMatchObject({ result: 'rolled-back' })
  })
})
