import type { HorizontalPodAutoscaler } from '../../src/kubernetes/limits.ts'
import { describe, expect, it, jest } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { KubernetesObject, ReplicaSet } from '../../src/kubernetes/objects.ts'
import { copyOf } from '../../src/plan/config-copy.ts'
import { plainHeadline } from '../../src/report/headline.ts'
import { failsTheStep } from '../../src/report/verdict.ts'
import { marksIn, withoutBookkeeping } from '../support/left.ts'
import { httpRoute, openGateway, openSlowGateway } from '../support/memory/gateway-controller.ts'
import { openEmpty, toInstall } from './first.ts'
import { crashes, killed, REST } from './in-place.ts'
import { canaryRollout, openDriven, released } from './driven-scene.ts'
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
  type Scene
} from './scene.ts'

/** Greenlight leaves: all is as its team has written it, but for the version. */

// Whole releases, one for each moment: far more than they take even on a busy machine.
jest.setTimeout(120_000)

const KINDS = [
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['apps/v1', 'Deployment'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute']
] as const

const all = ({ cluster }: Scene): readonly KubernetesObject[] =>
  KINDS.flatMap(([apiVersion, kind]) =>
    cluster.all<KubernetesObject>({ apiVersion, kind, namespace: NAMESPACE })
  )

/** What releases have made beside what is their team's. */
const isMade = ({ metadata }: KubernetesObject): boolean => /-(blue|green|plain)$/.test(metadata.name)

/** All objects as their team would write them, by name. */
const written = (scene: Scene): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    all(scene)
      .filter((object) => !isMade(object))
      .map((object) => [`${object.kind}/${object.metadata.name}`, withoutBookkeeping(object)])
  )

/** Annotations of ours on anything but what may be deleted as a whole. */
const marks = (scene: Scene): readonly string[] => all(scene).flatMap(marksIn)

/** The same objects as if nobody had ever released anything, with another image. */
async function neverReleased(objects: readonly KubernetesObject[], version: number): Promise<unknown> {
  const scene = await openScene(objects)
  scene.cluster.patch(
    deploymentRef('web'),
    [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: `shop/web:${version}` }],
    'kubectl'
  )
  return written(scene)
}

const internal = { ...service(), metadata: { name: 'web-internal', namespace: NAMESPACE } }
const BOTH = { route: 'service/web\nservice/web-internal' }
const CANARY = { route: 'httproute/web', strategy: 'canary', steps: '10% for 5s\n50% for 5s\n100%' }

const worlds = {
  'a Service': { objects: () => [workload(), service()], inputs: {}, services: ['web'] },
  'two Services and an autoscaler': {
    objects: () => [workload(), service(), internal, autoscaler()],
    inputs: BOTH,
    services: ['web', 'web-internal']
  },
  'a route with weights': {
    objects: () => [workload(), service(), httpRoute(), autoscaler()],
    inputs: CANARY,
    services: ['web']
  }
} as const
type World = keyof typeof worlds
const names = Object.keys(worlds) as World[]

/** Both Deployments may serve together: they run the same version. */
const harm = (scene: Scene): readonly string[] => scene.harm.filter((line) => !line.includes('two versions'))

/** Greenlight has released so many versions, from v2 on. */
async function open(world: World, releases = 1, more: Readonly<Record<string, string>> = {}) {
  const { objects, inputs, services } = worlds[world]
  const options = { inputs: 'route' in inputs ? { route: inputs.route } : {} }
  const scene = await openScene(objects(), services)
  openGateway(scene.cluster)
  for (let version = 2; version < 2 + releases; version += 1) {
    const given = { ...inputs, images: `shop/web:${version}`, bake: '0s', ...more }
    expect(await scene.run({ inputs: given }).deploy()).toMatchObject({ result: 'promoted' })
  }
  return { scene, options, left: await neverReleased(objects(), 1 + releases) }
}

describe.each(names)('leaving %s', (world) => {
  it.each([1, 2, 3])(
    'after %i releases: the plain Deployment serves, and nothing says that there were any',
    async (releases) => {
      const { scene, options, left } = await open(world, releases)
      const outcome = await scene.run(options).leave()
      const version = releases + 1
      expect(outcome).toMatchObject({
        result: 'promoted',
        serving: { slot: 'plain', deployment: 'web', replicas: 3, images: [`shop/web:${version}`] }
      })
      expect(failsTheStep(outcome)).toBe(false)
      expect(plainHeadline(outcome)).toBe(`Greenlight has left web: shop/web:${version} serves all traffic`)
      expect(written(scene)).toEqual(left)
      expect(marks(scene)).toEqual([])
      for (const { spec } of all(scene).filter((one) => one.kind === 'Deployment' && isMade(one)) as {
        spec?: unknown
      }[])
        expect(spec).toMatchObject({ replicas: 0 })
      expect(world === 'a route with weights' ? harm(scene) : scene.harm).toEqual([])
    }
  )

  it('may be asked for twice, and the next release adopts the workload anew', async () => {
    const { scene, options, left } = await open(world)
    await scene.run(options).leave()
    const lines = scene.story.length
    const again = await scene.run(options).leave()
    expect(again).toMatchObject({ result: 'unchanged', reason: 'nothing says that Greenlight was here' })
    expect(again.next.join()).toContain('kubectl -n shop delete deployment/web-green ')
    expect(scene.story.slice(lines)).toEqual([])
    const { inputs } = worlds[world]
    const next = { ...inputs, images: 'shop/web:3', bake: '0s' }
    expect(await scene.run({ inputs: next }).deploy()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v3 3$/)
    expect(await scene.run({ inputs: next }).rollback()).toMatchObject({ result: 'rolled-back' })
    expect(await scene.run(options).leave()).toMatchObject({ result: 'promoted' })
    expect(written(scene)).toEqual(left)
    expect(harm(scene)).toEqual([])
  })

  it.each(['again', 'post', 'post and again', 'cleanup and again', 'deploy'])(
    'after its machine has died at any write: %s',
    async (after) => {
      for (let writes = 1; ; writes += 1) {
        const { scene, options, left } = await open(world)
        const run = await killed(scene, options, writes, (one) => one.leave())
        if (run === undefined) {
          expect(writes).toBeGreaterThan(7)
          return
        }
        if (after.startsWith('post')) await run.post()
        if (after.startsWith('cleanup')) await scene.run(options).cleanup()
        if (after.endsWith('again')) {
          const outcome = await scene.run(options).leave()
          expect([writes, outcome.result]).toEqual([writes, expect.stringMatching(/^(promoted|unchanged)$/)])
          expect([writes, written(scene)]).toEqual([writes, left])
          expect([writes, marks(scene)]).toEqual([writes, []])
        }
        if (after === 'deploy') {
          const { inputs } = worlds[world]
          const next = { ...inputs, images: 'shop/web:3', bake: '0s' }
          const outcome = await scene.run({ inputs: next }).deploy()
          expect([writes, outcome.result]).toEqual([writes, 'promoted'])
          expect([writes, scene.traffic()]).toEqual([writes, expect.stringMatching(/-> v3 3$/)])
        }
        expect([writes, harm(scene)]).toEqual([writes, []])
      }
    }
  )

  it('is put back when the plain Deployment does not come up, and says why', async () => {
    const { scene, options } = await open(world)
    const before = scene.traffic()
    crashes(scene, 2)
    const outcome = await scene.run(options).leave()
    expect(outcome).toMatchObject({ result: 'failed', serving: { deployment: 'web-green' } })
    expect(outcome.reason).toContain('CrashLoopBackOff')
    expect(plainHeadline(outcome)).toMatch(
      /^Greenlight has not left web: shop\/web:2 \(template .*\) serves all traffic$/
    )
    expect(scene.traffic()).toBe(before)
    expect(scene.deployment('web').spec.replicas).toBe(0)
    expect(scene.harm).toEqual([])
  })
})

describe('leaving', () => {
  it('moves users in one write, when the plain Deployment is ready, and scales the slot down after a drain', async () => {
    const { scene } = await open('a Service')
    const lines = scene.story.length
    await scene.run().leave()
    expect(scene.story.slice(lines)).toEqual([
      'service/web app=web,greenlight.dev/slot=green (running 0 %)',
      'deployment/web 3 x shop/web:2',
      'service/web app=web,pod-template-hash=v2 (running 100 %)',
      'service/web app=web,pod-template-hash=v2 (promoted 0 %)',
      'deployment/web-green 0 x shop/web:2',
      'service/web app=web (promoted 0 %)',
      'service/web app=web (no record)'
    ])
  })

  it('names what may be deleted, and deletes nothing', async () => {
    const { scene } = await open('a route with weights', 2)
    const before = all(scene).map(({ metadata }) => metadata.name)
    const { next } = await scene.run().leave()
    expect(next).toEqual([
      'What releases have made is left for you to delete, and with it the versions that could be gone back to: kubectl -n shop delete ' +
        'deployment/web-blue deployment/web-green service/web-blue service/web-green lease/greenlight-deployment-web lease/greenlight-service-web'
    ])
    expect(all(scene).map(({ metadata }) => metadata.name)).toEqual(before)
  })

  it('ends versions that were kept for a rollback, whatever time they had', async () => {
    const { scene, left } = await open('a Service', 2, { previous: 'keep for 1h' })
    expect(await scene.run().leave()).toMatchObject({ result: 'promoted' })
    expect(written(scene)).toEqual(left)
    expect(scene.deployment('web-green').spec.replicas).toBe(0)
    expect(scene.harm).toEqual([])
  })

  it('only takes annotations off where the plain Deployment serves already', async () => {
    const { scene, options } = await open('two Services and an autoscaler')
    await scene.run({ inputs: BOTH }).rollback()
    const lines = scene.story.length
    expect(await scene.run(options).leave()).toMatchObject({ result: 'promoted' })
    expect(scene.story.slice(lines)).toEqual(['service/web app=web (no record)'])
    expect(written(scene)).toEqual(await neverReleased(worlds['two Services and an autoscaler'].objects(), 1))
    expect(marks(scene)).toEqual([])
  })

  it.each(['rolling', 'recreate'])(
    'only takes annotations off after releases with strategy %s',
    async (strategy) => {
      const scene = await openScene()
      for (const version of [2, 3])
        await scene.run({ inputs: { strategy, images: `shop/web:${version}`, bake: '0s' } }).deploy()
      const lines = scene.story.length
      expect(await scene.run().leave()).toMatchObject({
        result: 'promoted',
        serving: { images: ['shop/web:3'] }
      })
      expect(scene.story.slice(lines)).toEqual(['service/web app=web (no record)'])
      expect(marks(scene)).toEqual([])
    }
  )

  it('brings the autoscaler home that an apply of an old file has pointed elsewhere', async () => {
    const { scene, options } = await open('two Services and an autoscaler')
    await scene.run({ inputs: BOTH }).rollback()
    scene.cluster.patch(
      autoscalerRef,
      [{ op: 'replace', path: '/spec/scaleTargetRef/name', value: 'web-green' }],
      'kubectl'
    )
    await scene.run(options).leave()
    expect(scene.cluster.read(autoscalerRef)).toMatchObject({ spec: { scaleTargetRef: { name: 'web' } } })
  })

  it('leaves a pair that a team has made as it is, but for the annotations', async () => {
    const pair = ['blue', 'green'].map((colour) =>
      workload(`web-${colour}`, { labels: { version: colour }, replicas: colour === 'blue' ? 3 : 0 })
    )
    const scene = await openScene([...pair, service({ app: 'web', version: 'blue' })])
    await scene.run({ inputs: { bake: '0s' } }).deploy()
    const lines = scene.story.length
    const outcome = await scene.run().leave()
    expect(outcome).toMatchObject({ result: 'promoted', serving: { deployment: 'web-green' } })
    expect(outcome.reason).toContain(
      'deployment/web-green serves all users of service/web, which is one of a pair that your team has made'
    )
    expect(outcome.next.join()).not.toContain('deployment/')
    expect(scene.story.slice(lines)).toEqual(['service/web app=web,version=green (no record)'])
    expect(marks(scene)).toEqual([])
  })

  it('waits for a gateway that learns late, and for no longer: nobody is sent where there is nobody', async () => {
    const scene = await openScene([workload(), service(), httpRoute()])
    const late = { controller: 'networking.gke.io/gateway', routes: 8000, pods: 18_000 }
    const gateway = openSlowGateway(scene.cluster, late)
    await scene.run({ inputs: { ...CANARY, bake: '0s' } }).deploy()
    await scene.clock.sleep(120_000)
    expect(await scene.run().leave()).toMatchObject({ result: 'promoted' })
    await scene.clock.sleep(120_000)
    expect(gateway.harm).toEqual([])
  })

  it('is stopped by a cancelled run, and the post step puts users back', async () => {
    const { scene } = await open('a Service')
    const run = scene.run()
    void scene.when('deployment/web 3 x', 100, () => {
      run.cancel()
    })
    const outcome = await run.leave()
    expect(outcome).toMatchObject({ result: 'aborted' })
    await run.post()
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
    expect(scene.deployment('web').spec.replicas).toBe(0)
    expect(scene.harm).toEqual([])
  })

  it('says in the history of versions what it was when it failed, and the version can be gone back to', async () => {
    const { scene } = await open('a Service', 2)
    const { life } = scene.controllers
    crashes(scene, 3)
    await scene.run({ id: '9-1' }).leave()
    scene.controllers.life = life
    const { versions } = await scene.run().status()
    expect(versions?.find((one) => one.release === '9-1')).toMatchObject({ command: 'leave', served: false })
    expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
  })
})

describe('leaving', () => {
  it('starts a pod of a workload that is scaled to 0 only to show that it runs', async () => {
    const { scene } = await open('a Service')
    scene.cluster.patch(deploymentRef('web-green'), [{ op: 'replace', path: '/spec/replicas', value: 0 }])
    await scene.clock.sleep(10_000)
    expect(await scene.run().leave()).toMatchObject({ result: 'promoted' })
    expect(scene.deployment('web').spec.replicas).toBe(0)
    expect(marks(scene)).toEqual([])
  })

  it('keeps the size of the plain Deployment while both serve, whatever the autoscaler makes of half of the users', async () => {
    const scene = await openScene([workload(), service(), httpRoute(), autoscaler()])
    openSlowGateway(scene.cluster, { controller: 'networking.gke.io/gateway', routes: 8000, pods: 18_000 })
    await scene.run({ inputs: { ...CANARY, bake: '0s' } }).deploy()
    await scene.clock.sleep(120_000)
    void scene.when('(running 50 %)', 2000, () => {
      const { name = '' } =
        scene.cluster.read<HorizontalPodAutoscaler>(autoscalerRef)?.spec.scaleTargetRef ?? {}
      scene.cluster.patch(deploymentRef(name), [{ op: 'replace', path: '/spec/replicas', value: 1 }], 'hpa')
    })
    expect(await scene.run().leave()).toMatchObject({ result: 'promoted', serving: { replicas: 3 } })
    expect(scene.cluster.read(autoscalerRef)).toMatchObject({ spec: { scaleTargetRef: { name: 'web' } } })
  })

  it('takes no cause of an earlier release over to the revision that it brings', async () => {
    const scene = await openScene()
    const rolling = { strategy: 'rolling', images: 'shop/web:2', bake: '0s' }
    await scene.run({ inputs: rolling }).deploy()
    await scene.run({ inputs: { images: 'shop/web:3', bake: '0s' } }).deploy()
    expect(await scene.run().leave()).toMatchObject({ result: 'promoted' })
    const brought = scene.cluster
      .all<ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: NAMESPACE })
      .filter(({ metadata }) => /^web-[^-]+$/.test(metadata.name))
      .find(({ spec }) => spec.template.spec.containers[0]?.image === 'shop/web:3')
    expect(brought).toBeDefined()
    expect(brought?.metadata.annotations?.['kubernetes.io/change-cause']).toBeUndefined()
  })

  it('does not name a Deployment that a team has called like a slot', async () => {
    const scene = await openScene([workload(), workload('web-green', { replicas: 0 }), service()])
    expect(await scene.run().leave()).toMatchObject({ result: 'unchanged', next: [] })
  })

  it('is refused where the Service would select pods of others, and changes nothing', async () => {
    const { scene } = await open('a Service')
    scene.cluster.create(workload('worker'))
    await scene.clock.sleep(10_000)
    const lines = scene.story.length
    await expect(scene.run().leave()).rejects.toThrow(
      /service\/web would select app=web, and with it pod worker-.*, which is no version of web/
    )
    expect(scene.story.slice(lines)).toEqual([])
    expect(scene.harm).toEqual([])
  })
})

describe('leaving under Argo CD', () => {
  const tracked = <T extends KubernetesObject>(object: T): T => ({
    ...object,
    metadata: {
      ...object.metadata,
      annotations: {
        'argocd.argoproj.io/tracking-id': `shop:apps/${object.kind}:${NAMESPACE}/${object.metadata.name}`,
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(object)
      }
    }
  })
  const jsonPointers = ['/spec/replicas']
  const application = {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: {
      ignoreDifferences: [{ group: 'apps', kind: 'Deployment', name: 'web', jsonPointers }],
      syncPolicy: { automated: { selfHeal: true }, syncOptions: ['RespectIgnoreDifferences=true'] }
    }
  }

  it('is refused while Git has another version, which users would get; and done once Git has it', async () => {
    const scene = await openScene([tracked(workload()), tracked(service()), application])
    expect(await scene.run({ inputs: { bake: '0s' } }).deploy()).toMatchObject({ result: 'promoted' })
    const lines = scene.story.length
    await expect(scene.run().leave()).rejects.toThrow(/in Git it has \/spec\/template of deployment\/web/)
    expect(scene.story.slice(lines)).toEqual([])
    const image = {
      op: 'replace',
      path: '/spec/template/spec/containers/0/image',
      value: 'shop/web:2'
    } as const
    scene.cluster.patch(deploymentRef('web'), [image], 'argocd-controller')
    await scene.clock.sleep(10_000)
    expect(await scene.run().leave()).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toBe('app=web -> v2 3')
    expect(scene.harm).toEqual([])
  })
})

describe('config that releases have copied', () => {
  const config = (greeting: string) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap' as const },
    metadata: { name: 'web-config', namespace: NAMESPACE },
    data: { greeting }
  })
  const referring = () => {
    const deployment = workload()
    const { template, ...spec } = deployment.spec
    const containers = template.spec.containers.map((one) => ({
      ...one,
      envFrom: [{ configMapRef: { name: 'web-config' } }]
    }))
    return { ...deployment, spec: { ...spec, template: { ...template, spec: { containers } } } }
  }
  const copy = (greeting: string): string => copyOf(config(greeting), 'web', NAMESPACE).metadata.name
  const configIn = (scene: Scene): unknown =>
    (scene.deployment('web').spec.template.spec.containers[0] as { envFrom?: unknown }).envFrom

  async function copied(greeting: string): Promise<Scene> {
    const scene = await openScene([config('one'), referring(), service()])
    const manifests = [config(greeting), referring(), service()].map(manifest)
    expect(await scene.run({ manifests, inputs: { bake: '0s' } }).deploy()).toMatchObject({
      result: 'promoted'
    })
    return scene
  }

  it('is read under its own name again where that holds the same', async () => {
    const scene = await copied('one')
    const outcome = await scene.run().leave()
    expect(outcome).toMatchObject({ result: 'promoted', warnings: [] })
    expect(configIn(scene)).toEqual([{ configMapRef: { name: 'web-config' } }])
    expect(outcome.next.join()).toContain(` configmap/${copy('one')} `)
  })

  it('stays a copy where it holds something else, is told, and is nobody’s copy any more', async () => {
    const scene = await copied('two')
    const outcome = await scene.run().leave()
    const name = copy('two')
    expect(outcome.warnings).toEqual([
      `configmap/${name} stays in use: configmap/web-config does not hold the same`
    ])
    expect(outcome.reason).toContain(`configmap/${name} stays in use, as an object of yours`)
    expect(outcome.next.join()).not.toContain('configmap/')
    expect(configIn(scene)).toEqual([{ configMapRef: { name } }])
    const live = scene.cluster.read<KubernetesObject>({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: NAMESPACE,
      name
    })
    expect(live?.metadata).toMatchObject({ annotations: {}, labels: {} })
    expect(await scene.run().leave()).toMatchObject({ result: 'unchanged' })
    await scene.run().cleanup()
    expect(
      scene.cluster.read({ apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name })
    ).toBeDefined()
  })

  it('stays a copy where the credentials may not read what it is a copy of', async () => {
    const scene = await copied('one')
    const outcome = await scene
      .run({
        before: ({ verb, kind }) => {
          if (verb === 'list' && kind === 'ConfigMap') throw new ClusterError('forbidden', 403)
        }
      })
      .leave()
    expect(outcome.result).toBe('promoted')
    expect(outcome.warnings.join()).toContain('these credentials may not read what it is a copy of')
    expect(configIn(scene)).toEqual([{ configMapRef: { name: copy('one') } }])
  })
})

describe('leaving is refused', () => {
  const refused = async (scene: Scene, problem: string | RegExp): Promise<void> => {
    const lines = scene.story.length
    await expect(scene.run().leave()).rejects.toThrow(problem)
    expect(scene.story.slice(lines)).toEqual([])
  }

  it('while a release waits', async () => {
    const scene = await openScene()
    await scene.run({ inputs: { strategy: 'canary', steps: '50% until approved\n100%' } }).deploy()
    await refused(scene, 'release 1-1 waits for approval, and nobody can leave in the middle of a release')
  })

  it('while a release runs, or its run has died', async () => {
    const scene = await openScene()
    const run = scene.run({ inputs: { bake: '5m' } })
    void run.deploy()
    await scene.when('(running 100 %)', 1000, () => undefined)
    await refused(scene, 'release 1-1 (https://ci/1-1) has not ended, it is running')
    run.kill()
    await scene.clock.sleep(REST)
    await refused(scene, /has not ended.*should its run be gone, command: abort/)
  })

  it('while another run that leaves is at work', async () => {
    const { scene } = await open('a Service')
    const first = scene.run().leave()
    await scene.when('deployment/web 3 x', 100, () => undefined)
    await expect(scene.run().leave()).rejects.toThrow('another run is releasing here right now')
    expect(await first).toMatchObject({ result: 'promoted' })
  })

  it('after a first installation that has failed: there is no version to come home', async () => {
    const { spec, ...rest } = service()
    const numbered = { ...rest, spec: { ...spec, ports: [{ port: 80, targetPort: 8080 }] } }
    const scene = await openEmpty()
    crashes(scene, 1)
    const installing = toInstall({ inputs: { 'smoke-tests': '' } }, [numbered, workload()])
    expect(await scene.run(installing).deploy()).toMatchObject({ result: 'rolled-back' })
    const lines = scene.story.length
    await expect(scene.run().leave()).rejects.toThrow(/its first installation has failed/)
    expect(scene.story.slice(lines)).toEqual([])
  })

  it('where the plain Deployment is gone', async () => {
    const { scene } = await open('a Service')
    scene.cluster.remove(deploymentRef('web'))
    await refused(
      scene,
      'there is no deployment/web in namespace shop that could serve in the place of deployment/web-green'
    )
  })

  it('where somebody has scaled a slot up that the Service would select then', async () => {
    const { scene } = await open('a Service')
    scene.cluster.create(
      workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' }, version: 7 }),
      'kubectl'
    )
    await scene.clock.sleep(10_000)
    await refused(scene, 'service/web would select app=web, and with it the pods of deployment/web-blue')
  })

  it('where the record cannot be read', async () => {
    const { scene } = await open('a Service')
    scene.cluster.patch(
      serviceRef,
      [{ op: 'add', path: '/metadata/annotations/greenlight.dev~1release', value: '{}' }],
      'kubectl'
    )
    await expect(scene.run().leave()).rejects.toThrow('cannot be read')
  })
})

describe('leaving what a controller releases', () => {
  const STEPS = [{ setWeight: 50 }, { pause: { duration: '1h' } }]

  it('takes the record off the lock, which is all there is', async () => {
    const scene = await released(await openDriven(canaryRollout(STEPS)), 2)
    expect(await scene.drive('leave').ended).toMatchObject({
      result: 'promoted',
      reason:
        'the record of rollout/web is taken off lease/greenlight-rollout-web; there was nothing else of Greenlight',
      next: ['The lock is left for you to delete: kubectl -n shop delete lease/greenlight-rollout-web']
    })
    expect(scene.kept()).toBeUndefined()
    expect(await scene.drive('leave').ended).toMatchObject({ result: 'unchanged' })
  })

  it('is refused while a release is under way', async () => {
    const scene = await openDriven(canaryRollout(STEPS))
    void scene.drive('deploy', { inputs: { images: 'shop/web:2' } }).ended
    await scene.clock.sleep(20_000)
    await expect(scene.drive('leave').ended).rejects.toThrow('has not ended, it is running')
  })
})
