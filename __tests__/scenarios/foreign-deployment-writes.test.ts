import { describe, expect, it } from '@jest/globals'
import { READY } from '../support/memory/controllers.ts'
import { deploymentRef, NAMESPACE, openScene, workload, STARTED, SERVING, type Scene } from './scene.ts'
import { slotted, once, breakCanary } from './interference.ts'

describe('somebody else writes to the Deployments', () => {
  const changeCanary = ({ cluster }: Scene): unknown =>
    cluster.patch(deploymentRef('web-green'), [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/web:evil' }
    ])

  it.each([
    ['long', 5000, 'somebody changed deployment/web-green'],
    ['a moment', 0, 'deployment/web-green was given another template by somebody else']
  ])(
    'another template into the canary %s before its switch: it never gets the traffic',
    async (_, ms, why) => {
      const scene = await openScene()
      const run = scene.run({
        inputs: { 'smoke-tests': 'GET /health -> 200' },
        after: once(
          ({ verb }) => verb === 'send',
          () => {
            changeCanary(scene)
            return ms === 0 ? undefined : scene.clock.sleep(ms)
          }
        )
      })
      expect(await run.deploy()).toMatchObject({
        result: 'rolled-back',
        reason: expect.stringContaining(why)
      })
      expect(scene.story.filter((line) => line.includes('100 %'))).toEqual([])
      expect(scene.harm).toEqual([])
    }
  )

  it.each([
    ['while its pods come up', STARTED, {}],
    ['in the bake', SERVING, { bake: '1m' }]
  ])(
    'another template into the canary %s: stable has the traffic before their pods serve',
    async (_, moment, inputs) => {
      const scene = await openScene()
      scene.controllers.life = () => ({ after: 5000, status: READY })
      void scene.when(moment, 1000, () => changeCanary(scene))
      expect(await scene.run({ inputs }).deploy()).toMatchObject({
        result: 'rolled-back',
        reason: 'deployment/web-green was given another template by somebody else while the release ran'
      })
      expect(scene.traffic()).toBe('app=web -> v1 3')
      // That their rollout ends pods is their own doing.
      expect(scene.harm.filter((line) => !line.includes('was ended'))).toEqual([])
    }
  )

  it('deletes a tested pod before the switch: the one in its place is tested first', async () => {
    const scene = await openScene()
    const asked: string[] = []
    scene.cluster.answer = ({ path }) => {
      asked.push(/http:(web-green-[^:]*)/.exec(path)?.[1] ?? path)
      return { status: 200, headers: {}, body: '' }
    }
    const evict = (): Promise<void> => {
      const [pod] = scene.controllers.podsOf('web-green')
      scene.cluster.remove({
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: NAMESPACE,
        name: pod?.metadata.name ?? ''
      })
      return scene.clock.sleep(5000)
    }
    const afterTests = once(({ verb, kind }) => verb === 'list' && kind === 'Pod' && asked.length > 0, evict)
    const run = scene.run({ inputs: { 'smoke-tests': 'GET /health -> 200' }, before: afterTests })
    expect(await run.deploy()).toMatchObject({ result: 'promoted' })
    const serving = scene.controllers.podsOf('web-green').map(({ metadata }) => metadata.name)
    expect(serving.filter((name) => !asked.includes(name))).toEqual([])
    expect(new Set(asked).size).toBe(4)
  })

  it('deletes the canary while we wait for it: the release ends at the timeout', async () => {
    const scene = await openScene(slotted())
    scene.controllers.life = () => ({ after: 5000, status: READY })
    const run = scene.run({ inputs: { timeout: '1m' } })
    const started = scene.clock.now()
    void scene.when(STARTED, 1000, () => {
      scene.cluster.remove(deploymentRef('web-green'))
    })
    expect(await run.deploy()).toMatchObject({ result: 'rolled-back' })
    expect(scene.clock.now() - started).toBeLessThan(2 * 60_000)
  })

  it.each(['blue-green', 'canary'])(
    'scales the canary to 0 under its users: stable gets the traffic back (%s)',
    async (strategy) => {
      const scene = await openScene()
      const inputs = { strategy, bake: '5m', ...(strategy === 'canary' ? { steps: '50% for 5m\n100%' } : {}) }
      const ended = scene.run({ inputs }).deploy()
      await scene.when(strategy === 'canary' ? '(running 50 %)' : SERVING, 2000, () => {
        scene.cluster.patch(deploymentRef('web-green'), [{ op: 'replace', path: '/spec/replicas', value: 0 }])
      })
      expect(await ended).toMatchObject({
        result: 'rolled-back',
        reason: 'deployment/web-green was scaled to 0 by somebody under traffic'
      })
      expect(scene.traffic()).toBe('app=web -> v1 3')
    }
  )

  it('deletes the canary in the bake: stable gets the traffic back', async () => {
    const scene = await openScene(slotted())
    void scene.when(SERVING, 1000, () => {
      scene.cluster.remove(deploymentRef('web-green'))
    })
    await scene.run().deploy()
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
  })

  it('only statuses, between each reading and writing of our start: the release goes on', async () => {
    const scene = await openScene([
      ...slotted(),
      workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, replicas: 0 })
    ])
    let times = 0
    const run = scene.run({
      before: ({ verb, kind, dryRun }) => {
        if (verb === 'replace' && kind === 'Deployment' && !dryRun && (times += 1) <= 5)
          scene.cluster.setStatus(deploymentRef('web-green'), { observedGeneration: 1, replicas: times })
      }
    })
    expect(await run.deploy()).toMatchObject({ result: 'promoted' })
    expect(times).toBe(6)
  })

  it('another template into a plain stable while it has a release: it never serves nobody', async () => {
    const scene = await openScene()
    void scene.when(SERVING, 1000, () =>
      scene.cluster.patch(deploymentRef('web'), [
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/web:1.1' }
      ])
    )
    void scene.when(SERVING, 20_000, () => {
      breakCanary(scene)
    })
    await scene.run({ inputs: { bake: '1m' } }).deploy()
    expect(scene.harm.filter((line) => line.startsWith('nobody'))).toEqual([])
  })
})
