import { describe, expect, it } from '@jest/globals'
import type { Exchange } from '../../src/checks/exchange.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import { putAnalysis } from '../support/memory/rollout-objects.ts'
import { template } from '../support/rollouts.ts'
import { blueGreenRollout, canaryRollout, openDriven, until, type DrivenScene } from './driven-scene.ts'
import { manifest } from './scene.ts'

/** Releases that Argo Rollouts carries out, and Greenlight watches. */

const atGate = (scene: DrivenScene) => (): boolean => scene.kept()?.phase === 'waiting'

describe('a switch that waits for a yes', () => {
  it('is tested before anybody is on it, waits, and is promoted by us', async () => {
    const scene = await openDriven()
    expect(scene.behind('web')).toBe('v1 3')
    const asked: string[] = []
    scene.cluster.answer = ({ path }) => {
      asked.push(`${path} ${scene.behind('web')}`)
      return { status: 200, headers: {}, body: '' }
    }
    const first = await scene.drive('deploy', { inputs: { 'smoke-tests': 'GET /health -> 200' } }).ended
    expect(first).toMatchObject({
      ...{ result: 'waiting', reason: 'the new version waits beside the old one', weight: 0 },
      ...{ serving: { images: ['shop/web:1'] }, canary: { images: ['shop/web:2'] } }
    })
    expect(asked).toHaveLength(3)
    for (const line of asked) expect(line).toMatch(/:8080\/proxy\/health v1 3$/)
    expect(scene.behind('web')).toBe('v1 3')
    expect(scene.behind('web-preview')).toBe('v2 3')
    expect(scene.kept()).toMatchObject({ phase: 'waiting', canary: { images: ['shop/web:2'] } })

    const second = await scene.drive('promote').ended
    expect(second).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] }, weight: 100 })
    expect(scene.behind('web')).toBe('v2 3')
    expect(scene.kept()).toMatchObject({ phase: 'promoted', history: [{ served: true, release: '1-1' }] })
  })

  it('is not promoted for inputs that ask for another version', async () => {
    const scene = await openDriven()
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    await expect(scene.drive('promote', { inputs: { images: 'shop/web:3' } }).ended).rejects.toThrow(
      /the inputs ask for another version than the one that waits: - - image: shop\/web:2; \+ - image: shop\/web:3 — for example: command: abort/
    )
    expect(scene.kept()?.phase).toBe('waiting')
    expect(scene.behind('web')).toBe('v1 3')
    expect((await scene.drive('promote', { inputs: { images: '' } }).ended).result).toBe('promoted')
  })

  it('keeps no plan from being made: the next release undoes it first', async () => {
    const scene = await openDriven()
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    for (const images of ['shop/web:3', 'shop/web:2']) {
      const outcome = await scene.drive('plan', { inputs: { images } }).ended
      expect(outcome).toMatchObject({ result: 'planned', canary: { images: [images] } })
      expect(outcome.warnings[0]).toMatch(/^release 1-1 .* is waiting: .* undone before anything else/)
    }
    expect(scene.kept()?.phase).toBe('waiting')
  })

  it('is aborted by us: nobody was on it, and nothing tries it again', async () => {
    const scene = await openDriven()
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    const outcome = await scene.drive('abort').ended
    expect(outcome).toMatchObject({ result: 'aborted', serving: { images: ['shop/web:1'] }, weight: 0 })
    await scene.clock.sleep(60_000)
    expect(scene.rollout()).toMatchObject({ image: 'shop/web:1', status: { phase: 'Healthy' } })
    expect(scene.behind('web')).toBe('v1 3')
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', history: [{ served: false }] })
  })

  it('is refused while pods of this very version are left, to which users would be sent at once', async () => {
    const scene = await openDriven()
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    expect((await scene.drive('abort').ended).result).toBe('aborted')
    await scene.clock.sleep(1000)
    await expect(scene.drive('deploy').ended).rejects.toThrow(
      /pods of replicaset\/web-\w+ are still there from a release of this very version, until 20/
    )
    await scene.clock.sleep(60_000)
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    expect(scene.behind('web')).toBe('v1 3')
  })

  it('that served before the run could stop it is undone, without its pauses', async () => {
    const scene = await openDriven()
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    expect((await scene.drive('abort').ended).result).toBe('aborted')
    await scene.clock.sleep(60_000)
    const start = scene.drive('deploy')
    await until(scene, () => scene.rollout().image === 'shop/web:2')
    await until(scene, () => scene.behind('web-preview') === 'v2 3')
    scene.cluster.patchStatus(
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' },
      [{ op: 'add', path: '/status/promoteFull', value: true }]
    )
    await scene.clock.sleep(45)
    start.cancel()
    const { result } = await start.ended
    await scene.clock.sleep(60_000)
    const version = result === 'promoted' ? 2 : 1
    expect(scene.rollout()).toMatchObject({ image: `shop/web:${version}`, status: { phase: 'Healthy' } })
    expect(scene.behind('web')).toBe(`v${version} 3`)
  })

  it('whose smoke test fails is taken out before anybody was on it', async () => {
    const scene = await openDriven()
    scene.cluster.answer = () => ({ status: 500, headers: {}, body: '' })
    const outcome = await scene.drive('deploy', { inputs: { 'smoke-tests': 'GET /health -> 200' } }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(outcome.reason).toMatch(/^smoke test failed: .*500/)
    expect(outcome.evidence).toHaveLength(3)
    expect(scene.rollout().image).toBe('shop/web:1')
    expect(scene.behind('web')).toBe('v1 3')
  })

  it('whose image is not there ends in seconds', async () => {
    const scene = await openDriven()
    scene.controllers.life = (pod) =>
      pod.spec.containers[0]?.image === 'shop/web:2'
        ? { after: 500, status: waiting('ImagePullBackOff', 'Back-off pulling image: not found') }
        : { after: 1000, status: READY }
    const begin = scene.clock.now()
    const outcome = await scene.drive('deploy').ended
    expect(outcome).toMatchObject({ result: 'rolled-back', unexposed: true })
    expect(outcome.reason).toMatch(/^pod web-\w+-\d+ cannot run: ImagePullBackOff/)
    expect(scene.clock.now() - begin).toBeLessThan(20_000)
    expect(scene.rollout().image).toBe('shop/web:1')
  })
})

describe('a canary', () => {
  const STEPS = [{ setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: { duration: '5m' } }]

  it('goes through gates and pauses, and every share is told', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    expect(await scene.drive('deploy').ended).toMatchObject({ result: 'waiting', weight: 10 })
    const outcome = await scene.drive('promote').ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(outcome.shifts.map(({ split }) => split.weight)).toEqual([10, 50, 100])
    // Argo Rollouts points the Services once it has told that it is done.
    await scene.clock.sleep(1000)
    expect(scene.behind('web-stable')).toBe('v2 3')
  })

  it('that fails its checks is vetoed, and nobody is on it a moment later', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5m' } }]))
    const asked: number[] = []
    const exchange: Exchange = () => {
      asked.push(scene.clock.now())
      return Promise.resolve({ status: 200, body: JSON.stringify({ incidents: [1] }) })
    }
    const inputs = {
      checks: 'incidents: GET https://status.example.com/ $.incidents.length < 1',
      'check-interval': '1s',
      'failure-limit': '2'
    }
    const outcome = await scene.drive('deploy', { inputs, exchange }).ended
    expect(outcome).toMatchObject({
      ...{ result: 'rolled-back', failedCheck: inputs.checks, weight: 0 },
      ...{ reason: 'incidents was 1, but must be < 1 (failed measurement 2 of 2)' },
      shifts: [{ split: { weight: 10 } }, { split: { weight: 0 } }]
    })
    expect(outcome.restoreSeconds).toBeLessThan(1)
    // It is tried before anything is changed, and then measured only while users are on it.
    expect(asked[0]).toBeLessThan(outcome.timeline[0]?.startedAt ?? 0)
    expect(asked[1]).toBeGreaterThan(outcome.shifts[0]?.at ?? Infinity)
    expect(scene.rollout().image).toBe('shop/web:1')
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')
  })

  it('that fails its checks with all users on it is undone at once', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '30s' } }]))
    const incidents = (): readonly unknown[] => (scene.behind('web-stable').startsWith('v2') ? [1] : [])
    const exchange: Exchange = () =>
      Promise.resolve({ status: 200, body: JSON.stringify({ incidents: incidents() }) })
    const inputs = {
      checks: 'incidents: GET https://status.example.com/ $.incidents.length < 1',
      ...{ 'check-interval': '1s', 'failure-limit': '2', bake: '1m' }
    }
    const outcome = await scene.drive('deploy', { inputs, exchange }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] }, weight: 0 })
    expect(outcome.evidence).toHaveLength(3)
    expect(outcome.restoreSeconds).toBeLessThan(5)
    await scene.clock.sleep(60_000)
    expect(scene.rollout()).toMatchObject({ image: 'shop/web:1', status: { phase: 'Healthy' } })
    expect(scene.behind('web-stable')).toBe('v1 3')
  })

  it('that Argo Rollouts aborts itself is rolled back, with its words', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5m' } }]))
    const { ended } = scene.drive('deploy')
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    const [owner] = scene.cluster.all({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' })
    if (owner === undefined) throw new Error('it does not exist')
    putAnalysis(scene.cluster, owner, {
      name: 'web-2-0',
      labels: {
        'rollouts-pod-template-hash': String(scene.rollout().status.currentPodHash),
        'rollout-type': 'Background'
      },
      status: {
        phase: 'Failed',
        message: 'Metric "errors" assessed Failed due to failed (1)',
        metricResults: [
          { name: 'errors', phase: 'Failed', measurements: [{ phase: 'Failed', value: '[0.21]' }] },
          { name: 'latency', phase: 'Successful', measurements: [{ phase: 'Successful', value: '[120]' }] }
        ]
      }
    })
    scene.cluster.patchStatus(
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' },
      [
        { op: 'add', path: '/status/abort', value: true },
        { op: 'add', path: '/status/phase', value: 'Degraded' },
        {
          op: 'add',
          path: '/status/message',
          value:
            'RolloutAborted: Rollout aborted update to revision 2: Metric "errors" assessed Failed due to failed (1) > failureLimit (0)'
        }
      ]
    )
    const outcome = await ended
    expect(outcome.reason).toMatch(/^Argo Rollouts: RolloutAborted: .*; errors measured 0\.21 \(failed\)$/)
    expect(outcome.driven?.analyses).toMatchObject([
      { name: 'web-2-0', when: 'all the time', phase: 'Failed' }
    ])
    expect(outcome).toMatchObject({ result: 'rolled-back', serving: { images: ['shop/web:1'] }, weight: 0 })
    expect(outcome.restoreSeconds).toBeLessThan(1)
    expect(scene.rollout().image).toBe('shop/web:1')
  })

  it('brings what is to be measured to its own namespace, and to no other', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5s' } }]))
    const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate' }
    const template = (metadata: object) => manifest({ ...kind, metadata, spec: { metrics: [] } } as never)
    const elsewhere = [template({ name: 'errors', namespace: 'staging' })]
    await expect(scene.drive('deploy', { manifests: elsewhere }).ended).rejects.toThrow(
      /AnalysisTemplate errors cannot be part of a release of rollout\/web/
    )
    const released = await scene.drive('deploy', { manifests: [template({ name: 'errors' })] }).ended
    expect(released.result).toBe('promoted')
    expect(scene.cluster.read({ ...kind, namespace: 'shop', name: 'errors' })).toBeDefined()
  })

  it('is left alone when somebody brings another version meanwhile', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5m' } }]))
    const { ended } = scene.drive('deploy')
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), template: template('shop/web:9') } }))
    const outcome = await ended
    expect(outcome.result).toBe('failed')
    expect(outcome.reason).toMatch(/^somebody has brought another version to rollout\/web meanwhile/)
    expect(scene.rollout().image).toBe('shop/web:9')
  })

  it('is promoted by a person, and told as released', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '30m' } }]))
    const { ended } = scene.drive('deploy')
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    scene.cluster.patchStatus(
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' },
      [{ op: 'add', path: '/status/promoteFull', value: true }]
    )
    expect(await ended).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
  })

  it.each([0, 300, 900, 1500, 2500, 4000, 20_000])(
    'that is cancelled after %d ms is taken back at once',
    async (ms) => {
      const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5m' } }]))
      const start = scene.drive('deploy')
      await scene.clock.sleep(ms)
      const begin = scene.clock.now()
      start.cancel()
      const outcome = await start.ended
      expect(outcome.result).toBe('aborted')
      expect(scene.clock.now() - begin).toBeLessThan(6000)
      await scene.clock.sleep(60_000)
      expect(scene.rollout()).toMatchObject({ image: 'shop/web:1', status: { phase: 'Healthy' } })
      expect(scene.behind('web-stable')).toBe('v1 3')
    }
  )

  it('whose run died is ended by the next one, which then releases', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: {} }]))
    const dead = scene.drive('deploy')
    dead.ended.catch(() => undefined)
    await scene.clock.sleep(1500)
    dead.kill()
    await scene.clock.sleep(60_000)
    const outcome = await scene.drive('deploy', { inputs: { images: 'shop/web:3' } }).ended
    expect(outcome).toMatchObject({ result: 'waiting', canary: { images: ['shop/web:3'] } })
    expect(outcome.serving).toMatchObject({ images: ['shop/web:1'] })
  })

  it('whose run died is put back by its own post step, and one that waits is not', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5m' } }]))
    const dead = scene.drive('deploy')
    dead.ended.catch(() => undefined)
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    dead.kill()
    expect(await dead.post()).toBe('Release 1-1 of rollout/web was undone: shop/web:1 serves.')
    expect(scene.rollout().image).toBe('shop/web:1')
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back' })
    expect(await dead.post()).toBeUndefined()
    await scene.clock.sleep(60_000)
    expect(scene.behind('web-stable')).toBe('v1 3')

    const gated = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: {} }]))
    const waits = gated.drive('deploy')
    expect((await waits.ended).result).toBe('waiting')
    expect(await waits.post()).toBeUndefined()
    expect(gated.kept()).toMatchObject({ phase: 'waiting' })
  })

  it('whose run died after a yes is put back by the post step of that run alone', async () => {
    const scene = await openDriven(
      canaryRollout([{ setWeight: 10 }, { pause: {} }, { pause: { duration: '5m' } }])
    )
    const first = scene.drive('deploy')
    expect((await first.ended).result).toBe('waiting')
    const dead = scene.drive('promote')
    dead.ended.catch(() => undefined)
    await until(scene, () => scene.rollout().status.currentStepIndex === 2)
    dead.kill()
    expect(await first.post()).toBeUndefined()
    expect(await dead.post()).toBe('Release 1-1 of rollout/web was undone: shop/web:1 serves.')
    expect(scene.rollout().image).toBe('shop/web:1')
  })

  it('that is deleted meanwhile has failed, and nothing is written', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5m' } }]))
    const { ended } = scene.drive('deploy')
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    scene.cluster.remove({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      namespace: 'shop',
      name: 'web'
    })
    expect((await ended).reason).toMatch(/^somebody deleted rollout\/web in namespace shop/)
  })
})

describe('a controller that does not run', () => {
  it('is called that after half a minute, and what was brought is taken back', async () => {
    const scene = await openDriven()
    scene.argo.isRunning = false
    const begin = scene.clock.now()
    const outcome = await scene.drive('deploy').ended
    expect(outcome.reason).toMatch(
      /^Argo Rollouts does nothing with rollout\/web for 30s: .* Is its controller running\?$/
    )
    expect(scene.clock.now() - begin).toBeLessThan(90_000)
    expect(scene.rollout().image).toBe('shop/web:1')
  })

  it('overlooks an abort and a yes, and is made to look again', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: {} }]))
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    scene.argo.overlooks = 1
    const outcome = await scene.drive('abort').ended
    expect(scene.argo.overlooks).toBe(0)
    expect(outcome.result).toBe('aborted')
    expect(outcome.finishedAt - outcome.startedAt).toBeLessThan(5000)
    expect(outcome.warnings).toEqual([])
    await scene.clock.sleep(60_000)
    expect((await scene.drive('deploy').ended).result).toBe('waiting')
    scene.argo.overlooks = 1
    expect((await scene.drive('promote').ended).result).toBe('promoted')
    expect(scene.argo.overlooks).toBe(0)
  })

  it('is only slow, and that is no failure', async () => {
    const scene = await openDriven(blueGreenRollout({ autoPromotionEnabled: true }))
    scene.argo.lag = 3000
    expect((await scene.drive('deploy').ended).result).toBe('promoted')
  })
})

it('is refused while another run is at work', async () => {
  const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '5m' } }]))
  const { ended } = scene.drive('deploy')
  await until(scene, () => scene.kept()?.phase === 'running')
  await expect(scene.drive('deploy', { inputs: { images: 'shop/web:3' } }).ended).rejects.toThrow(
    /another run is releasing here right now/
  )
  expect((await ended).result).toBe('promoted')
  expect(atGate(scene)()).toBe(false)
})
