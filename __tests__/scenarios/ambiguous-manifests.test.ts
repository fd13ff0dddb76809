import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { manifest, openScene, service, workload, type RunOptions } from './scene.ts'

const ending = <T extends KubernetesObject>(object: T): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    deletionTimestamp: '2026-01-01T00:00:00Z',
    finalizers: ['example.com/keep']
  }
})

/** Manifests that would do harm, or do not say what is meant, and objects on their way out. Each is refused before anything is changed. */

const at = (source: string, object: KubernetesObject) => ({ object, source })
async function refused(
  manifests: NonNullable<RunOptions['manifests']>,
  inputs: Readonly<Record<string, string>> = {}
): Promise<string> {
  const scene = await openScene()
  const run = (): Promise<unknown> => scene.run({ manifests, inputs: { images: '', ...inputs } }).deploy()
  const before = scene.story.length
  const words = await run().then(
    () => 'it was released',
    (error: unknown) => (error as Error).message
  )
  if (words !== 'it was released') expect(scene.story.slice(before)).toEqual([])
  return words
}
const version = (number: number) => workload('web', { version: number })

describe('an object that is there twice', () => {
  it.each(['blue-green', 'rolling'])('and not the same is refused with both places: %s', async (strategy) => {
    const manifests = [at('base/web.yaml, line 1', version(2)), at('prod/web.yaml, line 7', version(3))]
    expect(await refused(manifests, { strategy })).toContain(
      'prod/web.yaml, line 7: Deployment web is at base/web.yaml, line 1 as well, and not the same there'
    )
  })

  it('is one object in its own namespace and in that of the release', async () => {
    const config = (data: object, namespace?: string) =>
      manifest({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'config', ...(namespace === undefined ? {} : { namespace }) },
        data
      } as KubernetesObject)
    expect(await refused([manifest(version(2)), config({ a: '1' }), config({ a: '2' }, 'shop')])).toContain(
      'ConfigMap config is at'
    )
    expect(await refused([manifest(version(2)), config({ a: '1' }), config({ a: '2' }, 'other')])).toBe(
      'it was released'
    )
  })
})

it('a Service that would become an ExternalName is refused: it has no pods', async () => {
  const spec = { type: 'ExternalName', externalName: 'shop.example.com' }
  const external = { ...service(), spec } as KubernetesObject
  expect(await refused([manifest(version(2)), manifest(external)])).toContain(
    'Service web would become an ExternalName'
  )
})

it('a kind that no cluster has is refused, unless the manifests bring it', async () => {
  const gizmo = { apiVersion: 'example.com/v1', kind: 'Gizmo', metadata: { name: 'a' } }
  expect(await refused([manifest(version(2)), manifest(gizmo)])).toContain(
    'the cluster has no kind Gizmo in example.com/v1'
  )
})

it('pods that cannot count as ready in time are refused', async () => {
  const web = version(2)
  const late = { ...web, spec: { ...web.spec, minReadySeconds: 600 } }
  expect(await refused([manifest(late)], { timeout: '5m' })).toContain(
    'timeout: deployment/web-green has minReadySeconds: 600, so that its pods cannot count as ready within 5m'
  )
})

it.each<[string, KubernetesObject]>([
  ['service/web', service()],
  ['deployment/web-green', workload('web-green', { labels: { 'greenlight.dev/slot': 'green' }, replicas: 0 })]
])('%s that is being deleted is refused', async (name, object) => {
  const scene = await openScene([workload(), service()])
  if (name === 'deployment/web-green') scene.cluster.create(object)
  scene.cluster.replace(ending(object))
  await expect(scene.run().deploy()).rejects.toThrow(
    `${name} in namespace shop is being deleted since 2026-01-01T00:00:00Z and waits for example.com/keep`
  )
})
