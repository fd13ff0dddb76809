import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { openScene, SERVING, service, workload, type RunOptions, type Scene } from './scene.ts'

/** The traffic can be put back, but what the release has started cannot be scaled down: for good. */

const REFUSED = 'cannot patch deployment/web-green: admission webhook "freeze.acme" denied the request'

const frozen: Pick<RunOptions, 'before'> = {
  before: ({ verb, kind, name, dryRun }: Call) => {
    if (verb === 'patch' && kind === 'Deployment' && name === 'web-green' && !dryRun)
      throw new ClusterError(REFUSED, 403)
  }
}

/** Its machine dies as green serves. */
async function died(): Promise<Scene> {
  const scene = await openScene([workload(), service()])
  const run = scene.run()
  void run.deploy()
  await scene.when(SERVING, 100, () => {
    run.kill()
  })
  await scene.clock.sleep(20_000)
  return scene
}

const three = { images: 'shop/web:3' }

describe('what a dead run has left cannot be cleaned up', () => {
  it('and the next release is refused once, by name, with the old version serving', async () => {
    const scene = await died()
    const outcome = await scene.run({ ...frozen, inputs: three }).deploy()
    expect(outcome).toMatchObject({
      result: 'failed',
      reason: `release 1-1 was undone and web serves all traffic, but not everything of it could be cleaned up: ${REFUSED}. Nothing new is begun before that`,
      serving: { deployment: 'web' },
      weight: 0
    })
    expect(outcome.next.join('\n')).toContain('kubectl -n shop scale deployment/web-green --replicas=0')
    expect(scene.traffic()).toMatch(/-> v1 3$/)
    expect(scene.record()).toMatchObject({ id: '1-1', phase: 'aborting' })
    expect(scene.harm).toEqual([])
  })

  it('and once it can be, the next release goes through', async () => {
    const scene = await died()
    await scene.run({ ...frozen, inputs: three }).deploy()
    expect(await scene.run({ inputs: three }).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(scene.harm).toEqual([])
  })

  it('and a rollback to another version is refused as well', async () => {
    const scene = await openScene([workload(), service()])
    for (const version of [2, 3])
      await scene.run({ inputs: { images: `shop/web:${version}`, bake: '0s' } }).deploy()
    const run = scene.run({ inputs: { images: 'shop/web:4' } })
    void run.deploy()
    await scene.when('(running 100 %)', 100, () => {
      run.kill()
    })
    await scene.clock.sleep(20_000)
    const outcome = await scene
      .run({ ...frozen, inputs: { command: 'rollback', images: '', to: 'shop/web:2' } })
      .rollback()
    expect(outcome).toMatchObject({ result: 'failed', reason: expect.stringContaining(REFUSED) as unknown })
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(scene.record()).toMatchObject({ id: '3-1', phase: 'aborting' })
  })

  it('and abort says so beside what it did', async () => {
    const scene = await died()
    const outcome = await scene.run(frozen).abort()
    expect(outcome).toMatchObject({
      result: 'aborted',
      warnings: [expect.stringContaining(REFUSED) as unknown]
    })
    expect(scene.traffic()).toMatch(/-> v1 3$/)
  })

  it('and cleanup fails', async () => {
    const scene = await died()
    const outcome = await scene.run(frozen).cleanup()
    expect(outcome).toMatchObject({ result: 'failed', reason: expect.stringContaining(REFUSED) as unknown })
    expect(scene.traffic()).toMatch(/-> v1 3$/)
  })

  it('and the post step claims no more than it did', async () => {
    const scene = await openScene([workload(), service()])
    const run = scene.run()
    void run.deploy()
    await scene.when(SERVING, 100, () => {
      run.kill()
    })
    expect(await run.post(frozen)).toBe(
      `Release 1-1 was undone: web has all traffic. Cleaning up is not finished: ${REFUSED}; the next run does it first.`
    )
  })
})
