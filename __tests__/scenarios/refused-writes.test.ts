import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import { waiting } from '../support/memory/controllers.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { openScene, SERVING, type RunOptions, type Scene } from './scene.ts'

/** A policy of the cluster says no to a write, each time it is tried, and everything else goes on. */

const refusal = (): ClusterError =>
  new ClusterError('cannot patch service/web in namespace shop: denied the request: "frozen"', 403)

const refusing =
  (isRefused: () => boolean): NonNullable<RunOptions['before']> =>
  ({ verb, kind }) => {
    if (verb === 'patch' && kind === 'Service' && isRefused()) throw refusal()
  }

function crash(scene: Scene): void {
  for (const pod of scene.controllers.podsOf('web-green'))
    scene.controllers.change(pod, waiting('CrashLoopBackOff'))
}

describe('a way back that is refused', () => {
  it('is told as it is: who has the traffic, why it stays there, and what to do', async () => {
    const scene = await openScene()
    const before = refusing(() => scene.record()?.weight === 100)
    const ended = scene.run({ inputs: { bake: '5m' }, before }).deploy()
    await scene.when(SERVING, 2000, () => {
      crash(scene)
    })
    const outcome = await ended
    expect(outcome).toMatchObject({
      result: 'failed',
      unsettled: true,
      weight: 100,
      serving: { deployment: 'web-green' }
    })
    expect(outcome.reason).toMatch(
      /could not be put back: .*denied the request: "frozen".*; last known: all traffic on web-green/
    )
    expect(outcome.next[0]).toContain('kubectl -n shop patch service/web')
  })

  it('of the record alone does not hide that the route is back', async () => {
    const scene = await openScene()
    scene.cluster.create(httpRoute())
    openGateway(scene.cluster)
    const inputs = { strategy: 'canary', steps: '50% for 5m\n100%', route: 'httproute/web' }
    let isFrozen = false
    const ended = scene.run({ inputs, before: refusing(() => isFrozen) }).deploy()
    await scene.when('(running 50 %)', 2000, () => {
      isFrozen = true
      crash(scene)
    })
    expect(await ended).toMatchObject({ result: 'failed', unsettled: true, weight: 0 })
  })
})

describe('a switch that is refused', () => {
  it('at the very first write has changed nothing', async () => {
    const scene = await openScene()
    const began = scene.clock.now()
    const outcome = await scene.run({ before: refusing(() => true) }).deploy()
    expect(outcome).toMatchObject({ result: 'failed', reason: refusal().message })
    expect(outcome.timeline.filter(({ status }) => status === 'done')).toEqual([])
    expect(scene.record()).toBeUndefined()
    expect(scene.clock.now() - began).toBeLessThan(60_000)
  })

  it('has sent nobody to the new version', async () => {
    const scene = await openScene()
    let writes = 0
    const before = refusing(() => (writes += 1) === 2)
    const outcome = await scene.run({ before }).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(outcome.restoreSeconds).toBeUndefined()
  })

  it('as is every other write from then on, leaves all users where they were', async () => {
    const scene = await openScene()
    let writes = 0
    const before = refusing(() => (writes += 1) >= 2)
    const outcome = await scene.run({ before }).deploy()
    expect(outcome).toMatchObject({ result: 'failed', weight: 0, serving: { deployment: 'web' } })
    expect(outcome.reason).toContain('last known: no users on web-green')
  })
})
