import { describe, expect, it, jest } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { UNDONE_ANNOTATION } from '../../src/domain/slots.ts'
import type { Deployment } from '../../src/kubernetes/objects.ts'
import { rolloutOf, withRollout, type RolloutStrategy } from '../../src/kubernetes/rollout.ts'
import { plainHeadline } from '../../src/report/headline.ts'
import { renderSummary } from '../../src/report/summary.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import {
  autoscaler,
  deploymentRef,
  essence,
  manifest,
  openScene,
  RESTORED,
  service,
  workload,
  type Run,
  type Scene
} from './scene.ts'

/**
 * A release in place: its machine dies after each write there is, it is cancelled in each second, it sleeps and wakes
 * up, or somebody else changes the Deployment. Rolling, somebody has to serve all the time; recreated, never two
 * versions at once.
 */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

const ROLLING: RolloutStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }

const rolled = (deployment: Deployment): Deployment =>
  withRollout(deployment, { ...rolloutOf(deployment), strategy: ROLLING })

const blue = { 'greenlight.dev/slot': 'blue' }

const worlds = {
  'rolling, a plain Deployment': {
    objects: () => [rolled(workload()), service()],
    name: 'web',
    inputs: { strategy: 'rolling', bake: '3s' },
    harm: 'nobody serves'
  },
  'rolling, a slot with an autoscaler': {
    objects: () => [
      rolled(workload('web-blue', { labels: blue })),
      service({ app: 'web', ...blue }),
      autoscaler('web-blue')
    ],
    name: 'web-blue',
    inputs: { strategy: 'rolling', bake: '3s' },
    harm: 'nobody serves'
  },
  recreate: {
    objects: () => [rolled(workload()), service()],
    name: 'web',
    inputs: { strategy: 'recreate', bake: '3s' },
    harm: 'two versions serve'
  }
}
type World = keyof typeof worlds
const names = Object.keys(worlds) as World[]

async function open(world: World) {
  const { objects, name, inputs, harm } = worlds[world]
  const scene = await openScene(objects())
  const state = (): unknown => [
    { paused: false, ...scene.deployment(name).spec },
    scene.service().spec.selector,
    scene.cluster.all({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }).map(essence)
  ]
  return {
    scene,
    name,
    state,
    before: state(),
    to: (version: number) => ({ inputs: { ...inputs, images: `shop/web:${version}` } }),
    harm: () => scene.harm.filter((line) => line.startsWith(harm)),
    image: () => scene.deployment(name).spec.template.spec.containers[0]?.image
  }
}

const isWrite = ({ verb, kind, dryRun }: Call): boolean =>
  ['create', 'replace', 'patch', 'apply', 'delete'].includes(verb) &&
  !dryRun &&
  kind !== 'Lease' &&
  !kind.includes('Review')

/** Milliseconds: what was begun in the cluster comes to its end. */
const REST = 8000

/** Starts a run that is killed after so many writes; undefined when it makes fewer. */
async function killed(
  scene: Scene,
  options: Parameters<Scene['run']>[0],
  writes: number,
  start: (run: Run) => Promise<unknown> = (run) => run.deploy()
): Promise<Run | undefined> {
  let count = 0
  const gone = Promise.withResolvers<true>()
  const run: Run = scene.run({
    ...options,
    after: (call) => {
      if (!isWrite(call) || (count += 1) !== writes) return
      run.kill()
      gone.resolve(true)
    }
  })
  const died = await Promise.race([start(run).then(() => false), gone.promise])
  await scene.clock.sleep(REST)
  return died ? run : undefined
}

function endOf({ timeline }: Outcome, title: string): number {
  const step = timeline.find((one) => one.title.startsWith(title))
  return (step?.startedAt ?? NaN) + (step?.milliseconds ?? NaN)
}

/** Not when the template was written, but when its pods were ready. */
function expectBackWithItsPods(outcome: Outcome): void {
  const restored = (outcome.restoreSeconds ?? NaN) * 1000
  expect(restored).toBeGreaterThan(endOf(outcome, 'Give web its previous') - endOf(outcome, 'Smoke tests'))
  expect(restored).toBeLessThanOrEqual(endOf(outcome, 'Wait until web runs') - endOf(outcome, 'Smoke tests'))
  const [whole, replaced, back] = outcome.shifts.slice(-3)
  expect([whole?.split.weight, replaced?.gradual, back?.split.weight]).toEqual([100, true, 0])
  expect(back?.at).toBeGreaterThan(replaced?.at ?? NaN)
}

/** From now on pods of these versions crash. */
function crashes(scene: Scene, ...versions: readonly number[]): void {
  const images = versions.map((version) => `shop/web:${version}`)
  scene.controllers.life = ({ spec }) => ({
    after: 500,
    status: images.includes(spec.containers[0]?.image ?? '') ? waiting('CrashLoopBackOff') : READY
  })
}

const setImage = (scene: Scene, name: string, version: number): void =>
  void scene.cluster.patch(
    deploymentRef(name),
    [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: `shop/web:${version}` }],
    'kubectl'
  )

const replicaSetsOf = (scene: Scene, version: number) =>
  scene.cluster
    .all<Deployment>({ apiVersion: 'apps/v1', kind: 'ReplicaSet' })
    .filter(({ spec }) => spec.template.spec.containers[0]?.image === `shop/web:${version}`)

function removeReplicaSet(scene: Scene, version: number): void {
  for (const { apiVersion, kind, metadata } of replicaSetsOf(scene, version))
    scene.cluster.remove({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name })
}

describe('a rolling release', () => {
  it('writes the record, the template, and the record again', async () => {
    const { scene, to, harm } = await open('rolling, a plain Deployment')
    const outcome = await scene.run(to(2)).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      weight: 100,
      serving: { slot: 'plain', deployment: 'web', images: ['shop/web:2'], replicas: 3 },
      previous: { deployment: 'web', images: ['shop/web:1'] }
    })
    expect(scene.story).toEqual([
      'service/web app=web (running 0 %)',
      'deployment/web 3 x shop/web:2',
      'service/web app=web (running 100 %)',
      'service/web app=web (promoted 0 %)'
    ])
    expect(scene.traffic()).toBe('app=web -> v2 3')
    expect(rolloutOf(scene.deployment('web')).strategy).toEqual(ROLLING)
    expect(harm()).toEqual([])
  })

  it('of what runs already changes nothing', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    await scene.run(to(2)).deploy()
    const told = scene.story.length
    expect(await scene.run(to(2)).deploy()).toMatchObject({ result: 'unchanged' })
    expect(scene.story.slice(told)).toEqual([])
  })

  it('leaves the size to the autoscaler, also to one that acts in the middle', async () => {
    const { scene, to, harm } = await open('rolling, a slot with an autoscaler')
    void scene.when('(running 0 %)', 0, () =>
      scene.cluster.patch(deploymentRef('web-blue'), [{ op: 'replace', path: '/spec/replicas', value: 5 }])
    )
    const source = rolled(workload('web', { replicas: 1, version: 2 }))
    const outcome = await scene.run({ ...to(2), manifests: [manifest(source)] }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v2 5$/)
    expect(harm()).toEqual([])
  })

  it('keeps the old pods serving when no new one comes up, and is undone', async () => {
    const { scene, state, before, to, harm } = await open('rolling, a plain Deployment')
    crashes(scene, 2)
    const outcome = await scene.run(to(2)).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('CrashLoopBackOff'),
      serving: { images: ['shop/web:1'] },
      weight: 0
    })
    expect(outcome.evidence.length).toBeGreaterThan(0)
    expect(state()).toEqual(before)
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(harm()).toEqual([])
  })

  it('is undone when a smoke test fails, which users come along with', async () => {
    const { scene, state, before, to, harm } = await open('rolling, a plain Deployment')
    scene.cluster.answer = () => ({ status: 404, headers: {}, body: '' })
    const inputs = { ...to(2).inputs, 'smoke-tests': 'GET /version -> 200' }
    const outcome = await scene.run({ inputs }).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('smoke test failed: 1: GET /version: 3 of 3 pods failed')
    })
    expect(scene.story).toContain('service/web app=web (running 100 %)')
    expectBackWithItsPods(outcome)
    expect(state()).toEqual(before)
    expect(harm()).toEqual([])
  })

  it('says after a cancel that its pods are coming back, and not when', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    const run = scene.run(to(2))
    void scene.when('service/web app=web (running 100 %)', 500, () => {
      run.cancel()
    })
    const outcome = await run.deploy()
    expect(outcome).toMatchObject({ result: 'aborted', returning: true })
    expect(outcome).not.toHaveProperty('restoreSeconds')
    expect(plainHeadline(outcome)).toBe(
      'The release of web was stopped before its end: the pods of shop/web:1 are coming back'
    )
    const summary = renderSummary(outcome)
    expect(summary.match(/^\| .*`web` \(plain\).*$/gm)).toEqual([
      expect.stringMatching(/its pods are coming back.*shop\/web:1/)
    ])
    expect(summary).not.toMatch(/traffic was back|\| since \|/)
    expect(summary).toContain('less and less: its pods are replaced')
    await run.post()
    await scene.clock.sleep(REST)
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('tells for how long nobody served when all pods were replaced at once', async () => {
    const { scene, to } = await open('recreate')
    const outcome = await scene.run(to(2)).deploy()
    expect(outcome.result).toBe('promoted')
    expect(outcome.gapSeconds).toBeGreaterThan(0)
    expect(renderSummary(outcome)).toMatch(/nobody served for up to \d/)
    expect(outcome.timeline.find(({ title }) => title.startsWith('All traffic on the new'))?.detail).toMatch(
      /^3 new pods serve, after up to \d+\.\d s in which nobody did$/
    )
  })

  it('says when the pods of before do not come back, and the next run waits for them', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    crashes(scene, 2)
    void scene.when(RESTORED, 0, () => (scene.controllers.lag = 3_600_000))
    const outcome = await scene.run({ inputs: { ...to(2).inputs, timeout: '1m' } }).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      unsettled: true,
      warnings: [
        expect.stringContaining('container web has no preStop hook'),
        expect.stringContaining('cleaning up is not finished')
      ]
    })
    expect(scene.record()?.phase).toBe('aborting')
  })
})

describe('a release that recreates', () => {
  it('ends all old pods first, and gives the Deployment its own strategy back without moving a pod', async () => {
    const { scene, to, harm } = await open('recreate')
    const strategies = new Set<string | undefined>()
    scene.cluster.subscribe((now) => {
      if (now.kind === 'Deployment') strategies.add(rolloutOf(now as Deployment).strategy?.type)
    })
    const uids = (): (string | undefined)[] =>
      scene.controllers.podsOf('web').map(({ metadata }) => metadata.uid)
    let serving: unknown
    void scene.when('(running 100 %)', 0, () => (serving = uids()))
    expect(await scene.run(to(2)).deploy()).toMatchObject({ result: 'promoted' })
    await scene.clock.sleep(REST)
    expect([...strategies]).toEqual(['Recreate', 'RollingUpdate'])
    expect(rolloutOf(scene.deployment('web')).strategy).toEqual(ROLLING)
    expect(uids()).toEqual(serving)
    expect(scene.traffic()).toBe('app=web -> v2 3')
    expect(harm()).toEqual([])
  })

  it('is undone in the same way', async () => {
    const { scene, state, before, to, harm } = await open('recreate')
    crashes(scene, 2)
    expect(await scene.run(to(2)).deploy()).toMatchObject({ result: 'rolled-back' })
    expect(state()).toEqual(before)
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(harm()).toEqual([])
  })
})

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

describe.each(names)('%s: a template that somebody else puts there', (world) => {
  it('in each half second stays, and is not claimed', async () => {
    for (let ms = 20; ms < 8000; ms += 500) {
      const { scene, name, to, image } = await open(world)
      let was: string | undefined
      void scene.clock.sleep(ms).then(() => {
        was = scene.record()?.phase
        setImage(scene, name, 9)
      })
      const outcome = await scene
        .run(to(2))
        .deploy()
        .catch((error: unknown) => error as Error)
      await scene.clock.sleep(Math.max(REST, ms))
      expect([ms, image()]).toEqual([ms, 'shop/web:9'])
      if (was === 'promoted' || outcome instanceof Error) continue
      expect([ms, outcome.result]).toEqual([ms, expect.stringMatching(/^(rolled-back|failed)$/)])
      expect([ms, outcome.reason]).toEqual([ms, expect.stringContaining('by somebody else')])
      expect([ms, outcome.serving?.images]).toEqual([ms, ['shop/web:9']])
      expect([ms, scene.record()?.phase]).toEqual([ms, 'rolled-back'])
      expect([ms, scene.traffic()]).toEqual([ms, expect.stringMatching(/-> v9 3$/)])
    }
  })

  it.each([
    ['comes up', 2],
    ['cannot run', 9]
  ])('while the release is undone stays as well, when it %s', async (_, version) => {
    for (let ms = 0; ms < 3000; ms += 250) {
      const { scene, name, to, image } = await open(world)
      crashes(scene, 2, version)
      let was: string | undefined
      void scene.when(RESTORED, ms, () => {
        was = scene.record()?.phase
        setImage(scene, name, 9)
      })
      const outcome = await scene.run(to(2)).deploy()
      await scene.clock.sleep(REST)
      expect([ms, image()]).toEqual([ms, 'shop/web:9'])
      expect([ms, scene.record()?.phase]).toEqual([ms, 'rolled-back'])
      if (was === 'aborting') expect([ms, outcome.serving?.images]).toEqual([ms, ['shop/web:9']])
    }
  })
})

describe('a release in place', () => {
  it('is refused when the template that serves has no ReplicaSet any more', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    removeReplicaSet(scene, 1)
    await expect(scene.run(to(2)).deploy()).rejects.toThrow(/replicaset\/web-\w+ in namespace shop is gone/)
    expect(scene.story).toEqual([])
  })

  it('that died, and whose previous template is gone, is closed with what serves', async () => {
    const { scene, to, image } = await open('rolling, a plain Deployment')
    await killed(scene, to(2), 3)
    removeReplicaSet(scene, 1)
    expect(await scene.run().rollback()).toMatchObject({
      result: 'rolled-back',
      serving: { images: ['shop/web:2'] },
      warnings: [expect.stringContaining('is gone')]
    })
    expect(image()).toBe('shop/web:2')
    expect(scene.record()?.phase).toBe('rolled-back')
    expect(await scene.run(to(3)).deploy()).toMatchObject({ result: 'promoted' })
  })

  it('that died before it changed the Deployment leaves a note there, which no other Deployment gets', async () => {
    const { scene, to, state, before } = await open('rolling, a plain Deployment')
    await killed(scene, to(2), 1)
    await scene.run().rollback()
    expect(scene.deployment('web').metadata.annotations).toHaveProperty([UNDONE_ANNOTATION])
    expect(state()).toEqual(before)
    await scene.run({ inputs: { images: 'shop/web:2' } }).deploy()
    expect(scene.deployment('web-green').metadata.annotations).not.toHaveProperty([UNDONE_ANNOTATION])
  })

  it('that died, and in which somebody has changed the template since, goes back to before, and says so', async () => {
    const { scene, name, to, image } = await open('rolling, a plain Deployment')
    await killed(scene, to(2), 3)
    setImage(scene, name, 9)
    await scene.clock.sleep(REST)
    expect(await scene.run().rollback()).toMatchObject({
      result: 'rolled-back',
      warnings: ['deployment/web ran shop/web:9, which the release did not bring']
    })
    expect(image()).toBe('shop/web:1')
  })

  it.each<World>(['rolling, a plain Deployment', 'recreate'])(
    '%s: is rolled back the same way',
    async (world) => {
      const { scene, state, before, to, harm } = await open(world)
      await scene.run(to(2)).deploy()
      expect(await scene.run().rollback()).toMatchObject({
        result: 'rolled-back',
        serving: { slot: 'plain', images: ['shop/web:1'] },
        previous: { images: ['shop/web:2'] }
      })
      await scene.clock.sleep(REST)
      expect(state()).toEqual(before)
      expect(scene.traffic()).toBe('app=web -> v1 3')
      expect(harm()).toEqual([])
      await expect(scene.run().rollback()).rejects.toThrow(/no previous version on record/)
    }
  )

  it('whose rollback does not come up stays', async () => {
    const { scene, to, harm } = await open('rolling, a plain Deployment')
    await scene.run(to(2)).deploy()
    crashes(scene, 1)
    expect(await scene.run().rollback()).toMatchObject({
      result: 'failed',
      serving: { images: ['shop/web:2'] }
    })
    expect(scene.traffic()).toBe('app=web -> v2 3')
    expect(scene.record()).toMatchObject({ phase: 'rolled-back', previous: { images: ['shop/web:1'] } })
    expect(harm()).toEqual([])
  })

  it('cannot be rolled back when the previous template is gone', async () => {
    const { scene, to } = await open('rolling, a plain Deployment')
    await scene.run(to(2)).deploy()
    removeReplicaSet(scene, 1)
    await expect(scene.run().rollback()).rejects.toThrow(/which is gone/)
  })

  it('is followed by a release beside it, and follows one, with a rollback to either', async () => {
    const { scene, to, harm } = await open('rolling, a plain Deployment')
    const beside = (version: number) => ({ inputs: { images: `shop/web:${version}` } })
    await scene.run(to(2)).deploy()
    expect(await scene.run(beside(3)).deploy()).toMatchObject({
      result: 'promoted',
      serving: { slot: 'green' }
    })
    await scene.clock.sleep(REST)
    expect(await scene.run().rollback()).toMatchObject({ serving: { slot: 'plain', images: ['shop/web:2'] } })
    await scene.clock.sleep(REST)
    expect(scene.traffic()).toBe('app=web -> v2 3')

    await scene.run(beside(3)).deploy()
    await scene.clock.sleep(REST)
    expect(await scene.run(to(4)).deploy()).toMatchObject({ result: 'promoted', serving: { slot: 'green' } })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v4 3')
    expect(await scene.run().rollback()).toMatchObject({ serving: { slot: 'green', images: ['shop/web:3'] } })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v3 3')
    expect(harm()).toEqual([])
  })
})
