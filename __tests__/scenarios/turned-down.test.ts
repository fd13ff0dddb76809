import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import { plainHeadline } from '../../src/report/headline.ts'
import { verdictOutputs } from '../../src/report/outputs.ts'
import { waiting } from '../support/memory/controllers.ts'
import { openScene, SERVING, service, workload, type RunOptions, type Scene } from './scene.ts'

/** A run that is refused, or fails before its end: what it says of the traffic, and of what it has changed, is so. */

const inputs = (more: Readonly<Record<string, string>>): RunOptions => ({ inputs: more })

const CANARY = { strategy: 'canary', steps: '50% until approved\n100%' }

async function waitingScene(): Promise<Scene> {
  const scene = await openScene()
  await scene.run().deploy()
  const outcome = await scene.run(inputs({ ...CANARY, images: 'shop/web:3' })).deploy()
  expect(outcome).toMatchObject({ result: 'waiting' })
  expect(verdictOutputs(outcome)).toMatchObject({ image: 'shop/web:2', 'previous-image': 'shop/web:1' })
  return scene
}

describe('a promote that is refused', () => {
  it('tells that the release still waits with its share, and that nobody watches', async () => {
    const scene = await waitingScene()
    const outcome = await scene.run(inputs({ command: 'promote', images: 'shop/web:9' })).obey()
    expect(outcome.result).toBe('failed')
    expect(outcome.reason).toContain('the inputs ask for another version than the one that was tested')
    expect(verdictOutputs(outcome)).toMatchObject({
      weight: '50',
      'stable-slot': 'green',
      image: 'shop/web:2'
    })
    expect(plainHeadline(outcome)).toBe(
      'The release of web failed: nothing was changed, shop/web:2 serves 50% of the connections and shop/web:3 has 50% of the connections'
    )
    expect(outcome.next).toEqual([
      expect.stringMatching(
        /^Release 2-1 still waits for approval, with 50% of the traffic on web-blue, and nobody watches: /
      )
    ])
  })

  it('has no outputs of the traffic when the cluster does not answer', async () => {
    const scene = await waitingScene()
    const outcome = await scene
      .run({
        ...inputs({ command: 'promote' }),
        before: () => {
          throw new ClusterError('no answer', 0)
        }
      })
      .obey()
    expect(outcome.result).toBe('failed')
    expect(verdictOutputs(outcome)).toMatchObject({ weight: '', 'stable-slot': '', image: '' })
  })
})

describe('a dead run’s leftovers', () => {
  const left = async (): Promise<Scene> => {
    const scene = await openScene()
    await scene.run().deploy()
    const run = scene.run(inputs({ images: 'shop/web:3', bake: '30s' }))
    run.deploy().catch(() => undefined)
    await scene.when(SERVING, 2000, () => {
      run.kill()
    })
    return scene
  }

  it('are told to have been undone when the release after that is refused', async () => {
    const scene = await left()
    const refused = { command: 'deploy', images: 'other=shop/web:9' }
    const outcome = await scene.run(inputs(refused)).obey()
    expect(outcome.result).toBe('failed')
    expect(outcome.reason.split('\n')).toEqual([
      'release 2-1, which its run had left, was undone: web-green has all traffic, web-blue is scaled down. Nothing was begun after that:',
      expect.stringMatching(/^images: /)
    ])
    expect(plainHeadline(outcome)).toBe('The release of web failed: shop/web:2 serves all traffic')
    expect(verdictOutputs(outcome)).toMatchObject({ weight: '0', image: 'shop/web:2' })
  })

  it('that can only be undone in part are not said to be as they were', async () => {
    const scene = await left()
    const outcome = await scene
      .run({
        ...inputs({ command: 'abort' }),
        before: ({ verb, kind, dryRun }) => {
          if (verb === 'replace' && kind === 'Service' && !dryRun)
            throw new ClusterError('denied by a policy', 403)
          if (verb === 'patch' && kind === 'Service' && !dryRun)
            throw new ClusterError('denied by a policy', 403)
        }
      })
      .obey()
    expect(outcome.result).toBe('failed')
    expect(plainHeadline(outcome)).not.toContain('nothing was changed')
    expect(plainHeadline(outcome)).toContain('shop/web:3 serves all traffic')
    expect(verdictOutputs(outcome)).toMatchObject({ weight: '100' })
  })
})

describe('an old version that nobody serves', () => {
  const idle = (): Promise<Scene> => openScene([workload('web', { replicas: 0 }), service()])

  it('is warned of by a plan and by a release', async () => {
    const scene = await idle()
    const warning =
      'deployment/web is scaled to 0: nobody serves the users of service/web now, and should the release fail nobody does after it'
    expect((await scene.run().plan()).warnings).toContain(warning)
    expect((await scene.run().deploy()).warnings).toContain(warning)
  })

  it('is urgent after a release that has failed as well', async () => {
    const scene = await openScene()
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    for (const { metadata } of scene.cluster.all({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop' }))
      scene.cluster.remove({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: metadata.name })
    await scene.clock.sleep(60_000)
    const outcome = await scene.run().deploy()
    expect(outcome.result).toBe('rolled-back')
    expect(outcome.next.join()).not.toContain('Nothing is urgent')
    expect(outcome.next[0]).toMatch(
      /^Urgent: nobody serves, because no pod of web \(shop\/web:1\) is ready: kubectl /
    )
    expect(plainHeadline(outcome)).toContain('shop/web:1 has all traffic, but none of its pods is ready')
    expect(outcome.timeline.find(({ title }) => title.startsWith('Check that'))?.detail).toBe(
      'all traffic is on it already, but none of its pods is ready: nobody serves'
    )
  })
})

it('calls no pod tested that no smoke test has been sent to', async () => {
  const scene = await openScene()
  const { timeline } = await scene.run().deploy()
  expect(timeline.find(({ title }) => title.startsWith('Move all'))?.detail).toBe('3/3 pods serving')
})

it('names as previous what served before that which serves', async () => {
  const scene = await openScene()
  await scene.run().deploy()
  scene.controllers.life = ({ spec }) => ({
    after: 500,
    status: waiting(spec.containers[0]?.image === 'shop/web:3' ? 'CrashLoopBackOff' : 'none')
  })
  const outcome = await scene.run(inputs({ images: 'shop/web:3' })).deploy()
  expect(verdictOutputs(outcome)).toMatchObject({
    result: 'rolled-back',
    image: 'shop/web:2',
    'previous-image': 'shop/web:1'
  })
})
