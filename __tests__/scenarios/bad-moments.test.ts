import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { once } from './interference.ts'
import {
  deploymentRef,
  openScene,
  service,
  serviceRef,
  workload,
  SERVING,
  type Run,
  type Scene
} from './scene.ts'

/** Something happens just when a release can bear it least. */

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const GREEN = { app: 'web', 'greenlight.dev/slot': 'green' }
const inSlots = () => [
  workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
  workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, replicas: 0 }),
  service(BLUE)
]
const onRoute = { route: 'httproute/web', bake: '3s' }

function breakPods(scene: Scene, deployment: string): void {
  for (const pod of scene.controllers.podsOf(deployment))
    scene.controllers.change(pod, waiting('CrashLoopBackOff'))
}

const patchesService = ({ verb, kind }: Call): boolean => verb === 'patch' && kind === 'Service'

describe('the answer to the restore is lost:', () => {
  it('nobody is sent back to the version that has just been found bad', async () => {
    const scene = await openScene(inSlots())
    let lost = false
    const run = scene.run({
      inputs: { bake: '1m' },
      after: (call) => {
        if (lost || !patchesService(call) || scene.record()?.phase !== 'aborting') return
        lost = true
        throw new ClusterError('the connection broke: read ECONNRESET', 0)
      }
    })
    void scene.when(SERVING, 2000, () => {
      breakPods(scene, 'web-green')
    })
    expect(await run.deploy()).toMatchObject({ result: 'rolled-back', foreignWrites: [] })
    expect(scene.story.filter((line) => line.includes(SERVING))).toHaveLength(1)
  })
})

describe('the record that a release goes through cannot be written:', () => {
  it('the run does not say that it was promoted', async () => {
    const scene = await openScene([...inSlots(), httpRoute()])
    openGateway(scene.cluster)
    let until: number | undefined
    const run = scene.run({
      inputs: onRoute,
      before: (call) => {
        if (!patchesService(call) || scene.record()?.weight !== 100) return
        // Longer than a step is done again.
        until ??= scene.clock.now() + 150_000
        if (scene.clock.now() < until) throw new ClusterError('too many requests', 429)
      }
    })
    const outcome = await run.deploy()
    expect([outcome.result, scene.record()?.phase]).toEqual(['rolled-back', 'rolled-back'])
    expect(scene.traffic()).toMatch(/-> v1 3$/)
  })
})

describe('stable cannot take the traffic back', () => {
  it('from a route: that is left as it was, and the next release goes through', async () => {
    const scene = await openScene([...inSlots(), httpRoute()])
    const gateway = openGateway(scene.cluster)
    scene.controllers.life = ({ spec }) => ({
      after: 500,
      status: spec.containers[0]?.image === 'shop/web:1' ? waiting('CrashLoopBackOff') : READY
    })
    void scene.when(SERVING, 1000, () => {
      breakPods(scene, 'web-blue')
      breakPods(scene, 'web-green')
    })
    const outcome = await scene.run({ inputs: { ...onRoute, bake: '1m' } }).deploy()
    expect(outcome).toMatchObject({
      result: 'failed',
      reason: expect.stringContaining('It stays on web-green')
    })
    expect(gateway.story.at(-1)).toBe('web')
    scene.controllers.life = () => ({ after: 500, status: READY })
    for (const pod of scene.controllers.podsOf('web-green')) scene.controllers.change(pod, READY)
    await scene.clock.sleep(5000)
    expect(await scene.run({ inputs: { ...onRoute, images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
  })
})

describe('somebody', () => {
  it('labels the canary between our reading and our start: the label stays', async () => {
    const scene = await openScene(inSlots())
    void scene.when('(running 0 %)', 0, () => {
      scene.cluster.patch(deploymentRef('web-green'), [
        { op: 'add', path: '/metadata/labels', value: { reviewed: 'yes' } }
      ])
    })
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.deployment('web-green').metadata.labels).toMatchObject({
      reviewed: 'yes',
      'greenlight.dev/slot': 'green'
    })
  })

  it('sends users to the old version at the end of the bake: they are drained as well', async () => {
    const scene = await openScene(inSlots())
    void scene.when(SERVING, 11_000, () =>
      scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: BLUE }])
    )
    expect(await scene.run({ inputs: { bake: '12s' } }).deploy()).toMatchObject({
      result: 'promoted',
      foreignWrites: [{ manager: 'somebody' }]
    })
    expect(scene.service().spec.selector).toEqual(GREEN)
    expect(scene.harm).toEqual([])
  })

  it('scales the canary up while it waits for approval: no users lose their pods', async () => {
    const scene = await openScene([...inSlots(), httpRoute()])
    const gateway = openGateway(scene.cluster)
    const inputs = { ...onRoute, strategy: 'canary', steps: '10% until approved\n50% for 2s\n100%' }
    await scene.run({ inputs }).deploy()
    scene.cluster.patch(deploymentRef('web-green'), [{ op: 'replace', path: '/spec/replicas', value: 5 }])
    await scene.clock.sleep(5000)
    expect(await scene.run({ inputs: { route: 'httproute/web', images: '' } }).promote()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.controllers.podsOf('web-green')).toHaveLength(5)
    expect(gateway.harm).toEqual([])
  })
})

describe('a machine that sleeps between the record and the route', () => {
  it('writes nothing to the route when it wakes up, although another run has left that as it was', async () => {
    const scene = await openScene([...inSlots(), httpRoute()])
    const gateway = openGateway(scene.cluster)
    const asleep = Promise.withResolvers<undefined>()
    const run: Run = scene.run({
      inputs: onRoute,
      after: (call) => {
        if (!patchesService(call) || scene.record()?.weight !== 100) return
        run.clock.stop()
        asleep.resolve(undefined)
      }
    })
    const slept = run.deploy()
    await asleep.promise
    await scene.clock.sleep(30_000)
    await scene.run({ inputs: { ...onRoute, images: 'shop/web:3' } }).deploy()
    const told = gateway.story.length
    run.clock.resume()
    expect(await slept).toMatchObject({ result: 'failed', reason: expect.stringContaining('another run') })
    await scene.clock.sleep(30_000)
    expect(gateway.story.slice(told)).toEqual([])
    expect(gateway.harm).toEqual([])
  })
})

describe('a machine that sleeps while it takes the lock', () => {
  it('does not undo the release that another run has begun meanwhile', async () => {
    const scene = await openScene(inSlots())
    const dead = scene.run()
    void dead.deploy()
    await scene.when(SERVING, 1000, () => {
      dead.kill()
    })
    const asleep = Promise.withResolvers<undefined>()
    const sleeper = scene.run({
      after: once(
        ({ verb, kind }) => verb === 'replace' && kind === 'Lease',
        () => {
          sleeper.clock.stop()
          asleep.resolve(undefined)
        }
      )
    })
    const slept = sleeper.rollback().catch((error: unknown) => error as Error)
    await asleep.promise
    const released = scene.run({ inputs: { images: 'shop/web:3', bake: '2m' } }).deploy()
    await scene.when('(running 100 %)', 1000, () => undefined)
    sleeper.clock.resume()
    expect(await slept).toMatchObject({ message: expect.stringContaining('another run') })
    expect(await released).toMatchObject({ result: 'promoted' })
    expect(scene.harm).toEqual([])
  })
})

describe('somebody sends users to a release that waits', () => {
  it('and whoever undoes it lets them go first', async () => {
    const scene = await openScene([workload(), service(), httpRoute()])
    const gateway = openGateway(scene.cluster)
    const inputs = { ...onRoute, strategy: 'canary', steps: '0% until approved\n100%' }
    expect(await scene.run({ inputs }).deploy()).toMatchObject({ result: 'waiting' })
    scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }])
    await scene.clock.sleep(5000)
    await scene.run({ inputs: { route: 'httproute/web', images: '' } }).rollback()
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect([...scene.harm, ...gateway.harm].filter((line) => !line.startsWith('two versions'))).toEqual([])
  })
})
