import { describe, expect, it } from '@jest/globals'
import type { Outcome } from '../../src/domain/outcome.ts'
import { headline } from '../../src/report/headline.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { referred, template } from '../support/rollouts.ts'
import {
  canaryRollout,
  image,
  openDriven,
  released,
  until,
  type DrivenScene,
  type DrivenStart
} from './driven-scene.ts'

/** Releases that Argo Rollouts carries out, and whose run is gone; and releases of somebody else. */

const LONG = [{ setWeight: 10 }, { pause: { duration: '1h' } }]
const SHORT = [{ setWeight: 10 }, { pause: { duration: '10s' } }]

const told = (outcome: Outcome): string => headline(outcome).replaceAll(/\*\*|`/g, '')

/** The run dies without a word. */
async function lost(scene: DrivenScene, start: DrivenStart, ms: number): Promise<void> {
  start.ended.catch(() => undefined)
  await scene.clock.sleep(ms)
  start.kill()
}

/** All users are on this version, and nothing is to change that. */
async function expectServed(scene: DrivenScene, version: number): Promise<void> {
  await scene.clock.sleep(60_000)
  expect(scene.rollout()).toMatchObject({ image: `shop/web:${version}`, status: { phase: 'Healthy' } })
  expect(scene.behind('web-stable')).toBe(`v${version} 3`)
}

const MOMENTS = [0, 100, 200, 300, 500, 900, 1300, 1500, 2000]

describe('a rollback', () => {
  const scene = async (): Promise<DrivenScene> => released(await openDriven(canaryRollout(LONG)), 2)

  it.each(MOMENTS)('that is cancelled after %d ms is stopped at once: what served goes on', async (ms) => {
    const open = await scene()
    const start = open.drive('rollback')
    await open.clock.sleep(ms)
    const begin = open.clock.now()
    start.cancel()
    const { result } = await start.ended
    expect(open.clock.now() - begin).toBeLessThan(6000)
    expect(['aborted', 'rolled-back']).toContain(result)
    await expectServed(open, result === 'aborted' ? 2 : 1)
    // That it was stopped says nothing of the version.
    if (result === 'aborted') {
      expect((await open.drive('rollback', { inputs: { to: 'shop/web:1' } }).ended).result).toBe(
        'rolled-back'
      )
      await expectServed(open, 1)
    }
    expect((await open.drive('deploy', image(3)).ended).warnings).toEqual([])
  })

  it.each(MOMENTS)('whose run dies after %d ms is ended by its post step', async (ms) => {
    const open = await scene()
    const dead = open.drive('rollback')
    await lost(open, dead, ms)
    const text = await dead.post()
    const isOver =
      text === undefined || text === 'Rollback 2-1 of rollout/web was finished: shop/web:1 serves.'
    if (!isOver) expect(text).toBe('Release 2-1 of rollout/web was undone: shop/web:2 serves.')
    const version = isOver && open.kept()?.id === '2-1' ? 1 : 2
    await expectServed(open, version)
    expect(['promoted', 'rolled-back']).toContain(open.kept()?.phase)
  })

  it('whose run dies is finished by Argo Rollouts, and noted by the next one', async () => {
    const open = await scene()
    await lost(open, open.drive('rollback'), 900)
    await expectServed(open, 1)
    const { ended } = open.drive('deploy', image(3))
    await until(open, () => open.rollout().status.phase === 'Paused')
    open.hasten()
    const outcome = await ended
    expect(outcome).toMatchObject({ result: 'promoted', previous: { images: ['shop/web:1'] } })
    expect(outcome.warnings).toEqual([
      'release 2-1 (https://ci/2-1) had come to its end without a run: Argo Rollouts lets shop/web:1 serve all users. It is noted as promoted, although nobody has watched it to its end'
    ])
    expect(open.kept()?.history.map(({ release, served }) => [release, served])).toEqual([
      ['3-1', true],
      ['2-1', true],
      ['1-1', true]
    ])
  })

  it('undoes a release that waits, and nothing more; with `to` it goes on from there', async () => {
    const open = await released(await openDriven(canaryRollout([{ setWeight: 10 }, { pause: {} }])), 2)
    expect((await open.drive('deploy', image(3)).ended).result).toBe('waiting')
    const outcome = await open.drive('rollback').ended
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:2'] }, weight: 0 })
    expect(outcome.reason).toBe(
      'release 3-1 (https://ci/3-1) was unfinished: it was undone, shop/web:2 serves'
    )
    await expectServed(open, 2)

    expect((await open.drive('deploy', image(3)).ended).result).toBe('waiting')
    await expect(open.drive('rollback', { inputs: { to: '3' } }).ended).rejects.toThrow(
      /5-1 \(shop\/web:3\) has not been promoted yet: its release waits for approval/
    )
    expect(open.kept()).toMatchObject({ phase: 'waiting' })
    expect((await open.drive('status').ended).versions).toMatchObject([
      { release: '5-1', phase: 'waiting' },
      { release: '3-1', served: false },
      { release: '1-1', serves: true },
      { images: ['shop/web:1'] }
    ])
    const further = await open.drive('rollback', { inputs: { to: 'shop/web:1' } }).ended
    expect(further).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
    expect(further.warnings).toEqual([
      expect.stringMatching(/^release 5-1 .* was undone, shop\/web:2 serves$/)
    ])
    await expectServed(open, 1)
  })
})

describe('a release whose run is lost', () => {
  /** Argo Rollouts has gone through all steps meanwhile. */
  async function leftServing(options: { tests?: boolean; ms?: number } = {}): Promise<DrivenScene> {
    const { tests = false, ms = 3000 } = options
    const scene = await openDriven(canaryRollout(SHORT))
    scene.cluster.answer = () => ({ status: 200, headers: {}, body: '' })
    const inputs = tests ? { 'smoke-tests': 'GET /health -> 200' } : {}
    await lost(scene, scene.drive('deploy', { inputs }), ms)
    await expectServed(scene, 2)
    return scene
  }

  it.each([false, true])('and which serves by now stays, and is told (smoke tests: %p)', async (tests) => {
    const scene = await leftServing({ tests })
    const { ended } = scene.drive('deploy', image(3))
    await until(scene, () => scene.rollout().image === 'shop/web:3')
    expect(scene.behind('web-stable')).toBe('v2 3')
    const outcome = await ended
    expect(outcome).toMatchObject({ result: 'promoted', previous: { images: ['shop/web:2'] } })
    expect(renderSummary(outcome)).toContain('had come to its end without a run')
    expect((await scene.drive('rollback').ended).serving).toMatchObject({ images: ['shop/web:2'] })
  })

  it('and which serves by now is not tested again by a second attempt', async () => {
    const outcome = await (await leftServing()).drive('deploy').ended
    expect(outcome).toMatchObject({ result: 'unchanged', serving: { images: ['shop/web:2'] } })
    expect(outcome.warnings).toEqual([expect.stringMatching(/^release 1-1 .* It is noted as promoted/)])
  })

  it('but has passed none of its smoke tests is taken back: nothing untested is called released', async () => {
    const scene = await leftServing({ tests: true, ms: 300 })
    const { ended } = scene.drive('deploy', { inputs: { 'smoke-tests': 'GET /health -> 200' } })
    await until(scene, () => scene.behind('web-stable') === 'v1 3')
    const outcome = await ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(outcome.smokeTests.map(({ passed }) => passed)).toContain(true)
    expect(outcome.warnings[0]).toMatch(/^release 1-1 .* was unfinished: it was undone, shop\/web:1 serves$/)
  })

  it('while its controller does not run stops the next one, and says so', async () => {
    const scene = await openDriven(canaryRollout(LONG))
    await lost(scene, scene.drive('deploy'), 3000)
    await scene.clock.sleep(20_000)
    scene.argo.isRunning = false
    const outcome = await scene.drive('deploy', image(3)).ended
    expect(outcome.result).toBe('failed')
    expect(outcome.reason).toMatch(/^release 1-1 .* could not be undone: .*\. Nothing was begun after that$/)
    scene.argo.start()
    const { ended } = scene.drive('deploy', image(3))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    scene.hasten()
    expect((await ended).result).toBe('promoted')
  })

  it('is told as well where the next one is refused', async () => {
    const scene = await leftServing()
    const outcome = await scene.drive('deploy', image(2)).ended
    expect(outcome.result).toBe('unchanged')
    const again = await leftServing()
    const refused = await again.drive('deploy', { inputs: { images: 'shop/api:7' } }).ended
    expect(refused.result).toBe('failed')
    expect(refused.reason).toMatch(
      /^release 1-1 .*\. Nothing was begun after that:\nimages: shop\/api:7 changes nothing/
    )
    expect(told(refused)).toMatch(/shop\/web:2 serves all traffic$/)
  })
})

describe('a release that waits for a yes, and that somebody has promoted by hand', () => {
  const waits = async (): Promise<DrivenScene> => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: {} }]))
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    scene.hasten()
    await expectServed(scene, 2)
    return scene
  }

  it('is noted by whoever says yes', async () => {
    const scene = await waits()
    const outcome = await scene.drive('promote').ended
    expect(outcome).toMatchObject({
      result: 'promoted',
      reason: 'somebody had promoted release 1-1 already',
      serving: { images: ['shop/web:2'] }
    })
    expect(scene.kept()).toMatchObject({ phase: 'promoted', previous: { images: ['shop/web:1'] } })
  })

  it('is none to abort any more', async () => {
    const scene = await waits()
    const outcome = await scene.drive('abort').ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(outcome.reason).toMatch(/^release 1-1 had come to its end before it could be aborted/)
    expect(outcome.next).toEqual([expect.stringMatching(/^To go back to shop\/web:1: .*command: rollback/)])
  })
})

describe('an abort of what somebody else has begun', () => {
  const bring = (scene: DrivenScene, version: number): void => {
    scene.edit((live) => ({
      ...live,
      spec: { ...(live.spec as object), template: template(`shop/web:${version}`) }
    }))
  }
  /** At 10%, by another hand than ours. */
  const others = async (): Promise<DrivenScene> => {
    const scene = await openDriven(canaryRollout(LONG))
    bring(scene, 9)
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    return scene
  }

  it('puts users back at once, and takes its template back, which would be tried again', async () => {
    const scene = await others()
    const outcome = await scene.drive('abort').ended
    expect(outcome).toMatchObject({
      ...{ result: 'aborted', weight: 0, serving: { images: ['shop/web:1'] } },
      ...{ canary: { images: ['shop/web:9'] } },
      reason: 'a release of shop/web:9 that Greenlight had not begun was aborted',
      shifts: [{ split: { weight: 10 } }, { split: { weight: 0 } }]
    })
    expect(outcome.restoreSeconds).toBeLessThan(1)
    expect(told(outcome)).toBe('✅ The release of web was aborted on request: shop/web:1 serves all traffic')
    await expectServed(scene, 1)
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', history: [{ served: false }] })
    await expect(scene.drive('rollback', { inputs: { to: '9' } }).ended).rejects.toThrow(/never promoted/)
  })

  it('takes back what was aborted before, and is still wished for', async () => {
    const scene = await others()
    scene.cluster.patchStatus(
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' },
      [{ op: 'add', path: '/status/abort', value: true }]
    )
    await until(scene, () => scene.rollout().status.phase === 'Degraded')
    await expect(scene.drive('deploy', image(9)).ended).rejects.toThrow(
      /rollout\/web in namespace shop has this very version already, and does not let it serve: RolloutAborted.*command: abort takes it back/
    )
    expect((await scene.drive('abort').ended).result).toBe('aborted')
    await expectServed(scene, 1)
  })

  it('is undone in the Deployment that holds the template', async () => {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
    const rollout = canaryRollout(LONG)
    const spec = { ...rollout.spec, template: undefined, workloadRef }
    const scene = await openDriven({ ...rollout, spec }, [referred(1, 'shop/web:1')])
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' }
    scene.cluster.patch(ref, [{ op: 'replace', path: '/spec/template', value: template('shop/web:9') }])
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    expect((await scene.drive('abort').ended).result).toBe('aborted')
    expect(scene.cluster.read(ref)).toHaveProperty('spec.template', template('shop/web:1'))
  })

  it.each([0, 50, 150, 400])('whose run dies after %d ms is ended by the next one', async (ms) => {
    const scene = await others()
    await lost(scene, scene.drive('abort'), ms)
    await scene.clock.sleep(60_000)
    const outcome = await scene.drive('abort').ended.catch(() => undefined)
    if (outcome !== undefined) expect(outcome.result).toBe('aborted')
    await expectServed(scene, 1)
  })

  it.each([
    ['nothing is under way', 1],
    ['the pods of what serves come and go', 4]
  ])('is refused where %s', async (_, replicas) => {
    const scene = await openDriven(canaryRollout(LONG))
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), replicas } }))
    await scene.clock.sleep(300)
    await expect(scene.drive('abort').ended).rejects.toThrow(
      /nothing to abort: no release of rollout\/web is under way/
    )
  })

  it('is refused where nobody knows, as the controller has not taken the last change', async () => {
    const scene = await openDriven(canaryRollout(LONG))
    scene.argo.isRunning = false
    bring(scene, 9)
    await expect(scene.drive('abort').ended).rejects.toThrow(
      /it is not known whether a release of rollout\/web in namespace shop is under way: its controller has seen generation/
    )
    expect(scene.rollout().image).toBe('shop/web:9')
  })

  it('is refused where there is no version to go back to', async () => {
    const scene = await others()
    const name = `web-${String(scene.rollout().status.stableRS)}`
    scene.cluster.remove({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'shop', name })
    await expect(scene.drive('abort').ended).rejects.toThrow(
      /no version to go back to: replicaset\/web-\w+, which keeps the template of what serves, is gone/
    )
    expect(scene.rollout().image).toBe('shop/web:9')
  })
})

describe('a deploy over a version that was aborted', () => {
  it('goes back to what served should it fail, not to what was aborted', async () => {
    const scene = await openDriven(canaryRollout(LONG))
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), template: template('shop/web:9') } }))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    scene.cluster.patchStatus(
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' },
      [{ op: 'add', path: '/status/abort', value: true }]
    )
    await until(scene, () => scene.rollout().status.phase === 'Degraded')
    await scene.clock.sleep(60_000)
    const start = scene.drive('deploy', image(3))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    start.cancel()
    expect((await start.ended).result).toBe('aborted')
    await expectServed(scene, 1)
  })
})

describe('a cleanup', () => {
  const cleanup = (scene: DrivenScene): Promise<Outcome> => scene.drive('cleanup').ended

  it('has nothing to do where nothing is left', async () => {
    const scene = await openDriven(canaryRollout(LONG))
    expect(await cleanup(scene)).toMatchObject({
      result: 'unchanged',
      reason: 'there is nothing to clean up'
    })
    await released(scene, 2)
    expect(await cleanup(scene)).toMatchObject({
      result: 'unchanged',
      reason: 'there is nothing to clean up'
    })
  })

  it('leaves a release alone that waits, or whose run is alive', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: {} }]))
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    expect(await cleanup(scene)).toMatchObject({
      result: 'unchanged',
      reason: 'release 1-1 waits: it is left alone'
    })
    expect(scene.kept()).toMatchObject({ phase: 'waiting' })
    const busy = await openDriven(canaryRollout(SHORT))
    const { ended } = busy.drive('deploy')
    await until(busy, () => busy.kept()?.phase === 'running')
    const { result, reason } = await cleanup(busy)
    expect([result, reason]).toEqual([
      'unchanged',
      expect.stringMatching(/^another run is releasing here right now/)
    ])
    expect((await ended).result).toBe('promoted')
  })

  it('notes a release that has come to its end, and leaves users where they are', async () => {
    const scene = await openDriven(canaryRollout(SHORT))
    await lost(scene, scene.drive('deploy', { inputs: { 'smoke-tests': 'GET /health -> 200' } }), 300)
    await expectServed(scene, 2)
    const outcome = await cleanup(scene)
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(outcome.reason).toMatch(/It is noted as promoted, although its smoke tests have not passed$/)
    expect(told(outcome)).toBe('✅ web was cleaned up: shop/web:2 serves all traffic')
    expect(scene.kept()).toMatchObject({ phase: 'promoted' })
    await expectServed(scene, 2)
  })

  it('undoes a release that is in the middle', async () => {
    const scene = await openDriven(canaryRollout(LONG))
    await lost(scene, scene.drive('deploy'), 3000)
    await scene.clock.sleep(20_000)
    const outcome = await cleanup(scene)
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
    expect(outcome.reason).toBe(
      'release 1-1 (https://ci/1-1) was unfinished: it was undone, shop/web:1 serves'
    )
    await expectServed(scene, 1)
  })

  it('closes the record of a release over which somebody has brought another version, and touches nothing of that', async () => {
    const scene = await openDriven(canaryRollout(LONG))
    await lost(scene, scene.drive('deploy'), 3000)
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), template: template('shop/web:9') } }))
    await scene.clock.sleep(20_000)
    const begin = scene.clock.now()
    const outcome = await cleanup(scene)
    // As long as it takes until the lock of a dead run counts no more.
    expect(scene.clock.now() - begin).toBeLessThan(20_000)
    expect(outcome.warnings).toEqual([])
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', history: [{ served: false }] })
    expect(scene.rollout()).toMatchObject({ image: 'shop/web:9', status: { phase: 'Paused' } })
  })
})
