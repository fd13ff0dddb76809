import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject, Pod, PodSpec } from '../../src/kubernetes/objects.ts'
import type { Ended } from '../support/action.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { image, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const [container] = workload({ image: image(2) }).spec.template.spec.containers

/** Parts of a pod that need the Secret or ConfigMap `late`. */
const needing: Readonly<Record<string, Partial<PodSpec>>> = {
  'a Secret in its environment': { containers: [withMore({ envFrom: [{ secretRef: { name: 'late' } }] })] },
  'a key of a ConfigMap': {
    containers: [
      withMore({ env: [{ name: 'URL', valueFrom: { configMapKeyRef: { name: 'late', key: 'url' } } }] })
    ]
  },
  'a Secret as a volume': {
    containers: [withMore({ volumeMounts: [{ name: 'late', mountPath: '/late' }] })],
    volumes: [{ name: 'late', secret: { secretName: 'late' } }]
  } as Partial<PodSpec>
}

function withMore(more: object): NonNullable<typeof container> {
  if (container === undefined) throw new Error('the workload has no container')
  return { ...container, ...more }
}

const release = (scene: LiveScene, template: Partial<PodSpec>) =>
  scene.start({
    manifests: manifestFile([workload({ image: image(2), template })]),
    bake: '3s'
  })

async function makeLate(namespace: string): Promise<void> {
  const metadata = { name: 'late', namespace }
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { url: 'db' } }
  await admin.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    stringData: { url: 'db' }
  } as KubernetesObject)
  const live = await admin.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'late' })
  await (live === undefined
    ? admin.create(config)
    : admin.replace({ ...live, ...config, metadata: live.metadata }))
}

async function unharmed(scene: LiveScene, ended: Ended): Promise<void> {
  const { users, empty } = await scene.end()
  console.log(
    `${ended.outputs.result ?? ''} after ${(ended.milliseconds / 1000).toFixed(1)} s: ${ended.outputs.reason ?? ''}; ${users.failed} of ${users.total} requests failed`
  )
  expect(users.failures).toEqual([])
  expect(empty).toEqual([])
}

describe.each(Object.entries(needing))('pods that need %s', (_, template) => {
  it('which comes 8 s after them are waited for', async () => {
    const scene = await openLiveScene()
    await admin.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'late', namespace: scene.namespace }
    })
    const started = release(scene, template)
    await started.seen('Wait until web-green is ready')
    await sleep(8000)
    await makeLate(scene.namespace)
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', reason: '' } })
    await unharmed(scene, ended)
  })

  it('which never comes are given up within a minute, and the reason names it', async () => {
    const scene = await openLiveScene()
    const ended = await release(scene, template).ended
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', weight: '0' } })
    expect(ended.outputs.reason).toMatch(/^pod web-green-\S+ cannot run: .*"late" not found/)
    expect(ended.milliseconds).toBeLessThan(120_000)
    await unharmed(scene, ended)
  })
})

describe('pods that no time can help', () => {
  it.each<[string, Partial<PodSpec>, RegExp]>([
    [
      'have an image whose name cannot be one',
      { containers: [withMore({ image: 'shop/Web:2' })] },
      /InvalidImageName/
    ],
    [
      'have an image that may not be pulled and is not there',
      { containers: [withMore({ image: 'shop/web:404', imagePullPolicy: 'Never' })] },
      /ErrImageNeverPull/
    ],
    [
      'have a command that is not in the image',
      { containers: [withMore({ command: ['/no/such/command'] })] },
      /(RunContainerError|CreateContainerError|CrashLoopBackOff)/
    ]
  ])('%s', async (_, template, reason) => {
    const scene = await openLiveScene()
    const ended = await release(scene, template).ended
    expect(ended.outputs).toMatchObject({ result: 'rolled-back', weight: '0' })
    expect(ended.outputs.reason).toMatch(reason)
    expect(ended.milliseconds).toBeLessThan(120_000)
    await unharmed(scene, ended)
  })
})

describe('a pod of the new version that is evicted in the bake', () => {
  it('is replaced, and the release goes on', async () => {
    const scene = await openLiveScene()
    const { namespace } = scene
    const started = scene.start({
      images: image(2),
      'smoke-tests': 'GET /health -> 200',
      bake: '20s'
    })
    await started.seen('Bake: watch')
    await sleep(3000)
    const pods = await admin.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace })
    const pod = pods.find(({ metadata }) => metadata.name.startsWith('web-green-'))
    const { status } = await admin.send({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods/${pod?.metadata.name ?? ''}/eviction`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: pod?.metadata.name, namespace }
      })
    })
    expect(status).toBe(201)
    const ended = await started.ended
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', reason: '' } })
    await unharmed(scene, ended)
  })
})
