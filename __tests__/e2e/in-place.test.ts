import { describe, expect, it } from '@jest/globals'
import type { Deployment } from '../../src/kubernetes/objects.ts'
import { withRollout, rolloutOf } from '../../src/kubernetes/rollout.ts'
import { SIGTERM_AFTER } from '../support/action.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { startEmptyRegistry } from '../support/cluster/registry.ts'
import { manifestFile, openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { essence, getDeployment, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const ROLLING = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }

function rolled(options: Parameters<typeof workload>[0] = {}): Deployment {
  const deployment = workload({ replicas: 2, ...options })
  return withRollout(deployment, { ...rolloutOf(deployment), strategy: ROLLING })
}

/** A Deployment that never has less pods than it should, behind a Service. */
const open = (): Promise<LiveScene> => openLiveScene([rolled(), service()])

/** What a release that is undone leaves as it was: all of the Deployment but the number of its revisions. */
const state = async ({ namespace }: LiveScene): Promise<unknown> => ({
  deployment: (await getDeployment(namespace, 'web')).spec,
  service: essence(await getService(namespace))
})

const version = (env: Record<string, string>): string => manifestFile([rolled({ image: image(3), env })])

/** Users have noticed nothing, and there was always somebody to serve them. */
async function expectUnnoticed(scene: LiveScene, versions: readonly string[]): Promise<void> {
  const { users, empty } = await scene.end()
  console.log(`${users.failed} of ${users.total} requests failed`)
  expect(users).toMatchObject({ failed: 0 })
  expect(Object.keys(users.versions).sort()).toEqual(versions)
  expect(empty).toEqual([])
}

describe('a rolling release', () => {
  it('replaces the pods of the Deployment that serves without a failed request, and goes back the same way', async () => {
    const scene = await open()
    const before = await state(scene)
    const ended = await scene.run({
      strategy: 'rolling',
      images: image(2),
      bake: '1s',
      'smoke-tests': 'GET /version -> 200 contains "v2"'
    })
    expect(ended).toMatchObject({
      exitCode: 0,
      outputs: {
        result: 'promoted',
        'stable-slot': 'plain',
        image: image(2),
        'previous-image': image(1),
        weight: '100'
      }
    })
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual({ app: 'web' })
    expect(await getDeployment(scene.namespace, 'web')).toMatchObject({
      spec: { replicas: 2, strategy: ROLLING, template: { spec: { containers: [{ image: image(2) }] } } }
    })

    const back = await scene.run({ command: 'rollback' })
    expect(back).toMatchObject({
      exitCode: 0,
      outputs: { result: 'rolled-back', image: image(1), 'previous-image': image(2) }
    })
    expect(await state(scene)).toStrictEqual(before)
    await expectUnnoticed(scene, ['v1', 'v2'])
  })

  it('is undone when the new version has an image that no registry has', async () => {
    const scene = await open()
    const before = await state(scene)
    const registry = await startEmptyRegistry()
    const ended = await scene.run({ strategy: 'rolling', images: `web=${registry.host}/shop/web:404` })
    registry.close()
    expect(ended).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'stable-slot': 'plain', image: image(1), weight: '0' }
    })
    expect(ended.outputs.reason).toMatch(/^pod web-\S+ cannot run: (ErrImagePull|ImagePullBackOff)/)
    expect(Number(ended.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    expect(await state(scene)).toStrictEqual(before)
    const { evidence } = JSON.parse(ended.outputs.json ?? '') as { evidence: { pod: string }[] }
    expect(evidence.length).toBeGreaterThan(0)
    await expectUnnoticed(scene, ['v1'])
  })

  it('is undone when a check fails in the bake', async () => {
    const scene = await open()
    const before = await state(scene)
    const ended = await scene.run({
      prometheus: 'service/monitoring/prometheus:9090',
      'check-interval': '1s',
      'warm-up': '0s',
      strategy: 'rolling',
      manifests: version({ ERROR_RATE: '0.2' }),
      checks: 'success-rate >= 95%',
      bake: '60s'
    })
    expect(ended).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'failed-check': 'success-rate >= 95%', image: image(1) }
    })
    expect(Number(ended.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    expect(await state(scene)).toStrictEqual(before)
    const { users, empty } = await scene.end()
    const first = users.firstSeen.find((seen) => seen.version === 'v3')?.at ?? 0
    const last = users.lastSeen.find((seen) => seen.version === 'v3')?.at ?? 0
    console.log(
      `v3 answered for ${(last - first).toFixed(1)} s: ${users.failed} of ${users.total} failed; template back within ${ended.outputs['restore-seconds'] ?? ''} s`
    )
    expect(users.failedByVersion).toEqual({ v3: users.failed })
    expect(empty).toEqual([])
  })

  it('that is cancelled gives the template back at once; the next run does it for one whose runner is lost', async () => {
    const scene = await open()
    const before = await state(scene)
    const replaced = /Wait until web is ready/
    const first = scene.start({ strategy: 'rolling', images: image(2) })
    await first.seen(replaced)
    const { main, post } = await first.cancel()
    expect(main).toMatchObject({ exitCode: 1, outputs: { result: 'aborted', image: image(1), weight: '0' } })
    expect(Number(main.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    expect(post.exitCode).toBe(0)
    expect(await state(scene)).toStrictEqual(before)
    console.log(
      `template back within ${main.outputs['restore-seconds'] ?? ''} s; the step took ${main.milliseconds} ms, post ${post.milliseconds} ms`
    )

    const second = scene.start({ strategy: 'rolling', images: image(2) })
    await second.seen(replaced)
    await second.kill()
    const next = await scene.run({ strategy: 'rolling', images: image(3), bake: '0s' })
    expect(next).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(3), 'previous-image': image(1) }
    })
    expect(next.log).toContain('was left unfinished')
    const { users, empty } = await scene.end()
    console.log(`${users.failed} of ${users.total} requests failed`)
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })
})

describe('a release that recreates', () => {
  it('never has pods of both versions, whether it is promoted or undone, and leaves the Deployment its own strategy', async () => {
    const scene = await open()
    const promoted = await scene.run({ strategy: 'recreate', images: image(2), bake: '1s' })
    expect(promoted).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(2), weight: '100' }
    })
    const before = await state(scene)
    expect(before).toMatchObject({ deployment: { strategy: ROLLING } })

    const undone = await scene.run({ strategy: 'recreate', manifests: version({ CRASH: 'no database' }) })
    expect(undone).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', image: image(2) } })
    expect(undone.outputs.reason).toContain('CrashLoopBackOff')
    expect(undone.summary).toContain('no database')
    expect(await state(scene)).toStrictEqual(before)

    const { states } = await scene.end()
    const templatesIn = (pods: readonly string[]) => new Set(pods.map((pod) => pod.split('-')[1]))
    expect(states.filter(({ pods }) => templatesIn(pods).size > 1)).toEqual([])
    expect(states.at(-1)?.pods).toHaveLength(2)
    // Their pods are those that came up: giving the strategy back has moved none.
    expect(new Set(states.flatMap(({ uids }) => uids)).size).toBe(6)
  })
})
