import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import { READY, UNREADY } from '../support/memory/controllers.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { openScene, service, SERVING, workload, type Scene } from './scene.ts'

/**
 * A pod of the new version is evicted, as on nodes that come and go: its replacement is as good as it was, so the release
 * goes on, and what serves in the end was tested.
 */

const slotted = () => [
  workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
  service({ app: 'web', 'greenlight.dev/slot': 'blue' })
]

const PODS = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' }

/** As the API server does it: gone at once, and its controller makes another one. */
function evict(scene: Scene, name = 'web-green'): string {
  const pod = scene.controllers.podsOf(name).find(({ metadata }) => metadata.deletionTimestamp === undefined)
  if (pod === undefined) throw new Error(`${name} has no pod`)
  scene.cluster.remove({ ...PODS, name: pod.metadata.name })
  return pod.metadata.uid ?? ''
}

function comesUpWithin(scene: Scene, seconds: number): void {
  scene.controllers.life = () => ({ after: seconds * 1000, status: READY })
}

/** That the evicted pod was ended under its users is not of the release's making. */
const harmIn = (harm: readonly string[]): readonly string[] =>
  harm.filter((line) => !line.includes('was ended'))

const TEST = { 'smoke-tests': 'GET /health -> 200' }

describe('a pod of the new version that is evicted', () => {
  it.each([
    ['before the switch, while a new one takes 20 s', 20],
    ['and comes back in a second', 1]
  ])('%s, is replaced by one that is tested', async (_, seconds) => {
    const scene = await openScene(slotted())
    const tested = new Set<string>()
    let evicted = ''
    const run = scene.run({
      inputs: TEST,
      before: ({ verb, kind, name }) => {
        const found = verb === 'send' ? /pods\/(?:http:)?([^:/]+)/.exec(name)?.[1] : undefined
        if (found !== undefined) tested.add(found)
        // The last thing that is looked at before the traffic moves.
        if (verb !== 'list' || kind !== 'Pod' || evicted !== '' || tested.size < 3) return
        comesUpWithin(scene, seconds)
        evicted = evict(scene)
      }
    })
    expect(await run.deploy()).toMatchObject({ result: 'promoted', reason: '' })
    expect(evicted).not.toBe('')
    const serving = scene.controllers.podsOf('web-green').map(({ metadata }) => metadata.name)
    expect(serving).toHaveLength(3)
    expect(serving.filter((name) => !tested.has(name))).toEqual([])
    expect(harmIn(scene.harm)).toEqual([])
  })

  it('while its endpoints are confirmed right after the switch does not count any more', async () => {
    const scene = await openScene(slotted())
    comesUpWithin(scene, 4)
    void scene.when(SERVING, 1, () => {
      evict(scene)
    })
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted', reason: '' })
    expect(harmIn(scene.harm)).toEqual([])
  })

  it('under traffic is replaced, even when that takes longer than a probe may miss', async () => {
    const scene = await openScene(slotted())
    void scene.when(SERVING, 5000, () => {
      comesUpWithin(scene, 25)
      evict(scene)
    })
    expect(await scene.run({ inputs: { bake: '1m' } }).deploy()).toMatchObject({ result: 'promoted' })
    expect(harmIn(scene.harm)).toEqual([])
  })

  it('but one that is there and ill is a verdict as before', async () => {
    const scene = await openScene(slotted())
    void scene.when(SERVING, 5000, () => {
      const [pod] = scene.controllers.podsOf('web-green')
      if (pod !== undefined) scene.controllers.change(pod, UNREADY)
    })
    expect(await scene.run({ inputs: { bake: '1m' } }).deploy()).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('lost pods under traffic')
    })
  })

  it('and so is a replacement that does not come up', async () => {
    const scene = await openScene(slotted())
    void scene.when(SERVING, 5000, () => {
      scene.controllers.life = () => ({ after: 10, status: UNREADY })
      evict(scene)
    })
    expect(await scene.run({ inputs: { bake: '10m' } }).deploy()).toMatchObject({ result: 'rolled-back' })
  })

  it('in a smoke test is no failure of that: all are tested again', async () => {
    const scene = await openScene(slotted())
    let tests = 0
    const run = scene.run({
      inputs: TEST,
      before: ({ verb, name }) => {
        if (verb !== 'send' || !name.includes('/health') || (tests += 1) !== 2) return
        comesUpWithin(scene, 15)
        evict(scene)
        throw new ClusterError('the connection broke', 0)
      }
    })
    const outcome = await run.deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(outcome.smokeTests.every(({ passed }) => passed)).toBe(true)
    expect(harmIn(scene.harm)).toEqual([])
  })

  it('on a route, while the first share is sent and while the Service follows', async () => {
    const scene = await openScene([workload(), service(), httpRoute()])
    const gateway = openGateway(scene.cluster)
    const inputs = { route: 'httproute/web', strategy: 'canary', steps: '50% for 5s\n100% for 5s', ...TEST }
    const released = scene.run({ inputs }).deploy()
    while (gateway.story.at(-1) !== 'web 50, web-green 50') await scene.clock.sleep(10)
    evict(scene)
    while (!scene.story.some((line) => line.includes('(promoting'))) await scene.clock.sleep(1)
    evict(scene)
    expect(await released).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.controllers.podsOf('web-green').length).toBe(3)
    expect(harmIn([...scene.harm, ...gateway.harm])).toEqual([])
  })

  it('in place, while the new pods take over', async () => {
    const scene = await openScene()
    let done = false
    const run = scene.run({
      inputs: { strategy: 'rolling' },
      before: ({ verb, kind }) => {
        if (done || kind !== 'EndpointSlice' || verb !== 'watch') return
        done = true
        comesUpWithin(scene, 15)
        evict(scene, 'web')
      }
    })
    expect(await run.deploy()).toMatchObject({ result: 'promoted', reason: '' })
    expect(done).toBe(true)
  })
})
