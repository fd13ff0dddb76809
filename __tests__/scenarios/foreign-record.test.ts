import { describe, expect, it } from '@jest/globals'
import { ClusterError, InputError, messageOf } from '../../src/base/errors.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { RECORD_ANNOTATION } from '../../src/domain/record.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { LockedError } from '../../src/lock/acquire.ts'
import {
  autoscaler,
  autoscalerRef,
  deploymentRef,
  found,
  openScene,
  service,
  serviceRef,
  workload,
  type Run,
  type Scene
} from './scene.ts'

/** What the annotation with the record says is not always what a release has written there. */

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const AT = '2026-11-03T14:00:00.000Z'

const version = (deployment: string, slot: string) => ({
  slot,
  deployment,
  images: ['shop/web:1'],
  hash: 'x',
  replicas: 3
})

const app = { app: 'web' }
/** Of a run that died: the next one that comes undoes it. */
const forged = (changes: object = {}): object => ({
  version: 1,
  id: '9-1',
  command: 'deploy',
  phase: 'running',
  weight: 0,
  startedAt: AT,
  history: [],
  stable: version('web', 'plain'),
  canary: version('web-green', 'green'),
  selectors: { before: app, stable: app, canary: { ...app, 'greenlight.dev/slot': 'green' } },
  ...changes
})

function write(scene: Scene, record: unknown): void {
  const value = { [RECORD_ANNOTATION]: typeof record === 'string' ? record : JSON.stringify(record) }
  scene.cluster.patch(serviceRef, [{ op: 'add', path: '/metadata/annotations', value }])
}

const COMMANDS = ['status', 'plan', 'deploy', 'promote', 'abort', 'rollback', 'cleanup'] as const
type Command = (typeof COMMANDS)[number]

const play = (run: Run, command: Command): Promise<Outcome> => run[command]()

describe('a record that names what is not of the workload is refused by every command, and nothing is changed:', () => {
  const others = (): readonly KubernetesObject[] => [
    workload('payments', { labels: { app: 'payments' } }),
    { ...autoscaler('payments'), metadata: { ...autoscaler().metadata, name: 'payments' } },
    autoscaler('web')
  ]

  it.each<[string, object]>([
    ['another Deployment as the new version', { canary: version('payments', 'green') }],
    ['another Deployment as the old version', { stable: version('payments', 'plain') }],
    ['another Deployment to roll back to', { previous: version('payments', 'plain') }],
    ['a slot with the name of another one', { canary: version('web-blue', 'green') }],
    ['one Deployment as both versions', { canary: version('web', 'plain') }],
    ['another Deployment to replace in place', { strategy: 'rolling' }],
    ['an autoscaler of another Deployment', { autoscaler: 'payments' }],
    [
      'the pods of others as the new version',
      { selectors: { before: app, stable: app, canary: { app: 'payments' } } }
    ],
    [
      'more pods than its own',
      { selectors: { before: { tier: 'all' }, stable: { tier: 'all' }, canary: { tier: 'all' } } }
    ],
    ['no pods at all', { selectors: { before: {}, stable: {}, canary: {} } }],
    ['another selector to end with', { settle: { app: 'payments' } }]
  ])('%s', async (_, changes) => {
    for (const command of COMMANDS) {
      const scene = await openScene([workload(), service(), ...others()])
      write(scene, forged(changes))
      await scene.clock.sleep(10_000)
      const before = scene.story.length
      const ended = play(scene.run({ inputs: { images: 'shop/web:2' } }), command)
      await expect(ended).rejects.toBeInstanceOf(InputError)
      await expect(ended).rejects.toThrow(
        /^route: the annotation greenlight.dev\/release of service\/web in namespace shop cannot be read \(.+\): .* service\/web selects app=web: deployment\/web \(shop\/web:1, 3 pods\)\. .* — for example: kubectl -n shop annotate service\/web greenlight\.dev\/release-$/
      )
      expect(scene.story).toHaveLength(before)
      expect(scene.deployment('payments').spec.replicas).toBe(3)
    }
  })

  it('but one that names what is gone by now is undone all the same', async () => {
    const scene = await openScene([workload(), service()])
    write(scene, forged({ autoscaler: 'gone' }))
    expect(await scene.run().cleanup()).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('and the pods of others are not read, even where its selector takes them in', async () => {
    const labels = { 'greenlight.dev/slot': 'green' }
    const scene = await openScene([workload(), service(), workload('payments', { labels })])
    write(scene, forged())
    const outcome = await scene.run().abort()
    expect(outcome.evidence).toEqual([])
  })

  it('a pair that a team has made by hand, with a label of its own, is its own', async () => {
    const pair = (name: string, replicas: number) =>
      workload(`web-${name}`, { labels: { version: name }, replicas })
    const scene = await openScene([
      pair('blue', 3),
      pair('green', 0),
      service({ app: 'web', version: 'blue' })
    ])
    const run = scene.run()
    void run.deploy().catch(() => undefined)
    await scene.when('deployment/web-green 3 x', 100, () => {
      run.kill()
    })
    await scene.clock.sleep(60_000)
    expect(await scene.run().cleanup()).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toBe('app=web,version=blue -> v1 3')
    expect(scene.harm).toEqual([])
  })

  it.each([
    ['the selector was reset', { app: 'web' }],
    ['the selector was replaced', { tier: 'front' }]
  ])('a release that has died is undone although %s meanwhile', async (_, selector) => {
    const scene = await openScene([
      workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
      service(BLUE)
    ])
    const run = scene.run()
    void run.deploy().catch(() => undefined)
    await scene.when('deployment/web-green 3 x', 100, () => {
      run.kill()
    })
    await scene.clock.sleep(60_000)
    scene.cluster.patch(serviceRef, [{ op: 'replace', path: '/spec/selector', value: selector }])
    await scene.run().cleanup()
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=blue -> v1 3')
  })
})

/** Every place in a value. */
function* pathsIn(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (path.length > 0) yield path
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) yield* pathsIn(inner, [...path, key])
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = structuredClone(value) as Record<string, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

const WRONG: readonly unknown[] = [null, 5, -1, 'x', '', [], {}, [null], '__proto__', 'constructor', true]

describe('a record with anything wrong in it', () => {
  /** Of a release that waits after an earlier one, with all that a record can hold. */
  const waiting = async (): Promise<{ record: object; objects: readonly KubernetesObject[] }> => {
    const scene = await openScene([workload(), service(), autoscaler()])
    await scene.run().deploy()
    await scene.clock.sleep(60_000)
    const inputs = { images: 'shop/web:3', strategy: 'canary', steps: '50% until approved\n100%' }
    await scene.run({ inputs }).deploy()
    const objects = [
      scene.deployment('web-green'),
      scene.deployment('web-blue'),
      scene.service(),
      found(scene.cluster.read(autoscalerRef))
    ].map((object) => {
      const { resourceVersion: _, uid: __, ...metadata } = object.metadata
      return { ...object, metadata }
    })
    const more = {
      header: { name: 'x', value: 'y' },
      mirror: 5,
      watchdog: 'kubectl:1',
      rollout: { strategy: {} }
    }
    return { record: { ...scene.record(), ...more }, objects }
  }

  it('ends every command in words for users, never in an error of ours', async () => {
    const { record, objects } = await waiting()
    const wrong: string[] = []
    let inputs = 0
    for (const path of pathsIn(record))
      for (const [at, by] of WRONG.entries()) {
        const command = found(COMMANDS[(inputs += 1) % COMMANDS.length])
        // Each place by each value, each of them by one command and status; all pairs would take minutes.
        if (at % 3 !== path.length % 3 && path.length > 2) continue
        const scene = await openScene(objects)
        write(scene, replaced(record, path, by))
        for (const one of ['status', command] as const) {
          const run = scene.run({ inputs: { images: one === 'promote' ? '' : 'shop/web:4' } })
          const error = await play(run, one).then(
            () => undefined,
            (reason: unknown) => reason
          )
          const isForUsers =
            error === undefined ||
            error instanceof InputError ||
            error instanceof ClusterError ||
            error instanceof LockedError
          if (!isForUsers) wrong.push(`${one} ${path.join('.')} ${JSON.stringify(by)}: ${messageOf(error)}`)
        }
      }
    expect(wrong).toEqual([])
    expect(inputs).toBeGreaterThan(500)
  }, 240_000)

  it('but not with fields that only a later version knows', async () => {
    const { record, objects } = await waiting()
    const scene = await openScene(objects)
    write(scene, { ...record, services: [{ name: 'web-internal' }], history: [] })
    expect(scene.record()).toMatchObject({ services: [{ name: 'web-internal' }] })
    expect((await scene.run().status()).reason).toContain('is waiting')
  })

  it('is told by the place that is wrong', async () => {
    const { record, objects } = await waiting()
    const scene = await openScene(objects)
    write(scene, replaced(record, ['stable', 'slot'], 'constructor'))
    await expect(scene.run().status()).rejects.toThrow(
      'cannot be read (stable.slot is not what it should be)'
    )
    scene.cluster.remove(deploymentRef('web-blue'))
    await expect(scene.run().status()).rejects.toThrow('deployment/web-green (shop/web:2, 3 pods)')
  })
})
