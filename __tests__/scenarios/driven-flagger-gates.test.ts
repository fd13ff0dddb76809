import { describe, expect, it } from '@jest/globals'
import { READY, waiting } from '../support/memory/controllers.ts'
import { canaryOf, hook } from '../support/canaries.ts'
import { openFlagger } from './driven-flagger-scene.ts'

/** Gates of Flagger, and who says yes and no there. */

const SMOKE = { 'smoke-tests': 'GET /health -> 200' }
const VETO = hook('rollback')

describe('a gate before the first users', () => {
  const gated = canaryOf({ webhooks: [hook('confirm-traffic-increase'), VETO] })

  it('is waited at with pods that are tested, and one yes leads through all shares', async () => {
    const scene = await openFlagger(gated)
    const first = await scene.drive('deploy', { inputs: SMOKE }).ended
    expect(first).toMatchObject({ result: 'waiting', weight: 0, serving: { images: ['shop/web:1'] } })
    expect(first.reason).toBe('its webhook confirm-traffic-increase wants a yes before its first users')
    expect(first.smokeTests).toMatchObject([{ passed: true }])
    await scene.clock.sleep(60_000)
    expect(scene.flagger.weight).toBe(0)
    expect(scene.pods()).toBe('v1 3 + v2 3')

    const second = await scene.drive('promote').ended
    expect(second).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(scene.flagger.gates.isOpen('gate')).toBe(false)
    expect(scene.images()).toBe('v2, v2 serves')
  })

  it('is not opened for a version that fails its test: it is taken back, and Flagger hears a no', async () => {
    const scene = await openFlagger(gated)
    const answer = scene.cluster.answer
    scene.cluster.answer = (request) =>
      request.path.endsWith('/health') ? { status: 500, headers: {}, body: '' } : answer(request)
    const outcome = await scene.drive('deploy', { inputs: SMOKE }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(outcome.evidence).toHaveLength(3)
    expect(scene.images()).toBe('v1, v1 serves')
    expect(scene.status()).toMatchObject({ phase: 'Failed' })
    expect(scene.pods()).toBe('v1 3')
    // Neither a yes nor a no is left for the next one.
    expect([scene.flagger.gates.isOpen('gate'), scene.flagger.gates.isOpen('rollback')]).toEqual([
      false,
      false
    ])
    scene.cluster.answer = answer
    expect((await scene.drive('deploy', { inputs: SMOKE }).ended).result).toBe('waiting')
    expect((await scene.drive('promote').ended).result).toBe('promoted')
  })

  it('is aborted by us', async () => {
    const scene = await openFlagger(gated)
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    expect(await scene.drive('abort').ended).toMatchObject({ result: 'aborted', weight: 0 })
    expect(scene.images()).toBe('v1, v1 serves')
    expect(scene.pods()).toBe('v1 3')
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back' })
  })

  it('finds neither a yes nor a no that somebody has left open', async () => {
    const scene = await openFlagger(canaryOf({ webhooks: [hook('confirm-promotion'), VETO] }))
    scene.flagger.gates.turn('gate', 'open')
    scene.flagger.gates.turn('rollback', 'open')
    expect(await scene.drive('deploy').ended).toMatchObject({ result: 'waiting', weight: 50 })
  })

  it('is opened as soon as the load tester answers again', async () => {
    const scene = await openFlagger(gated)
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    scene.flagger.gates.isDown = true
    const { ended } = scene.drive('promote')
    await scene.clock.sleep(20_000)
    scene.flagger.gates.isDown = false
    expect((await ended).result).toBe('promoted')
  })

  it('that the load tester has forgotten to be open is told, and waits', async () => {
    const scene = await openFlagger(gated)
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    const { ended } = scene.drive('promote')
    await scene.until(() => scene.flagger.gates.isOpen('gate'))
    scene.flagger.gates.forget()
    const outcome = await ended
    expect(outcome).toMatchObject({ result: 'waiting', weight: 0 })
    expect(outcome.reason).toBe(
      'Flagger was told yes, and has not gone on for 35s: its webhook confirm-traffic-increase wants a yes before its first users'
    )
    expect((await scene.drive('promote').ended).result).toBe('promoted')
  })
})

it('a yes before the start is none before the promotion', async () => {
  const webhooks = [hook('confirm-rollout'), hook('confirm-promotion'), VETO]
  const scene = await openFlagger(canaryOf({ webhooks }))
  const first = await scene.drive('deploy', { inputs: SMOKE }).ended
  expect(first).toMatchObject({
    ...{ result: 'waiting', weight: 0 },
    reason: 'its webhook confirm-rollout wants a yes before its pods are started'
  })
  expect(scene.pods()).toBe('v1 3')
  const second = await scene.drive('promote', { inputs: SMOKE }).ended
  expect(second).toMatchObject({
    ...{ result: 'waiting', weight: 50 },
    reason: 'its webhook confirm-promotion wants a yes before the promotion'
  })
  expect(second.smokeTests.every(({ passed }) => passed)).toBe(true)
  expect(second.smokeTests.length).toBeGreaterThan(0)
  const third = await scene.drive('promote').ended
  expect(third).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
})

it('two gates in one look wait before the promotion once more', async () => {
  const webhooks = [hook('confirm-traffic-increase'), hook('confirm-promotion'), VETO]
  const scene = await openFlagger(canaryOf({ webhooks }))
  expect((await scene.drive('deploy').ended).reason).toContain('before its first users')
  const second = await scene.drive('promote').ended
  expect(second).toMatchObject({ result: 'waiting', weight: 50 })
  await scene.clock.sleep(60_000)
  expect(scene.status()).toMatchObject({ phase: 'Progressing', canaryWeight: 50 })
  expect((await scene.drive('promote').ended).result).toBe('promoted')
})

it('a gate that Flagger asks at every second look only is held open until it has led past', async () => {
  const analysis = { iterations: 2, webhooks: [hook('confirm-promotion'), VETO] }
  const scene = await openFlagger(canaryOf(analysis, { provider: 'kubernetes' }))
  expect(await scene.drive('deploy').ended).toMatchObject({ result: 'waiting', weight: 0 })
  await scene.clock.sleep(35_000)
  expect(await scene.drive('promote').ended).toMatchObject({ result: 'promoted', weight: 100 })
})

it('a gate that is always told no is nothing that we could open', async () => {
  const scene = await openFlagger(canaryOf({ webhooks: [hook('confirm-rollout', '/gate/halt'), VETO] }))
  expect(await scene.drive('deploy').ended).toMatchObject({ result: 'waiting' })
  await expect(scene.drive('promote').ended).rejects.toThrow(
    'its webhook confirm-rollout says no by http://flagger-loadtester.shop/gate/halt'
  )
})

describe('where nobody can veto', () => {
  it('that is told before, and what fails is replaced by the version of before at once', async () => {
    const scene = await openFlagger(canaryOf({ stepWeight: 10, maxWeight: 50 }))
    const exchange = () =>
      Promise.resolve({
        status: 200,
        body: JSON.stringify({ incidents: scene.flagger.weight > 0 ? [1] : [] })
      })
    const inputs = {
      checks: 'incidents: GET https://status.example.com/ $.incidents.length < 1',
      'check-interval': '1s',
      ...{ 'failure-limit': '2', 'warm-up': '0s' }
    }
    const outcome = await scene.drive('deploy', { inputs, exchange }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: inputs.checks, weight: 0 })
    expect(outcome.warnings).toContainEqual(expect.stringContaining('nobody can veto canary/web'))
    expect(outcome.restoreSeconds).toBeLessThan(10)
    expect(scene.images()).toBe('v1, v1 serves')
    expect(scene.pods()).toBe('v1 3 + v1 3')
    // Flagger goes through its steps, for nothing.
    await scene.clock.sleep(240_000)
    expect(scene.status()).toMatchObject({ phase: 'Succeeded' })
    expect(scene.images()).toBe('v1, v1 serves')
  })

  it('the next version is released over what Flagger goes on with', async () => {
    const scene = await openFlagger(canaryOf({ stepWeight: 10, maxWeight: 50 }))
    scene.controllers.life = (pod) =>
      pod.spec.containers[0]?.image === 'shop/web:2'
        ? { after: 500, status: waiting('ImagePullBackOff', 'Back-off pulling image: not found') }
        : { after: 1000, status: READY }
    const bad = await scene.drive('deploy').ended
    expect(bad).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(bad.reason).toMatch(/^pod web-\w+-\d+ cannot run: ImagePullBackOff/)
    expect(scene.status()).toMatchObject({ phase: 'Progressing' })
    const outcome = await scene.drive('deploy', { inputs: { images: 'web=shop/web:3' } }).ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:3'] } })
    expect(scene.images()).toBe('v3, v3 serves')
  })
})
