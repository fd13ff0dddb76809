import { describe, expect, it } from '@jest/globals'
import { admin } from '../support/cluster/real-cluster.ts'
import { holdTest } from '../support/cluster/held-test.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { getDeployment, getPods, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** Ways in which deploy tools are known to fail their users. Those with a test elsewhere are named there. */
describe('a release', () => {
  it('on a Deployment that was deployed plainly: taken back it serves as before, and promoted it goes on working', async () => {
    const scene = await openLiveScene()
    const file = manifestFile([workload({ image: image(2) }), service()])
    const taken = await scene.run({ manifests: file, 'smoke-tests': 'GET /missing -> 404 contains "never"' })
    expect(taken.outputs.result).toBe('rolled-back')
    expect((await getService(scene.namespace)).spec.selector).toStrictEqual({ app: 'web' })
    const promoted = await scene.run({ manifests: file, bake: '0s' })
    expect(promoted).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(empty).toEqual([])
  })

  it('made twice in a row never changes the pods that serve', async () => {
    const test = holdTest()
    const scene = await openLiveScene()
    await scene.run({ images: image(2), bake: '0s' })
    const serving = (await getPods(scene.namespace, 'greenlight.dev/slot=green'))
      .map(({ metadata }) => metadata.uid)
      .sort()
    const second = scene.start({ images: image(3), 'smoke-tests': test.line, bake: '0s' })
    await second.seen(/Smoke tests/)
    expect(
      (await getPods(scene.namespace, 'greenlight.dev/slot=green')).map(({ metadata }) => metadata.uid).sort()
    ).toEqual(serving)
    test.letGo()
    expect(await second.ended).toMatchObject({ exitCode: 0, outputs: { image: image(3) } })
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })

  it('changes the image of the one container that is meant, behind a registry with a port', async () => {
    const scene = await openLiveScene()
    const { namespace } = scene
    const proxy = { name: 'proxy', image: 'reg.local:5000/proxy:7' }
    const { metadata, spec } = workload({
      name: 'api',
      labels: { app: 'api' },
      image: 'reg.local:5000/app:1',
      replicas: 0
    })
    const containers = [...spec.template.spec.containers, proxy]
    await admin.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, namespace },
      spec: { ...spec, template: { ...spec.template, spec: { containers } } }
    } as never)
    await admin.create({ ...service({ app: 'api' }, 'api'), metadata: { name: 'api', namespace } })
    await scene.run({ workload: 'api', images: 'reg.local:5000/app:2', timeout: '2s' })
    const images = (await getDeployment(namespace, 'api-green')).spec.template.spec.containers.map(
      (one) => one.image
    )
    expect(images).toEqual(['reg.local:5000/app:2', 'reg.local:5000/proxy:7'])
  })

  it('applies the ConfigMaps and Secrets of the manifests, skips empty documents, unfolds Lists, and prints no secret even when debugging', async () => {
    const scene = await openLiveScene()
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { colour: 'green' }
    }
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key' },
      stringData: { key: 'correct-horse-battery' }
    }
    const rule = { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['get', 'create', 'patch'] }
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      namespace: scene.namespace,
      name: 'greenlight'
    }
    await admin.patch(role, [{ op: 'add', path: '/rules/-', value: rule }])
    const list = { apiVersion: 'v1', kind: 'List', items: [config, secret] }
    const file = manifestFile([list, workload({ image: image(2) })], '# nothing here\n---\n')
    const ended = await scene.run(
      { manifests: file, bake: '0s' },
      { RUNNER_DEBUG: '1', ACTIONS_STEP_DEBUG: 'true' }
    )
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(
      await admin.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: scene.namespace, name: 'settings' })
    ).toMatchObject({ data: { colour: 'green' } })
    expect(
      await admin.get({ apiVersion: 'v1', kind: 'Secret', namespace: scene.namespace, name: 'key' })
    ).toBeDefined()
    expect(ended.log + ended.summary + JSON.stringify(ended.outputs)).not.toContain('correct-horse')
    expect(ended.log + ended.summary).not.toContain(Buffer.from('correct-horse-battery').toString('base64'))
  })

  it('without a Service that selects the workload is refused, not called a success', async () => {
    const scene = await openLiveScene([workload(), service(), service({ app: 'other' }, 'other')])
    const ended = await scene.run({ images: image(2), route: 'service/other' })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(ended.outputs.reason).toMatch(
      /^route: service\/other selects app=other, which are not pods of deployment\/web/
    )
  })

  it('takes a Deployment without metadata.labels', async () => {
    const scene = await openLiveScene()
    const { metadata } = workload()
    expect(metadata).not.toHaveProperty('labels')
    expect(
      await scene.run({ manifests: manifestFile([workload({ image: image(2) })]), bake: '0s' })
    ).toMatchObject({ exitCode: 0 })
  })

  it('does not call a bare Pod released that nobody watches', async () => {
    const scene = await openLiveScene()
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'job' },
      spec: workload().spec.template.spec
    }
    const ended = await scene.run({ manifests: manifestFile([workload({ image: image(2) }), pod]) })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(ended.outputs.reason).toMatch(/^manifests: \S+, line \d+: Pod job .*Deployment/)
  })

  it('warns of a second Service by which users would come to the new version untested', async () => {
    const scene = await openLiveScene()
    await admin.create({ ...service(), metadata: { name: 'internal', namespace: scene.namespace } })
    const ended = await scene.run({ images: image(2), route: 'service/web', bake: '0s' })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(ended.summary).toMatch(/service\/internal .*selects both versions/)
  })
})
