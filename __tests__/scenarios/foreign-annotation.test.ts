import { describe, expect, it } from '@jest/globals'
import { RECORD_ANNOTATION } from '../../src/domain/record.ts'
import type { Lease } from '../../src/kubernetes/objects.ts'
import type { Ref } from '../../src/kubernetes/ref.ts'
import { FENCE_ANNOTATION } from '../../src/lock/fence.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import {
  found,
  leaseRef,
  NAMESPACE,
  openScene,
  service,
  serviceRef,
  workload,
  STARTED,
  type Scene
} from './scene.ts'

/** Somebody writes the annotations of a release while it runs, and nobody has taken its lock. */

const routeRef: Ref = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  namespace: NAMESPACE,
  name: 'web'
}
const HALF = '(running 50 %)'
const CANARY = { strategy: 'canary', steps: '50% for 1m\n100%', bake: '5s' }
const ON_ROUTE = { ...CANARY, route: 'httproute/web' }

function annotate(scene: Scene, ref: Ref, key: string, value: string | undefined): void {
  const path = `/metadata/annotations/${key.replace('/', '~1')}`
  scene.cluster.patch(
    ref,
    [value === undefined ? { op: 'remove', path } : { op: 'add', path, value }],
    'kubectl'
  )
}

const recordIn = (scene: Scene): string => found(scene.service().metadata.annotations?.[RECORD_ANNOTATION])

const changed = (scene: Scene, changes: object): string =>
  JSON.stringify({ ...(JSON.parse(recordIn(scene)) as object), ...changes })

type Meddle = (scene: Scene, ref: Ref) => void

const meddlings: readonly [string, Meddle][] = [
  [
    'a claim is written',
    (scene, ref) => {
      annotate(scene, ref, FENCE_ANNOTATION, 'me')
    }
  ],
  [
    'one field of the record is changed',
    (scene, ref) => {
      annotate(scene, ref, RECORD_ANNOTATION, changed(scene, { actor: 'me' }))
    }
  ],
  [
    'the record of another release is written',
    (scene, ref) => {
      annotate(scene, ref, RECORD_ANNOTATION, changed(scene, { id: '9-9', phase: 'promoted' }))
    }
  ],
  [
    'something that is no record is written',
    (scene, ref) => {
      annotate(scene, ref, RECORD_ANNOTATION, '[null]')
    }
  ],
  [
    'the record is deleted',
    (scene, ref) => {
      annotate(scene, ref, RECORD_ANNOTATION, undefined)
    }
  ]
]

/** Users of a Service that shares by pods meet two versions: that is what was asked for. */
const harmIn = ({ harm }: Scene): readonly string[] =>
  harm.filter((line) => line !== 'two versions serve (app=web)')

const marksOn = (scene: Scene, ref: Ref): readonly string[] =>
  Object.keys(scene.cluster.read(ref)?.metadata.annotations ?? {})

describe('at 50%', () => {
  it.each(meddlings)('%s on the Service: the release goes on, and the writer is told', async (_, meddle) => {
    const scene = await openScene()
    void scene.when(HALF, 5000, () => {
      meddle(scene, serviceRef)
    })
    const outcome = await scene.run({ inputs: CANARY }).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      reason: '',
      foreignWrites: [{ object: 'service/web', manager: 'kubectl' }]
    })
    expect(outcome.foreignWrites[0]?.change).toMatch(/^(the annotation greenlight\.dev\/|the record )/)
    expect(scene.record()).toMatchObject({
      id: '1-1',
      phase: 'promoted',
      stable: { deployment: 'web-green' }
    })
    expect(marksOn(scene, serviceRef)).toEqual([RECORD_ANNOTATION])
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(harmIn(scene)).toEqual([])
  })

  // One that has lost it is as good: it is the Service's that counts.
  const onRoutes = meddlings.filter(([what]) => what !== 'the record is deleted')

  it.each(onRoutes)('%s on a route: the release goes on, and the writer is told', async (_, meddle) => {
    const scene = await openScene([workload(), service(), httpRoute()])
    const gateway = openGateway(scene.cluster)
    void scene.when(HALF, 5000, () => {
      meddle(scene, routeRef)
    })
    const outcome = await scene.run({ inputs: ON_ROUTE }).deploy()
    expect(outcome).toMatchObject({
      result: 'promoted',
      foreignWrites: [{ object: 'httproute/web', manager: 'kubectl' }]
    })
    expect(marksOn(scene, routeRef)).toEqual([])
    expect(gateway.story.at(-1)).toBe('web')
    expect([...gateway.harm, ...scene.harm]).toEqual([])
  })

  it.each(meddlings)(
    '%s again and again: the release is given up, and the old version serves',
    async (_, meddle) => {
      const scene = await openScene()
      void scene.when(HALF, 1000, async () => {
        for (let left = 20; left > 0; left -= 1) {
          await scene.clock.sleep(500)
          if (scene.service().spec.selector?.['pod-template-hash'] === undefined) meddle(scene, serviceRef)
        }
      })
      const outcome = await scene.run({ inputs: CANARY }).deploy()
      expect(outcome).toMatchObject({
        result: 'rolled-back',
        reason: 'kubectl resets the traffic of service/web again and again'
      })
      expect(scene.traffic()).toBe('app=web -> v1 3')
      expect(harmIn(scene)).toEqual([])
    }
  )

  it.each(meddlings)(
    '%s by whoever goes on with a release that has waited: it goes on',
    async (_, meddle) => {
      const scene = await openScene()
      const steps = '20% until approved\n50% for 1m\n100%'
      await scene.run({ inputs: { ...CANARY, steps } }).deploy()
      void scene.when(HALF, 5000, () => {
        meddle(scene, serviceRef)
      })
      expect(await scene.run({ inputs: { images: '' } }).promote()).toMatchObject({
        result: 'promoted',
        foreignWrites: [{ manager: 'kubectl' }]
      })
      expect(scene.record()).toMatchObject({ id: '1-1', phase: 'promoted' })
    }
  )
})

it.each(meddlings)('%s while pods are replaced in place: the release goes on', async (_, meddle) => {
  const scene = await openScene()
  void scene.when('deployment/web 3 x shop/web:2', 100, () => {
    meddle(scene, serviceRef)
  })
  expect(await scene.run({ inputs: { strategy: 'rolling' } }).deploy()).toMatchObject({
    result: 'promoted',
    foreignWrites: [{ manager: 'kubectl' }]
  })
  expect(scene.record()).toMatchObject({ id: '1-1', phase: 'promoted' })
})

it.each(meddlings)(
  '%s right before a write of ours: that puts it back, and it is told',
  async (_, meddle) => {
    const scene = await openScene()
    let isDue = false
    void scene.when(STARTED, 0, () => (isDue = true))
    const run = scene.run({
      before: ({ verb, kind }) => {
        if (!isDue || verb !== 'patch' || kind !== 'Service') return
        isDue = false
        meddle(scene, serviceRef)
      }
    })
    expect(await run.deploy()).toMatchObject({ result: 'promoted', foreignWrites: [{ manager: 'kubectl' }] })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  }
)

describe('the lock is lost at 50%', () => {
  const takenAway = async () => {
    const scene = await openScene()
    const run = scene.run({ inputs: CANARY })
    const ended = run.deploy()
    await scene.when(HALF, 5000, () => {
      const lease = found(scene.cluster.read<Lease>(leaseRef))
      scene.cluster.replace({
        ...lease,
        spec: { ...lease.spec, holderIdentity: 'gone', renewTime: 'then' }
      })
      annotate(scene, serviceRef, FENCE_ANNOTATION, 'me')
    })
    return { scene, run, outcome: await ended }
  }

  it('the run says where users are and who is to act, and leaves the rest to its post step', async () => {
    const { outcome } = await takenAway()
    expect(outcome).toMatchObject({
      result: 'failed',
      reason: expect.stringContaining('another run (gone) has taken over lease/greenlight-service-web'),
      unsettled: true
    })
    expect(outcome.next[0]).toMatch(/^last known: 50% of the traffic on web-green \(shop\/web:2\) since /)
  })

  it('the post step puts the old version back when nobody has the lock', async () => {
    const { scene, run } = await takenAway()
    await scene.clock.sleep(60_000)
    expect(await run.post()).toContain('undone')
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('the post step leaves it to the run that has the lock', async () => {
    const { scene, run } = await takenAway()
    const alive = setRenewals(scene)
    expect(await run.post()).toBeUndefined()
    alive.abort()
  })
})

/** Whoever has taken the lock renews it. */
function setRenewals({ clock, cluster }: Scene): AbortController {
  const ended = new AbortController()
  const renew = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(1000, ended.signal)
      const lease = found(cluster.read<Lease>(leaseRef))
      cluster.replace({ ...lease, spec: { ...lease.spec, renewTime: String(clock.now()) } })
    }
  }
  renew().catch(() => undefined)
  return ended
}

it('a run that has slept, and whose lock was taken, given back and deleted meanwhile, changes nothing', async () => {
  const scene = await openScene()
  const sleeper = scene.run({ inputs: CANARY })
  const ended = sleeper.deploy()
  await scene.when(HALF, 1000, () => {
    sleeper.clock.stop()
  })
  await scene.clock.sleep(60_000)
  await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()
  scene.cluster.remove(leaseRef)
  const before = scene.story.length
  sleeper.clock.resume()
  expect(await ended).toMatchObject({ result: 'failed' })
  expect(scene.story.slice(before)).toEqual([])
  expect(scene.traffic()).toMatch(/-> v3 3$/)
})

it('two steps of one job are two releases: the post step of the first leaves the second alone', async () => {
  const scene = await openScene()
  const first = scene.run({ id: '7-1', holder: '7-1-a', inputs: { images: 'shop/web:2' } })
  void first.deploy().catch(() => undefined)
  await scene.when(STARTED, 200, () => {
    first.kill()
  })
  const inputs = { images: 'shop/web:3', previous: 'keep' }
  expect(await scene.run({ id: '7-1', holder: '7-1-b', inputs }).deploy()).toMatchObject({
    result: 'promoted'
  })
  const posted = scene.run({ id: '7-1', holder: '7-1-a', inputs: { images: 'shop/web:2' } }).post()
  expect(await posted).toBeUndefined()
  expect(scene.deployment('web').spec.replicas).toBe(3)
})
