import { describe, expect, it } from '@jest/globals'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { CLOSE, openLiveScene } from '../support/cluster/live-scene.ts'
import { interval, observe, shiftsOf } from '../support/cluster/share.ts'
import { essence, getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

describe('a share by numbers of pods', () => {
  it('gives 1 pod beside 9 a tenth of the fresh connections, and says what it is a share of', async () => {
    const scene = await openLiveScene([workload({ replicas: 9 }), service()], undefined, CLOSE)
    const ended = await scene.run({
      strategy: 'canary',
      images: image(2),
      steps: '10% for 14s\n100%',
      bake: '0s'
    })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    expect(ended.summary).toContain('shares of connections')
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
    const shifts = shiftsOf(ended)
    expect(shifts[0]?.achieved).toBe(10)
    const at = shifts[0]?.at ?? 0
    // kube-proxy may take a second; after the step pods are added for the next one, and get connections at once.
    const seen = observe(users, 'v2', at + 1500, at + 14_000, 'fresh')
    const [low, high] = interval(10, seen.all)
    console.log(
      `${seen.canary} of ${seen.all} fresh connections = ${seen.share.toFixed(2)}% (99.99%: ${low.toFixed(2)}–${high.toFixed(2)})`
    )
    expect(seen.share).toBeGreaterThanOrEqual(low)
    expect(seen.share).toBeLessThanOrEqual(high)
  })

  it('is taken back by one write: nobody reaches the canary any more', async () => {
    const scene = await openLiveScene(undefined, undefined, CLOSE)
    const before = [await getService(scene.namespace), await getDeployment(scene.namespace, 'web')].map(
      essence
    )
    const started = scene.start({ strategy: 'canary', images: image(2), steps: '50% for 60s\n100%' })
    await started.seen(/: watch web-green/)
    const { main, post } = await started.cancel()
    expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'aborted', image: image(1) } })
    expect(post.exitCode).toBe(0)
    const after = [await getService(scene.namespace), await getDeployment(scene.namespace, 'web')].map(
      essence
    )
    expect(after).toStrictEqual(before)
    const { users, empty } = await scene.end()
    expect(users.failures).toEqual([])
    expect(empty).toEqual([])
  })
})
