import { describe, expect, it, jest } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { essence, openScene, service, workload, type Run, type Scene } from './scene.ts'

/**
 * A release in steps, on a route and by numbers of pods: its machine dies after each write there is, or it is cancelled
 * in each second. Users of the route and of the Service must not notice, and one more run ends it.
 */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

const STEPS = { strategy: 'canary', steps: '10% for 3s\n50% for 3s\n100% for 3s', bake: '3s' }

const worlds = {
  'on an HTTPRoute': {
    objects: () => [workload(), service(), httpRoute()],
    inputs: { ...STEPS, route: 'httproute/web' }
  },
  'by numbers of pods': { objects: () => [workload('web', { replicas: 9 }), service()], inputs: STEPS }
}
type World = keyof typeof worlds
const names = Object.keys(worlds) as World[]

const isWrite = ({ verb, kind, dryRun }: Call): boolean =>
  ['create', 'replace', 'patch', 'apply', 'delete'].includes(verb) &&
  !dryRun &&
  kind !== 'Lease' &&
  !kind.includes('Review')

/** A share by numbers of pods has two versions behind one Service: that is what was asked for. */
const harmIn = (scene: Scene, gateway: ReturnType<typeof openGateway>): readonly string[] => [
  ...scene.harm.filter((line) => !line.startsWith('two versions serve (app=web)')),
  ...gateway.harm
]

const stateOf = (scene: Scene): unknown => [
  essence(scene.deployment('web')),
  scene.service().spec.selector,
  scene.cluster.all(ROUTES).map((route) => ({
    spec: (route as unknown as { spec: unknown }).spec,
    annotations: Object.keys(route.metadata.annotations ?? {})
  }))
]

async function open(world: World) {
  const { objects, inputs } = worlds[world]
  const scene = await openScene(objects())
  const gateway = openGateway(scene.cluster)
  return { scene, gateway, before: stateOf(scene), inputs, harm: () => harmIn(scene, gateway) }
}

const REST = 8000
const ROUTES = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' }
const TENTH = 'web 90, web-green 10'
const BLUE_TENTH = 'web 90, web-blue 10'

/** Starts a release that is killed after so many writes; false when it makes fewer. */
async function killed(
  scene: Scene,
  inputs: Readonly<Record<string, string>>,
  writes: number
): Promise<Run | undefined> {
  let count = 0
  const gone = Promise.withResolvers<true>()
  const run: Run = scene.run({
    inputs,
    after: (call) => {
      if (!isWrite(call) || (count += 1) !== writes) return
      run.kill()
      gone.resolve(true)
    }
  })
  const died = await Promise.race([run.deploy().then(() => false), gone.promise])
  await scene.clock.sleep(REST)
  return died ? run : undefined
}

describe('a release in steps', () => {
  it('on an HTTPRoute moves users step by step and leaves the route as it was', async () => {
    const { scene, gateway, inputs, harm } = await open('on an HTTPRoute')
    const before = stateOf(scene) as unknown[]
    const outcome = await scene.run({ inputs }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', route: 'httproute/web' })
    expect(outcome.shifts.map(({ split }) => split.weight)).toEqual([10, 50, 100])
    expect(gateway.story).toEqual([
      'web 100, web-green 0',
      'web 90, web-green 10',
      'web 50, web-green 50',
      'web 0, web-green 100',
      'web'
    ])
    expect((stateOf(scene) as unknown[])[2]).toEqual(before[2])
    expect(scene.service().spec.selector).toEqual({ app: 'web', 'greenlight.dev/slot': 'green' })
    expect(scene.deployment('web').spec.replicas).toBe(0)
    expect(harm()).toEqual([])
  })

  it('by numbers of pods gives the canary its part of all pods, and stable keeps its size', async () => {
    const { scene, inputs, harm } = await open('by numbers of pods')
    const outcome = await scene.run({ inputs }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', shareOf: 'connections' })
    expect(outcome.shifts).toMatchObject([
      { split: { weight: 10 }, achieved: 10 },
      { split: { weight: 50 }, achieved: 50 },
      { split: { weight: 100 } }
    ])
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 9')
    expect(harm()).toEqual([])
  })

  it.each(names)('%s, whose machine dies after each write: one more run ends it', async (world) => {
    for (let writes = 1; ; writes += 1) {
      const { scene, inputs, harm } = await open(world)
      if ((await killed(scene, inputs, writes)) === undefined) {
        expect(writes).toBeGreaterThan(8)
        return
      }
      const outcome = await scene.run({ inputs: { ...inputs, images: 'shop/web:3' } }).deploy()
      expect([writes, outcome.result]).toEqual([writes, 'promoted'])
      expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v3 \d$/)])
      expect([writes, harm()]).toEqual([writes, []])
    }
  })

  it.each(names)('%s, whose machine dies after each write: the post step ends it', async (world) => {
    for (let writes = 1; ; writes += 1) {
      const { scene, inputs, before, harm } = await open(world)
      const run = await killed(scene, inputs, writes)
      if (run === undefined) return
      const forward = ['promoting', 'promoted'].includes(scene.record()?.phase ?? '')
      await run.post()
      expect([writes, harm()]).toEqual([writes, []])
      expect([writes, scene.record()?.phase]).toEqual([writes, forward ? 'promoted' : 'rolled-back'])
      if (!forward) expect([writes, stateOf(scene)]).toEqual([writes, before])
      else expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v2 \d$/)])
    }
  })

  it.each(names)('%s, cancelled in each second', async (world) => {
    for (let seconds = 0; seconds < 30; seconds += 1) {
      const { scene, inputs, before, harm } = await open(world)
      const run = scene.run({ inputs })
      void scene.clock.sleep(seconds * 1000 + 500).then(() => {
        run.cancel()
      })
      const { unsettled } = await run.deploy()
      if (unsettled === true) await run.post()
      expect([seconds, harm()]).toEqual([seconds, []])
      if (scene.record()?.phase !== 'promoted') expect([seconds, stateOf(scene)]).toEqual([seconds, before])
    }
  })

  it('that was approved, cancelled in its last drain: the post step of that run scales the old version down', async () => {
    const { scene, inputs, harm } = await open('on an HTTPRoute')
    await scene.run({ inputs: { ...inputs, steps: '10% until approved\n100%', bake: '0s' } }).deploy()
    const run = scene.run({ inputs: { ...worlds['on an HTTPRoute'].inputs, steps: '', images: '' } })
    void scene.when('(promoted 0 %)', 3, () => {
      run.cancel()
    })
    expect(await run.promote()).toMatchObject({ result: 'promoted', unsettled: true })
    expect(await run.post()).toContain('web-green has all traffic, web is scaled down')
    expect(scene.deployment('web').spec.replicas).toBe(0)
    expect(harm()).toEqual([])
  })

  it('that was declared dead in the middle of a write, and wakes up, changes nothing any more', async () => {
    const { scene, gateway, inputs, harm } = await open('on an HTTPRoute')
    const asleep = Promise.withResolvers<undefined>()
    const run: Run = scene.run({
      inputs,
      before: ({ verb, kind }) => {
        if (verb !== 'patch' || kind !== 'HTTPRoute' || gateway.story.at(-1) !== TENTH) return
        run.clock.stop()
        asleep.resolve(undefined)
      }
    })
    const slept = run.deploy()
    await asleep.promise
    await scene.clock.sleep(30_000)
    expect(gateway.story.at(-1)).toBe(TENTH)
    await scene.run({ inputs: { ...inputs, images: 'shop/web:3' } }).deploy()
    const told = gateway.story.length
    run.clock.resume()
    expect(await slept).toMatchObject({ result: 'failed', reason: expect.stringContaining('another run') })
    await scene.clock.sleep(60_000)
    expect(gateway.story.slice(told)).toEqual([])
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(harm()).toEqual([])
  })

  it('whose route somebody re-applies in the middle puts its share back, and says so', async () => {
    const { scene, gateway, inputs, harm } = await open('on an HTTPRoute')
    const released = scene.run({ inputs }).deploy()
    while (gateway.story.at(-1) !== TENTH) await scene.clock.sleep(100)
    const { spec } = httpRoute() as unknown as { spec: unknown }
    scene.cluster.patch(
      { ...ROUTES, namespace: 'shop', name: 'web' },
      [{ op: 'replace', path: '/spec', value: spec }],
      'kubectl'
    )
    await scene.clock.sleep(500)
    expect(gateway.story.slice(-2)).toEqual(['web', TENTH])
    expect(await released).toMatchObject({
      result: 'promoted',
      foreignWrites: [{ object: 'httproute/web', manager: 'kubectl' }]
    })
    expect(harm()).toEqual([])
  })

  it('moves several routes together, and back together when one of them cannot be written any more', async () => {
    const scene = await openScene([workload(), service(), httpRoute(), httpRoute('api')])
    const gateway = openGateway(scene.cluster)
    const inputs = { ...STEPS, route: 'httproute/web\nhttproute/api' }
    expect(await scene.run({ inputs }).deploy()).toMatchObject({
      result: 'promoted',
      route: 'httproute/web, httproute/api'
    })
    expect(gateway.story.filter((state) => state === TENTH)).toHaveLength(2)
    expect(gateway.story.slice(-2)).toEqual(['web', 'web'])

    const outcome = await scene
      .run({
        inputs: { ...inputs, images: 'shop/web:3' },
        before: ({ verb, kind, name }) => {
          if (
            verb === 'patch' &&
            kind === 'HTTPRoute' &&
            name === 'api' &&
            gateway.story.at(-1) === BLUE_TENTH
          )
            throw new ClusterError('cannot patch httproutes: forbidden', 403)
        }
      })
      .deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0 })
    expect(gateway.story.slice(-2)).toEqual(['web', 'web'])
    expect(harmIn(scene, gateway)).toEqual([])
  })

  it('is taken back on the other routes when one of them is deleted in the middle', async () => {
    const scene = await openScene([workload(), service(), httpRoute(), httpRoute('api')])
    const gateway = openGateway(scene.cluster)
    const released = scene.run({ inputs: { ...STEPS, route: 'httproute/api\nhttproute/web' } }).deploy()
    while (gateway.story.at(-1) !== TENTH) await scene.clock.sleep(100)
    scene.cluster.remove({ ...ROUTES, namespace: 'shop', name: 'api' })
    expect(await released).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('httproute/api')
    })
    expect(gateway.story.at(-1)).toBe('web')
    expect(scene.record()?.phase).toBe('rolled-back')
    expect(harmIn(scene, gateway)).toEqual([])
  })

  it('with nobody to take its route fails before anything is changed', async () => {
    const scene = await openScene(worlds['on an HTTPRoute'].objects())
    const before = stateOf(scene)
    await expect(scene.run({ inputs: worlds['on an HTTPRoute'].inputs }).deploy()).rejects.toThrow(
      'httproute/web is not in use: no gateway has accepted it yet'
    )
    expect(stateOf(scene)).toEqual(before)
    expect(scene.record()).toBeUndefined()
  })
})
