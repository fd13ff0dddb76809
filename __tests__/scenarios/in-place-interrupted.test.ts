import { describe, expect, it, jest } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import { READY } from '../support/memory/controllers.ts'
import { deploymentRef, type Run, type Scene } from './scene.ts'
import { names, open, isWrite, REST, killed } from './in-place.ts'

/**
 * A release in place is interrupted at every moment: its machine dies after each write, it is cancelled in each second,
 * it sleeps and wakes up, or an answer is lost.
 */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

describe.each(names)('%s: the machine dies after each write', (world) => {
  it('and the next release goes through', async () => {
    for (let writes = 1; ; writes += 1) {
      const { scene, to, harm } = await open(world)
      if ((await killed(scene, to(2), writes)) === undefined) {
        expect(writes).toBeGreaterThan(4)
        return
      }
      const before = scene.record()?.phase === 'promoted' ? 'shop/web:2' : 'shop/web:1'
      const outcome = await scene.run(to(3)).deploy()
      expect([writes, outcome.result]).toEqual([writes, 'promoted'])
      expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v3 3$/)])
      expect([writes, scene.record()?.previous?.images]).toEqual([writes, [before]])
      expect([writes, harm()]).toEqual([writes, []])
    }
  })

  it.each<[string, (run: Run, scene: Scene) => Promise<unknown>]>([
    ['the post step', (run) => run.post()],
    ['a rollback', (_, scene) => scene.run().rollback()]
  ])('and %s puts everything back', async (_, end) => {
    for (let writes = 1; ; writes += 1) {
      const { scene, state, before, to, harm } = await open(world)
      const run = await killed(scene, to(2), writes)
      if (run === undefined) return
      const wasPromoted = scene.record()?.phase === 'promoted'
      await end(run, scene)
      await scene.clock.sleep(REST)
      expect([writes, harm()]).toEqual([writes, []])
      if (wasPromoted && end.length === 1)
        expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v2 3$/)])
      else {
        expect([writes, state()]).toEqual([writes, before])
        expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v1 3$/)])
        expect([writes, scene.record()?.phase]).toEqual([writes, 'rolled-back'])
      }
    }
  })

  it('and again after each write of the recovery', async () => {
    for (let writes = 1; writes < 5; writes += 1)
      for (let second = 1; second < 5; second += 1) {
        const { scene, to, harm } = await open(world)
        await killed(scene, to(2), writes)
        await killed(scene, to(2), second)
        const outcome = await scene.run(to(3)).deploy()
        expect([writes, second, outcome.result]).toEqual([writes, second, 'promoted'])
        expect([writes, second, harm()]).toEqual([writes, second, []])
      }
  })

  it('of a rollback, and a release goes through', async () => {
    for (let writes = 1; ; writes += 1) {
      const { scene, to, harm } = await open(world)
      await scene.run(to(2)).deploy()
      if ((await killed(scene, to(2), writes, (run) => run.rollback())) === undefined) return
      const outcome = await scene.run(to(3)).deploy()
      expect([writes, outcome.result]).toEqual([writes, 'promoted'])
      expect([writes, harm()]).toEqual([writes, []])
    }
  })
})

describe.each(names)('%s: cancelled', (world) => {
  /** Before so many calls to the cluster, or after so many milliseconds. */
  const cancelled = async (call: number, ms?: number, lag = 5) => {
    const played = await open(world)
    const { scene, to } = played
    scene.controllers.lag = lag
    let count = 0
    const run: Run = scene.run({
      ...to(2),
      before: () => {
        if ((count += 1) === call) run.cancel()
      }
    })
    if (ms !== undefined)
      void scene.clock.sleep(ms).then(() => {
        run.cancel()
      })
    const outcome = await run.deploy().catch((error: unknown) => error as Error)
    if (!(outcome instanceof Error) && outcome.unsettled === true) await run.post()
    await scene.clock.sleep(REST)
    return { ...played, outcome, count }
  }

  it('before each call', async () => {
    for (let call = 1; ; call += 1) {
      const { scene, outcome, state, before, count, harm } = await cancelled(call)
      if (call > count) return
      expect([call, harm()]).toEqual([call, []])
      if (scene.record()?.phase === 'promoted') expect(outcome).toMatchObject({ result: 'promoted' })
      else expect([call, state()]).toEqual([call, before])
    }
  })

  it.each([5, 700])('in each half second, with a controller that is %i ms behind', async (lag) => {
    for (let ms = 250; ms < 10_000; ms += 500) {
      const { scene, state, before, harm } = await cancelled(0, ms, lag)
      expect([ms, harm()]).toEqual([ms, []])
      if (scene.record()?.phase === 'promoted') expect(scene.traffic()).toMatch(/-> v2 3$/)
      else {
        expect([ms, state()]).toEqual([ms, before])
        expect([ms, scene.traffic()]).toEqual([ms, expect.stringMatching(/-> v1 3$/)])
      }
    }
  })

  it('while its pods come up: the template is back at once', async () => {
    const { scene, to, image } = await open(world)
    scene.controllers.life = () => ({ after: 5000, status: READY })
    const run: Run = scene.run(to(2))
    let cancelledAt = 0
    void scene.when('shop/web:2', 2000, () => {
      cancelledAt = scene.clock.now()
      run.cancel()
    })
    expect(await run.deploy()).toMatchObject({ result: 'aborted', serving: { images: ['shop/web:1'] } })
    expect(scene.clock.now() - cancelledAt).toBeLessThan(200)
    expect(image()).toBe('shop/web:1')
    expect(scene.record()?.phase).toBe('aborting')
    expect(await run.post()).toMatch(/^Release 1-1 was undone: \S+ has its previous template again\.$/)
    expect(scene.record()?.phase).toBe('rolled-back')
  })
})

describe.each(names)(
  '%s: a run that falls asleep before a call, is declared dead, and wakes up,',
  (world) => {
    it.each<[string, (scene: Scene, options: Parameters<Scene['run']>[0]) => Promise<unknown>]>([
      ['a rollback', (scene) => scene.run().rollback()],
      ['another release', (scene, options) => scene.run(options).deploy()]
    ])('changes nothing any more after %s', async (_, other) => {
      for (let call = 1; ; call += 1) {
        const { scene, state, to, harm } = await open(world)
        let count = 0
        const asleep = Promise.withResolvers<true>()
        const run: Run = scene.run({
          ...to(2),
          before: () => {
            // Before its first write a run may well begin when it wakes up.
            if (scene.record()?.phase !== 'running' || (count += 1) !== call) return
            run.clock.stop()
            asleep.resolve(true)
          }
        })
        const slept = run.deploy()
        if (!(await Promise.race([slept.then(() => false), asleep.promise]))) {
          expect(call).toBeGreaterThan(10)
          return
        }
        await scene.clock.sleep(30_000)
        await other(scene, to(3))
        await scene.clock.sleep(REST)
        const left = [state(), scene.record()]
        run.clock.resume()
        expect([call, (await slept).result]).toEqual([call, 'failed'])
        await scene.clock.sleep(60_000)
        expect([call, [state(), scene.record()]]).toEqual([call, left])
        expect([call, harm()]).toEqual([call, []])
      }
    })
  }
)

describe.each(names)('%s: a write whose answer is lost', (world) => {
  it('is found done when it is done again, while pods come and go', async () => {
    for (let writes = 1; ; writes += 1) {
      const { scene, name, to, harm } = await open(world)
      let count = 0
      let changes = 0
      const outcome = await scene
        .run({
          ...to(2),
          before: ({ verb, kind, dryRun }) => {
            if (!dryRun || verb !== 'replace' || kind !== 'Deployment' || (changes += 1) > 5) return
            const { status } = scene.deployment(name)
            scene.cluster.setStatus(deploymentRef(name), { ...status, collisionCount: changes })
          },
          after: (call) => {
            if (isWrite(call) && (count += 1) === writes) throw new ClusterError('connection reset', 0)
          }
        })
        .deploy()
      expect([writes, harm()]).toEqual([writes, []])
      expect([writes, outcome]).toMatchObject([writes, { result: 'promoted', reason: '' }])
      expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v2 3$/)])
      if (count < writes) return
    }
  })

  it('and that arrives only after it was done again changes nothing', async () => {
    const { scene, name, to } = await open(world)
    let late: (() => unknown) | undefined
    const outcome = await scene
      .run({
        ...to(2),
        before: ({ verb, kind, dryRun }) => {
          if (verb !== 'replace' || kind !== 'Deployment' || dryRun || late !== undefined) return
          const { resourceVersion = '' } = scene.deployment(name).metadata
          late = () => {
            const live = scene.deployment(name)
            scene.cluster.replace({ ...live, metadata: { ...live.metadata, resourceVersion } })
          }
          throw new ClusterError('connection reset', 0)
        }
      })
      .deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(() => late?.()).toThrow('has been modified')
    expect(scene.traffic()).toMatch(/-> v2 3$/)
  })
})
