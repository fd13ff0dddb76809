import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import { LockedError } from '../../src/lock/acquire.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import {
  leaseRef,
  openScene,
  service,
  workload,
  workloadLeaseRef,
  STARTED,
  SERVING,
  PROMOTED,
  type Scene
} from './scene.ts'

/** Two runs want to move the same traffic. */

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }), service(BLUE)]
const next = { inputs: { images: 'shop/web:3' } }

describe('while another run is alive', () => {
  it.each(['deploy', 'rollback'] as const)(
    'a %s is refused with its name, and changes nothing',
    async (command) => {
      const scene = await openScene()
      const first = scene.run({ inputs: { bake: '2m' } })
      const released = first.deploy()
      await scene.when(SERVING, 1000, () => undefined)
      const before = scene.story.length
      await expect(scene.run(next)[command]()).rejects.toThrow(
        /^another run is releasing here right now: 1-1-a \(https:\/\/ci\/1-1\) holds lease\/greenlight-deployment-web/
      )
      await expect(scene.run(next)[command]()).rejects.toBeInstanceOf(LockedError)
      expect(scene.story).toHaveLength(before)
      expect(await released).toMatchObject({ result: 'promoted' })
      expect(scene.harm).toEqual([])
    }
  )

  it('a deploy that has looked just before is refused as well, although the new Deployment is there by now', async () => {
    const scene = await openScene()
    const isStarted = scene.when(STARTED, 0, () => undefined)
    const second = scene.run({
      ...next,
      id: '2-1',
      before: ({ kind, dryRun }) => (kind === 'Deployment' && dryRun ? isStarted : undefined)
    })
    const refused = expect(second.deploy()).rejects.toThrow(/^another run is releasing here right now: 1-1-a/)
    expect(await scene.run({ id: '1-1' }).deploy()).toMatchObject({ result: 'promoted' })
    await refused
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  it('its lock goes free when it ends, and the next run has it at once', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    await scene.clock.sleep(10_000)
    const started = scene.clock.now()
    expect(await scene.run({ inputs: { images: 'shop/web:3', bake: '0s' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.clock.now() - started).toBeLessThan(13_000)
  })
})

describe('a run that was declared dead wakes up', () => {
  /** The machine sleeps for a minute from this moment on; meanwhile another run does its work. */
  const sleepsAt = async (scene: Scene, text: string, others: () => Promise<unknown>, inputs = {}) => {
    const sleeper = scene.run({ inputs })
    const ended = sleeper.deploy()
    await scene.when(text, 1000, () => {
      sleeper.clock.stop()
    })
    await scene.clock.sleep(60_000)
    await others()
    const before = scene.story.length
    sleeper.clock.resume()
    return { outcome: await ended, written: () => scene.story.slice(before) }
  }

  it.each([
    ['waits for its pods', STARTED],
    ['watches its canary', SERVING]
  ])('while it %s: it says so and changes nothing', async (_, text) => {
    const scene = await openScene(slotted())
    scene.controllers.life = (pod) => ({
      ...READY_LATE,
      after: pod.metadata.name.startsWith('web-green') ? 5000 : 500
    })
    const { outcome, written } = await sleepsAt(scene, text, () => scene.run(next).deploy())
    expect(outcome).toMatchObject({ result: 'failed' })
    expect(outcome.reason).toMatch(/another run/)
    expect(written()).toEqual([])
    expect(scene.harm).toEqual([])
  })

  it('drains after its promotion: it does not scale down what another run has brought back', async () => {
    const scene = await openScene(slotted())
    const { written } = await sleepsAt(scene, PROMOTED, () => scene.run().rollback(), { bake: '0s' })
    await scene.clock.sleep(30_000)
    expect(written()).toEqual([])
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
  })
})

const READY_LATE = {
  after: 500,
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
}

describe('another run releases between our reading and our lock', () => {
  const late = async () => {
    const scene = await openScene(slotted())
    const first = scene.run()
    let done: Promise<unknown> | undefined
    const second = scene.run({
      ...next,
      before: async ({ verb, kind }: Call) => {
        if (kind === 'Lease' && verb === 'get' && done === undefined) await (done = first.deploy())
      }
    })
    const outcome = await second.deploy().catch((error: unknown) => error as Error)
    return { scene, outcome }
  }

  it('we change nothing that it has made', async () => {
    const { scene, outcome } = await late()
    expect(outcome).not.toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
    expect(scene.harm).toEqual([])
  })

  it('we say so at once, and advise nobody to move the traffic back', async () => {
    const { scene, outcome } = await late()
    const ended = scene.clock.now()
    expect(JSON.stringify(outcome)).not.toContain('patch service/web')
    const promotedAt = Date.parse(scene.record()?.history[0]?.at ?? '')
    expect(ended - promotedAt).toBeLessThan(30_000)
  })
})

describe('the lock', () => {
  const renewals = (times: number, work: () => unknown) => {
    let left = times
    return async ({ verb, kind }: Call): Promise<void> => {
      if (verb === 'replace' && kind === 'Lease' && (left -= 1) === 0) await work()
    }
  }

  it('is still ours when the answer to a renewal is lost', async () => {
    const scene = await openScene()
    const lost = (): never => {
      throw new ClusterError('the connection broke: read ECONNRESET', 0)
    }
    expect(await scene.run({ after: renewals(1, lost) }).deploy()).toMatchObject({ result: 'promoted' })
  })

  it('is still ours when somebody puts a label on the Lease', async () => {
    const scene = await openScene()
    const label = (): unknown =>
      scene.cluster.patch(leaseRef, [{ op: 'add', path: '/metadata/labels', value: { backup: 'no' } }])
    expect(await scene.run({ before: renewals(1, label) }).deploy()).toMatchObject({ result: 'promoted' })
  })

  it('is deleted, and the first run moves users before it hears that another one has it: none are left there', async () => {
    const scene = await openScene(slotted())
    let isMoved: Promise<void> | undefined
    const first = scene.run().deploy()
    const second = Promise.withResolvers<unknown>()
    void scene.when(STARTED, 0, () => {
      for (const ref of [workloadLeaseRef, leaseRef]) scene.cluster.remove(ref)
      // The second one has seen no user on the canary when it begins to undo that.
      const before = async ({ verb, kind }: Call): Promise<void> => {
        if (verb === 'patch' && kind === 'Service')
          await (isMoved ??= scene.when(SERVING, 1, () => undefined))
      }
      second.resolve(scene.run({ inputs: { images: 'shop/web:3', bake: '0s' }, before }).deploy())
    })
    expect(await first).toMatchObject({ result: 'failed', reason: expect.stringContaining('another run') })
    expect(await second.promise).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(scene.harm).toEqual([])
  })

  it("is somebody else's: the release ends there, and the other one finishes it", async () => {
    const scene = await openScene()
    const steal = (): void => {
      const lease = scene.cluster.read(leaseRef) as object
      scene.cluster.replace({
        ...leaseRef,
        ...lease,
        spec: { holderIdentity: '9-9-x', leaseDurationSeconds: 15, renewTime: 'then' }
      } as never)
    }
    const outcome = await scene.run({ before: renewals(1, steal) }).deploy()
    expect(outcome).toMatchObject({ result: 'failed', reason: expect.stringContaining('has taken over') })
    expect(scene.record()).toMatchObject({ phase: 'running' })
    await scene.run().rollback()
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })
})
