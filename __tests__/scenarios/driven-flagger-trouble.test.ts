import { describe, expect, it } from '@jest/globals'
import { messageOf } from '../../src/base/errors.ts'
import { canaryOf, hook } from '../support/canaries.ts'
import { openFlagger, type FlaggerScene } from './driven-flagger-scene.ts'

/** Releases through Flagger that do not go as they should. */

const VETO = hook('rollback')

describe('Flagger itself', () => {
  it('fails a version: it is rolled back, with its words', async () => {
    const scene = await openFlagger()
    scene.flagger.bad = () => 'Halt web.shop advancement success rate 87.50% < 99%'
    const outcome = await scene.drive('deploy').ended
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] }, weight: 0 })
    expect(outcome.reason).toBe(
      'Flagger: Halt web.shop advancement success rate 87.50% < 99%; Rolling back web.shop failed checks threshold reached 2'
    )
    expect(scene.images()).toBe('v1, v1 serves')
    scene.flagger.bad = () => undefined
    // What it notes of the template while it has Failed is no verdict over the next version.
    expect((await scene.drive('deploy', { inputs: { images: 'web=shop/web:3' } }).ended).result).toBe(
      'promoted'
    )
    expect(scene.images()).toBe('v3, v3 serves')
  })

  it('has failed what somebody else has brought: the next version is released over that', async () => {
    const scene = await openFlagger()
    scene.flagger.bad = () => 'Halt web.shop advancement success rate 87.50% < 99%'
    scene.setImage(2)
    await scene.until(() => scene.status().phase === 'Failed')
    scene.flagger.bad = () => undefined
    const outcome = await scene.drive('deploy', { inputs: { images: 'web=shop/web:3' } }).ended
    expect(outcome).toMatchObject({ result: 'promoted', previous: { images: ['shop/web:1'] } })
  })

  it('does not run: that is told after two of its looks, and what was brought is taken back', async () => {
    const scene = await openFlagger()
    scene.flagger.isStopped = true
    const begin = scene.clock.now()
    const outcome = await scene.drive('deploy').ended
    expect(outcome.reason).toMatch(
      /^Flagger does nothing with canary\/web for 35s: Flagger has not taken the last change of deployment\/web up, and looks every 10s\. Is its controller running\?$/
    )
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(scene.clock.now() - begin).toBeLessThan(90_000)
    expect(scene.images()).toBe('v1, v1 serves')
  })
})

it('Flagger that stops in the middle is told, and the version is taken out all the same', async () => {
  const scene = await openFlagger(canaryOf({ stepWeight: 10, webhooks: [VETO] }))
  const { ended } = scene.drive('deploy')
  await scene.until(() => scene.status().canaryWeight === 20)
  scene.flagger.isStopped = true
  const begin = scene.clock.now()
  const outcome = await ended
  expect(outcome.reason).toMatch(
    /^Flagger does nothing with canary\/web for 35s: .* Is its controller running\?$/
  )
  expect(outcome.result).not.toBe('promoted')
  expect(scene.clock.now() - begin).toBeLessThan(120_000)
  // Users come to the old version on both sides, whatever their shares.
  await scene.clock.sleep(30_000)
  expect(scene.pods()).toBe('v1 3 + v1 3')
})

it.each(['deploy', 'plan'] as const)('%s is refused while something else is released', async (command) => {
  const scene = await openFlagger(canaryOf({ stepWeight: 10, webhooks: [VETO] }))
  scene.setImage(2)
  await scene.until(() => scene.status().canaryWeight === 10)
  await expect(scene.drive(command, { inputs: { images: 'web=shop/web:3' } }).ended).rejects.toThrow(
    'canary/web in namespace shop is already releasing, with 10% of the traffic'
  )
})

it('somebody who brings another version meanwhile keeps it', async () => {
  const scene = await openFlagger(canaryOf({ stepWeight: 10, webhooks: [VETO] }))
  const { ended } = scene.drive('deploy')
  await scene.until(() => scene.flagger.weight === 20)
  scene.setImage(3)
  const outcome = await ended
  expect(outcome.reason).toMatch(/^somebody has brought another version to canary\/web meanwhile/)
  await scene.clock.sleep(240_000)
  expect(scene.images()).toBe('v3, v3 serves')
})

it('a run that is cancelled puts the old version back; its post step sees to the rest', async () => {
  const scene = await openFlagger(canaryOf({ stepWeight: 10, webhooks: [VETO] }))
  const run = scene.drive('deploy')
  await scene.until(() => scene.flagger.weight === 10)
  run.cancel()
  expect(await run.ended).toMatchObject({ result: 'aborted' })
  expect(scene.images()).toBe('v1, v1 serves')
  await run.post()
  expect(scene.kept()).toMatchObject({ phase: 'rolled-back' })
  expect(scene.status()).toMatchObject({ phase: 'Failed' })
  expect(scene.flagger.gates.isOpen('rollback')).toBe(false)
})

it.each([0, 1, 2, 4, 6, 9, 12, 20, 40, 60])(
  'a run that is gone after %s s leaves what the next one ends',
  async (seconds) => {
    const scene = await openFlagger(canaryOf({ stepWeight: 10, maxWeight: 50, webhooks: [VETO] }))
    const run = scene.drive('deploy')
    run.ended.catch(() => undefined)
    await scene.clock.sleep(seconds * 1000 + 20)
    run.kill()
    await scene.clock.sleep(20_000)
    const outcome = await scene.drive('deploy', { inputs: { images: 'web=shop/web:3' } }).ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:3'] } })
    expect(scene.images()).toBe('v3, v3 serves')
  }
)

describe('a load tester that does not answer', () => {
  it('ends a release before anything is changed', async () => {
    const scene = await openFlagger(canaryOf({ webhooks: [hook('confirm-promotion'), VETO] }))
    scene.flagger.gates.isDown = true
    const outcome = await scene.drive('deploy').ended
    expect(outcome).toMatchObject({ result: 'failed' })
    expect(outcome.reason).toContain('POST /gate/close to service/flagger-loadtester in namespace shop')
    expect(scene.images()).toBe('v1, v1 serves')
    expect(scene.kept()).toBeUndefined()
  })

  it('keeps nobody on a bad version', async () => {
    const scene = await openFlagger(canaryOf({ stepWeight: 10, webhooks: [VETO] }))
    const exchange = () =>
      Promise.resolve({
        status: 200,
        body: JSON.stringify({ incidents: scene.flagger.weight > 0 ? [1] : [] })
      })
    const inputs = {
      checks: 'incidents: GET https://status.example.com/ $.incidents.length < 1',
      ...{ 'check-interval': '1s', 'failure-limit': '2', 'warm-up': '0s' }
    }
    const { ended } = scene.drive('deploy', { inputs, exchange })
    await scene.until(() => scene.flagger.weight > 0)
    scene.flagger.gates.isDown = true
    const outcome = await ended
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0 })
    expect(outcome.warnings).toContainEqual(expect.stringContaining('POST /rollback/open'))
    expect(scene.images()).toBe('v1, v1 serves')
  })
})

it('a version that fails its checks after the promotion goes back through all of its steps, and its gates', async () => {
  const scene = await openFlagger(canaryOf({ webhooks: [hook('confirm-promotion'), VETO] }))
  expect((await scene.drive('deploy').ended).result).toBe('waiting')
  const incidents = (): readonly unknown[] => (scene.images() === 'v2, v2 serves' ? [1] : [])
  const exchange = () => Promise.resolve({ status: 200, body: JSON.stringify({ incidents: incidents() }) })
  const inputs = {
    checks: 'incidents: GET https://status.example.com/ $.incidents.length < 1',
    ...{ 'check-interval': '1s', 'failure-limit': '2', bake: '1m' }
  }
  const outcome = await scene.drive('promote', { inputs, exchange }).ended
  expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
  expect(scene.images()).toBe('v1, v1 serves')
  expect(scene.flagger.gates.isOpen('gate')).toBe(false)
})

describe('somebody suspends the Canary under way', () => {
  const canaryRef = { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', namespace: 'shop', name: 'web' }
  const suspend = ({ cluster }: FlaggerScene, value: boolean): unknown =>
    cluster.patch(canaryRef, [{ op: 'add', path: '/spec/suspend', value }])
  const suspended = async (webhooks: readonly object[]): Promise<FlaggerScene> => {
    const scene = await openFlagger(canaryOf({ stepWeight: 10, webhooks }))
    const { ended } = scene.drive('deploy')
    await scene.until(() => scene.flagger.weight > 0)
    suspend(scene, true)
    const outcome = await ended
    expect(outcome).toMatchObject({
      result: 'waiting',
      reason: 'somebody has suspended the whole Canary (spec.suspend)'
    })
    expect(outcome.finishedAt - outcome.startedAt).toBeLessThan(120_000)
    expect(outcome.next[0]).toContain('let somebody take that pause away')
    return scene
  }

  it('the run does not sit it out; once that is taken away, follow goes on with it', async () => {
    const scene = await suspended([])
    suspend(scene, false)
    expect((await scene.drive('follow').ended).result).toBe('promoted')
    expect(scene.images()).toBe('v2, v2 serves')
  })

  it('an abort is a way out of it', async () => {
    const scene = await suspended([VETO])
    const { ended } = scene.drive('abort')
    await scene.clock.sleep(5000)
    suspend(scene, false)
    expect((await ended).result).toBe('aborted')
    expect(scene.images()).toBe('v1, v1 serves')
  })
})

it.each([40, 60, 80, 100, 300, 15_000])(
  'somebody deletes the Canary after %d ms: its release is noted as over, and the post step has nothing to do',
  async (ms) => {
    const scene = await openFlagger(canaryOf({ webhooks: [hook('confirm-promotion'), VETO] }))
    const start = scene.drive('deploy')
    const ended = start.ended.catch((error: unknown) => ({ result: 'failed', reason: messageOf(error) }))
    await scene.clock.sleep(ms)
    scene.cluster.remove({
      apiVersion: 'flagger.app/v1beta1',
      kind: 'Canary',
      namespace: 'shop',
      name: 'web'
    })
    expect((await ended).result).toBe('failed')
    expect(await start.post()).toBeUndefined()
    expect(['rolled-back', undefined]).toContain(scene.kept()?.phase)
  }
)
