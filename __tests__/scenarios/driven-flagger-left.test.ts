import { expect, it } from '@jest/globals'
import { canaryOf, hook } from '../support/canaries.ts'
import { openFlagger } from './driven-flagger-scene.ts'

/** Gates of Flagger while nobody looks, or while a version goes back. */

const WEBHOOKS = [hook('confirm-traffic-increase'), hook('confirm-promotion'), hook('rollback')]

it('a rollback waits at no gate', async () => {
  const scene = await openFlagger(canaryOf({ stepWeight: 10, maxWeight: 50, webhooks: WEBHOOKS }))
  expect((await scene.drive('deploy').ended).result).toBe('waiting')
  expect((await scene.drive('promote').ended).result).toBe('waiting')
  expect((await scene.drive('promote').ended).result).toBe('promoted')
  const back = await scene.drive('rollback', { inputs: { images: '' } }).ended
  expect(back).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
  expect(scene.images()).toBe('v1, v1 serves')
  expect(scene.flagger.gates.isOpen('gate')).toBe(false)
  await expect(scene.drive('rollback', { inputs: { images: '' } }).ended).rejects.toThrow(
    'nothing to roll back to'
  )
})

it('a release that its run leaves goes on, and another run ends it', async () => {
  const scene = await openFlagger(canaryOf({ stepWeight: 5, maxWeight: 50, webhooks: [hook('rollback')] }))
  const left = await scene.drive('deploy', { inputs: { 'leave-after': '1m' } }).ended
  expect(left).toMatchObject({ result: 'waiting', left: true })
  expect(left.weight).toBeGreaterThan(0)
  const outcome = await scene.drive('follow').ended
  expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
  expect(scene.images()).toBe('v2, v2 serves')
})

it('what is left before the promotion is not promoted while nobody looks', async () => {
  const scene = await openFlagger(canaryOf({ stepWeight: 5, maxWeight: 50, webhooks: WEBHOOKS }))
  expect((await scene.drive('deploy').ended).result).toBe('waiting')
  const left = await scene.drive('promote', { inputs: { 'leave-after': '1m' } }).ended
  expect(left).toMatchObject({ result: 'waiting', left: true })
  await scene.clock.sleep(300_000)
  expect(scene.images()).toBe('v2, v1 serves')
  expect(await scene.drive('follow').ended).toMatchObject({ result: 'waiting', weight: 50 })
  expect((await scene.drive('promote').ended).result).toBe('promoted')
})
