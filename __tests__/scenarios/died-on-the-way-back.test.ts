import { describe, expect, it, jest } from '@jest/globals'
import { httpRoute, openSlowGateway } from '../support/memory/gateway-controller.ts'
import { crashes, killed } from './in-place.ts'
import { openScene, service, workload, type Run, type Scene } from './scene.ts'

/** A rollback, or a run that was leaving, has died: to undo that brings back what somebody wanted to be rid of. */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

const BLUE = { 'greenlight.dev/slot': 'blue' }
const images = (version: number) => ({ images: `shop/web:${version}`, bake: '0s' })

const worlds: Readonly<Record<string, () => Promise<Scene>>> = {
  'a plain Deployment': () => openScene(),
  'two slots': () => openScene([workload('web-blue', { labels: BLUE }), service({ app: 'web', ...BLUE })])
}

/** Version 2 of the run 7-1 serves, and a run has died after so many writes. */
async function died(
  world: keyof typeof worlds,
  writes: number,
  start: (run: Run) => Promise<unknown>,
  id = '7-1'
): Promise<Scene | undefined> {
  const scene = await (worlds[world] ?? openScene)()
  await scene.run({ id: '7-1', inputs: images(2) }).deploy()
  const options = { id, holder: `${id}-b`, inputs: { command: 'rollback', 'only-if': '7-1' } }
  return (await killed(scene, options, writes, start)) === undefined ? undefined : scene
}

describe.each(Object.keys(worlds))('%s, where a rollback has died', (world) => {
  it.each(['7-1', '9-1'])('of the run %s: the next one goes back, and says so only then', async (id) => {
    for (let writes = 1; ; writes += 1) {
      const scene = await died(world, writes, (run) => run.rollback(), id)
      if (scene === undefined) {
        expect(writes).toBeGreaterThan(4)
        return
      }
      const wanted = { command: 'rollback', 'only-if': '7-1' }
      const outcome = await scene.run({ id: '9-2', inputs: wanted }).rollback()
      expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v1 3$/)])
      expect([writes, outcome.result]).toEqual([writes, expect.stringMatching(/^(rolled-back|unchanged)$/)])
      expect([writes, scene.harm]).toEqual([writes, []])
    }
  })
})

it('a rollback after a run that was leaving has died, and users have not moved, goes back', async () => {
  for (let writes = 1; writes <= 3; writes += 1) {
    const scene = await died('a plain Deployment', writes, async (run) => {
      await run.leave()
    })
    const outcome = await scene?.run({ id: '9-2' }).rollback()
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
    expect(scene?.harm).toEqual([])
  }
})

it('a rollback that a job of the same run has made already is not made again', async () => {
  const scene = await openScene()
  await scene.run({ id: '7-1', inputs: images(2) }).deploy()
  const back = (holder: string) =>
    scene.run({ id: '7-1', holder, inputs: { command: 'rollback', 'only-if': '7-1' } }).rollback()
  expect(await back('7-1-b')).toMatchObject({ result: 'rolled-back' })
  expect(await back('7-1-c')).toMatchObject({
    result: 'unchanged',
    reason: 'release 7-1 does not serve: shop/web:1 does, which rollback 7-1 has brought'
  })
})

it('a rollback after leaving has failed waits for the gateways of the releases before', async () => {
  const scene = await openScene([workload(), service(), httpRoute()])
  const late = { controller: 'networking.gke.io/gateway', routes: 8000, pods: 18_000 }
  const gateway = openSlowGateway(scene.cluster, late)
  const canary = { route: 'httproute/web', strategy: 'canary', steps: '50% for 5s\n100%' }
  for (const version of [2, 3]) {
    await scene.run({ inputs: { ...canary, ...images(version) } }).deploy()
    await scene.clock.sleep(120_000)
  }
  const { life } = scene.controllers
  crashes(scene, 3)
  expect(await scene.run().leave()).toMatchObject({ result: 'failed' })
  scene.controllers.life = life
  await scene.clock.sleep(120_000)
  expect(await scene.run({ inputs: { command: 'rollback' } }).rollback()).toMatchObject({
    result: 'rolled-back'
  })
  await scene.clock.sleep(120_000)
  expect(gateway.harm).toEqual([])
})
