import { describe, expect, it } from '@jest/globals'
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

/** What an earlier release has left running: a version that was kept, or whose run came to no end. */

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }), service(BLUE)]

const to = (version: number, more: Readonly<Record<string, string>> = {}) => ({
  inputs: { images: `shop/web:${version}`, bake: '0s', ...more }
})

/** Blue has had users until a moment ago, and still runs. */
async function justKept(): Promise<Scene> {
  const scene = await openScene(slotted())
  expect(await scene.run(to(2, { previous: 'keep' })).deploy()).toMatchObject({ result: 'promoted' })
  return scene
}

describe('a version that was kept and has had users until a moment ago', () => {
  it('is drained before the next release puts another one in its place', async () => {
    const scene = await justKept()
    expect(await scene.run(to(3)).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(scene.harm).toEqual([])
  })

  it('is drained again when somebody sends users to it by hand at the end of that', async () => {
    const scene = await justKept()
    void scene.when('(running 0 %)', 9000, () =>
      scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: BLUE }])
    )
    expect(await scene.run(to(3)).deploy()).toMatchObject({ result: 'promoted', foreignWrites: [{}] })
    expect(scene.harm).toEqual([])
  })

  it('is drained too when that release is cancelled', async () => {
    const scene = await justKept()
    const run = scene.run(to(3))
    void scene.when('(running 0 %)', 1000, () => {
      run.cancel()
    })
    expect(await run.deploy()).toMatchObject({ result: 'aborted' })
    await run.post()
    await scene.clock.sleep(5000)
    expect(scene.controllers.podsOf('web-blue')).toEqual([])
    expect(scene.harm).toEqual([])
  })

  it('is drained too when it is a rollback that comes to no end', async () => {
    const scene = await justKept()
    const run: Run = scene.run({
      ...to(1),
      before: ({ verb, kind }) => {
        if (verb === 'watch' && kind === 'Deployment') run.kill()
      }
    })
    void run.rollback()
    await scene.clock.sleep(100)
    await run.post()
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  it('is not made smaller by a rollback to it', async () => {
    const scene = await justKept()
    void scene.cluster.patch(deploymentRef('web-green'), [
      { op: 'replace', path: '/spec/replicas', value: 1 }
    ])
    await scene.clock.sleep(1000)
    expect(await scene.run(to(1)).rollback()).toMatchObject({
      result: 'rolled-back',
      serving: { replicas: 3 }
    })
    expect(scene.traffic()).toMatch(/-> v1 3$/)
    expect(scene.harm.filter((harm) => harm.startsWith('v1'))).toEqual([])
  })

  it('is drained before a rollback to an older version puts that in its place', async () => {
    const scene = await justKept()
    expect(await scene.run(to(3, { previous: 'keep' })).deploy()).toMatchObject({ result: 'promoted' })
    expect(await scene.run({ inputs: { command: 'rollback', to: 'shop/web:1' } }).rollback()).toMatchObject({
      result: 'rolled-back'
    })
    expect(scene.traffic()).toMatch(/-> v1 3$/)
    expect(scene.harm).toEqual([])
  })

  it('costs a release that comes later nothing', async () => {
    const scene = await justKept()
    await scene.clock.sleep(120_000)
    const started = scene.clock.now()
    await scene.run(to(3, { previous: 'keep' })).deploy()
    expect(scene.clock.now() - started).toBeLessThan(3000)
  })
})

describe('a plain Deployment that was kept', () => {
  const released = async (more: Readonly<Record<string, string>>) => {
    const scene = await openScene()
    await scene.run(to(2, { previous: 'keep' })).deploy()
    const shared: string[] = []
    void scene.when('(running 50 %)', 500, () => shared.push(scene.traffic()))
    expect(await scene.run(to(3, more)).deploy()).toMatchObject({ result: 'promoted' })
    return { scene, shared }
  }

  it('gets no traffic when the next release shares it out by numbers of pods', async () => {
    const { shared } = await released({ strategy: 'canary', steps: '50% for 2s\n100%' })
    expect(shared).toEqual(['app=web -> v2 3, v3 3'])
  })

  it('is scaled down by the next release', async () => {
    const { scene } = await released({})
    expect(scene.controllers.podsOf('web')).toEqual([])
    expect(scene.harm).toEqual([])
  })

  it('is scaled down by the next release when its run died before it could', async () => {
    const scene = await openScene()
    const run = scene.run(to(2))
    void run.deploy()
    await scene.when('(promoted 0 %)', 1000, () => {
      run.kill()
    })
    await scene.clock.sleep(20_000)
    await scene.run(to(3)).deploy()
    expect(scene.controllers.podsOf('web')).toEqual([])
    expect(scene.harm).toEqual([])
  })
})

describe('the size of the canary', () => {
  const grow = (scene: Scene, replicas: number): void =>
    void scene.cluster.patch(deploymentRef('web-blue'), [
      { op: 'replace', path: '/spec/replicas', value: replicas }
    ])

  it('follows stable until the switch, without an autoscaler too, and while pods are added for that', async () => {
    const scene = await openScene(slotted())
    const run = scene.run({ ...to(2), inputs: { ...to(2).inputs, 'smoke-tests': 'GET /health -> 200' } })
    void scene.when('deployment/web-green 0', 100, () => {
      grow(scene, 6)
    })
    void scene.when('deployment/web-green 6', 100, () => {
      grow(scene, 9)
    })
    let size = 0
    void scene.when(SERVING, 0, () => (size = scene.controllers.podsOf('web-green').length))
    await run.deploy()
    expect(size).toBe(9)
  })
})
