import { expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import { messageOf } from '../../src/base/errors.ts'
import { RECORD_ANNOTATION } from '../../src/domain/record.ts'
import { objectIn } from '../../src/kubernetes/api/answers.ts'
import type { Cluster, Query } from '../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { httpRoute, openGateway } from '../support/memory/gateway-controller.ts'
import { CRASH, GONE, pathsIn, withAt } from '../support/mutations.ts'
import { isUserError } from '../support/user-error.ts'
import { autoscaler, openScene, service, workload, type Scene } from './scene.ts'

/**
 * One live object is not as anybody would expect it, wherever a run comes to read it: whatever the command, it ends,
 * by an outcome or by an error that is written for users.
 *
 * `FUZZ=3000 npm run jest -- __tests__/unit/core/damaged-objects.test.ts` tries more.
 */
const numRuns = Number(process.env.FUZZ ?? 60)

jest.setTimeout(60_000 + numRuns * 500)

const LABELS = { 'greenlight.dev/slot': 'blue' }
const INPUTS = { bake: '1s', timeout: '20s' }
const ON_ROUTE = { ...INPUTS, route: 'httproute/web', strategy: 'canary', steps: '50% until approved\n100%' }

const slots = () => [
  workload('web-blue', { labels: LABELS }),
  workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, replicas: 0 }),
  service({ app: 'web', ...LABELS }),
  autoscaler('web-blue')
]

/** Where a workload stands when the command comes. */
const states = {
  'never released': () => openScene([workload(), service(), autoscaler('web')]),
  'released twice': async () => {
    const scene = await openScene(slots())
    for (const version of [2, 3])
      await scene.run({ inputs: { ...INPUTS, images: `shop/web:${version}` } }).deploy()
    return scene
  },
  'waiting on a route': async () => {
    const scene = await openScene([...slots(), httpRoute()])
    openGateway(scene.cluster)
    await scene.run({ inputs: { ...ON_ROUTE, images: 'shop/web:2' } }).deploy()
    return scene
  },
  'left by a run that died': async () => {
    const scene = await openScene(slots())
    const run = scene.run({ inputs: { ...INPUTS, images: 'shop/web:2' } })
    void run.deploy()
    await scene.when('(running 100 %)', 100, () => {
      run.kill()
    })
    return scene
  }
} satisfies Record<string, () => Promise<Scene>>

const KINDS: readonly string[] = [
  'Service',
  'Deployment',
  'HorizontalPodAutoscaler',
  'HTTPRoute',
  'ReplicaSet',
  'Pod',
  'EndpointSlice',
  'Lease'
]

/** What stands in the place of something. */
const values = [GONE, null, 5, -1, 1e21, 'x', '', [], {}, [null], [{}], true, { x: 'y' }]

type Path = readonly (string | number)[]

interface Damage {
  readonly kind: string
  readonly name: string
  readonly path: Path
  /** Within the record, which is a text. */
  readonly inRecord: Path
  readonly value: unknown
}

function recordIn({ metadata }: KubernetesObject): unknown {
  const text = metadata.annotations?.[RECORD_ANNOTATION]
  return text === undefined ? undefined : (JSON.parse(text) as unknown)
}

/** One damage that the objects of this scene can have. */
function damageIn(scene: Scene, pick: (count: number) => number): Damage {
  const one = <T>(list: readonly T[]): T => list[pick(list.length)] as T
  const objects = scene.cluster.everything().filter(({ kind }) => KINDS.includes(kind))
  const kind = one([...new Set(objects.map((object) => object.kind))])
  const object = one(objects.filter((other) => other.kind === kind))
  const record = recordIn(object)
  const inRecord = record === undefined || pick(3) > 0 ? [] : one(pathsIn(record))
  const path =
    inRecord.length > 0 ? ['metadata', 'annotations', RECORD_ANNOTATION] : one(pathsIn(object).slice(2))
  return { kind, name: object.metadata.name, path, inRecord, value: one(values) }
}

const has = (object: unknown, [key, ...rest]: Path): boolean =>
  key === undefined ||
  (typeof object === 'object' &&
    object !== null &&
    key in object &&
    has((object as Record<string | number, unknown>)[key], rest))

const valueAt = (object: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<string | number, unknown> | undefined)?.[key], object)

/** As the client reads it from what an API server has sent. */
function damaged<T extends KubernetesObject>(object: T, damage: Damage): T {
  const { kind, name, path, inRecord, value } = damage
  if (object.kind !== kind || object.metadata.name !== name || !has(object, path)) return object
  const record = inRecord.length === 0 ? undefined : recordIn(object)
  const other =
    record === undefined || !has(record, inRecord) ? value : JSON.stringify(withAt(record, inRecord, value))
  if (inRecord.length > 0 && other === value) return object
  const { apiVersion } = object
  return objectIn(withAt(object, path, other), { apiVersion, kind }) as T
}

/** A cluster in which one object is read like that; what is written back of it is as it was in that place. */
const through =
  (scene: Scene, damage: Damage) =>
  (cluster: Cluster): Cluster => {
    const seen = <T extends KubernetesObject>(object: T): T => damaged(object, damage)
    const sound = <T extends KubernetesObject>(object: T): T => {
      const { kind, name, path, inRecord } = damage
      if (object.kind !== kind || object.metadata.name !== name || inRecord.length > 0) return object
      const { apiVersion, metadata } = object
      const live = scene.cluster.read({ apiVersion, kind, name, namespace: metadata.namespace })
      const parent = path.slice(0, -1)
      if (live === undefined || !has(live, path) || !has(object, parent)) return object
      return withAt(object, path, valueAt(live, path)) as T
    }
    return {
      ...cluster,
      get: async <T extends KubernetesObject>(ref: Parameters<Cluster['get']>[0]) => {
        const found = await cluster.get<T>(ref)
        return found === undefined ? undefined : seen(found)
      },
      list: async <T extends KubernetesObject>(query: Parameters<Cluster['list']>[0]) =>
        (await cluster.list<T>(query)).map(seen),
      create: async (object, options) => seen(await cluster.create(sound(object), options)),
      replace: async (object, options) => seen(await cluster.replace(sound(object), options)),
      patch: async <T extends KubernetesObject>(...of: Parameters<Cluster['patch']>) =>
        seen(await cluster.patch<T>(...of)),
      apply: async (object, options) => seen(await cluster.apply(sound(object), options)),
      watch: async <T extends KubernetesObject>(
        query: Query,
        onChange: (objects: readonly T[]) => void,
        signal: AbortSignal,
        known?: T
      ) => {
        const broken = Promise.withResolvers<never>()
        const tell = (objects: readonly T[]): void => {
          try {
            onChange(objects.map((object) => (object === known ? object : seen(object))))
          } catch (error) {
            broken.reject(error)
          }
        }
        await Promise.race([cluster.watch<T>(query, tell, signal, known), broken.promise])
      }
    }
  }

const commands = ['plan', 'status', 'deploy', 'rollback', 'cleanup', 'abort', 'promote'] as const

/** What a command comes to; undefined when that is as it should be. */
async function wrongIn(scene: Scene, damage: Damage, command: (typeof commands)[number], onRoute: boolean) {
  const bare = command === 'plan' || command === 'deploy' ? { images: 'shop/web:9' } : { images: '' }
  const steps = command === 'plan' || command === 'deploy' ? (onRoute ? ON_ROUTE : INPUTS) : { bake: '1s' }
  const inputs = { ...steps, ...bare, ...(command === 'promote' ? { command, timeout: '20s' } : {}) }
  const run = scene.run({ inputs, through: through(scene, damage) })
  const late = scene.clock.sleep(3_600_000).then(() => 'it goes on for an hour')
  const ended = run[command]().then(
    ({ reason, warnings, next }) => {
      const told = [reason, ...warnings, ...next].join('\n')
      return CRASH.test(told) ? told : undefined
    },
    (error: unknown) => {
      if (!isUserError(error)) return error instanceof Error ? (error.stack ?? '') : messageOf(error)
      return CRASH.test(messageOf(error)) ? messageOf(error) : undefined
    }
  )
  return Promise.race([ended, late])
}

it('commands end as they should, whatever one live object is like', async () => {
  const names = Object.keys(states) as (keyof typeof states)[]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.constantFrom(...commands),
      fc.array(fc.nat({ max: 100_000 }), { minLength: 6, maxLength: 6 }),
      async (state, command, dice) => {
        const scene = await states[state]()
        const rolls = [...dice]
        const damage = damageIn(scene, (count) => (rolls.shift() ?? 0) % count)
        const wrong = await wrongIn(scene, damage, command, state === 'waiting on a route')
        scene.clock.stop()
        if (wrong === undefined) return
        const { kind, name, path, inRecord, value } = damage
        const where = [...path, ...inRecord].join('.')
        const what = typeof value === 'symbol' ? 'gone' : JSON.stringify(value)
        expect(`${state}, ${command}, ${kind}/${name} ${where} = ${what}: ${wrong}`).toBe('')
      }
    ),
    { numRuns }
  )
})
