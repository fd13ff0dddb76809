import { describe, expect, it } from '@jest/globals'
import type { Call } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import { openScene } from './scene.ts'
import { once, onService, noAnswer } from './interference.ts'

/** Every write that a first release makes, by what it is for. */
const WRITES: readonly [string, (call: Call) => boolean, number][] = [
  ['the lock', ({ verb, kind }) => verb === 'create' && kind === 'Lease', 1],
  ['the first shift', onService, 1],
  [
    'the start of the canary',
    ({ verb, kind, dryRun }) => verb === 'create' && kind === 'Deployment' && !dryRun,
    1
  ],
  ['the switch', onService, 2],
  ['the record of the promotion', onService, 3],
  ['the scale-down of the old version', ({ verb, kind }) => verb === 'patch' && kind === 'Deployment', 1]
]

describe('an answer is lost, but the write has arrived:', () => {
  it.each(WRITES.slice(1))('%s is found done when it is done again', async (_, matches, nth) => {
    const scene = await openScene()
    const outcome = await scene.run({ after: once(matches, noAnswer, nth) }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
    expect(scene.record()?.phase).toBe('promoted')
  })

  it('the start of a canary in a slot that is there is found done, and its own pods are not taken for old ones', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()
    scene.controllers.life = ({ metadata }) => ({
      after: 500,
      status: metadata.name.startsWith('web-green') ? waiting('CrashLoopBackOff') : READY
    })
    const replaced = ({ verb, kind, dryRun }: Call): boolean =>
      verb === 'replace' && kind === 'Deployment' && !dryRun
    const outcome = await scene
      .run({ inputs: { images: 'shop/web:4' }, after: once(replaced, noAnswer) })
      .deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('CrashLoopBackOff')
    })
    expect(outcome.evidence.map(({ reason }) => reason)).toContain('CrashLoopBackOff')
    expect(scene.harm).toEqual([])
  })
})
