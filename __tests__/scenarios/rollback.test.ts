import { describe, expect, it } from '@jest/globals'
import { InputError } from '../../src/base/errors.ts'
import { failsTheStep } from '../../src/report/outputs.ts'
import { refOf } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import {
  deploymentRef,
  openScene,
  service,
  serviceRef,
  workload,
  STARTED,
  SERVING,
  RESTORED,
  type Run,
  type Scene
} from './scene.ts'

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }), service(BLUE)]

const to = (version: number, more: Readonly<Record<string, string>> = {}) => ({
  inputs: { images: `shop/web:${version}`, ...more }
})

/** From now on pods with this image crash. */
function crashes(scene: Scene, version: number): void {
  scene.controllers.life = ({ spec }) => ({
    after: 500,
    status: spec.containers[0]?.image === `shop/web:${version}` ? waiting('CrashLoopBackOff') : READY
  })
}

const scale = (scene: Scene, name: string, replicas: number): void =>
  void scene.cluster.patch(deploymentRef(name), [{ op: 'replace', path: '/spec/replicas', value: replicas }])

const select = (scene: Scene, selector: Readonly<Record<string, string>>): void =>
  void scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: selector }])

describe('a rollback after a promotion', () => {
  it('brings the other slot back in the order of a release', async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    const before = scene.story.length
    const outcome = await scene.run().rollback()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      serving: { slot: 'blue', images: ['shop/web:1'] }
    })
    expect(failsTheStep(outcome)).toBe(false)
    expect(scene.story.slice(before)).toEqual([
      'service/web app=web,greenlight.dev/slot=green (running 0 %)',
      'deployment/web-blue 3 x shop/web:1',
      'service/web app=web,greenlight.dev/slot=blue (running 100 %)',
      'service/web app=web,greenlight.dev/slot=blue (rolled-back 0 %)',
      'deployment/web-green 0 x shop/web:2'
    ])
    expect(scene.harm).toEqual([])
  })

  it('to a plain Deployment: the selector is the one that it had, once the slot has no pods', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    const before = scene.story.length
    await scene.run().rollback()
    expect(scene.story.slice(before)).toEqual([
      'service/web app=web,greenlight.dev/slot=green (running 0 %)',
      'deployment/web 3 x shop/web:1',
      'service/web app=web,pod-template-hash=v1 (running 100 %)',
      'service/web app=web,pod-template-hash=v1 (rolled-back 0 %)',
      'deployment/web-green 0 x shop/web:2',
      'service/web app=web (rolled-back 0 %)'
    ])
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('to a plain Deployment that gets another template in the drain: it never serves nobody', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    void scene.when('(rolled-back 0 %)', 2000, () =>
      scene.cluster.patch(deploymentRef('web'), [
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/web:1.1' }
      ])
    )
    const outcome = await scene.run().rollback()
    expect(outcome.warnings).toEqual([expect.stringContaining('was not drained any longer than 2s')])
    await scene.clock.sleep(10_000)
    expect(scene.traffic()).toBe('app=web -> v1.1 3')
    expect(scene.harm.filter((harm) => harm.startsWith('nobody'))).toEqual([])
  })

  it.each([
    ['keep', 'v1 3, v2 3'],
    ['scale-down', 'v1 3']
  ])('with previous: %s leaves %s', async (previous, left) => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    await scene.run({ inputs: { previous } }).rollback()
    await scene.clock.sleep(30_000)
    const running = ['web-blue', 'web-green'].flatMap((name) => scene.controllers.podsOf(name))
    expect(running).toHaveLength(left.includes('v2') ? 6 : 3)
    expect(scene.traffic()).toMatch(/-> v1 3$/)
  })

  it('with the old version kept running takes no longer than the switch', async () => {
    const scene = await openScene(slotted())
    await scene.run(to(2, { previous: 'keep' })).deploy()
    const started = scene.clock.now()
    await scene.run({ inputs: { previous: 'keep' } }).rollback()
    expect(scene.clock.now() - started).toBeLessThan(300)
    expect(scene.harm).toEqual([])
  })

  it('brings as many pods as serve now', async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    scale(scene, 'web-green', 5)
    await scene.clock.sleep(10_000)
    await scene.run().rollback()
    expect(scene.traffic()).toMatch(/-> v1 5$/)
    expect(scene.harm).toEqual([])
  })

  it('twice is refused: there is one way back only', async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    await scene.run().rollback()
    await scene.clock.sleep(10_000)
    await expect(scene.run().rollback()).rejects.toThrow(/no previous version on record/)
    expect(scene.traffic()).toMatch(/-> v1 3$/)
  })

  it('is refused when the template of the previous version is gone', async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    for (const { metadata } of scene.cluster.all({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }))
      if (metadata.name.startsWith('web-blue'))
        scene.cluster.remove({
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          namespace: 'shop',
          name: metadata.name
        })
    await expect(scene.run().rollback()).rejects.toThrow(/which is gone/)
    await expect(scene.run().rollback()).rejects.toBeInstanceOf(InputError)
  })

  it('is refused before any release', async () => {
    const scene = await openScene()
    await expect(scene.run().rollback()).rejects.toThrow(/Greenlight has not released it yet/)
    expect(scene.story).toEqual([])
  })
})

describe('a rollback after a release that was aborted', () => {
  it('takes the template of the ReplicaSet: the Deployment has the aborted one', async () => {
    const scene = await openScene(slotted())
    await scene.run(to(2)).deploy()
    crashes(scene, 3)
    expect(await scene.run(to(3)).deploy()).toMatchObject({
      result: 'rolled-back',
      serving: { images: ['shop/web:2'] }
    })
    expect(scene.deployment('web-blue').spec.template.spec.containers[0]?.image).toBe('shop/web:3')
    const outcome = await scene.run().rollback()
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
    expect(scene.harm).toEqual([])
  })
})

describe('a rollback that does not work out', () => {
  const failed = async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    crashes(scene, 1)
    return { scene, outcome: await scene.run().rollback() }
  }

  it('leaves the version that serves, and the way back', async () => {
    const { scene } = await failed()
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
    expect(scene.record()).toMatchObject({ phase: 'rolled-back', previous: { images: ['shop/web:1'] } })
    expect(scene.harm).toEqual([])
  })

  it('says what serves', async () => {
    const { outcome } = await failed()
    expect(outcome.serving).toMatchObject({ images: ['shop/web:2'] })
  })

  it('fails the step', async () => {
    const { outcome } = await failed()
    expect(failsTheStep(outcome)).toBe(true)
  })
})

describe('somebody has gone back by hand already', () => {
  it('a rollback does not scale down what serves', async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    scale(scene, 'web-blue', 3)
    await scene.clock.sleep(5000)
    select(scene, BLUE)
    scale(scene, 'web-green', 0)
    await scene.clock.sleep(5000)
    await scene
      .run()
      .rollback()
      .catch(() => undefined)
    await scene.clock.sleep(30_000)
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
  })

  it('a release goes on from what serves', async () => {
    const scene = await openScene(slotted())
    await scene.run().deploy()
    scale(scene, 'web-blue', 3)
    await scene.clock.sleep(5000)
    select(scene, BLUE)
    await scene.clock.sleep(5000)
    expect(await scene.run(to(3)).deploy()).toMatchObject({ result: 'promoted', serving: { slot: 'green' } })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v3 3')
  })
})

describe('after an aborted first release of a plain Deployment', () => {
  const aborted = async () => {
    const scene = await openScene()
    crashes(scene, 2)
    const outcome = await scene.run().deploy()
    return { scene, outcome }
  }

  it('the Service is as it was', async () => {
    const { scene } = await aborted()
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('the advice to start one pod by hand does not send users to it', async () => {
    const { scene, outcome } = await aborted()
    scene.controllers.life = () => ({ after: 500, status: READY })
    const advice = outcome.next.map((line) => /scale deployment\/(\S+) --replicas=1/.exec(line)?.[1] ?? '')
    for (const name of advice.filter((one) => one !== '')) scale(scene, name, 1)
    await scene.clock.sleep(10_000)
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })
})

describe('the selector is widened only when the canary cannot get traffic by that:', () => {
  it('not while its pods live on, although they should have ended', async () => {
    const scene = await openScene()
    crashes(scene, 2)
    void scene.when(RESTORED, 0, () => (scene.controllers.lag = 3_600_000))
    await scene.run({ inputs: { timeout: '1m' } }).deploy()
    for (const pod of scene.controllers.podsOf('web-green')) scene.controllers.change(pod, READY)
    await scene.clock.sleep(10_000)
    expect(scene.traffic()).toMatch(/ -> v1 3$/)
  })

  it('not before the controller has seen that it is to have none', async () => {
    const scene = await openScene()
    scene.controllers.lag = 5000
    scene.controllers.life = () => ({ after: 300, status: READY })
    const run: Run = scene.run()
    void scene.when(STARTED, 2000, () => {
      run.cancel()
    })
    expect(await run.deploy()).toMatchObject({ result: 'aborted' })
    await run.post()
    await scene.clock.sleep(30_000)
    expect(scene.harm).toEqual([])
  })
})

describe('a release whose run has died', () => {
  /** Half a second after the story has come to this. */
  const died = async (text: string): Promise<Scene> => {
    const scene = await openScene(slotted())
    const run = scene.run({ inputs: { bake: '1m' } })
    void run.deploy()
    await scene.when(text, 500, () => {
      run.kill()
    })
    await scene.clock.sleep(30_000)
    return scene
  }

  it('and that somebody has finished by hand: stable gets no traffic without pods', async () => {
    const scene = await died(STARTED)
    await scene.clock.sleep(10_000)
    select(scene, { app: 'web', 'greenlight.dev/slot': 'green' })
    await scene.clock.sleep(15_000)
    scale(scene, 'web-blue', 0)
    await scene.clock.sleep(15_000)
    const before = scene.harm.length
    await scene.run(to(3)).deploy()
    expect(scene.harm.slice(before)).toEqual([])
  })

  it('and whose canary was deleted: the record alone brings stable back', async () => {
    const scene = await died(SERVING)
    scene.cluster.remove(deploymentRef('web-green'))
    await scene.clock.sleep(5000)
    await scene
      .run()
      .rollback()
      .catch(() => undefined)
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
  })

  it('is told under the name of its workload', async () => {
    const scene = await died(SERVING)
    expect(await scene.run().rollback()).toMatchObject({ workload: 'web', result: 'rolled-back' })
  })
})

describe('a workload in the middle of a rollout of its own', () => {
  const image = (scene: Scene): void =>
    void scene.cluster.patch(deploymentRef('web'), [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/web:1.1' }
    ])

  it('is refused', async () => {
    const scene = await openScene()
    image(scene)
    await scene.clock.sleep(500)
    await expect(scene.run().deploy()).rejects.toThrow(/is in the middle of a rollout/)
    expect(scene.story).toEqual(['deployment/web 3 x shop/web:1.1'])
  })

  it('is refused before its controller has begun with it', async () => {
    const scene = await openScene()
    scene.controllers.lag = 2000
    image(scene)
    await expect(scene.run().deploy()).rejects.toThrow(/is in the middle of a rollout/)
  })

  it('is refused when all its old pods are ending, and none of the new ones is there', async () => {
    const scene = await openScene()
    scene.controllers.lag = 60_000
    for (const pod of scene.controllers.podsOf('web')) scene.cluster.remove(refOf(pod))
    await expect(scene.run().deploy()).rejects.toThrow(/rollout|no pod/)
  })
})
