import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { refOf, keyOf } from '../../src/kubernetes/ref.ts'
import { BEFORE_ANNOTATION, objectsOf, type RouteObjects, type Split } from '../../src/routes/route.ts'
import { writesOf, type Write } from '../../src/traffic/writes.ts'
import type { Case, RouteFixture } from './routes/fixture.ts'

export interface RouteScene {
  readonly cluster: Cluster
  /** Empty, and used by nobody else. */
  readonly namespace: string
  close(): Promise<void>
}

type Specified = KubernetesObject & { readonly spec?: unknown }

const HEADER = { name: 'x-canary', value: 'only-in-this-step' }
const WEIGHTS = [0, 10, 50, 100, 50, 0]

/** What the user wrote, and all that may be left after a release. */
const writtenIn = (objects: readonly KubernetesObject[]): unknown =>
  objects.map((object) => ({
    name: object.metadata.name,
    annotations: object.metadata.annotations ?? {},
    spec: (object as Specified).spec
  }))

const specsOf = (objects: readonly KubernetesObject[]): unknown[] =>
  objects.map((object) => (object as Specified).spec)

/** A route on a cluster, written to as a release does. */
function play(
  { route, backends: backendsIn }: RouteFixture,
  { cluster, namespace }: RouteScene,
  name: string
) {
  const backends = backendsIn(namespace)

  const read = async (): Promise<RouteObjects> => {
    const object = await cluster.get({ ...route.object, namespace, name })
    if (object === undefined) throw new Error(`${route.kind}/${name} is gone`)
    const others = await Promise.all(route.others.map((kind) => cluster.list({ ...kind, namespace })))
    return objectsOf(route, object, others.flat(), backends)
  }
  const writesFor = (live: RouteObjects, wanted: readonly KubernetesObject[]): readonly Write[] =>
    writesOf(live, wanted, { record: undefined, always: false })
  const write = async (one: Write): Promise<unknown> => {
    if (one.kind === 'create') return cluster.create(one.object)
    return one.kind === 'delete' ? cluster.remove(one.object) : cluster.patch(refOf(one.object), one.patch)
  }
  const make = async (live: RouteObjects, wanted: readonly KubernetesObject[]): Promise<void> => {
    for (const one of writesFor(live, wanted)) await write(one)
  }
  return {
    read,
    make,
    writesFor,
    backends,
    async split(split: Split): Promise<void> {
      const live = await read()
      await make(live, route.split(live, backends, split))
    },
    async follow(): Promise<void> {
      const live = await read()
      await make(live, route.follow?.(live, backends) ?? live)
    },
    async settle(serving: 'stable' | 'canary'): Promise<void> {
      const live = await read()
      await make(live, route.settle(live, backends, serving))
    },
    weight: async () => route.weight(await read(), backends),
    /** What somebody else does. */
    async replace(objects: readonly KubernetesObject[]): Promise<void> {
      for (const object of objects) await cluster.replace(object)
    }
  }
}

type Play = ReturnType<typeof play>

/** Without the annotation that says what was before. */
function forgetful({
  metadata: { annotations, ...metadata },
  ...object
}: KubernetesObject): KubernetesObject {
  const { [BEFORE_ANNOTATION]: _, ...others } = annotations ?? {}
  return { ...object, metadata: { ...metadata, annotations: others } }
}

const SPECIAL: Readonly<Record<'header' | 'mirror', Split>> = {
  header: { weight: 0, header: HEADER },
  mirror: { weight: 0, mirror: 23 }
}

const splitsOf = ({ route: { can }, exceptions }: RouteFixture): readonly Split[] => [
  ...WEIGHTS.filter((weight) => can.includes('weight') || weight % 100 === 0).map((weight) => ({ weight })),
  ...(['header', 'mirror'] as const)
    .filter((ability) => can.includes(ability) && exceptions[ability] === undefined)
    .map((ability) => SPECIAL[ability])
]

async function statusOf(attempt: Promise<unknown>): Promise<number> {
  const error: unknown = await attempt.then(
    () => new Error('it went well'),
    (reason: unknown) => reason
  )
  if (!(error instanceof ClusterError)) throw error
  return error.status
}

/** After the other step nothing is left of the special one. */
async function leavesNoTrace(route: Play, fixture: RouteFixture, special: Split): Promise<void> {
  const before = await route.read()
  await route.split(special)
  expect(specsOf(await route.read())).not.toEqual(specsOf(before))
  await route.split({ weight: 50 })
  const passed = await route.read()
  await route.settle('stable')
  await route.split({ weight: 50 })
  expect(writtenIn(passed)).toEqual(writtenIn(await route.read()))
  expect(JSON.stringify(specsOf(passed))).not.toContain(HEADER.value)
  expect(fixture.foreign(passed)).toEqual(fixture.foreign(before))
}

async function keepsUsersOnStable(
  route: Play,
  fixture: RouteFixture,
  special: Split,
  trace: string
): Promise<void> {
  const before = await route.read()
  await route.split(special)
  const live = await route.read()
  expect(JSON.stringify(writtenIn(before))).not.toContain(trace)
  expect(JSON.stringify(writtenIn(live.map(forgetful)))).toContain(trace)
  expect(await route.weight()).toBe(0)
  expect(fixture.foreign(live)).toEqual(fixture.foreign(before))
  await route.settle('stable')
  expect(writtenIn(await route.read())).toEqual(writtenIn(before))
}

async function settlesAs(
  route: Play,
  expected: unknown[],
  serving: 'stable' | 'canary',
  prepared: () => Promise<void> = () => Promise.resolve()
): Promise<void> {
  const before = await route.read()
  await route.split({ weight: 50 })
  await route.split({ weight: serving === 'stable' ? 0 : 100 })
  await prepared()
  await route.settle(serving)
  const after = await route.read()
  expect(specsOf(after)).toEqual(expected)
  expect(after.map(({ metadata }) => metadata.annotations?.[BEFORE_ANNOTATION])).toEqual(
    before.map(() => undefined)
  )
}

interface Played {
  readonly title: string
  readonly run: (route: Play, fixture: RouteFixture) => Promise<void>
}

/** Half of the traffic, or all of it where nothing in between has a weight. */
const share = ({ exceptions }: RouteFixture): number => (exceptions.weights === undefined ? 50 : 100)

const cases: Readonly<Record<Case, Played>> = {
  weights: {
    title: 'has the weight that it was given',
    async run(route) {
      for (const weight of WEIGHTS) {
        await route.split({ weight })
        expect(await route.weight()).toBe(weight)
      }
    }
  },
  idempotent: {
    title: 'needs nothing written to stay as it is',
    async run(route, fixture) {
      const own = fixture.route
      for (const step of splitsOf(fixture)) {
        await route.split(step)
        const live = await route.read()
        expect(route.writesFor(live, own.split(live, route.backends, step))).toEqual([])
      }
      await route.settle('stable')
      const live = await route.read()
      expect(route.writesFor(live, own.settle(live, route.backends, 'stable'))).toEqual([])
    }
  },
  'foreign fields': {
    title: 'leaves what is not the release’s as it is, at every step',
    async run(route, fixture) {
      const before = fixture.foreign(await route.read())
      for (const step of splitsOf(fixture)) {
        await route.split(step)
        expect(fixture.foreign(await route.read())).toEqual(before)
      }
    }
  },
  'settle stable': {
    title: 'is what the user wrote after a release that was taken back',
    async run(route) {
      const before = await route.read()
      await settlesAs(route, specsOf(before), 'stable')
      expect(writtenIn(await route.read())).toEqual(writtenIn(before))
    }
  },
  'settle canary': {
    title: 'is what the user wrote after a release that was promoted',
    async run(route, fixture) {
      const { promoted } = fixture
      const before = await route.read()
      const expected = [...(promoted?.(before) ?? specsOf(before))]
      await settlesAs(route, expected, 'canary', () => route.follow())
      const after = await route.read()
      expect(route.writesFor(after, fixture.route.settle(after, route.backends, 'canary'))).toEqual([])
    }
  },
  'not told to follow': {
    title: 'is the same after a promotion whose run had no time to have the canary followed',
    async run(route, { promoted }) {
      const before = await route.read()
      await settlesAs(route, [...(promoted?.(before) ?? specsOf(before))], 'canary')
    }
  },
  'follow, then stable': {
    title: 'is what the user wrote when stable is put back at the last moment',
    async run(route, fixture) {
      const before = await route.read()
      await route.split({ weight: 100 })
      await route.follow()
      expect(await route.weight()).toBe(100)
      const live = await route.read()
      const again = fixture.route.follow?.(live, route.backends) ?? live
      expect(route.writesFor(live, again)).toEqual([])
      await route.settle('stable')
      expect(writtenIn(await route.read())).toEqual(writtenIn(before))
    }
  },
  header: {
    title: 'sends requests with a header to the canary, and users to stable',
    run: (route, fixture) => keepsUsersOnStable(route, fixture, SPECIAL.header, HEADER.value)
  },
  'header then weight': {
    title: 'keeps nothing of a header step in the next',
    run: (route, fixture) => leavesNoTrace(route, fixture, SPECIAL.header)
  },
  mirror: {
    title: 'mirrors to the canary, and answers users from stable',
    run: (route, fixture) => keepsUsersOnStable(route, fixture, SPECIAL.mirror, '23')
  },
  'mirror then weight': {
    title: 'keeps nothing of a mirror step in the next',
    run: (route, fixture) => leavesNoTrace(route, fixture, SPECIAL.mirror)
  },
  stale: {
    title: 'is not written over somebody’s newer version',
    async run(route, fixture) {
      const stale = await route.read()
      await route.split({ weight: 50 })
      const newer = await route.read()
      const wanted = fixture.route.split(stale, route.backends, { weight: 10 })
      expect(await statusOf(route.make(stale, wanted))).toBe(409)
      expect(specsOf(await route.read())).toEqual(specsOf(newer))
    }
  },
  'foreign edit': {
    title: 'keeps what somebody else changes in the middle of a release',
    async run(route, fixture) {
      const original = await route.read()
      await route.split({ weight: 10 })
      const edited = fixture.edit(await route.read())
      expect(fixture.foreign(edited)).not.toEqual(fixture.foreign(original))
      await route.replace(edited)
      const before = fixture.foreign(await route.read())
      await route.split({ weight: share(fixture) })
      expect(await route.weight()).toBe(share(fixture))
      expect(fixture.foreign(await route.read())).toEqual(before)
      await route.settle('stable')
      const settled = await route.read()
      await route.replace(fixture.edit(sameVersions(original, settled)))
      expect(writtenIn(settled)).toEqual(writtenIn(await route.read()))
    }
  },
  're-applied': {
    title: 'is split again when the original manifests are applied anew',
    async run(route, fixture) {
      const original = await route.read()
      await route.split({ weight: 10 })
      const live = await route.read()
      await route.replace(live.flatMap((object) => specOfOriginal(object, original)))
      expect(await route.weight()).not.toBe(10)
      await route.split({ weight: share(fixture) })
      expect(await route.weight()).toBe(share(fixture))
      await route.settle('stable')
      expect(writtenIn(await route.read())).toEqual(writtenIn(original))
    }
  },
  'annotation lost': {
    title: 'is put in order when somebody takes the annotation off',
    async run(route, fixture) {
      const before = fixture.foreign(await route.read())
      for (const step of splitsOf(fixture)) {
        await route.split(step)
        await route.replace((await route.read()).map(forgetful))
        await route.settle('stable')
        expect(await route.weight()).toBe(0)
        expect(fixture.foreign(await route.read())).toEqual(before)
        expect(
          route.writesFor(
            await route.read(),
            fixture.route.settle(await route.read(), route.backends, 'stable')
          )
        ).toEqual([])
      }
      await route.split({ weight: 10 })
      expect(await route.weight()).toBe(10)
    }
  }
}

const sameVersions = (objects: RouteObjects, live: RouteObjects): RouteObjects =>
  objects.map((object) => {
    const { resourceVersion } = live.find((other) => keyOf(other) === keyOf(object))?.metadata ?? {}
    return { ...object, metadata: { ...object.metadata, resourceVersion } }
  }) as unknown as RouteObjects

/** The live object with the spec that it was created with, as `kubectl apply` of the same file makes it; what the file does not have stays. */
function specOfOriginal(live: KubernetesObject, original: RouteObjects): KubernetesObject[] {
  const first = original.find(
    ({ kind, metadata }) => kind === live.kind && metadata.name === live.metadata.name
  )
  return first === undefined ? [] : [{ ...live, spec: (first as Specified).spec } as KubernetesObject]
}

async function created(scene: RouteScene, objects: RouteObjects): Promise<void> {
  for (const object of objects) await scene.cluster.create(object)
}

/** What every kind of route has to keep to. */
export function routeContract(fixture: RouteFixture, start: () => Promise<RouteScene>): void {
  const { route, exceptions, hopeless } = fixture

  describe(`${fixture.name} keeps the contract of a route:`, () => {
    let scene: RouteScene
    let name: string

    beforeAll(async () => {
      scene = await start()
    })
    afterAll(async () => {
      await scene.close()
    })
    afterEach(async () => {
      for (const kind of [route.object, ...route.others]) {
        const left = await scene.cluster.list({ ...kind, namespace: scene.namespace })
        for (const { metadata, ...object } of left) {
          const { resourceVersion: _, ...anyVersion } = metadata
          await scene.cluster.remove({ ...object, metadata: anyVersion })
        }
      }
    })

    describe('it', () => {
      beforeEach(async () => {
        const objects = fixture.objects(scene.namespace)
        name = objects[0].metadata.name
        await created(scene, objects)
      })

      for (const [key, { title, run }] of Object.entries(cases)) {
        const reason = exceptions[key as Case]
        if (reason === undefined) it(title, () => run(play(fixture, scene, name), fixture))
        else it.skip(`${title}: not this kind, ${reason}`, () => undefined)
      }

      it('is taken on as it is, and in the middle of a release', async () => {
        const live = play(fixture, scene, name)
        const problem = async () =>
          route.problem(await live.read(), live.backends, splitsOf(fixture), fixture.pods)
        expect(await problem()).toBeUndefined()
        for (const step of splitsOf(fixture)) {
          await live.split(step)
          expect(await problem()).toBeUndefined()
        }
      })
    })

    it.each(['header', 'mirror'] as const)('is excepted from %s steps only with a reason', (ability) => {
      if (exceptions[ability] === undefined) expect(route.can).toContain(ability)
      else if (route.can.includes(ability)) refuses(ability)
    })

    const refuses = (ability: 'header' | 'mirror'): void => {
      const objects = fixture.objects(scene.namespace)
      const problem = route.problem(objects, fixture.backends(scene.namespace), [SPECIAL[ability]])
      expect(problem).toMatch(/./)
    }

    if (hopeless.length === 0) return
    it.each(hopeless)(
      'is not taken on where $title',
      async ({ objects = fixture.objects, splits, problem, refused }) => {
        const users = objects(scene.namespace)
        await created(scene, users)
        const live = play(fixture, scene, users[0].metadata.name)
        const read = await live.read()
        expect(route.problem(read, live.backends, splits, fixture.pods)).toMatch(problem)
        if (refused !== true) return
        for (const split of splits) {
          const attempt = live.make(read, route.split(read, live.backends, split))
          expect(await statusOf(attempt)).toBe(422)
        }
      }
    )
  })
}
