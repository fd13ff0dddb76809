import { expect, it, jest } from '@jest/globals'
import { renderSummary } from '../../src/report/summary.ts'
import { Scraped, type Behaviour } from '../support/memory/scraped.ts'
import { openScene, service, workload } from './scene.ts'

jest.setTimeout(60_000)

/** Releases that are compared with a stable version which has no requests, or with several lines at once. */

const steady: Behaviour = (second) => ({ requests: 60, errors: second % 600 === 300 ? 1 : 0 })
const idle: Behaviour = () => ({ requests: 0 })

async function play(canary: Behaviour, stable: Behaviour, inputs: Readonly<Record<string, string>> = {}) {
  const scene = await openScene([workload(), service()], [])
  const metrics = new Scraped(scene, { 'shop/web:2': canary, 'shop/web:1': stable })
  const steps = { strategy: 'canary', steps: '50% for 5m\n100%', bake: '30s' }
  const checks = { prometheus: 'http://prometheus', checks: 'like stable' }
  const outcome = await scene.run({ inputs: { ...checks, ...steps, ...inputs }, metrics }).deploy()
  return { scene, outcome }
}

it.each([
  ['a step', {}],
  ['all users at once', { strategy: 'blue-green', steps: '', bake: '5m' }]
])('a version that fails half of what it gets does not keep its users: %s', async (_, inputs) => {
  const { outcome, scene } = await play(() => ({ requests: 60, errors: 30 }), idle, inputs)
  expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: 'like stable' })
  expect(outcome.reason).toMatch(/^error-rate was 50% of \d+ requests since .*, stable had none: /)
  expect(scene.traffic()).toContain('v1 3')
})

it('a few errors beside nothing are no data, and so no pass', async () => {
  const { outcome } = await play(() => ({ requests: 60, errors: 3 }), idle)
  expect(outcome).toMatchObject({
    result: 'rolled-back',
    reason: expect.stringContaining('stable has had no request to compare with')
  })
})

it('a version that breaks once all users are on it is put back within a short bake', async () => {
  const { outcome, scene } = await play((second) => ({ requests: 60, errors: second > 335 ? 60 : 0 }), steady)
  expect(outcome.timeline.some(({ title }) => title.startsWith('Bake'))).toBe(true)
  expect(outcome).toMatchObject({ result: 'rolled-back', reason: expect.stringContaining(': a crash, ') })
  expect(scene.traffic()).toContain('v1 3')
})

it('nothing is said to be like a stable version without requests', async () => {
  const { outcome } = await play(steady, idle)
  expect(outcome).toMatchObject({
    result: 'rolled-back',
    reason: expect.stringContaining('stable has had no request to compare with')
  })
  expect(renderSummary(outcome)).not.toMatch(/as fast as stable|errors as stable|would have shown|too few/)
})

it('what several lines find is told once', async () => {
  const checks = 'like stable\nerror-rate <= stable + 0.5%'
  const { outcome } = await play(() => ({ requests: 60, errors: 3 }), steady, { checks })
  expect(outcome).toMatchObject({ result: 'rolled-back' })
  expect(outcome.reason.match(/error-rate was/g)).toHaveLength(1)
})

it('a bake without length is no example of a longer one', async () => {
  const all = { strategy: 'blue-green', steps: '', bake: '0s' }
  const { outcome } = await play((second) => ({ requests: 60, errors: second === 90 ? 3 : 0 }), steady, all)
  expect(outcome).toMatchObject({
    result: 'waiting',
    next: expect.arrayContaining([expect.stringContaining('`bake: 5m`')])
  })
})

it('a version that fails a tenth of its requests is put back, all users on it at once', async () => {
  const all = { strategy: 'blue-green', steps: '', bake: '1m', 'warm-up': '5s' }
  const never: Behaviour = () => ({ requests: 1_000 })
  const { outcome } = await play(() => ({ requests: 1_000, errors: 100 }), never, all)
  expect(outcome).toMatchObject({
    result: 'rolled-back',
    reason: expect.stringMatching(
      /^error-rate was 10% of [\d,]+ requests since .*, stable 0% .* before the release/
    )
  })
})
