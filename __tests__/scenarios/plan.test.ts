import { describe, expect, it } from '@jest/globals'
import { ClusterError, InputError } from '../../src/base/errors.ts'
import type { Deployment, KubernetesObject } from '../../src/kubernetes/objects.ts'
import { failsTheStep } from '../../src/report/outputs.ts'
import { renderSummary } from '../../src/report/summary.ts'
import {
  manifest,
  openScene,
  service,
  workload,
  SERVING,
  STARTED,
  type RunOptions,
  type Scene
} from './scene.ts'

const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }), service(BLUE)]

/** Every object there is, as it is. */
const everything = (scene: Scene): unknown =>
  ['Deployment', 'ReplicaSet']
    .flatMap((kind) => scene.cluster.all({ apiVersion: 'apps/v1', kind }))
    .concat(scene.cluster.all({ apiVersion: 'v1', kind: 'Service' }))
    .concat(scene.cluster.all({ apiVersion: 'v1', kind: 'ConfigMap' }))
    .concat(scene.cluster.all({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }))

async function planned(scene: Scene, options: RunOptions = {}) {
  const before = everything(scene)
  const outcome = await scene.run(options).plan()
  expect(everything(scene)).toEqual(before)
  return outcome
}

const configMap = (value: string): KubernetesObject & { readonly data: object } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop' },
  data: { COLOUR: value, SIZE: 'big' }
})

describe('a plan', () => {
  it('tells the steps that a release takes, and nothing is changed', async () => {
    const scene = await openScene(slotted())
    const outcome = await planned(scene)
    expect(outcome).toMatchObject({
      command: 'plan',
      result: 'planned',
      serving: { images: ['shop/web:1'] },
      canary: { deployment: 'web-green', images: ['shop/web:2'] }
    })
    expect(failsTheStep(outcome)).toBe(false)
    const { timeline } = await scene.run().deploy()
    expect(timeline.map(({ title }) => title)).toEqual(outcome.plan?.steps)
  })

  it('names the right that it lacks to look at what would change, and claims no other', async () => {
    const scene = await openScene([...slotted(), configMap('red')])
    const denied =
      'cannot get configmap/web in namespace shop: configmaps "web" is forbidden: User "x" cannot get resource "configmaps" in API group "" in the namespace "shop"'
    const options: RunOptions = {
      inputs: { images: 'shop/web:2' },
      manifests: [manifest(configMap('blue'))],
      before: ({ verb, kind }) => {
        if (verb === 'get' && kind === 'ConfigMap') throw new ClusterError(denied, 403)
      }
    }
    const outcome = await scene.run(options).plan()
    expect(outcome.plan?.changes).toContainEqual({
      object: 'ConfigMap web',
      state: 'unknown',
      diff: [],
      why: 'cannot get configmaps in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["configmaps"], verbs: ["get"]}'
    })
    const summary = renderSummary(outcome)
    expect(summary).toContain(
      'cannot be read (no permission), so what would change in it is not shown: the credentials cannot get configmaps'
    )
    expect(summary).toContain(
      'The credentials have every right that the release takes, but not to read everything that it changes (see above)'
    )
  })

  it('of a canary has its steps', async () => {
    const scene = await openScene(slotted())
    const { plan } = await planned(scene, {
      inputs: { strategy: 'canary', steps: '50% for 1m\n100%', 'smoke-tests': 'GET / -> 200' }
    })
    expect(plan?.steps).toEqual(
      expect.arrayContaining(['Smoke tests on web-green, port 8080', 'Move 50% of the traffic to web-green'])
    )
  })

  it('shows what would be released against what serves, whatever slots they are in', async () => {
    const scene = await openScene(slotted())
    const { plan } = await planned(scene, { inputs: { strategy: 'canary' } })
    expect(plan?.changes).toEqual([
      {
        object: 'Deployment web-green, beside web-blue',
        state: 'changed',
        diff: [
          '@@ -5,7 +5,7 @@',
          '         app: web',
          '     spec:',
          '       containers:',
          '-        - image: shop/web:1',
          '+        - image: shop/web:2',
          '           name: web',
          '           ports:',
          '             - containerPort: 8080'
        ]
      }
    ])
  })

  it('shows what manifests change, bring and leave as it is', async () => {
    const scene = await openScene([...slotted(), configMap('red')])
    const other = { ...configMap('red'), metadata: { name: 'other', namespace: 'shop' } }
    const wanted = [workload('web', { version: 2 }), service(), configMap('blue'), other]
    const { plan } = await planned(scene, { inputs: { images: '' }, manifests: wanted.map(manifest) })
    expect(plan?.changes.map(({ object, state }) => `${object}: ${state}`)).toEqual([
      'Deployment web-green, beside web-blue: changed',
      'Service web: same',
      'ConfigMap web: changed',
      'ConfigMap other: new'
    ])
    expect(plan?.changes[2]?.diff).toEqual([
      '@@ -1,3 +1,3 @@',
      ' data:',
      '-  COLOUR: red',
      '+  COLOUR: blue',
      '   SIZE: big'
    ])
    expect(plan?.changes[3]?.diff).toEqual(['@@ -0,0 +1,3 @@', '+data:', '+  COLOUR: red', '+  SIZE: big'])
  })

  describe('of config that the workload reads', () => {
    const reading = (version: number, name = 'web'): Deployment => {
      const { spec, ...rest } = workload('web', { version })
      const volumes = [{ name: 'config', configMap: { name } }]
      const template = { ...spec.template, spec: { ...spec.template.spec, volumes } }
      return { ...rest, spec: { ...spec, template } }
    }
    const changesOf = async (scene: Scene, ...objects: readonly KubernetesObject[]) => {
      const { plan } = await planned(scene, { inputs: { images: '' }, manifests: objects.map(manifest) })
      return plan?.changes.slice(1).map(({ object, state, diff }) => ({
        what: `${object.replace(/-[a-z0-9]{10}/g, '-…')}: ${state}`,
        diff
      }))
    }
    const byHelm = (value: string) => {
      const { metadata, ...rest } = configMap(value)
      const annotations = { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' }
      return {
        ...rest,
        metadata: { ...metadata, annotations, labels: { 'app.kubernetes.io/managed-by': 'Helm' } }
      }
    }

    it('shows the copy against what serves, not as new', async () => {
      const scene = await openScene([reading(1), service(), byHelm('red')])
      expect(await changesOf(scene, reading(2), configMap('blue'))).toEqual([
        {
          what: 'ConfigMap web-…, in place of web: changed',
          diff: ['@@ -1,3 +1,3 @@', ' data:', '-  COLOUR: red', '+  COLOUR: blue', '   SIZE: big']
        }
      ])
      expect(await changesOf(scene, reading(2), configMap('red'))).toEqual([
        { what: 'ConfigMap web-…, in place of web: same', diff: [] }
      ])
    })

    it('shows it against the copy of the last release', async () => {
      const scene = await openScene([reading(1), service(), configMap('red')])
      const manifests = [reading(2), configMap('blue')].map(manifest)
      expect(await scene.run({ inputs: { images: '' }, manifests }).deploy()).toMatchObject({
        result: 'promoted'
      })
      expect(await changesOf(scene, reading(3), configMap('blue'))).toEqual([
        { what: 'ConfigMap web-…: same', diff: [] }
      ])
      expect(await changesOf(scene, reading(3), configMap('red'))).toEqual([
        {
          what: 'ConfigMap web-…, in place of web-…: changed',
          diff: expect.arrayContaining(['+  COLOUR: red'])
        }
      ])
    })

    it('shows the workload with the names that the manifests have', async () => {
      const scene = await openScene([reading(1), service(), configMap('red')])
      const workloadIn = async (...objects: readonly KubernetesObject[]) => {
        const { plan } = await planned(scene, { inputs: { images: '' }, manifests: objects.map(manifest) })
        return plan?.changes[0]?.diff.filter((line) => /^[-+]/.test(line))
      }
      const images = ['-        - image: shop/web:1', '+        - image: shop/web:2']
      expect(await workloadIn(reading(2), configMap('blue'))).toEqual(images)
      expect(await workloadIn(reading(1), configMap('blue'))).toEqual([
        '-            name: web',
        expect.stringMatching(/^\+ {12}name: web-[a-z0-9]{10}$/)
      ])
      const renamed = { ...configMap('blue'), metadata: { name: 'other', namespace: 'shop' } }
      expect(await workloadIn(reading(2, 'other'), renamed)).toEqual([
        ...images,
        '-            name: web',
        '+            name: other'
      ])
    })

    it('shows as new what the version that serves does not read', async () => {
      const scene = await openScene()
      expect(await changesOf(scene, reading(2), configMap('blue'))).toEqual([
        { what: 'ConfigMap web-…: new', diff: expect.arrayContaining(['+  COLOUR: blue']) }
      ])
    })
  })

  it('says nothing of what helm install has written on the objects', async () => {
    const annotations = { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'shop' }
    const web = workload()
    const scene = await openScene([{ ...web, metadata: { ...web.metadata, annotations } }, service()])
    const { plan } = await planned(scene, {
      inputs: { images: '' },
      manifests: [manifest(workload('web', { version: 2 }))]
    })
    expect(plan?.changes.map(({ diff }) => diff.filter((line) => /^[-+]/.test(line)))).toEqual([
      ['-        - image: shop/web:1', '+        - image: shop/web:2']
    ])
  })

  it('in place is of the Deployment that serves', async () => {
    const scene = await openScene()
    const { plan } = await planned(scene, { inputs: { strategy: 'rolling' } })
    expect(plan?.changes.map(({ object, state }) => `${object}: ${state}`)).toEqual([
      'Deployment web: changed'
    ])
    expect(plan?.steps).toContain('Replace the pods of web')
  })

  it('of what serves is unchanged', async () => {
    const scene = await openScene(slotted())
    const outcome = await planned(scene, { inputs: { images: 'shop/web:1' } })
    expect(outcome).toMatchObject({ result: 'unchanged', serving: { images: ['shop/web:1'] } })
    expect(outcome.plan).toBeUndefined()
  })

  it('that cannot be carried out has the faults of a release, all at once', async () => {
    const scene = await openScene(slotted())
    const wrong = {
      inputs: { images: 'other=shop/other:2', strategy: 'canary', steps: 'header a: b for 1m\n100%' }
    }
    const thrown = async (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error)
    const fault = await thrown(scene.run(wrong).plan())
    expect(fault).toBeInstanceOf(InputError)
    expect(fault).toMatchObject({ faults: [{ input: 'images' }, { input: 'steps' }] })
    expect(fault).toEqual(await thrown(scene.run(wrong).deploy()))
  })

  it.each([
    ['before its version serves', STARTED, 'shop/web:1'],
    ['when its version serves', SERVING, 'shop/web:1']
  ])('tells of a release that was left %s, and is for what serves after it', async (_, moment, serving) => {
    const scene = await openScene(slotted())
    const run = scene.run({ inputs: { bake: '1m' } })
    void run.deploy()
    await scene.when(moment, 500, () => {
      run.kill()
    })
    await scene.clock.sleep(30_000)
    const outcome = await planned(scene, { inputs: { images: 'shop/web:3' } })
    expect(outcome).toMatchObject({
      result: 'planned',
      serving: { images: [serving] },
      canary: { images: ['shop/web:3'] }
    })
    expect(outcome.warnings).toEqual([
      expect.stringMatching(/^release 1-1 \(https:\/\/ci\/1-1\) is running: .*is undone before anything else/)
    ])
  })
})
