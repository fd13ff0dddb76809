import { describe, expect, it } from '@jest/globals'
import { plainHeadline } from '../../src/report/headline.ts'
import { failsTheStep } from '../../src/report/verdict.ts'
import { canaryRollout, openDriven, released } from './driven-scene.ts'
import { deploymentRef, openScene, SERVING, type RunOptions, type Scene } from './scene.ts'

/** A release is taken back because that of another service has failed, unless something else serves by now. */

const HALF = { strategy: 'canary', steps: '50% until approved\n100%' }

const back = (scene: Scene, release: string, more: RunOptions = {}) =>
  scene.run({ ...more, inputs: { command: 'rollback', 'only-if': release } }).rollback()

/** Nothing was changed, and that is no failure. */
async function expectUnchanged(scene: Scene, release: string, reason: string): Promise<void> {
  const [lines, traffic] = [scene.story.length, scene.traffic()]
  const outcome = await back(scene, release)
  expect(outcome).toMatchObject({ result: 'unchanged', reason })
  expect(failsTheStep(outcome)).toBe(false)
  expect(scene.story.slice(lines)).toEqual([])
  expect(scene.traffic()).toBe(traffic)
}

describe('a rollback only if a release still serves', () => {
  it('takes that release back', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    expect(await back(scene, '5-1')).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('takes it back after a later release that has failed, or was restarted by hand', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    scene.cluster.answer = () => ({ status: 500, headers: {}, body: '' })
    const next = { images: 'shop/web:3', 'smoke-tests': 'GET /health -> 200' }
    expect(await scene.run({ id: '6-1', inputs: next }).deploy()).toMatchObject({ result: 'rolled-back' })
    const restarted = { 'kubectl.kubernetes.io/restartedAt': '2026-11-27T09:00:00Z' }
    scene.cluster.patch(
      deploymentRef('web-green'),
      [{ op: 'add', path: '/spec/template/metadata/annotations', value: restarted }],
      'kubectl'
    )
    await scene.clock.sleep(30_000)
    expect(await back(scene, '5-1')).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('changes nothing where Greenlight has released nothing', async () => {
    const scene = await openScene()
    await expectUnchanged(
      scene,
      '5-1',
      'release 5-1 does not serve: Greenlight has not released this workload yet'
    )
  })

  it('changes nothing when a later one serves, and says so', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    await scene.run({ id: '6-1', inputs: { images: 'shop/web:3' } }).deploy()
    await expectUnchanged(
      scene,
      '5-1',
      'release 5-1 does not serve: shop/web:3 does, which deploy 6-1 has brought'
    )
    expect(plainHeadline(await back(scene, '5-1'))).toBe('web is unchanged: shop/web:3 serves all traffic')
  })

  it('changes nothing when it was taken back already', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    await scene.run({ id: '6-1' }).rollback()
    await expectUnchanged(
      scene,
      '5-1',
      'release 5-1 does not serve: shop/web:1 does, which rollback 6-1 has brought'
    )
  })

  it('changes nothing when a person has put another image into its Deployment', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    scene.cluster.patch(
      deploymentRef('web-green'),
      [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/web:9' }],
      'kubectl'
    )
    await scene.clock.sleep(30_000)
    await expectUnchanged(
      scene,
      '5-1',
      'release 5-1 does not serve any more: somebody has changed what it brought, and shop/web:9 serves'
    )
  })

  it('changes nothing while another release waits, or runs', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    const next = { images: 'shop/web:3' }
    const running = scene.run({ id: '6-1', inputs: { ...next, bake: '2m' } }).deploy()
    await scene.when('deployment/web-blue 3 x', 100, () => undefined)
    const reason = 'release 5-1 is not the last one: 6-1 is under way'
    expect(await back(scene, '5-1')).toMatchObject({ result: 'unchanged', reason })
    expect(await running).toMatchObject({ result: 'promoted' })
    await scene.run({ id: '7-1', inputs: { images: 'shop/web:4', ...HALF } }).deploy()
    const waits = 'release 6-1 is not the last one: 7-1 is under way'
    expect(await back(scene, '6-1')).toMatchObject({ result: 'unchanged', weight: 50, reason: waits })
  })

  it('undoes it where its run has died under way', async () => {
    const scene = await openScene()
    const run = scene.run({ id: '5-1' })
    void run.deploy()
    await scene.when(SERVING, 100, () => {
      run.kill()
    })
    await scene.clock.sleep(8000)
    expect(await back(scene, '5-1')).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('looks again under the lock: a run that comes in between has the last word', async () => {
    const scene = await openScene()
    await scene.run({ id: '5-1' }).deploy()
    let isFirst = true
    const before: RunOptions['before'] = async ({ verb, kind }) => {
      if (verb !== 'get' || kind !== 'Lease' || !isFirst) return
      isFirst = false
      await scene.run({ id: '6-1', inputs: { images: 'shop/web:3' } }).deploy()
    }
    expect(await back(scene, '5-1', { before })).toMatchObject({ result: 'unchanged' })
    expect(scene.traffic()).toMatch(/-> v3 3$/)
  })
})

describe('the same of a workload that a controller releases', () => {
  it('is taken back only while it serves', async () => {
    const scene = await released(
      await openDriven(canaryRollout([{ setWeight: 50 }, { pause: { duration: '1h' } }])),
      2
    )
    const { id = '' } = scene.kept() ?? {}
    const other = await scene.drive('rollback', { inputs: { 'only-if': '999-1' } }).ended
    expect(other).toMatchObject({ result: 'unchanged' })
    expect(other.reason).toContain('release 999-1 does not serve: shop/web:2 does, which deploy')
    expect(await scene.drive('rollback', { inputs: { 'only-if': id } }).ended).toMatchObject({
      result: 'rolled-back'
    })
  })
})
