import { describe, expect, it } from '@jest/globals'
import type { Deployment, KubernetesObject, Lease, Service } from '../../src/kubernetes/objects.ts'
import { NAMESPACE, openScene, service, serviceRef, workload, type Scene } from './scene.ts'

/** Two Services lead to one workload. */

const GREEN = { app: 'web', 'greenlight.dev/slot': 'green' }
const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }

const named = (name: string, selector: Readonly<Record<string, string>> = { app: 'web' }): Service => ({
  ...service(selector),
  metadata: { name, namespace: NAMESPACE }
})

const blue = (name = 'web-blue', replicas = 3) =>
  workload(name, { labels: { 'greenlight.dev/slot': 'blue' }, replicas })

/** Both narrowed to what serves, as two releases by different routes leave them. */
const narrowed = (...more: readonly KubernetesObject[]): Promise<Scene> =>
  openScene([blue(), service(BLUE), named('web-internal', BLUE), ...more])

const release = (scene: Scene, version: number, inputs: Readonly<Record<string, string>> = {}) =>
  scene.run({ inputs: { images: `shop/web:${version}`, route: 'service/web', ...inputs } })

const replicasOf = (scene: Scene, name: string): number | undefined => scene.deployment(name).spec.replicas

describe('a second Service that would be left without pods', () => {
  it('is a fault of the release by the other one, which says what to add, before anything is changed', async () => {
    const scene = await openScene([workload(), service(), named('web-internal')])
    expect(await release(scene, 2).deploy()).toMatchObject({ result: 'promoted' })
    const before = scene.story.length
    await expect(release(scene, 3, { route: 'service/web-internal' }).deploy()).rejects.toThrow(
      'route: service/web (app=web,greenlight.dev/slot=green) in namespace shop sends its users to pods of deployment/web-green alone, ' +
        'which this release ends: nobody would serve behind it — for example: one more line in route, service/web, so that it follows together with service/web-internal'
    )
    expect(scene.story).toHaveLength(before)
    expect(scene.traffic('web')).toMatch(/-> v2 3$/)
    expect(scene.traffic('web-internal')).toMatch(/-> v2 3$/)
    expect(scene.harm.filter((line) => line.includes('nobody'))).toEqual([])
  })

  it.each([
    ['blue-green', 'deploy', { strategy: 'blue-green' }],
    ['canary', 'deploy', { strategy: 'canary', steps: '50% for 1m\n100%' }],
    ['blue-green', 'plan', {}]
  ] as const)('is a fault of strategy %s, command %s', async (_, command, inputs) => {
    const scene = await narrowed()
    await expect(release(scene, 2, inputs)[command]()).rejects.toThrow(
      'service/web-internal (app=web,greenlight.dev/slot=blue) in namespace shop sends its users to pods of deployment/web-blue alone'
    )
    expect(scene.harm).toEqual([])
  })

  it('is a fault when it selects by the hash of the template that serves, also in place', async () => {
    const scene = await openScene()
    const [pod] = scene.controllers.podsOf('web')
    const hash = pod?.metadata.labels?.['pod-template-hash'] ?? ''
    scene.cluster.create(named('web-internal', { app: 'web', 'pod-template-hash': hash }))
    for (const strategy of ['blue-green', 'rolling', 'recreate'])
      await expect(release(scene, 2, { strategy }).deploy()).rejects.toThrow(
        /^route: service\/web-internal \(.*\) in namespace shop sends its users to pods of deployment\/web alone/
      )
  })

  it('is a fault of a rollback, too', async () => {
    const scene = await openScene([blue(), service(BLUE)])
    await release(scene, 2).deploy()
    scene.cluster.create(named('web-internal', GREEN))
    const before = scene.story.length
    await expect(scene.run().rollback()).rejects.toThrow('one more line in route, service/web-internal')
    expect(scene.story).toHaveLength(before)
  })

  it('is a fault when its users are on the version whose place is needed', async () => {
    const scene = await openScene([blue(), service(BLUE)])
    await release(scene, 2, { previous: 'keep' }).deploy()
    scene.cluster.create(named('web-internal', BLUE))
    await expect(release(scene, 3).deploy()).rejects.toThrow(
      'pods of deployment/web-blue alone, which this release ends or replaces'
    )
    expect(await scene.run().cleanup()).toMatchObject({
      result: 'unchanged',
      reason: 'deployment/web-blue is left running: its pods are the only ones behind service/web-internal'
    })
    expect(replicasOf(scene, 'web-blue')).toBe(3)
  })
})

describe('a second Service that goes on having pods', () => {
  it.each([
    ['selects both versions', named('web-internal')],
    ['has no pods', named('other', { app: 'other' })],
    ['is named after the slot that it selects', named('web-blue', BLUE)],
    ['is named after the slot in other words', named('preview-blue-internal', BLUE)]
  ])('is no fault when it %s', async (_, other) => {
    const scene = await openScene([blue(), service(BLUE), other])
    expect(await release(scene, 2).deploy()).toMatchObject({ result: 'promoted' })
    expect(replicasOf(scene, 'web-blue')).toBe(0)
  })

  it('is no fault when it has pods of other workloads besides', async () => {
    const api = workload('api')
    const labels = { app: 'api', 'greenlight.dev/slot': 'blue' }
    const template = { ...api.spec.template, metadata: { labels } }
    const deployment: Deployment = {
      ...api,
      spec: { ...api.spec, selector: { matchLabels: labels }, template }
    }
    const scene = await openScene([
      blue(),
      service(BLUE),
      deployment,
      named('all', { 'greenlight.dev/slot': 'blue' })
    ])
    expect(await release(scene, 2).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic('all')).toBe('greenlight.dev/slot=blue -> v1 3')
    expect(scene.harm).toEqual([])
  })
})

describe('a Service that is made, or pointed to the old version, while the release runs', () => {
  it('keeps what it needs, and the run says so', async () => {
    const scene = await openScene([blue(), service(BLUE)])
    const run = release(scene, 2).deploy()
    await scene.when('(running 100 %)', 500, () => {
      scene.cluster.create(named('web-internal', BLUE))
    })
    const left = 'deployment/web-blue is left running: its pods are the only ones behind service/web-internal'
    expect(await run).toMatchObject({ result: 'promoted', warnings: [left] })
    expect(replicasOf(scene, 'web-blue')).toBe(3)
    expect(await scene.run().cleanup()).toMatchObject({ result: 'unchanged', reason: left })
    expect(scene.harm).toEqual([])
  })
})

describe('two runs on one workload by different Services', () => {
  it('exclude each other, and the second is told the run of the first', async () => {
    const scene = await openScene([workload(), service(), named('web-internal')])
    const first = release(scene, 2, { bake: '2m' }).deploy()
    await scene.when('(running 100 %)', 1000, () => undefined)
    const before = scene.story.length
    for (const command of ['deploy', 'rollback', 'abort'] as const)
      await expect(release(scene, 3, { route: 'service/web-internal' })[command]()).rejects.toThrow(
        'release 1-1 (https://ci/1-1) of service/web, which leads to the same Deployments, is running'
      )
    expect(scene.story).toHaveLength(before)
    expect(await first).toMatchObject({ result: 'promoted' })
  })

  it('a release that waits for approval keeps others from its Deployments', async () => {
    const scene = await openScene([workload(), service(), named('web-internal')])
    const steps = { strategy: 'canary', steps: '50% until approved\n100%' }
    expect(await release(scene, 2, steps).deploy()).toMatchObject({ result: 'waiting' })
    const told =
      'release 1-1 (https://ci/1-1) of service/web, which leads to the same Deployments, is waiting'
    const other = { route: 'service/web-internal' }
    await expect(release(scene, 3, other).deploy()).rejects.toThrow(told)
    await expect(release(scene, 3, other).cleanup()).rejects.toThrow(told)
    expect(await release(scene, 2, steps).promote()).toMatchObject({ result: 'promoted' })
  })

  it('exclude each other before there is a record of either', async () => {
    const scene = await openScene([workload(), service(), named('web-internal')])
    const results = await Promise.allSettled([
      release(scene, 2).deploy(),
      release(scene, 3, { route: 'service/web-internal' }).deploy()
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining({
        message: expect.stringMatching(
          /^another run .*\d-1-a \(https:\/\/ci\/\d-1\).* lease\/greenlight-deployment-web/
        )
      })
    })
  })

  it('a run that knows only the lock of its Service is excluded, and excludes', async () => {
    const scene = await openScene()
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
    const spec = { holderIdentity: '9-9-x', leaseDurationSeconds: 15, renewTime: 'then' }
    const held: Lease = { ...lease, metadata: { name: 'greenlight-service-web', namespace: NAMESPACE }, spec }
    scene.cluster.create(held)
    const refused = expect(release(scene, 2).deploy()).rejects.toThrow(
      '9-9-x holds lease/greenlight-service-web'
    )
    await scene.clock.sleep(5000)
    scene.cluster.patch({ ...serviceRef, ...lease, name: 'greenlight-service-web' }, [
      { op: 'replace', path: '/spec/renewTime', value: 'later' }
    ])
    await refused
  })
})
