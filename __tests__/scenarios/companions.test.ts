import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject, Service } from '../../src/kubernetes/objects.ts'
import { waiting } from '../support/memory/controllers.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import {
  manifest,
  NAMESPACE,
  openScene,
  service,
  serviceRef,
  workload,
  SERVING,
  type Scene
} from './scene.ts'

/** Two Services of one workload, both named in `route`: they follow together. */

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const BOTH = 'service/web\nservice/web-internal'

const named = (name: string, selector: Readonly<Record<string, string>> = { app: 'web' }): Service => ({
  ...service(selector),
  metadata: { name, namespace: NAMESPACE }
})

const plain = (...more: readonly KubernetesObject[]): Promise<Scene> =>
  openScene([workload(), service(), named('web-internal'), ...more], ['web', 'web-internal'])

const slotted = (): Promise<Scene> =>
  openScene(
    [
      workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
      service(BLUE),
      named('web-internal', BLUE)
    ],
    ['web', 'web-internal']
  )

const release = (scene: Scene, version: number, inputs: Readonly<Record<string, string>> = {}) =>
  scene.run({ inputs: { images: `shop/web:${version}`, route: BOTH, ...inputs } })

const bothOn = (scene: Scene): readonly string[] => [scene.traffic('web'), scene.traffic('web-internal')]

const internalRef = { ...serviceRef, name: 'web-internal' }

describe('two Services that are both named', () => {
  it.each([
    ['blue-green', {}],
    ['canary', { strategy: 'canary', steps: '25% for 1m\n50% for 1m\n100%' }],
    ['the other one first', { route: 'service/web-internal\nservice/web' }]
  ])('follow through two releases and a rollback, %s', async (_, inputs) => {
    const scene = await plain()
    for (const version of [2, 3]) {
      expect(await release(scene, version, inputs).deploy()).toMatchObject({
        result: 'promoted',
        warnings: []
      })
      for (const traffic of bothOn(scene)) expect(traffic).toMatch(new RegExp(`-> v${version} 3$`))
    }
    // Without a word about the Services: those of the last release.
    expect(await scene.run({ inputs: {} }).rollback()).toMatchObject({ result: 'rolled-back' })
    for (const traffic of bothOn(scene)) expect(traffic).toMatch(/-> v2 3$/)
    const isMeant = (line: string): boolean => 'steps' in inputs && line.includes('two versions serve')
    expect(scene.harm.filter((line) => !isMeant(line))).toEqual([])
  })

  it('see the same share by numbers of pods', async () => {
    const scene = await slotted()
    const run = release(scene, 2, { strategy: 'canary', steps: '50% for 5m\n100%' }).deploy()
    await scene.when('(running 50 %)', 5000, () => {
      expect(bothOn(scene)).toEqual(['app=web -> v1 3, v2 3', 'app=web -> v1 3, v2 3'])
    })
    expect(await run).toMatchObject({ result: 'promoted' })
  })

  it('are as they were after a release that fails', async () => {
    const scene = await plain()
    const { life } = scene.controllers
    scene.controllers.life = (pod) =>
      pod.spec.containers[0]?.image === 'shop/web:2'
        ? { after: 200, status: waiting('CrashLoopBackOff') }
        : life(pod)
    const outcome = await release(scene, 2).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back' })
    expect(bothOn(scene)).toEqual(['app=web -> v1 3', 'app=web -> v1 3'])
    expect(scene.harm).toEqual([])
  })

  it('go back together when the run is cancelled under all traffic', async () => {
    const scene = await slotted()
    const run = release(scene, 2, { bake: '5m' })
    const ended = run.deploy()
    await scene.when(SERVING, 5000, () => {
      run.cancel()
    })
    expect(await ended).toMatchObject({ result: 'aborted' })
    for (const traffic of bothOn(scene)) expect(traffic).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
    await run.post()
    expect(bothOn(scene)).toEqual(bothOn(scene).map(() => 'app=web,greenlight.dev/slot=blue -> v1 3'))
    expect(scene.harm).toEqual([])
  })

  it.each(['deploy', 'cleanup', 'rollback', 'abort'] as const)(
    'are put back together by a %s after the run has died, whatever it names',
    async (command) => {
      const scene = await slotted()
      const dead = release(scene, 2, { bake: '5m' })
      void dead.deploy()
      await scene.when(SERVING, 500, () => {
        dead.kill()
      })
      await scene.clock.sleep(60_000)
      for (const traffic of bothOn(scene)) expect(traffic).toMatch(/-> v2 3$/)
      const next = scene.run({ inputs: command === 'deploy' ? { images: 'shop/web:3', route: BOTH } : {} })
      await next[command]()
      const version = command === 'deploy' ? 3 : 1
      for (const traffic of bothOn(scene)) expect(traffic).toMatch(new RegExp(`-> v${version} 3$`))
      expect(scene.harm).toEqual([])
    }
  )

  it('wait together, and are promoted or aborted together', async () => {
    const steps = { strategy: 'canary', steps: '50% until approved\n100%' }
    for (const command of ['promote', 'abort'] as const) {
      const scene = await slotted()
      expect(await release(scene, 2, steps).deploy()).toMatchObject({ result: 'waiting' })
      await scene.run({ inputs: { ...steps, images: '' } })[command]()
      const version = command === 'promote' ? 2 : 1
      for (const traffic of bothOn(scene)) expect(traffic).toMatch(new RegExp(`-> v${version} 3$`))
    }
  })

  it('one that somebody moves in between is put back, and told', async () => {
    const scene = await slotted()
    const run = release(scene, 2, { bake: '2m' }).deploy()
    await scene.when(SERVING, 5000, () => {
      scene.cluster.patch(internalRef, [{ op: 'replace', path: '/spec/selector', value: BLUE }], 'mona')
    })
    const { result, foreignWrites } = await run
    expect(result).toBe('promoted')
    expect(foreignWrites).toMatchObject([{ object: 'service/web-internal', manager: 'mona' }])
    expect(scene.traffic('web-internal')).toMatch(/-> v2 3$/)
  })

  it('one that is in the manifests keeps its traffic', async () => {
    const scene = await slotted()
    const manifests = [manifest(named('web-internal')), manifest(service())]
    const run = scene.run({ inputs: { route: BOTH }, manifests })
    expect(await run.deploy()).toMatchObject({ result: 'promoted' })
    for (const traffic of bothOn(scene)) expect(traffic).toMatch(/slot=green -> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  it('labels of its own stay', async () => {
    const scene = await openScene(
      [workload('web', { labels: { tier: 'front' } }), service(), named('web-internal', { tier: 'front' })],
      ['web', 'web-internal']
    )
    expect(await release(scene, 2).deploy()).toMatchObject({ result: 'promoted' })
    expect(bothOn(scene)).toEqual([
      'app=web,greenlight.dev/slot=green -> v2 3',
      'tier=front,greenlight.dev/slot=green -> v2 3'
    ])
    expect(await scene.run({ inputs: {} }).rollback()).toMatchObject({ result: 'rolled-back' })
    expect(bothOn(scene)).toEqual(['app=web -> v1 3', 'tier=front -> v1 3'])
    expect(scene.harm).toEqual([])
  })

  it('a second one by which nobody was released gets the version of the first', async () => {
    const scene = await openScene([workload(), service(), named('web-internal')], ['web'])
    await release(scene, 2, { route: 'service/web' }).deploy()
    expect(await release(scene, 3).deploy()).toMatchObject({ result: 'promoted' })
    for (const traffic of bothOn(scene)) expect(traffic).toMatch(/slot=blue -> v3 3$/)
  })

  it.each(['rolling', 'recreate'])(
    'may be named in place, where no selector changes: %s',
    async (strategy) => {
      const scene = await openScene([workload(), service(), named('web-internal')], [])
      expect(await release(scene, 2, { strategy }).deploy()).toMatchObject({ result: 'promoted' })
      expect(bothOn(scene)).toEqual(['app=web -> v2 3', 'app=web -> v2 3'])
    }
  )
})

describe('what cannot follow', () => {
  it.each([
    [named('web-internal', { app: 'api' }), 'service/web-internal selects app=api, which are not pods of'],
    [
      {
        ...named('web-internal'),
        spec: { selector: { app: 'web' }, ports: [{ port: 9, targetPort: 'grpc' }] }
      },
      'service/web-internal sends traffic to the port named grpc, which no container'
    ]
  ])('is told before anything is changed', async (other, told) => {
    const scene = await openScene([workload(), service(), other])
    const before = scene.story.length
    await expect(release(scene, 2).deploy()).rejects.toThrow(told)
    expect(scene.story).toHaveLength(before)
  })

  it('is a Service whose users are on another version', async () => {
    const scene = await openScene([workload(), service(), named('web-internal')])
    await release(scene, 2, { route: 'service/web', previous: 'keep' }).deploy()
    const [pod] = scene.controllers.podsOf('web')
    const hash = pod?.metadata.labels?.['pod-template-hash'] ?? ''
    const value = { app: 'web', 'pod-template-hash': hash }
    scene.cluster.patch(internalRef, [{ op: 'replace', path: '/spec/selector', value }])
    await expect(release(scene, 3).deploy()).rejects.toThrow(
      /service\/web-internal sends users to pod web-\S+, which is not of deployment\/web-green/
    )
  })
})

describe('a record that names Services of others', () => {
  it('moves none of them', async () => {
    const scene = await openScene([
      workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
      service(BLUE),
      named('payments', { app: 'payments' })
    ])
    const dead = release(scene, 2, { route: 'service/web', bake: '5m' })
    void dead.deploy()
    await scene.when(SERVING, 500, () => {
      dead.kill()
      const record = {
        ...scene.record(),
        companions: [{ name: 'payments', before: { app: 'web' } }, 7, { name: 8 }]
      }
      const path = '/metadata/annotations/greenlight.dev~1release'
      scene.cluster.patch(serviceRef, [{ op: 'replace', path, value: JSON.stringify(record) }])
    })
    await scene.clock.sleep(60_000)
    await scene.run({ inputs: {} }).cleanup()
    expect(scene.traffic()).toMatch(/-> v1 3$/)
    expect(scene.traffic('payments')).toBe('app=payments -> nobody')
  })
})

describe('with a weighted route in front of one of them', () => {
  const routeTo = (name: string): KubernetesObject =>
    JSON.parse(
      JSON.stringify(httpRoute()).replaceAll('"name":"web","port"', `"name":"${name}","port"`)
    ) as KubernetesObject

  it.each([
    ['web', BOTH],
    ['web', 'service/web-internal\nservice/web'],
    ['web-internal', BOTH]
  ])('it moves its users step by step, and both follow at the end: %s', async (led, services) => {
    const scene = await plain(routeTo(led))
    const gateway = openGateway(scene.cluster)
    const inputs = {
      strategy: 'canary',
      steps: '10% for 1m\n50% for 1m\n100%',
      route: `httproute/web\n${services}`
    }
    for (const version of [2, 3]) {
      expect(await release(scene, version, inputs).deploy()).toMatchObject({ result: 'promoted' })
      for (const traffic of bothOn(scene)) expect(traffic).toMatch(new RegExp(`-> v${version} 3$`))
    }
    expect(gateway.story).toContain(`${led} 90, web-green 10`)
    expect(await scene.run({ inputs: {} }).rollback()).toMatchObject({ result: 'rolled-back' })
    for (const traffic of bothOn(scene)) expect(traffic).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
    expect(gateway.harm).toEqual([])
  })
})
