import { describe, expect, it } from '@jest/globals'
import type { Metrics } from '../../src/checks/prometheus/metrics.ts'
import type { Pod } from '../../src/kubernetes/objects.ts'
import { READY, UNREADY, waiting } from '../support/memory/controllers.ts'
import { httpRoute, openSlowGateway, type Gateway } from '../support/memory/gateway-controller.ts'
import { openScene, service, workload, type RunOptions, type Scene } from './scene.ts'

/**
 * A release waits for minutes in all until a gateway has learnt of pods and shares, and as long as they take for pods of
 * the next step. Whatever happens to the new version meanwhile is seen as in any other moment.
 */

const GATEWAY = { controller: 'networking.gke.io/gateway', routes: 8000, pods: 18_000 }
const ROUTE = { route: 'httproute/web' }
const IN_STEPS = { ...ROUTE, strategy: 'canary', steps: '10% for 5s\n50% for 5s\n100%', bake: '0s' }

interface Played {
  readonly scene: Scene
  readonly gateway: Gateway
  readonly released: ReturnType<ReturnType<Scene['run']>['deploy']>
}

async function play(inputs: RunOptions['inputs'], metrics?: Metrics): Promise<Played> {
  const scene = await openScene([workload(), service(), httpRoute()])
  const gateway = openSlowGateway(scene.cluster, GATEWAY)
  const run = scene.run({ inputs: { ...inputs }, ...(metrics === undefined ? {} : { metrics }) })
  return { scene, gateway, released: run.deploy() }
}

async function until({ clock }: Scene, isSo: () => boolean): Promise<void> {
  while (!isSo()) await clock.sleep(100)
}

function change(scene: Scene, status: Pod['status']): void {
  for (const pod of scene.controllers.podsOf('web-green')) scene.controllers.change(pod, status)
}

const CRASHED = waiting('CrashLoopBackOff', 'back-off restarting failed container')

describe('while a gateway learns', () => {
  it('of the first pods, their crash ends the release, and no user was on it', async () => {
    const { scene, gateway, released } = await play(ROUTE)
    await until(scene, () => gateway.story.at(-1) === 'web 100, web-green 0')
    await scene.clock.sleep(5000)
    const crashed = scene.clock.now()
    change(scene, CRASHED)
    const outcome = await released
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      unexposed: true,
      reason: expect.stringContaining('cannot run: CrashLoopBackOff')
    })
    expect(scene.clock.now() - crashed).toBeLessThan(5000)
    expect(gateway.story.at(-1)).toBe('web')
    expect(gateway.harm).toEqual([])
  })

  it('of the first pods, one that is ready no more does so too', async () => {
    const { scene, gateway, released } = await play(ROUTE)
    await until(scene, () => gateway.story.at(-1) === 'web 100, web-green 0')
    await scene.clock.sleep(5000)
    const [ill] = scene.controllers.podsOf('web-green')
    if (ill !== undefined) scene.controllers.change(ill, UNREADY)
    const since = scene.clock.now()
    await scene.clock.sleep(15_000)
    if (ill !== undefined) scene.controllers.change(ill, READY)
    const outcome = await released
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      unexposed: true,
      reason: expect.stringContaining('deployment/web-green lost pods before its first users')
    })
    expect(scene.clock.now() - since).toBeLessThan(60_000)
  })

  it('that all users are on the new version, its crash puts the old one back at once', async () => {
    const { scene, gateway, released } = await play({ ...ROUTE, bake: '0s' })
    await until(scene, () => gateway.story.at(-1) === 'web 0, web-green 100')
    await scene.clock.sleep(10_000)
    const crashed = scene.clock.now()
    change(scene, CRASHED)
    await until(scene, () => gateway.story.at(-1) === 'web')
    expect(scene.clock.now() - crashed).toBeLessThan(5000)
    expect(await released).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toMatch(/-> v1 3$/)
  })

  it('of the pods behind the Service, a crash is told: there is no way back any more', async () => {
    const { scene, gateway, released } = await play({ ...ROUTE, bake: '0s' })
    await until(scene, () => scene.record()?.phase === 'promoting')
    await scene.clock.sleep(5000)
    change(scene, CRASHED)
    const outcome = await released
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(outcome.warnings).toContainEqual(
      expect.stringMatching(/cannot run: CrashLoopBackOff.*command: rollback/)
    )
    expect(gateway.story.at(-1)).toBe('web')
  })

  it('of more pods, the checks of the step before go on', async () => {
    let value = 0
    let now = (): number => 0
    const metrics: Metrics = {
      query: () => Promise.resolve([{ labels: {}, samples: [{ at: now(), value }] }])
    }
    const checks = {
      checks: 'broken: sum(broken) < 5',
      prometheus: 'http://prometheus',
      'check-interval': '2s'
    }
    const { scene, gateway, released } = await play({ ...IN_STEPS, ...checks }, metrics)
    now = () => scene.clock.now()
    await until(scene, () => scene.controllers.podsOf('web-green').length > 1)
    await scene.clock.sleep(5000)
    expect(gateway.story.at(-1)).toBe('web 90, web-green 10')
    const since = scene.clock.now()
    value = 7
    await until(scene, () => gateway.story.at(-1) === 'web')
    expect(scene.clock.now() - since).toBeLessThan(10_000)
    const outcome = await released
    expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'broken: sum(broken) < 5' })
    expect(new Set(outcome.measurements.map(({ step }) => step))).toEqual(new Set(['10% for 5s']))
  })
})

it('while pods of the next step come up, one that users are on and that is ready no more is seen', async () => {
  const { scene, gateway, released } = await play(IN_STEPS)
  await until(scene, () => gateway.story.at(-1) === 'web 90, web-green 10')
  scene.controllers.life = () => ({ after: 300_000, status: READY })
  await until(scene, () => scene.controllers.podsOf('web-green').length > 1)
  const since = scene.clock.now()
  for (const pod of scene.controllers.podsOf('web-green').slice(0, 1)) scene.controllers.change(pod, UNREADY)
  await until(scene, () => gateway.story.at(-1) === 'web')
  expect(scene.clock.now() - since).toBeLessThan(15_000)
  expect(await released).toMatchObject({
    result: 'rolled-back',
    reason: expect.stringContaining('deployment/web-green lost pods under traffic')
  })
})
