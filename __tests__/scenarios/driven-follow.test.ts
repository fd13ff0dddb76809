import { describe, expect, it } from '@jest/globals'
import type { Exchange } from '../../src/checks/exchange.ts'
import { headline } from '../../src/report/headline.ts'
import { READY } from '../support/memory/controllers.ts'
import { template } from '../support/rollouts.ts'
import { canaryRollout, openDriven, rolloutRef, until, type DrivenScene } from './driven-scene.ts'

/** Releases that last longer than a job: a run leaves, the controller goes on, and another run takes up. */

const NIGHT = [
  { setWeight: 10 },
  { pause: { duration: '16m' } },
  { setWeight: 50 },
  { pause: { duration: '20s' } }
]
const LEAVES = { 'leave-after': '10m' }
/** What takes an hour in life: every renewal of a lock costs the tests a request. */
const HOUR = 120_000

const openNight = (): Promise<DrivenScene> => openDriven(canaryRollout(NIGHT))

/** Status 200 with as many incidents as there are now. */
const counting =
  (incidents: () => number): Exchange =>
  () =>
    Promise.resolve({ status: 200, body: JSON.stringify({ incidents: Array(incidents()).fill(0) }) })

const CHECKED = {
  checks: 'incidents: GET https://status.example.com/ $.incidents.length < 1',
  'check-interval': '20s',
  'failure-limit': '3'
}

function setStatus(scene: DrivenScene, key: string): void {
  scene.cluster.patchStatus(rolloutRef, [{ op: 'add', path: `/status/${key}`, value: true }])
}

describe('a release that lasts longer than its job', () => {
  it('is left to its controller, which goes on, and is told as waiting', async () => {
    const scene = await openNight()
    const start = scene.drive('deploy', { inputs: LEAVES })
    const outcome = await start.ended
    expect(outcome).toMatchObject({
      result: 'waiting',
      left: true,
      weight: 10,
      serving: { images: ['shop/web:1'] }
    })
    expect(outcome.finishedAt - outcome.startedAt).toBeGreaterThanOrEqual(5 * HOUR)
    expect(outcome.finishedAt - outcome.startedAt).toBeLessThan(5.1 * HOUR)
    expect(outcome.reason).toMatch(
      /^this run leaves after 10m \(leave-after\), and Argo Rollouts goes on without it, at step 2 of 4, 10% of the traffic on the new version: pauses for 16m, since /
    )
    expect(outcome.next).toEqual([
      'Argo Rollouts goes on by itself: pauses for 16m, then 50% of the traffic, then pauses for 20s, then 100% of the traffic. Until command: follow takes it up nobody tests or measures it, and nobody notes how it ends: run that by the clock, or when you want to know.',
      'To put shop/web:1 back: command: abort.'
    ])
    expect(headline(outcome)).toBe(
      '⏳ **web** is still being released by Argo Rollouts, and nobody follows it: `shop/web:2` has 10% of the requests'
    )
    expect(scene.kept()).toMatchObject({ phase: 'left', canary: { images: ['shop/web:2'] } })
    // Neither the post step of that run nor anything else undoes it.
    expect(await start.post()).toBeUndefined()
    await scene.clock.sleep(4 * HOUR)
    expect(scene.behind('web-stable')).toBe('v2 3')
    expect(scene.rollout()).toMatchObject({ image: 'shop/web:2', status: { phase: 'Healthy' } })
  })

  it('is followed by a run after the other, to its end, with one history', async () => {
    const scene = await openNight()
    const inputs = { 'leave-after': '6m' }
    expect(await scene.drive('deploy', { inputs, sha: 'c0ffee' }).ended).toMatchObject({
      result: 'waiting',
      left: true
    })
    const second = await scene.drive('follow', { inputs }).ended
    expect(second).toMatchObject({ result: 'waiting', left: true, weight: 10, commit: 'c0ffee' })
    const third = await scene.drive('follow', { inputs }).ended
    expect(third).toMatchObject({
      result: 'promoted',
      weight: 100,
      serving: { images: ['shop/web:2'] },
      commit: 'c0ffee'
    })
    expect(third.reason).toMatch(
      /^release 1-1 \(https:\/\/ci\/1-1\) began at 20\S+Z, and nobody followed it from 20\S+Z to 20\S+Z$/
    )
    expect(scene.kept()).toMatchObject({ phase: 'promoted', history: [{ release: '1-1', served: true }] })
  })

  it('is told as promoted when it has come to its end while nobody looked', async () => {
    const scene = await openNight()
    expect((await scene.drive('deploy', { inputs: LEAVES }).ended).left).toBe(true)
    await scene.clock.sleep(10 * HOUR)
    expect(await scene.drive('follow').ended).toMatchObject({ result: 'promoted', weight: 100 })
    expect(scene.kept()).toMatchObject({ phase: 'promoted', history: [{ served: true }] })
    // Whoever comes after that finds nothing to do.
    const again = await scene.drive('follow').ended
    expect(again).toMatchObject({
      ...{ result: 'unchanged', serving: { images: ['shop/web:2'] } },
      reason: 'there is nothing to follow: no release of it is under way'
    })
    expect(again.commit).toBeUndefined()
  })

  it('waits at a gate that it has come to meanwhile, and its new pods are tested there', async () => {
    const scene = await openDriven(
      canaryRollout([{ setWeight: 10 }, { pause: { duration: '16m' } }, { setWeight: 70 }, { pause: {} }])
    )
    const tested: string[] = []
    scene.cluster.answer = ({ path }) => {
      tested.push(path)
      return { status: 200, headers: {}, body: '' }
    }
    const inputs = { ...LEAVES, 'smoke-tests': 'GET /health -> 200' }
    expect((await scene.drive('deploy', { inputs }).ended).left).toBe(true)
    expect(tested).toHaveLength(1)
    await scene.clock.sleep(10 * HOUR)
    const outcome = await scene.drive('follow', { inputs }).ended
    expect(outcome).toMatchObject({
      result: 'waiting',
      reason: expect.stringMatching(/^a pause without a duration/)
    })
    expect(outcome.left).toBeUndefined()
    // Each pod once, whichever run it was.
    expect(tested).toHaveLength(3)
    expect(new Set(tested).size).toBe(3)
    expect(scene.kept()?.phase).toBe('waiting')
    expect((await scene.drive('promote', { inputs }).ended).result).toBe('promoted')
  })

  it('is vetoed by the run that follows it, when a new pod fails the smoke tests', async () => {
    const scene = await openNight()
    const inputs = { ...LEAVES, 'smoke-tests': 'GET /health -> 200' }
    expect((await scene.drive('deploy', { inputs }).ended).left).toBe(true)
    await scene.clock.sleep(3 * HOUR)
    await until(scene, () => scene.rollout().status.currentStepIndex === 3)
    scene.cluster.answer = () => ({ status: 500, headers: {}, body: '' })
    const outcome = await scene.drive('follow', { inputs }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0, serving: { images: ['shop/web:1'] } })
    expect(outcome.reason).toMatch(/^smoke test failed: .*; release 1-1 /)
    expect(scene.rollout().image).toBe('shop/web:1')
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', history: [{ served: false }] })
  })

  it('fails its checks in the second run as it would have in one: failures count on', async () => {
    const scene = await openNight()
    let incidents = 0
    const exchange = counting(() => incidents)
    const inputs = { ...LEAVES, ...CHECKED }
    const first = scene.drive('deploy', { inputs, exchange })
    await scene.clock.sleep(HOUR)
    incidents = 1
    await scene.clock.sleep(40_000)
    incidents = 0
    expect((await first.ended).left).toBe(true)
    expect(scene.kept()?.failures).toEqual({ 'incidents < 1': 2 })
    const second = scene.drive('follow', { inputs, exchange })
    await scene.clock.sleep(HOUR)
    incidents = 1
    const outcome = await second.ended
    expect(outcome.reason).toMatch(/^incidents was 1, but must be < 1 \(failed measurement 3 of 3\); /)
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0, failedCheck: CHECKED.checks })
    expect(outcome.finishedAt - outcome.startedAt).toBeLessThan(1.1 * HOUR)
  })
})

describe('a run whose time is over', () => {
  it('stays until a check that is failing has failed or passed', async () => {
    const scene = await openNight()
    let incidents = 0
    const { ended } = scene.drive('deploy', {
      inputs: { ...LEAVES, ...CHECKED },
      exchange: counting(() => incidents)
    })
    await scene.clock.sleep(5 * HOUR - 30_000)
    incidents = 1
    const outcome = await ended
    expect(outcome).toMatchObject({ result: 'rolled-back', failedCheck: CHECKED.checks, weight: 0 })
    expect(outcome.left).toBeUndefined()
  })

  it('tests the pods that have come, before users meet them unwatched', async () => {
    const scene = await openDriven(
      canaryRollout([
        { setWeight: 10 },
        { pause: { duration: '6m' } },
        { setWeight: 70 },
        { pause: { duration: '40m' } }
      ])
    )
    const inputs = { ...LEAVES, 'smoke-tests': 'GET /health -> 200' }
    let asked = 0
    scene.cluster.answer = () => ({ status: (asked += 1) > 1 ? 500 : 200, headers: {}, body: '' })
    const outcome = await scene.drive('deploy', { inputs }).ended
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0 })
    expect(outcome.reason).toMatch(/^smoke test failed/)
  })

  it('waits for pods that are just coming, as users would meet them untested', async () => {
    const steps = [{ setWeight: 10 }, { pause: { duration: '8m' } }, { setWeight: 70 }, { pause: {} }]
    const scene = await openDriven(canaryRollout(steps))
    scene.controllers.life = () => ({ after: 70_000, status: READY })
    const asked: string[] = []
    scene.cluster.answer = ({ path }) => {
      asked.push(path)
      return { status: asked.length > 1 ? 500 : 200, headers: {}, body: '' }
    }
    const start = scene.drive('deploy', { inputs: { ...LEAVES, 'smoke-tests': 'GET /health -> 200' } })
    await scene.clock.sleep(5 * HOUR - 1000)
    // Two of its pods are on their way when the time of the run is over.
    expect(scene.rollout().status).toMatchObject({ updatedReplicas: 3, currentStepIndex: 2 })
    expect(asked).toHaveLength(1)
    const outcome = await start.ended
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0 })
    expect(outcome.reason).toMatch(/^smoke test failed/)
  })

  it('does not leave before the first pods are ready and tested', async () => {
    const scene = await openNight()
    const asked: string[] = []
    scene.cluster.answer = ({ path }) => {
      asked.push(path)
      return { status: 200, headers: {}, body: '' }
    }
    const inputs = { 'leave-after': '1ms', 'smoke-tests': 'GET /health -> 200' }
    expect(await scene.drive('deploy', { inputs }).ended).toMatchObject({ result: 'waiting', left: true })
    expect(asked).toHaveLength(1)
  })

  it('does not leave an abort half done', async () => {
    const scene = await openNight()
    const inputs = { 'leave-after': '1s', 'smoke-tests': 'GET /health -> 200' }
    scene.cluster.answer = () => ({ status: 500, headers: {}, body: '' })
    expect(await scene.drive('deploy', { inputs }).ended).toMatchObject({ result: 'rolled-back' })
    expect(scene.rollout().image).toBe('shop/web:1')
  })

  it('leaves a bake, and the next one watches what is left of it', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: { duration: '6m' } }]))
    const inputs = { ...LEAVES, bake: '16m' }
    const first = await scene.drive('deploy', { inputs }).ended
    expect(first).toMatchObject({ result: 'waiting', left: true, weight: 100 })
    expect(first.next[0]).toMatch(
      /^Argo Rollouts goes on by itself: all users are on it\. Until command: follow/
    )
    const second = await scene.drive('follow', { inputs: { ...inputs, 'leave-after': '1h' } }).ended
    expect(second.result).toBe('promoted')
    const hours = (second.finishedAt - second.startedAt) / HOUR
    expect(hours).toBeGreaterThan(5.5)
    expect(hours).toBeLessThan(6.2)
  })

  it('leaves a gate that the checks are to open, and the next one opens it', async () => {
    const scene = await openDriven(canaryRollout([{ setWeight: 10 }, { pause: {} }]))
    const exchange = counting(() => 0)
    const inputs = { ...LEAVES, ...CHECKED, gates: 'checks for 16m' }
    const first = await scene.drive('deploy', { inputs, exchange }).ended
    expect(first).toMatchObject({ result: 'waiting', left: true, weight: 10 })
    expect(first.reason).toMatch(
      /^this run leaves after 10m \(leave-after\), and Argo Rollouts waits until another one has measured for long enough, /
    )
    expect(first.next[0]).toMatch(
      /^Argo Rollouts waits for the checks, which command: follow measures further\. /
    )
    const second = await scene.drive('follow', { inputs: { ...inputs, 'leave-after': '40m' }, exchange })
      .ended
    expect(second).toMatchObject({ result: 'promoted', weight: 100 })
  })

  it('comes back to what is promoted meanwhile, in the moment in which it leaves', async () => {
    const scene = await openNight()
    const { ended } = scene.drive('deploy', {
      inputs: { ...LEAVES, ...CHECKED },
      exchange: counting(() => 0)
    })
    await scene.clock.sleep(5 * HOUR + 10_000)
    setStatus(scene, 'promoteFull')
    expect(await ended).toMatchObject({ result: 'promoted', weight: 100 })
  })
})

describe('a release that nobody follows', () => {
  async function left(): Promise<DrivenScene> {
    const scene = await openNight()
    expect((await scene.drive('deploy', { inputs: LEAVES, sha: 'c0ffee' }).ended).left).toBe(true)
    return scene
  }

  it('was aborted by hand: what it brought is taken back, so that nothing tries it again', async () => {
    const scene = await left()
    setStatus(scene, 'abort')
    await scene.clock.sleep(HOUR)
    const outcome = await scene.drive('follow').ended
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0, serving: { images: ['shop/web:1'] } })
    expect(outcome.reason).toMatch(/^somebody has aborted the release of rollout\/web by hand; release 1-1 /)
    expect(scene.rollout()).toMatchObject({ image: 'shop/web:1', status: { phase: 'Healthy' } })
    expect(scene.kept()?.phase).toBe('rolled-back')
  })

  it('was replaced by another version: that is left alone', async () => {
    const scene = await left()
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), template: template('shop/web:9') } }))
    await scene.clock.sleep(60_000)
    const outcome = await scene.drive('follow').ended
    expect(outcome.result).toBe('failed')
    expect(outcome.reason).toMatch(
      /^somebody has brought another version to rollout\/web meanwhile: template /
    )
    expect(scene.rollout().image).toBe('shop/web:9')
    expect(scene.kept()?.phase).toBe('rolled-back')
  })

  it('was taken back by somebody', async () => {
    const scene = await left()
    scene.edit((live) => ({ ...live, spec: { ...(live.spec as object), template: template('shop/web:1') } }))
    await scene.clock.sleep(60_000)
    const outcome = await scene.drive('follow').ended
    expect(outcome).toMatchObject({ result: 'rolled-back', weight: 0, serving: { images: ['shop/web:1'] } })
    expect(outcome.reason).toMatch(/^somebody has brought shop\/web:1 back to rollout\/web meanwhile; /)
    expect(scene.kept()?.phase).toBe('rolled-back')
  })

  it('was deleted with its Rollout: the record is closed', async () => {
    const scene = await left()
    scene.cluster.remove(rolloutRef)
    const outcome = await scene.drive('follow').ended
    expect(outcome).toMatchObject({ result: 'failed', commit: 'c0ffee', canary: { images: ['shop/web:2'] } })
    expect(outcome.reason).toMatch(/^somebody deleted rollout\/web in namespace shop; release 1-1 /)
    expect(scene.kept()).toMatchObject({ phase: 'rolled-back', history: [{ served: false }] })
  })

  it('is taken out by the next push, if it is under way', async () => {
    const scene = await left()
    const outcome = await scene.drive('deploy', { inputs: { ...LEAVES, images: 'shop/web:3' } }).ended
    expect(outcome).toMatchObject({ result: 'waiting', left: true, canary: { images: ['shop/web:3'] } })
    expect(outcome.serving).toMatchObject({ images: ['shop/web:1'] })
    expect(scene.kept()?.history).toMatchObject([{ release: '1-1', served: false }])
  })

  it('stays when it has come to its end before the next push, which goes on from it', async () => {
    const scene = await left()
    await scene.clock.sleep(10 * HOUR)
    const seen = new Set<string>()
    scene.cluster.subscribe(() => seen.add(scene.behind('web-stable')))
    const outcome = await scene.drive('deploy', { inputs: { ...LEAVES, images: 'shop/web:3' } }).ended
    expect(outcome).toMatchObject({ result: 'waiting', serving: { images: ['shop/web:2'] } })
    expect([...seen].filter((one) => one.includes('v1'))).toEqual([])
    expect(scene.kept()?.history).toMatchObject([{ release: '1-1', served: true }])
  })

  it('is aborted on request, unless it has come to its end', async () => {
    const scene = await left()
    expect(await scene.drive('abort').ended).toMatchObject({ result: 'aborted', weight: 0 })
    const late = await left()
    await late.clock.sleep(10 * HOUR)
    expect(await late.drive('abort').ended).toMatchObject({
      result: 'promoted',
      reason: 'release 1-1 had come to its end before it could be aborted: its version serves all users'
    })
    expect(late.behind('web-stable')).toBe('v2 3')
  })

  it('is followed by one run only: the other finds that somebody does', async () => {
    const scene = await left()
    const one = scene.drive('follow')
    await until(scene, () => scene.kept()?.phase === 'running')
    const other = await scene.drive('follow').ended
    expect(other).toMatchObject({ result: 'unchanged' })
    expect(other.reason).toMatch(/^somebody follows it already: another run is releasing here right now: /)
    expect((await one.ended).result).toBe('promoted')
  })

  it('is taken back when the run that follows it is cancelled, as any other', async () => {
    const scene = await left()
    const start = scene.drive('follow')
    await until(scene, () => scene.kept()?.phase === 'running')
    start.cancel()
    expect(await start.ended).toMatchObject({ result: 'aborted', weight: 0 })
    expect(scene.rollout().image).toBe('shop/web:1')
  })
})

describe('a release whose run was lost', () => {
  it('is taken up, whatever it had come to', async () => {
    const scene = await openNight()
    const dead = scene.drive('deploy')
    dead.ended.catch(() => undefined)
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    dead.kill()
    const outcome = await scene.drive('follow', { inputs: { 'leave-after': '40m' } }).ended
    expect(outcome).toMatchObject({ result: 'promoted', serving: { images: ['shop/web:2'] } })
    expect(outcome.reason).toMatch(
      /^release 1-1 \(https:\/\/ci\/1-1\) began at 20\S+Z, and its run was lost$/
    )
    expect(scene.kept()).toMatchObject({ phase: 'promoted', history: [{ release: '1-1' }] })
  })

  it('is ended when it had not brought anything', async () => {
    const scene = await openNight()
    const dead = scene.drive('deploy', {
      before: (call) => {
        if (call.kind === 'Rollout' && call.verb === 'patch' && !call.dryRun) dead.kill()
      }
    })
    dead.ended.catch(() => undefined)
    await until(scene, () => scene.kept() !== undefined)
    await scene.clock.sleep(60_000)
    expect(scene.rollout().image).toBe('shop/web:1')
    const outcome = await scene.drive('follow').ended
    expect(outcome.result).toBe('aborted')
    expect(outcome.reason).toMatch(/^its run was lost before the new version was brought; /)
    expect(scene.kept()?.phase).toBe('rolled-back')
  })
})

describe('status of a release of ours', () => {
  async function ask(scene: DrivenScene): Promise<readonly string[]> {
    const { reason, next, runner = 'nobody' } = await scene.drive('status').ended
    return [reason, runner, ...next]
  }

  it('that was left says whose it is, since when nobody follows it, and what to run', async () => {
    const scene = await openNight()
    expect(await ask(scene)).toEqual(['Greenlight has not released this workload yet', 'nobody'])
    await scene.drive('deploy', { inputs: LEAVES }).ended
    const { versions } = await scene.drive('status').ended
    expect(versions?.[0]).toMatchObject({ release: '2-1', phase: 'left', run: 'https://ci/2-1' })
    expect(await ask(scene)).toEqual([
      expect.stringMatching(
        /^the last deploy, \S+ \(https:\/\/ci\/\S+\), began at 20\S+Z and was left to its controller, which goes on, since 20\S+Z: nobody follows it$/
      ),
      'nobody',
      'Argo Rollouts goes on by itself; command: follow watches it, command: abort puts shop/web:1 back.'
    ])
    await scene.clock.sleep(10 * HOUR)
    expect((await ask(scene)).at(-1)).toBe(
      'Its version serves all users: command: follow tests and measures it, and notes that.'
    )
    await scene.drive('follow').ended
    expect(await ask(scene)).toEqual([expect.stringMatching(/ and ended: promoted$/), 'nobody'])
  })

  it('that is followed names the run, and one whose run is gone is urgent', async () => {
    const scene = await openNight()
    const start = scene.drive('deploy')
    start.ended.catch(() => undefined)
    await until(scene, () => scene.rollout().status.phase === 'Paused')
    expect(await ask(scene)).toEqual([
      expect.stringMatching(/ and is under way, followed by run 1-1-a$/),
      'alive',
      expect.stringMatching(/^A run is at work on it \(https:\/\/ci\/1-1\): wait for it\./)
    ])
    start.kill()
    expect(await ask(scene)).toEqual([
      expect.stringMatching(/ and is under way: its run is gone, and nobody follows it$/),
      'gone',
      'Urgent: nobody watches it any more. Argo Rollouts goes on by itself; command: follow watches it, command: abort puts shop/web:1 back.'
    ])
  })
})
