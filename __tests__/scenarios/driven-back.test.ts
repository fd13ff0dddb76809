import { describe, expect, it } from '@jest/globals'
import { headline } from '../../src/report/headline.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { outcomeJson } from '../../src/report/outputs.ts'
import { failsTheStep } from '../../src/report/verdict.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import { referred, template } from '../support/rollouts.ts'
import { canaryRollout, image, openDriven, released, until, type DrivenScene } from './driven-scene.ts'

/** Going back to a version that Argo Rollouts has released before. */

const LONG = [
  { setWeight: 10 },
  { pause: { duration: '1h' } },
  { setWeight: 50 },
  { pause: { duration: '1h' } }
]
const canaryWith = async (...versions: readonly number[]): Promise<DrivenScene> =>
  released(await openDriven(canaryRollout(LONG)), ...versions)

const told = (text: string): string => text.replaceAll(/\*\*|`/g, '')

describe('a rollback', () => {
  it('brings back what served before, past all pauses, and is told as what it is', async () => {
    const scene = await canaryWith(2)
    const begin = scene.clock.now()
    const outcome = await scene.drive('rollback').ended
    expect(scene.clock.now() - begin).toBeLessThan(60_000)
    expect(outcome).toMatchObject({
      ...{ result: 'rolled-back', reason: '', weight: 100, next: [] },
      ...{ serving: { images: ['shop/web:1'] }, previous: { images: ['shop/web:2'] } },
      shifts: [{ split: { weight: 100 } }]
    })
    expect(failsTheStep(outcome)).toBe(false)
    expect(told(headline(outcome))).toBe(
      '✅ web was rolled back on request: shop/web:1 serves all traffic again'
    )
    expect(renderSummary(outcome)).toContain('Let Argo Rollouts move all users there')
    expect(JSON.parse(outcomeJson(outcome))).toMatchObject({ command: 'rollback', result: 'rolled-back' })
    expect(scene.kept()).toMatchObject({
      phase: 'promoted',
      command: 'rollback',
      history: [
        { command: 'rollback', served: true, images: ['shop/web:1'] },
        { command: 'deploy', served: true, images: ['shop/web:2'] }
      ]
    })
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')
    expect(scene.rollout().status).toMatchObject({ phase: 'Healthy' })
  })

  it('brings the template as it was, without the label of Argo Rollouts: no new pods are made of another one', async () => {
    const scene = await canaryWith(2)
    const replicaSets = () => scene.cluster.all({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }).length
    const before = replicaSets()
    expect((await scene.drive('rollback').ended).result).toBe('rolled-back')
    expect(replicaSets()).toBe(before)
    const [rollout] = scene.cluster.all({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' })
    expect(rollout).toHaveProperty('spec.template', template('shop/web:1'))
  })

  it('switches a blue-green Rollout, past the yes that it waits for', async () => {
    const scene = await released(await openDriven(), 2)
    const outcome = await scene.drive('rollback').ended
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
    await scene.clock.sleep(60_000)
    expect(scene.behind('web')).toBe('v1 3')
  })

  it('writes to the Deployment that holds the template', async () => {
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
    const rollout = canaryRollout(LONG)
    const scene = await openDriven(
      { ...rollout, spec: { ...rollout.spec, template: undefined, workloadRef } },
      [referred(1, 'shop/web:1')]
    )
    await released(scene, 2)
    const outcome = await scene.drive('rollback').ended
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] } })
    const [deployment] = scene.cluster.all({ apiVersion: 'apps/v1', kind: 'Deployment' })
    expect(deployment).toHaveProperty('spec.template', template('shop/web:1'))
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')
  })

  it.each([
    ['a release', '1-1', 2],
    ['a tag', '2', 2],
    ['an image', 'shop/web:1', 1],
    ['a revision', '1', 1]
  ])('takes what `to` names: %s', async (_, to, version) => {
    const scene = await canaryWith(2, 3)
    const outcome = await scene.drive('rollback', { inputs: { to } }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: [`shop/web:${version}`] } })
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe(`v${version} 3`)
  })

  it('is done although the pods of what serves crash: that is when it is wanted', async () => {
    const scene = await canaryWith(2)
    for (const { metadata } of scene.argo.podsOf(String(scene.rollout().status.stableRS)))
      scene.cluster.setStatus(
        { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: metadata.name },
        waiting('CrashLoopBackOff', 'back-off restarting failed container')
      )
    await scene.clock.sleep(1000)
    expect(scene.rollout().status).toMatchObject({ phase: 'Progressing' })
    expect((await scene.drive('rollback').ended).result).toBe('rolled-back')
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')
  })

  it('within the rollback window of the Rollout is done as Argo Rollouts does it', async () => {
    const rollout = canaryRollout(LONG)
    const spec = { ...rollout.spec, rollbackWindow: { revisions: 3 } }
    const scene = await released(await openDriven({ ...rollout, spec }), 2)
    expect((await scene.drive('rollback').ended).result).toBe('rolled-back')
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')
  })

  it('tells in the log how far it has come', async () => {
    const scene = await canaryWith(2)
    const lines: string[] = []
    await scene.drive('rollback', { quote: (text) => lines.push(text) }).ended
    expect(lines).toContain(
      'at step 4 of 4, 0% of the traffic on the new version, 100% wanted: it takes all traffic without further steps'
    )
    expect(lines.length).toBeLessThan(10)
  })

  it('is overlooked, and Argo Rollouts is made to look again', async () => {
    const scene = await canaryWith(2)
    scene.argo.overlooks = 1
    expect((await scene.drive('rollback').ended).result).toBe('rolled-back')
    expect(scene.argo.overlooks).toBe(0)
  })
})

describe('after a release that failed', () => {
  it('goes back to what served before the one that serves', async () => {
    const scene = await canaryWith(2)
    const start = scene.drive('deploy', image(3))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    start.cancel()
    expect((await start.ended).result).toBe('aborted')
    await scene.clock.sleep(60_000)
    expect((await scene.drive('rollback').ended).serving).toMatchObject({ images: ['shop/web:1'] })
  })
})

/** Everything but Leases, which a run takes to be alone. */
const contentOf = (scene: DrivenScene): readonly string[] =>
  scene.cluster
    .everything()
    .filter(({ kind }) => kind !== 'Lease')
    .map(({ kind, metadata: { name, resourceVersion = '' } }) => `${kind}/${name} ${resourceVersion}`)

async function refusalOf(scene: DrivenScene, to?: string): Promise<string> {
  const before = contentOf(scene)
  const { ended } = scene.drive('rollback', { inputs: to === undefined ? {} : { to } })
  const refused = await ended.then(
    () => 'it was not refused',
    (error: unknown) => String(error)
  )
  expect(contentOf(scene)).toEqual(before)
  return refused
}

describe('a rollback is refused, with nothing changed', () => {
  it('where nothing has been released: what is there is named', async () => {
    expect(await refusalOf(await openDriven())).toMatch(
      /command: nothing to roll back to: rollout\/web in namespace shop has no previous version on record: Greenlight has not released it yet — for example: command: deploy/
    )
  })

  it('where somebody else has released what serves: he may have released more', async () => {
    const scene = await canaryWith(2)
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), template: template('shop/web:9') } }))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    scene.hasten()
    await scene.clock.sleep(60_000)
    expect(await refusalOf(scene)).toMatch(
      /what serves was not brought by Greenlight, which has promoted 1-1 \(shop\/web:2\) last: .*; `to` can name 1-1 \(shop\/web:2, web revision 2\); shop\/web:1, web revision 1 — for example: to: 1-1/
    )
    expect((await scene.drive('rollback', { inputs: { to: '1-1' } }).ended).result).toBe('rolled-back')
  })

  it('after a rollback, unless `to` names one: a second click must not bring the bad version back', async () => {
    const scene = await canaryWith(2)
    expect((await scene.drive('rollback').ended).result).toBe('rolled-back')
    await scene.clock.sleep(60_000)
    expect(await refusalOf(scene)).toMatch(
      /no previous version on record \(the last thing that was promoted: rollback 2-1 of shop\/web:1\); `to` can name 1-1 \(shop\/web:2/
    )
    expect((await scene.drive('rollback', { inputs: { to: '1-1' } }).ended).result).toBe('rolled-back')
  })

  it('where the template is gone', async () => {
    const scene = await canaryWith(2)
    const { previous } = scene.kept() ?? {}
    const name = `web-${previous?.hash ?? ''}`
    scene.cluster.remove({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: 'shop', name })
    await scene.clock.sleep(1000)
    expect(await refusalOf(scene)).toMatch(
      /the previous version \(shop\/web:1\) ran as replicaset\/web-\w+ in namespace shop, which is gone/
    )
  })

  it.each([
    [
      'unknown',
      '7',
      /to: "7" is no release, revision or image of rollout\/web in namespace shop; there are 2-1 \(shop\/web:3, web revision 3, serves now\); 1-1 \(shop\/web:2, web revision 2\); shop\/web:1, web revision 1/
    ],
    ['what serves', '2-1', /to: 2-1 \(shop\/web:3\) serves already: it has all the traffic of rollout\/web/]
  ])('where `to` is %s', async (_, to, reason) => {
    expect(await refusalOf(await canaryWith(2, 3), to)).toMatch(reason)
  })

  it('where `to` names what was never promoted', async () => {
    const scene = await canaryWith(2)
    const start = scene.drive('deploy', image(3))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    start.cancel()
    await start.ended
    await scene.clock.sleep(60_000)
    expect(await refusalOf(scene, 'shop/web:3')).toMatch(/to: 2-1 \(shop\/web:3\) was never promoted/)
  })

  it('beside a release of somebody else, which an abort ends', async () => {
    const scene = await canaryWith(2)
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), template: template('shop/web:9') } }))
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    expect(await refusalOf(scene)).toMatch(
      /workload: rollout\/web in namespace shop is already releasing template .* wait for its end, or command: abort/
    )
  })

  it('beside a run of ours', async () => {
    const scene = await canaryWith(2)
    const { ended } = scene.drive('deploy', image(3))
    await until(scene, () => scene.kept()?.phase === 'running')
    await expect(scene.drive('rollback').ended).rejects.toThrow(/another run is releasing here right now/)
    scene.hasten()
    expect((await ended).result).toBe('promoted')
  })

  it('without the rights for it', async () => {
    const scene = await canaryWith(2)
    scene.cluster.listsRules = false
    scene.cluster.isDenied = ({ resource, verb }) => resource === 'rollouts' && verb === 'patch'
    expect(await refusalOf(scene)).toMatch(
      /cannot patch rollouts in namespace shop.*\n.*cannot patch rollouts\/status in namespace shop/
    )
  })
})

describe('a rollback whose controller', () => {
  it('stops in the middle ends, and is finished by it later', async () => {
    const scene = await canaryWith(2)
    const { ended } = scene.drive('rollback')
    await until(scene, () => scene.rollout().status.promoteFull === true)
    scene.argo.isRunning = false
    const begin = scene.clock.now()
    const outcome = await ended
    expect(scene.clock.now() - begin).toBeLessThan(300_000)
    expect(outcome).toMatchObject({ result: 'failed', serving: { images: ['shop/web:2'] } })
    expect(outcome.reason).toMatch(/Is its controller running\?$/)
    scene.argo.start()
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v2 3')
  })

  it('never gets its pods ready ends in the time that they may take', async () => {
    const scene = await canaryWith(2)
    scene.controllers.life = () => ({ after: 3_600_000, status: READY })
    const begin = scene.clock.now()
    const outcome = await scene.drive('rollback', { inputs: { timeout: '2m' } }).ended
    expect(scene.clock.now() - begin).toBeLessThan(200_000)
    expect(outcome).toMatchObject({ result: 'failed', serving: { images: ['shop/web:2'] } })
    expect(outcome.reason).toMatch(/were not ready after 2m: 0 of 3 pods? ready/)
  })
})

describe('a rollback that cannot become ready', () => {
  const unpullable = async (window: boolean, ...versions: readonly number[]): Promise<DrivenScene> => {
    const rollout = canaryRollout(LONG)
    const spec = { ...rollout.spec, ...(window ? { rollbackWindow: { revisions: 3 } } : {}) }
    const scene = await released(await openDriven({ ...rollout, spec }), ...versions)
    scene.controllers.life = (pod) =>
      pod.spec.containers[0]?.image === 'shop/web:1'
        ? { after: 500, status: waiting('ImagePullBackOff', 'Back-off pulling image: not found') }
        : { after: 1000, status: READY }
    return scene
  }

  it.each([
    ['', false],
    [' within the rollback window, where nothing can be aborted', true]
  ])('puts back what served, in seconds%s', async (_, window) => {
    const scene = await unpullable(window, 2)
    const begin = scene.clock.now()
    const outcome = await scene.drive('rollback').ended
    expect(scene.clock.now() - begin).toBeLessThan(20_000)
    expect(outcome).toMatchObject({ result: 'failed', serving: { images: ['shop/web:2'] }, unexposed: true })
    expect(outcome.reason).toMatch(/^pod web-\w+-\d+ cannot run: ImagePullBackOff/)
    expect(failsTheStep(outcome)).toBe(true)
    expect(told(headline(outcome))).toBe('❌ The rollback of web failed: shop/web:2 serves all traffic')
    expect(scene.rollout().image).toBe('shop/web:2')
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v2 3')
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', previous: { images: ['shop/web:1'] } })
  })
})
