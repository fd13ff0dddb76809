import { describe, expect, it } from '@jest/globals'
import type { Service } from '../../src/kubernetes/objects.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { manifest, openScene, service, serviceRef, workload, STARTED, SERVING, type Scene } from './scene.ts'
import { slotted, once, onService } from './interference.ts'

describe('somebody else writes to the Service', () => {
  it('an annotation and a port, between our reading and our switch: both stay', async () => {
    const scene = await openScene()
    const theirs = (): void => {
      scene.cluster.patch(serviceRef, [
        { op: 'add', path: '/metadata/annotations/team', value: 'shop' },
        { op: 'add', path: '/spec/ports/-', value: { name: 'metrics', port: 9090, targetPort: 'http' } }
      ])
    }
    expect(await scene.run({ before: once(onService, theirs, 2) }).deploy()).toMatchObject({
      result: 'promoted',
      foreignWrites: []
    })
    expect(scene.service().metadata.annotations).toMatchObject({ team: 'shop' })
    expect(scene.service().spec.ports?.map(({ name }) => name)).toEqual(['http', 'metrics'])
    expect(scene.harm).toEqual([])
  })

  const selectors: readonly [string, (live: Service) => Service][] = [
    [
      'resets the selector to what it was',
      (live) => ({ ...live, spec: { ...live.spec, selector: { app: 'web' } } })
    ],
    [
      'replaces the object as a whole',
      (live) => ({ ...service(), metadata: { ...live.metadata, annotations: {} } })
    ]
  ]

  it.each(selectors)('%s in the middle of the release: it is put back and told', async (_, theirs) => {
    const scene = await openScene()
    void scene.when(STARTED, 10, () => scene.cluster.replace(theirs(scene.service()), 'somebody'))
    const outcome = await scene.run().deploy()
    expect(outcome).toMatchObject({ result: 'promoted', foreignWrites: [{ manager: 'somebody' }] })
    expect(outcome.foreignWrites[0]?.restoredAfter).toBeLessThan(100)
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
    expect(scene.harm).toEqual([])
  })

  it('moves the traffic right before one of our writes: that puts it back, and it is told', async () => {
    const scene = await openScene(slotted())
    const theirs = (): void => {
      void scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }])
    }
    const inputs = { strategy: 'canary', steps: '0% for 2s\n100%' }
    const outcome = await scene.run({ inputs, before: once(onService, theirs, 2) }).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      foreignWrites: [{ manager: 'somebody', change: 'the selector became app=web' }]
    })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
    expect(scene.harm).toEqual(['two versions serve (app=web)'])
  })

  it('takes the selector away: it is put back and told', async () => {
    const scene = await openScene(slotted())
    void scene.when(STARTED, 10, () =>
      scene.cluster.patch(serviceRef, [{ op: 'remove', path: '/spec/selector' }])
    )
    expect(await scene.run().deploy()).toMatchObject({
      result: 'promoted',
      foreignWrites: [{ manager: 'somebody' }]
    })
  })

  it('resets the selector again and again: the release is given up, stable serves', async () => {
    const scene = await openScene(slotted())
    const reset = async (): Promise<void> => {
      for (let left = 20; left > 0; left -= 1) {
        await scene.clock.sleep(200)
        const live = scene.service()
        if (scene.record()?.phase === 'running')
          scene.cluster.replace({ ...live, spec: { ...live.spec, selector: { app: 'web' } } }, 'flux')
      }
    }
    void scene.when(SERVING, 10, reset)
    const outcome = await scene.run().deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: 'flux resets the traffic of service/web again and again'
    })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
  })

  it('and we apply a manifest of it: its selector stays what the traffic needs', async () => {
    const scene = await openScene(slotted())
    const ours = { ...service(), metadata: { ...service().metadata, labels: { team: 'shop' } } }
    const outcome = await scene.run({ manifests: [manifest(ours)] }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', foreignWrites: [] })
    expect(scene.service().metadata.labels).toEqual({ team: 'shop' })
    expect(scene.harm).toEqual([])
  })

  it('and we apply a manifest of it in the first release: we do not take our own write for theirs', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ manifests: [manifest(service())] }).deploy()
    expect(scene.story.slice(0, 3)).toEqual([
      'service/web app=web,pod-template-hash=v1 (running 0 %)',
      'deployment/web-green 0 x shop/web:2',
      'deployment/web-green 3 x shop/web:2'
    ])
    expect(outcome.foreignWrites).toEqual([])
  })

  it('moves the traffic to another version between our reading and our first write: it stays there', async () => {
    const green = workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, version: 9 })
    const scene = await openScene([...slotted(), green])
    const theirs = (): unknown =>
      scene.cluster.patch(serviceRef, [
        { op: 'replace', path: '/spec/selector', value: { app: 'web', 'greenlight.dev/slot': 'green' } }
      ])
    await scene
      .run({ before: once(onService, theirs) })
      .deploy()
      .catch(() => undefined)
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v9 3')
  })
})

describe("somebody meddles with the new version's own Service, by which a route sends it its share:", () => {
  const green = { ...serviceRef, name: 'web-green' }

  it.each<[string, (scene: Scene) => void]>([
    [
      'deletes it',
      ({ cluster }) => {
        cluster.remove(green)
      }
    ],
    [
      'points it elsewhere',
      ({ cluster }) => {
        cluster.patch(green, [{ op: 'replace', path: '/spec/selector', value: { app: 'other' } }])
      }
    ],
    [
      'makes another name of it',
      ({ cluster }) => {
        cluster.patch(green, [{ op: 'add', path: '/spec/type', value: 'ExternalName' }])
      }
    ]
  ])('%s, and the old version gets its users back', async (_, meddle) => {
    const scene = await openScene([workload(), service(), httpRoute()])
    openGateway(scene.cluster)
    const inputs = { strategy: 'canary', steps: '50% for 5m\n100%', route: 'httproute/web' }
    const ended = scene.run({ inputs }).deploy()
    await untilWeight(scene, 50)
    const since = scene.clock.now()
    meddle(scene)
    expect(await ended).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringMatching(/^somebody has (deleted|changed) service\/web-green in namespace shop/)
    })
    expect(scene.clock.now() - since).toBeLessThan(60_000)
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })
})

async function untilWeight(scene: Scene, weight: number): Promise<void> {
  while (scene.record()?.weight !== weight) await scene.clock.sleep(100)
  await scene.clock.sleep(5000)
}
