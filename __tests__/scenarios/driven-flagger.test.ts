import { describe, expect, it } from '@jest/globals'
import { canaryOf } from '../support/canaries.ts'
import { openFlagger } from './driven-flagger-scene.ts'

/** Releases that Flagger carries out, and Greenlight watches. */

/** The first and the last: between them the pods that serve are replaced, one after the other. */
function rising(weights: readonly number[]): readonly (number | undefined)[] {
  expect([...weights].sort((one, other) => one - other)).toEqual(weights)
  return [weights[0], weights.at(-1)]
}

describe('a release through Flagger', () => {
  it('goes through its shares, every one is told, and ends promoted', async () => {
    const scene = await openFlagger()
    expect(scene.status()).toMatchObject({ phase: 'Initialized' })
    expect(scene.pods()).toBe('v1 3')
    const outcome = await scene.drive('deploy').ended
    expect(outcome).toMatchObject({
      ...{ result: 'promoted', weight: 100 },
      ...{ serving: { images: ['shop/web:2'] }, previous: { images: ['shop/web:1'] } }
    })
    expect(rising(outcome.shifts.map(({ split }) => split.weight))).toEqual([50, 100])
    expect(scene.images()).toBe('v2, v2 serves')
    expect(scene.pods()).toBe('v2 3')
    expect(scene.status()).toMatchObject({ phase: 'Succeeded' })
    expect(scene.kept()).toMatchObject({ phase: 'promoted', history: [{ served: true }] })
  })

  it('goes without any share where nothing can share requests out', async () => {
    const scene = await openFlagger(canaryOf({ iterations: 2 }, { provider: 'kubernetes' }))
    const outcome = await scene.drive('deploy', { inputs: { 'smoke-tests': 'GET /health -> 200' } }).ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(outcome.shifts.at(-1)?.split.weight).toBe(100)
    expect(outcome.smokeTests).toHaveLength(1)
  })
})
