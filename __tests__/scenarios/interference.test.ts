import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { ClusterEvent, Pod, Service } from '../../src/kubernetes/objects.ts'
import type { Call, Hooks } from '../support/memory/memory-cluster.ts'
import { READY, UNREADY, waiting } from '../support/memory/controllers.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import {
  autoscaler,
  autoscalerRef,
  deploymentRef,
  manifest,
  NAMESPACE,
  openScene,
  service,
  serviceRef,
  workload,
  STARTED,
  SERVING,
  RESTORED,
  type Scene
} from './scene.ts'

/** What others do while a release runs, and answers that are lost on the way. */

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }), service(BLUE)]

/** Calls back once, with the call that is the nth to be as described. */
function once(matches: (call: Call) => boolean, work: () => unknown, nth = 1) {
  let left = nth
  return async (call: Call): Promise<void> => {
    if (matches(call) && (left -= 1) === 0) await work()
  }
}

const onService = ({ verb, kind }: Call): boolean => verb === 'patch' && kind === 'Service'
function noAnswer(): never {
  throw new ClusterError('the connection broke: read ECONNRESET', 0)
}
function unauthorized(): never {
  throw new ClusterError('Unauthorized. The credentials are not valid (any more)', 401)
}

/** Every write that a first release makes, by what it is for. */
const WRITES: readonly [string, (call: Call) => boolean, number][] = [
  ['the lock', ({ verb, kind }) => verb === 'create' && kind === 'Lease', 1],
  ['the first shift', onService, 1],
  [
    'the start of the canary',
    ({ verb, kind, dryRun }) => verb === 'create' && kind === 'Deployment' && !dryRun,
    1
  ],
  ['the switch', onService, 2],
  ['the record of the promotion', onService, 3],
  ['the scale-down of the old version', ({ verb, kind }) => verb === 'patch' && kind === 'Deployment', 1]
]

/** A step that is given up takes the time that one may take that waits for an API server. */
async function minutesOf(scene: Scene, work: () => Promise<unknown>): Promise<number> {
  const began = scene.clock.now()
  await work()
  return (scene.clock.now() - began) / 60_000
}

describe('an answer is lost, but the write has arrived:', () => {
  it.each(WRITES.slice(1))('%s is found done when it is done again', async (_, matches, nth) => {
    const scene = await openScene()
    const outcome = await scene.run({ after: once(matches, noAnswer, nth) }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
    expect(scene.record()?.phase).toBe('promoted')
  })

  it('the start of a canary in a slot that is there is found done, and its own pods are not taken for old ones', async () => {
    const scene = await openScene()
    await scene.run().deploy()
    await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()
    scene.controllers.life = ({ metadata }) => ({
      after: 500,
      status: metadata.name.startsWith('web-green') ? waiting('CrashLoopBackOff') : READY
    })
    const replaced = ({ verb, kind, dryRun }: Call): boolean =>
      verb === 'replace' && kind === 'Deployment' && !dryRun
    const outcome = await scene
      .run({ inputs: { images: 'shop/web:4' }, after: once(replaced, noAnswer) })
      .deploy()
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringContaining('CrashLoopBackOff')
    })
    expect(outcome.evidence.map(({ reason }) => reason)).toContain('CrashLoopBackOff')
    expect(scene.harm).toEqual([])
  })
})

describe('the API server does not answer', () => {
  const goneFor = (scene: Scene, minutes: number, answer = noAnswer) => {
    let until = Infinity
    return (call: Call): void => {
      const isSwitch =
        onService(call) && scene.record()?.weight === 0 && scene.controllers.podsOf('web-green').length > 0
      if (isSwitch) until = Math.min(until, scene.clock.now() + minutes * 60_000)
      if (until !== Infinity && scene.clock.now() < until) answer()
    }
  }

  it('but for refusals of the credentials, because the new token comes late: the release goes on when it is there', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ before: goneFor(scene, 1, unauthorized) }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  it('for a minute in the middle: the release goes on when it does', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ before: goneFor(scene, 1) }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    expect(scene.harm).toEqual([])
  })

  /** For a minute from such a call on: nobody gets through, and no news come. */
  const goneFrom = (scene: Scene, matches: (call: Call) => boolean): Hooks => {
    let until: number | undefined
    const isGone = (): boolean => until !== undefined && scene.clock.now() < until
    return {
      before: (call) => {
        if (matches(call)) until ??= scene.clock.now() + 60_000
        if (isGone()) noAnswer()
      },
      isSilent: isGone
    }
  }

  it('for a minute while endpoints are waited for: that time is not theirs', async () => {
    const scene = await openScene()
    const gone = goneFrom(scene, ({ verb, kind }) => verb === 'watch' && kind === 'EndpointSlice')
    const outcome = await scene.run(gone).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.harm).toEqual([])
  })

  it('when the time of the pods is over: what counts is what they are when it does', async () => {
    const scene = await openScene()
    scene.controllers.life = () => ({ after: 8000, status: READY })
    let isStarted = false
    void scene.when(STARTED, 1000, () => {
      isStarted = true
    })
    const gone = goneFrom(scene, ({ kind }) => isStarted && kind === 'Lease')
    const outcome = await scene.run({ inputs: { timeout: '30s' }, ...gone }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(scene.harm).toEqual([])
  })

  it('for a minute after somebody has moved the traffic: it is put back when it does', async () => {
    const scene = await openScene()
    let isMoved = false
    void scene.when(SERVING, 2000, () => {
      isMoved = true
      scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }])
    })
    const gone = goneFrom(scene, ({ verb, kind }) => isMoved && verb === 'get' && kind === 'Service')
    const outcome = await scene.run({ inputs: { bake: '2m' }, ...gone }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', reason: '' })
    expect(outcome.foreignWrites).toHaveLength(1)
  })

  it('for three minutes: the traffic is put back when it does', async () => {
    const scene = await openScene()
    const outcome = await scene.run({ before: goneFor(scene, 3) }).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', reason: 'the connection broke: read ECONNRESET' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('any more: the run ends, and says what it knew last and the one command that helps', async () => {
    const scene = await openScene()
    const run = scene.run({ before: goneFor(scene, 600) })
    const minutes = await minutesOf(scene, async () => {
      const outcome = await run.deploy()
      expect(outcome).toMatchObject({ result: 'failed', unsettled: true })
      expect(outcome.reason).toMatch(
        /The traffic could not be put back: .*; last known: all traffic on web-green \(shop\/web:2\)$/
      )
      expect(outcome.next[0]).toMatch(
        /^kubectl -n shop patch service\/web --type=json -p '\[\{"op":"replace","path":"\/spec\/selector","value":\{"app":"web","pod-template-hash":"\w+"\}\}\]' {3}# all of it to web$/
      )
    })
    expect(minutes).toBeLessThan(7)
  })

  it('and the run is cancelled: it ends before it is killed, and leaves the rest to the post step', async () => {
    const scene = await openScene()
    const gone = goneFor(scene, 10)
    let cancelledAt: number | undefined
    const run = scene.run({
      before: async (call) => {
        try {
          gone(call)
        } catch (error) {
          cancelledAt ??= (run.cancel(), scene.clock.now())
          // The client sends again for about as long.
          await scene.clock.sleep(4000)
          throw error
        }
      }
    })
    const outcome = await run.deploy()
    expect(outcome).toMatchObject({ result: 'failed', unsettled: true })
    expect(scene.clock.now() - (cancelledAt ?? 0)).toBeLessThan(7500)
    await scene.clock.sleep(9 * 60_000)
    await run.post({ before: gone })
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })
})

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

function breakCanary(scene: Scene): void {
  for (const pod of scene.controllers.podsOf('web-green').slice(0, 1))
    scene.controllers.change(pod, waiting('CrashLoopBackOff'))
}

describe('somebody else writes to the Deployments', () => {
  const changeCanary = ({ cluster }: Scene): unknown =>
    cluster.patch(deploymentRef('web-green'), [
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/web:evil' }
    ])

  it.each([
    ['long', 5000, 'somebody changed deployment/web-green'],
    ['a moment', 0, 'deployment/web-green was given another template by somebody else']
  ])(
    'another template into the canary %s before its switch: it never gets the traffic',
    async (_, ms, why) => {
      const scene = await openScene()
      const run = scene.run({
        inputs: { 'smoke-tests': 'GET /health -> 200' },
        after: once(
          ({ verb }) => verb === 'send',
          () => {
            changeCanary(scene)
            return ms === 0 ? undefined : scene.clock.sleep(ms)
          }
        )
      })
      expect(await run.deploy()).toMatchObject({
        result: 'rolled-back',
        reason: expect.stringContaining(why)
      })
      expect(scene.story.filter((line) => line.includes('100 %'))).toEqual([])
      expect(scene.harm).toEqual([])
    }
  )

  it.each([
    ['while its pods come up', STARTED, {}],
    ['in the bake', SERVING, { bake: '1m' }]
  ])(
    'another template into the canary %s: stable has the traffic before their pods serve',
    async (_, moment, inputs) => {
      const scene = await openScene()
      scene.controllers.life = () => ({ after: 5000, status: READY })
      void scene.when(moment, 1000, () => changeCanary(scene))
      expect(await scene.run({ inputs }).deploy()).toMatchObject({
        result: 'rolled-back',
        reason: 'deployment/web-green was given another template by somebody else while the release ran'
      })
      expect(scene.traffic()).toBe('app=web -> v1 3')
      // That their rollout ends pods is their own doing.
      expect(scene.harm.filter((line) => !line.includes('was ended'))).toEqual([])
    }
  )

  it('deletes a tested pod before the switch: the one in its place is tested first', async () => {
    const scene = await openScene()
    const asked: string[] = []
    scene.cluster.answer = ({ path }) => {
      asked.push(/http:(web-green-[^:]*)/.exec(path)?.[1] ?? path)
      return { status: 200, headers: {}, body: '' }
    }
    const evict = (): Promise<void> => {
      const [pod] = scene.controllers.podsOf('web-green')
      scene.cluster.remove({
        apiVersion: 'v1',
        kind: 'Pod',
        namespace: NAMESPACE,
        name: pod?.metadata.name ?? ''
      })
      return scene.clock.sleep(5000)
    }
    const afterTests = once(({ verb, kind }) => verb === 'list' && kind === 'Pod' && asked.length > 0, evict)
    const run = scene.run({ inputs: { 'smoke-tests': 'GET /health -> 200' }, before: afterTests })
    expect(await run.deploy()).toMatchObject({ result: 'promoted' })
    const serving = scene.controllers.podsOf('web-green').map(({ metadata }) => metadata.name)
    expect(serving.filter((name) => !asked.includes(name))).toEqual([])
    expect(new Set(asked).size).toBe(4)
  })

  it('deletes the canary while we wait for it: the release ends at the timeout', async () => {
    const scene = await openScene(slotted())
    scene.controllers.life = () => ({ after: 5000, status: READY })
    const run = scene.run({ inputs: { timeout: '1m' } })
    const started = scene.clock.now()
    void scene.when(STARTED, 1000, () => {
      scene.cluster.remove(deploymentRef('web-green'))
    })
    expect(await run.deploy()).toMatchObject({ result: 'rolled-back' })
    expect(scene.clock.now() - started).toBeLessThan(2 * 60_000)
  })

  it.each(['blue-green', 'canary'])(
    'scales the canary to 0 under its users: stable gets the traffic back (%s)',
    async (strategy) => {
      const scene = await openScene()
      const inputs = { strategy, bake: '5m', ...(strategy === 'canary' ? { steps: '50% for 5m\n100%' } : {}) }
      const ended = scene.run({ inputs }).deploy()
      await scene.when(strategy === 'canary' ? '(running 50 %)' : SERVING, 2000, () => {
        scene.cluster.patch(deploymentRef('web-green'), [{ op: 'replace', path: '/spec/replicas', value: 0 }])
      })
      expect(await ended).toMatchObject({
        result: 'rolled-back',
        reason: 'deployment/web-green was scaled to 0 by somebody under traffic'
      })
      expect(scene.traffic()).toBe('app=web -> v1 3')
    }
  )

  it('deletes the canary in the bake: stable gets the traffic back', async () => {
    const scene = await openScene(slotted())
    void scene.when(SERVING, 1000, () => {
      scene.cluster.remove(deploymentRef('web-green'))
    })
    await scene.run().deploy()
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
  })

  it('only statuses, between each reading and writing of our start: the release goes on', async () => {
    const scene = await openScene([
      ...slotted(),
      workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, replicas: 0 })
    ])
    let times = 0
    const run = scene.run({
      before: ({ verb, kind, dryRun }) => {
        if (verb === 'replace' && kind === 'Deployment' && !dryRun && (times += 1) <= 5)
          scene.cluster.setStatus(deploymentRef('web-green'), { observedGeneration: 1, replicas: times })
      }
    })
    expect(await run.deploy()).toMatchObject({ result: 'promoted' })
    expect(times).toBe(6)
  })

  it('another template into a plain stable while it has a release: it never serves nobody', async () => {
    const scene = await openScene()
    void scene.when(SERVING, 1000, () =>
      scene.cluster.patch(deploymentRef('web'), [
        { op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'shop/web:1.1' }
      ])
    )
    void scene.when(SERVING, 20_000, () => {
      breakCanary(scene)
    })
    await scene.run({ inputs: { bake: '1m' } }).deploy()
    expect(scene.harm.filter((line) => line.startsWith('nobody'))).toEqual([])
  })
})

describe('stable is not what it was when the traffic has to come back:', () => {
  it('scaled down by somebody: it is scaled up first', async () => {
    const scene = await openScene(slotted())
    void scene.when(SERVING, 15_000, () => {
      scene.cluster.patch(deploymentRef('web-blue'), [{ op: 'replace', path: '/spec/replicas', value: 0 }])
    })
    void scene.when(SERVING, 25_000, () => {
      breakCanary(scene)
    })
    expect(await scene.run({ inputs: { bake: '1m' } }).deploy()).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it('one of its three pods is not ready any more: a bad version is taken out in seconds all the same', async () => {
    const scene = await openScene(slotted())
    let brokenAt = 0
    let backAt = 0
    void scene.when(RESTORED, 0, () => (backAt = scene.clock.now()))
    void scene.when(SERVING, 5000, () => {
      const [pod] = scene.controllers.podsOf('web-blue')
      if (pod !== undefined) scene.controllers.change(pod, UNREADY)
      brokenAt = scene.clock.now()
      breakCanary(scene)
    })
    expect(await scene.run().deploy()).toMatchObject({ result: 'rolled-back' })
    expect(backAt - brokenAt).toBeLessThan(10_000)
  })

  it('it was broken before the release already: the release after the next is not locked out for ever', async () => {
    const scene = await openScene(slotted())
    scene.controllers.life = ({ spec }) => ({
      after: 500,
      status: spec.containers[0]?.image === 'shop/web:1' ? waiting('CrashLoopBackOff') : READY
    })
    for (const pod of scene.controllers.podsOf('web-blue'))
      scene.controllers.change(pod, waiting('CrashLoopBackOff'))
    void scene.when(SERVING, 5000, () => {
      breakCanary(scene)
    })
    await scene.run().deploy()
    scene.controllers.life = () => ({ after: 500, status: READY })
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
  })

  const allBroken = async (): Promise<Scene> => {
    const scene = await openScene(slotted())
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    for (const pod of scene.controllers.podsOf('web-blue'))
      scene.controllers.change(pod, waiting('CrashLoopBackOff'))
    return scene
  }

  it('it was broken before, and the canary does not come up either: the traffic stays where it is', async () => {
    const scene = await allBroken()
    expect(await scene.run().deploy()).toMatchObject({ result: 'rolled-back' })
    expect(scene.story.filter((line) => line.includes('slot=green'))).toEqual([])
    expect(scene.record()).toMatchObject({ phase: 'rolled-back', stable: { deployment: 'web-blue' } })
  })

  it('it was broken before, and the run died before its switch: the next release mends it', async () => {
    const scene = await allBroken()
    const run = scene.run()
    scene.controllers.life = () => ({ after: 5000, status: READY })
    void run.deploy()
    await scene.when(STARTED, 1000, () => {
      run.kill()
    })
    await scene.clock.sleep(10_000)
    scene.controllers.life = () => ({ after: 500, status: READY })
    expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v3 3')
  })
})

const UNSCHEDULABLE: NonNullable<Pod['status']> = {
  phase: 'Pending',
  conditions: [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }
  ]
}

describe('the autoscaler', () => {
  it('has grown stable while the canary was tested: the canary has its size before it gets the traffic', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    scene.controllers.life = () => ({ after: 5000, status: READY })
    void scene.when(STARTED, 10, () =>
      scene.cluster.patch(
        deploymentRef('web-blue'),
        [{ op: 'replace', path: '/spec/replicas', value: 6 }],
        'kube-controller-manager'
      )
    )
    let size = 0
    void scene.when(SERVING, 0, () => (size = scene.controllers.podsOf('web-green').length))
    await scene.run().deploy()
    expect(size).toBe(6)
  })

  it('asks in the bake for a pod that has to wait for a node: that is no reason to roll back', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    void scene.when(SERVING, 1000, () => {
      scene.controllers.life = () => ({ after: 10, status: UNSCHEDULABLE })
      scene.cluster.patch(deploymentRef('web-green'), [{ op: 'replace', path: '/spec/replicas', value: 4 }])
    })
    void scene.when(SERVING, 1100, () => {
      const pod = scene.controllers.podsOf('web-green').find(({ status }) => status?.phase === 'Pending')
      const involvedObject = { kind: 'Pod', name: pod?.metadata.name ?? '' }
      const metadata = { name: 'a', namespace: NAMESPACE }
      scene.cluster.create({
        apiVersion: 'v1',
        kind: 'Event',
        metadata,
        reason: 'TriggeredScaleUp',
        involvedObject
      } as ClusterEvent)
    })
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
  })

  it('was deleted while the release ran: the next release begins nevertheless', async () => {
    const scene = await openScene([...slotted(), autoscaler('web-blue')])
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    void scene.when(STARTED, 10, () => {
      scene.cluster.remove(autoscalerRef)
    })
    await scene.run().deploy()
    scene.controllers.life = () => ({ after: 500, status: READY })
    expect(await scene.run().deploy()).toMatchObject({ result: 'promoted' })
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
