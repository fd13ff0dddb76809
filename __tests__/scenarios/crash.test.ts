import { describe, expect, it, jest } from '@jest/globals'
import type { Pod } from '../../src/kubernetes/objects.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import {
  autoscaler,
  essence,
  openScene,
  service,
  workload,
  STARTED,
  SERVING,
  RESTORED,
  PROMOTED,
  type Run,
  type RunOptions,
  type Scene
} from './scene.ts'

/**
 * A run is cancelled, or its machine dies, at each moment there is. After every single change in the cluster
 * somebody has to serve, of one version only, and nobody may be ended whom users are still on.
 */

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

const worlds = {
  'a plain Deployment': () => [workload(), service()],
  'a slot, with an autoscaler': () => [
    workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
    workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, replicas: 0 }),
    service(BLUE),
    autoscaler('web-blue')
  ]
}
type World = keyof typeof worlds

const isWrite = ({ verb, kind, dryRun }: Call): boolean =>
  ['create', 'replace', 'patch', 'apply'].includes(verb) &&
  !dryRun &&
  kind !== 'Lease' &&
  !kind.includes('Review')

/** What a release must leave as it found it when it does not succeed. */
const stateOf = (scene: Scene): unknown => ({
  stable: ['web', 'web-blue'].flatMap((name) =>
    scene.cluster
      .all({ apiVersion: 'apps/v1', kind: 'Deployment' })
      .filter(({ metadata }) => metadata.name === name)
      .map(essence)
  ),
  selector: scene.service().spec.selector,
  autoscaler: scene.cluster
    .all({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' })
    .map(essence)
})

function countWrites(limit: number, work: () => void): Pick<RunOptions, 'after'> {
  let count = 0
  return {
    after: (call) => {
      if (isWrite(call) && (count += 1) === limit) work()
    }
  }
}

/** The writes that a whole release makes. */
const WRITES: Readonly<Record<World, number>> = { 'a plain Deployment': 6, 'a slot, with an autoscaler': 6 }

const moments = (Object.keys(worlds) as World[]).flatMap((world) =>
  Array.from({ length: WRITES[world] }, (_, index) => [world, index + 1] as const)
)

/** Milliseconds: what was begun in the cluster comes to its end, the post step comes sooner than the next release. */
const REST = 8000

/** Starts a release that is killed after so many writes. */
async function killed(
  scene: Scene,
  writes: number,
  start: (run: Run) => Promise<unknown> = (run) => run.deploy()
): Promise<Run> {
  const gone = Promise.withResolvers<undefined>()
  const run: Run = scene.run(
    countWrites(writes, () => {
      run.kill()
      gone.resolve(undefined)
    })
  )
  await Promise.race([start(run), gone.promise])
  await scene.clock.sleep(REST)
  return run
}

describe('the machine dies', () => {
  it.each(Object.entries(WRITES) as [World, number][])(
    '(a release of %s makes %i writes)',
    async (world, writes) => {
      const scene = await openScene(worlds[world]())
      let count = 0
      await scene.run({ after: (call) => void (count += Number(isWrite(call))) }).deploy()
      expect(count).toBe(writes)
    }
  )

  it.each(moments)(
    'in the release of %s, after write %i: the next release goes through',
    async (world, writes) => {
      const scene = await openScene(worlds[world]())
      await killed(scene, writes)
      const outcome = await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()
      expect(outcome).toMatchObject({ result: 'promoted' })
      expect(scene.traffic()).toMatch(/-> v3 3$/)
      expect(scene.harm).toEqual([])
    }
  )

  it.each(moments)(
    'in the release of %s, after write %i: the post step puts everything back',
    async (world, writes) => {
      const scene = await openScene(worlds[world]())
      const before = stateOf(scene)
      const run = await killed(scene, writes)
      const isPromoted = scene.record()?.phase === 'promoted'
      await run.post()
      expect(scene.harm).toEqual([])
      if (isPromoted) expect(scene.traffic()).toMatch(/-> v2 3$/)
      else {
        expect(stateOf(scene)).toEqual(before)
        expect(scene.record()?.phase).toBe('rolled-back')
      }
    }
  )

  it.each(moments)(
    'in the release of %s, after write %i: a rollback puts everything back',
    async (world, writes) => {
      const scene = await openScene(worlds[world]())
      const before = stateOf(scene)
      await killed(scene, writes)
      const isPromoted = scene.record()?.phase === 'promoted'
      expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
      expect(scene.harm).toEqual([])
      expect(scene.traffic()).toMatch(/-> v1 3$/)
      if (!isPromoted) expect(stateOf(scene)).toEqual(before)
    }
  )

  it.each(moments)(
    'in the release of %s, after write %i, and again after each write of the recovery',
    async (world, writes) => {
      for (let second = 1; second < 5; second += 1) {
        const scene = await openScene(worlds[world]())
        await killed(scene, writes)
        await killed(scene, second)
        expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
          result: 'promoted'
        })
        expect([second, scene.harm]).toEqual([second, []])
      }
    }
  )
})

describe('the machine dies in a rollback', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'to a plain Deployment, after write %i: a release goes through all the same',
    async (writes) => {
      const scene = await openScene()
      await scene.run().deploy()
      await killed(scene, writes, (run) => run.rollback())
      expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
        result: 'promoted'
      })
      expect(scene.harm).toEqual([])
    }
  )

  it.each([4, 5])(
    'to a plain Deployment, after write %i: what is left selects no single template of it',
    async (writes) => {
      const scene = await openScene()
      await scene.run().deploy()
      const run = await killed(scene, writes, (one) => one.rollback())
      await run.post()
      expect(scene.traffic()).toBe('app=web -> v1 3')
    }
  )

  it.each([4, 5])(
    'to a plain Deployment, after write %i, and no post step comes: a later release that is aborted leaves the selector of before',
    async (writes) => {
      const scene = await openScene()
      await scene.run().deploy()
      await killed(scene, writes, (run) => run.rollback())
      scene.controllers.life = ({ metadata }) => ({
        after: 500,
        status: metadata.name.startsWith('web-green') ? waiting('CrashLoopBackOff') : READY
      })
      await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()
      await scene.clock.sleep(10_000)
      expect(scene.traffic()).toBe('app=web -> v1 3')
    }
  )
})

describe('the run is cancelled', () => {
  /** Cancels before the nth call and after so many seconds, as far as a release has those. */
  const cancelledAt = async (world: World, call: number, seconds?: number) => {
    const scene = await openScene(worlds[world]())
    const before = stateOf(scene)
    let count = 0
    const run: Run = scene.run({
      before: () => {
        if ((count += 1) === call) run.cancel()
      }
    })
    if (seconds !== undefined)
      void scene.clock.sleep(seconds * 1000).then(() => {
        run.cancel()
      })
    const outcome = await run.deploy().catch((error: unknown) => error as Error)
    if (!(outcome instanceof Error) && outcome.result === 'aborted') await run.post()
    return { scene, before, outcome, count }
  }

  it.each(Object.keys(worlds) as World[])('before each call of the release of %s', async (world) => {
    for (let call = 1; ; call += 1) {
      const { scene, before, outcome, count } = await cancelledAt(world, call)
      if (call > count) return
      expect([call, scene.harm]).toEqual([call, []])
      if (scene.record()?.phase === 'promoted') expect(outcome).toMatchObject({ result: 'promoted' })
      else expect([call, stateOf(scene)]).toEqual([call, before])
    }
  })

  it.each(Object.keys(worlds) as World[])('in each second of the release of %s', async (world) => {
    for (let seconds = 0; seconds < 32; seconds += 1) {
      const { scene, before } = await cancelledAt(world, 0, seconds + 0.5)
      expect([seconds, scene.harm]).toEqual([seconds, []])
      if (scene.record()?.phase !== 'promoted') expect([seconds, stateOf(scene)]).toEqual([seconds, before])
    }
  })

  it.each([1, 2, 3])(
    'while its canary takes its time, after %i seconds: it ends at once',
    async (seconds) => {
      const scene = await openScene(worlds['a plain Deployment']())
      scene.controllers.life = () => ({ after: 5000, status: READY })
      const run = scene.run()
      const released = run.deploy()
      await scene.when(STARTED, seconds * 1000, () => {
        run.cancel()
      })
      const began = scene.clock.now()
      expect(await released).toMatchObject({ result: 'aborted' })
      expect(scene.clock.now() - began).toBeLessThan(100)
    }
  )

  it('while users are on the canary: the traffic is back before the runner loses patience', async () => {
    const scene = await openScene(worlds['a plain Deployment']())
    const run: Run = scene.run()
    let cancelledAt = 0
    void scene.when(SERVING, 3000, () => {
      cancelledAt = scene.clock.now()
      run.cancel()
    })
    const outcome = await run.deploy()
    expect(outcome).toMatchObject({ result: 'aborted', reason: 'the run was cancelled (SIGINT)' })
    expect(scene.clock.now() - cancelledAt).toBeLessThan(1000)
    expect(scene.record()).toMatchObject({ phase: 'aborting', weight: 0 })
    expect(await run.post()).toContain('web has all traffic, web-green is scaled down')
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it.each([
    ['is scaled down by the post step', {}, 0],
    ['stays with previous: keep', { previous: 'keep' }, 3]
  ])('in the end of a release that is promoted: the old version %s', async (_, more, pods) => {
    const scene = await openScene(worlds['a slot, with an autoscaler']())
    const run = scene.run({ inputs: { bake: '0s', ...more } })
    void scene.when(PROMOTED, 3, () => {
      run.cancel()
    })
    const { result, unsettled } = await run.deploy()
    expect(result).toBe('promoted')
    const told = unsettled === true ? await run.post() : undefined
    if (pods === 0) expect(told).toMatch(/^Release 1-1 was finished: web-green has all traffic, web-blue is/)
    await scene.clock.sleep(30_000)
    expect(scene.controllers.podsOf('web-blue')).toHaveLength(pods)
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  it('in the drain of a rollback to a plain Deployment: the selector is the one of before nevertheless', async () => {
    const scene = await openScene(worlds['a plain Deployment']())
    await scene.run().deploy()
    const run = scene.run()
    void scene.when('(rolled-back 0 %)', 3000, () => {
      run.cancel()
    })
    const { unsettled } = await run.rollback()
    if (unsettled === true) await run.post()
    await scene.clock.sleep(30_000)
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('in the middle of tidying up: the next release does the rest', async () => {
    const scene = await openScene(worlds['a plain Deployment']())
    scene.controllers.life = (pod: Pod) => ({
      after: 500,
      status: pod.metadata.name.startsWith('web-green') ? waiting('CrashLoopBackOff') : READY
    })
    const run: Run = scene.run()
    void scene.when(RESTORED, 3, () => {
      run.cancel()
    })
    expect(await run.deploy()).toMatchObject({ result: 'rolled-back' })
    scene.controllers.life = () => ({ after: 500, status: READY })
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.harm).toEqual([])
  })
})
