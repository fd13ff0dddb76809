import { afterEach, describe, expect, it } from '@jest/globals'
import type { KubernetesObject, Pod } from '../../src/kubernetes/objects.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import type { Stored } from '../support/memory/stored.ts'
import { NAMESPACE, openScene, SERVING, STARTED, type Scene } from './scene.ts'

/** A release that somebody watches over: when its watchdog comes and goes. */

const WATCHDOG = { watchdog: 'shop/kubectl:1' }
const jobs = { apiVersion: 'batch/v1', kind: 'Job', namespace: NAMESPACE }

/** Jobs get a pod of this status, and what becomes of Jobs is told in the story. */
async function openWatched(status: Pod['status'] = READY): Promise<Scene> {
  const scene = await openScene()
  const { cluster, clock } = scene
  const ref = (job: KubernetesObject) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: NAMESPACE,
    name: `${job.metadata.name}-1`
  })
  const start = (job: Stored): void => {
    const { template } = job.spec as { template: { metadata: { labels: object } } }
    const metadata = { ...ref(job), labels: template.metadata.labels } as Stored['metadata']
    cluster.create({ ...ref(job), metadata, spec: { containers: [] } }, 'job-controller')
    cluster.setStatus(ref(job), status)
  }
  stops.push(
    cluster.subscribe((now, before) => {
      if (now.kind !== 'Job') return
      const isGone = now.metadata.deletionTimestamp !== undefined
      ;(scene.story as string[]).push(isGone ? 'the watchdog is gone' : 'the watchdog is there')
      if (isGone) cluster.remove(ref(now))
      else if (before === undefined)
        void clock.sleep(2000).then(() => {
          start(now)
        })
    })
  )
  return scene
}

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const about = (story: readonly string[]): readonly string[] =>
  story
    .map((line) => /watchdog is \w+|deployment\/web-green [1-9]|\(\w+ \d+ %\)/.exec(line)?.[0] ?? '')
    .filter(Boolean)

describe('a watchdog', () => {
  it('is there before the canary gets traffic, and goes when that is stable', async () => {
    const scene = await openWatched()
    const outcome = await scene.run({ inputs: WATCHDOG }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    expect(about(scene.story)).toEqual([
      '(running 0 %)',
      'watchdog is there',
      'deployment/web-green 3',
      '(running 100 %)',
      '(promoted 0 %)',
      'watchdog is gone'
    ])
    expect(scene.record()?.watchdog).toBeUndefined()
    expect(scene.harm).toEqual([])
  })

  it('knows the lock, the Service and the selector of stable', async () => {
    const scene = await openWatched()
    const found: Stored[] = []
    stops.push(scene.cluster.subscribe((now) => found.push(...(now.kind === 'Job' ? [now] : []))))
    await scene.run({ id: '7-1', inputs: WATCHDOG }).deploy()
    const { template } = found[0]?.spec as {
      template: { spec: { containers: { image: string; env: { name: string; value: string }[] }[] } }
    }
    const [container] = template.spec.containers
    expect(container?.image).toBe('shop/kubectl:1')
    expect(Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))).toMatchObject({
      NAMESPACE,
      LEASE: 'greenlight-service-web',
      HOLDER: '7-1-a',
      PATIENCE: '15',
      SERVICE: 'web',
      OTHER_LEASES: 'greenlight-deployment-web',
      CANARY_SERVICE: '',
      FOLLOWERS: '',
      STABLE: 'web',
      TO_STABLE: expect.stringMatching(
        /^\[{"op":"replace","path":"\/spec\/selector","value":{"app":"web","pod-template-hash":"\w+"}}\]$/
      ) as unknown
    })
  })

  it('that does not come up keeps users from the canary', async () => {
    const scene = await openWatched(waiting('CrashLoopBackOff'))
    const outcome = await scene.run({ inputs: WATCHDOG }).deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringMatching(
        /^the watchdog does not come up: CrashLoopBackOff: .*: the last words of greenlight-watchdog-/
      ) as unknown
    })
    expect(about(scene.story)).not.toContain('(running 100 %)')
    expect(scene.cluster.all(jobs)).toEqual([])
  })

  it('goes when the release is undone', async () => {
    const scene = await openWatched()
    const run = scene.run({ inputs: WATCHDOG })
    void scene.when(SERVING, 2000, () => {
      for (const pod of scene.controllers.podsOf('web-green'))
        scene.controllers.change(pod, waiting('CrashLoopBackOff'))
    })
    expect(await run.deploy()).toMatchObject({ result: 'rolled-back' })
    expect(scene.cluster.all(jobs)).toEqual([])
  })

  it('of a run that has died is removed by the next one', async () => {
    const scene = await openWatched()
    const run = scene.run({ inputs: WATCHDOG })
    const died = scene.when(SERVING, 2000, () => {
      run.kill()
    })
    void run.deploy()
    await died
    expect(scene.cluster.all(jobs)).toHaveLength(1)
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.cluster.all(jobs)).toEqual([])
    expect(scene.harm).toEqual([])
  })

  it('goes while a release waits, and comes again with the run that goes on', async () => {
    const scene = await openWatched()
    const inputs = { ...WATCHDOG, strategy: 'canary', steps: '50% until approved\n100%' }
    expect(await scene.run({ inputs }).deploy()).toMatchObject({ result: 'waiting' })
    expect(scene.cluster.all(jobs)).toEqual([])
    const before = scene.story.length
    expect(await scene.run({ inputs: { ...WATCHDOG, images: '' } }).promote()).toMatchObject({
      result: 'promoted',
      warnings: []
    })
    expect(about(scene.story.slice(before))).toEqual([
      'watchdog is there',
      '(running 100 %)',
      '(promoted 0 %)',
      'watchdog is gone'
    ])
  })

  it('does not come again by what the record says: anybody may have written an image there', async () => {
    const scene = await openWatched()
    const inputs = { ...WATCHDOG, strategy: 'canary', steps: '50% until approved\n100%' }
    await scene.run({ inputs }).deploy()
    const before = scene.story.length
    const outcome = await scene.run({ inputs: { images: '' } }).promote()
    expect(outcome.warnings).toEqual([
      expect.stringMatching(
        /^release 1-1 began with a watchdog and goes on without one; watchdog: .+ starts it again$/
      )
    ])
    expect(about(scene.story.slice(before))).toEqual(['(running 100 %)', '(promoted 0 %)'])
  })

  it('is not for a release in place', async () => {
    const scene = await openWatched()
    await expect(scene.run({ inputs: { ...WATCHDOG, strategy: 'rolling' } }).deploy()).rejects.toThrow(
      /watchdog: a watchdog points Services back to the old version, which strategy rolling replaces/
    )
    expect(scene.story.join()).not.toContain(STARTED)
  })
})
