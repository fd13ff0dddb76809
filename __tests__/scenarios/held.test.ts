import { describe, expect, it } from '@jest/globals'
import { wantedReplicas } from '../../src/kubernetes/health.ts'
import { outcomeJson } from '../../src/report/outputs.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { openScene, type Scene } from './scene.ts'

/** `previous: keep for 1h`: the old version runs until then, and no runner waits for it. */

const HOUR = 3_600_000
const HOLD = { previous: 'keep for 1h', bake: '0s' }

/** v2 has been released over v1, which is kept. @returns until when */
async function held(): Promise<{ readonly scene: Scene; readonly until: string }> {
  const scene = await openScene()
  expect(await scene.run({ id: '5-1', inputs: HOLD }).deploy()).toMatchObject({ result: 'promoted' })
  return { scene, until: scene.record()?.keptUntil ?? '' }
}

const pods = (scene: Scene, name: string): number => wantedReplicas(scene.deployment(name))

describe('an old version that is kept for an hour', () => {
  it('runs at its size, and the report and the record say until when', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ inputs: HOLD }).deploy()
    const until = scene.record()?.keptUntil ?? ''
    expect(Date.parse(until) - Date.parse(scene.record()?.history[0]?.at ?? '')).toBe(HOUR)
    expect(JSON.parse(outcomeJson(outcome))).toMatchObject({ keptUntil: until })
    expect(renderSummary(outcome)).toContain(
      `kept until ${until.slice(0, 16).replace('T', ' ')} UTC: a rollback is instant`
    )
    await scene.clock.sleep(HOUR)
    expect(pods(scene, 'web')).toBe(3)
  })

  it('is told by status, before its end and after it', async () => {
    const { scene, until } = await held()
    const before = await scene.run().status()
    expect(before.reason).toMatch(new RegExp(`ended: promoted; deployment/web is kept until ${until}$`))
    expect(before).toMatchObject({ keptUntil: Date.parse(until), previous: { replicas: 3 } })
    await scene.clock.sleep(HOUR)
    const after = await scene.run().status()
    expect(after.reason).toContain(`deployment/web was to be kept until ${until}: command: cleanup, or the`)
    expect(renderSummary(after)).toContain('still running: it was to be kept until')
    await scene.run().cleanup()
    expect((await scene.run().status()).reason).toMatch(/ended: promoted$/)
  })

  it('is left alone by cleanup until then, and scaled down after it', async () => {
    const { scene, until } = await held()
    await scene.clock.sleep(HOUR - 60_000)
    const lines = scene.story.length
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'unchanged',
      reason: `deployment/web is kept for a rollback until ${until}`
    })
    expect(scene.story.slice(lines)).toEqual([])
    await scene.clock.sleep(60_000)
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'promoted',
      reason: 'deployment/web was scaled down'
    })
    expect(pods(scene, 'web')).toBe(0)
    expect(scene.harm).toEqual([])
  })

  it('comes back at once by a rollback, which may keep the other one likewise', async () => {
    const { scene } = await held()
    await scene.run({ id: '6-1', inputs: { images: 'shop/web:3', ...HOLD } }).deploy()
    await scene.clock.sleep(HOUR / 2)
    const lines = scene.story.length
    expect(await scene.run({ id: '7-1', inputs: HOLD }).rollback()).toMatchObject({ result: 'rolled-back' })
    // It had all its pods, and none was started or ended.
    expect(scene.story.slice(lines).filter((line) => line.startsWith('deployment/'))).toEqual([])
    expect(pods(scene, 'web-blue')).toBe(3)
    expect(scene.record()).toMatchObject({ phase: 'rolled-back', keptUntil: expect.any(String) as unknown })
    expect(await scene.run().cleanup()).toMatchObject({ result: 'unchanged' })
    await scene.clock.sleep(HOUR)
    expect(await scene.run().cleanup()).toMatchObject({ reason: 'deployment/web-blue was scaled down' })
    expect(scene.harm).toEqual([])
  })

  it.each([0, 1])('makes way for the next release, %i hours later', async (hours) => {
    const { scene } = await held()
    await scene.clock.sleep(hours * HOUR)
    const next = { images: 'shop/web:3', bake: '0s' }
    expect(await scene.run({ inputs: next }).deploy()).toMatchObject({ result: 'promoted' })
    expect(['web', 'web-green', 'web-blue'].map((name) => pods(scene, name))).toEqual([0, 0, 3])
    expect(scene.record()).not.toHaveProperty('keptUntil')
    expect(scene.harm).toEqual([])
  })

  it('is ended by a release that finds nothing new, once its time is over', async () => {
    const { scene, until } = await held()
    const again = () => scene.run({ inputs: HOLD }).deploy()
    expect(await again()).toMatchObject({ result: 'unchanged', reason: '' })
    expect(pods(scene, 'web')).toBe(3)
    await scene.clock.sleep(HOUR)
    expect(await again()).toMatchObject({
      result: 'unchanged',
      reason: `deployment/web was scaled down: it was to be kept until ${until}`
    })
    expect(pods(scene, 'web')).toBe(0)
    expect(await again()).toMatchObject({ result: 'unchanged', reason: '' })
  })

  it('stays with `previous: keep` until somebody ends it', async () => {
    const scene = await openScene()
    await scene.run({ inputs: { previous: 'keep' } }).deploy()
    expect(scene.record()).not.toHaveProperty('keptUntil')
    await scene.clock.sleep(HOUR)
    await scene.run({ inputs: { previous: 'keep' } }).deploy()
    expect(pods(scene, 'web')).toBe(3)
  })

  it('is kept for no time that the record does not tell', async () => {
    const { scene } = await held()
    const { annotations = {} } = scene.service().metadata
    const record = JSON.parse(annotations['greenlight.dev/release'] ?? '') as object
    scene.cluster.replace(
      {
        ...scene.service(),
        metadata: {
          ...scene.service().metadata,
          annotations: { 'greenlight.dev/release': JSON.stringify({ ...record, keptUntil: 'soon' }) }
        }
      },
      'kubectl'
    )
    await expect(scene.run().cleanup()).rejects.toThrow('keptUntil is not what it should be')
  })
})
