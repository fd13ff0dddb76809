import { expect, it } from '@jest/globals'
import type { Metrics } from '../../src/checks/prometheus/metrics.ts'
import { openScene } from './scene.ts'

const CHECKS = { checks: 'queue: depth < 1', prometheus: 'http://prometheus', 'check-interval': '1s' }

/** What waits was measured; promote goes on with the checks of its own inputs. */
async function approvedWith(inputs: Readonly<Record<string, string>>) {
  const scene = await openScene()
  const metrics: Metrics = {
    query: () => Promise.resolve([{ labels: {}, samples: [{ at: scene.clock.now(), value: 0 }] }])
  }
  const steps = { strategy: 'canary', steps: '50% until approved\n100%', bake: '0s' }
  expect(await scene.run({ inputs: { ...CHECKS, ...steps }, metrics }).deploy()).toMatchObject({
    result: 'waiting'
  })
  const outcome = await scene.run({ inputs: { images: '', bake: '0s', ...inputs }, metrics }).promote()
  expect(outcome.result).toBe('promoted')
  expect(scene.record()).not.toHaveProperty('checks')
  return outcome.warnings.filter((warning) => warning.includes('checks'))
}

it('a release that was measured goes on without checks only with a warning that names them', async () => {
  expect(await approvedWith({})).toEqual([
    'release 1-1 began with checks (queue) and goes on without any: the inputs of this run have none. Nothing is measured from here on; give promote the same checks and prometheus as the release'
  ])
})

it('with checks of its own there is nothing to warn of', async () => {
  expect(await approvedWith(CHECKS)).toEqual([])
})
