import { describe, expect, it, jest } from '@jest/globals'
import type { Deployment, KubernetesObject } from '../../src/kubernetes/objects.ts'
import type { DestinationRule } from '../../src/routes/istio/destination-rules.ts'
import { openMesh, type MeshLateness } from '../support/memory/mesh.ts'
import { manifest, NAMESPACE, openScene, service, workload, type Scene } from './scene.ts'

/**
 * A team whose pods have the number of their version in a label, and whose mesh has a subset by that number: whatever a
 * release does, and whichever of the two objects proxies hear of first, there is somebody where users are sent.
 */

jest.setTimeout(120_000)

const API = 'networking.istio.io/v1'
const ref = (kind: string) => ({ apiVersion: API, kind, namespace: NAMESPACE, name: 'web' })

function numbered(version: number): Deployment {
  const { spec, ...object } = workload('web', { version })
  const { template, ...rest } = spec
  const labels = { app: 'web', version: `v${version}` }
  return { ...object, spec: { ...rest, template: { ...template, metadata: { labels } } } }
}
const virtualService = {
  ...ref('VirtualService'),
  metadata: { namespace: NAMESPACE, name: 'web' },
  spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web', subset: 'current' } }] }] }
} as KubernetesObject
const rule = (version: number): KubernetesObject =>
  ({
    apiVersion: API,
    kind: 'DestinationRule',
    metadata: { namespace: NAMESPACE, name: 'web' },
    spec: { host: 'web', subsets: [{ name: 'current', labels: { version: `v${version}` } }] }
  }) as KubernetesObject

const inputs = {
  route: 'virtualservice/web',
  images: '',
  strategy: 'canary',
  steps: '50% for 5s\n100%',
  bake: '0s'
}

async function open(
  late: MeshLateness
): Promise<{ readonly scene: Scene; readonly harm: readonly string[] }> {
  const scene = await openScene([numbered(1), service(), virtualService, rule(1)])
  return { scene, harm: openMesh(scene.cluster, late) }
}

const subsetIn = ({ cluster }: Scene): unknown =>
  cluster.read<DestinationRule>(ref('DestinationRule'))?.spec.subsets?.[0]?.labels

const settle = ({ clock }: Scene): Promise<void> => clock.sleep(60_000)

describe.each<MeshLateness>([
  { VirtualService: 10, DestinationRule: 4500 },
  { VirtualService: 4500, DestinationRule: 10 }
])('a subset by the number of the version, where proxies hear of objects late: %j', (late) => {
  it('goes with the version that serves, through two releases and a rollback', async () => {
    const { scene, harm } = await open(late)
    for (const version of [2, 3]) {
      // The team's chart renders the new number into both.
      const manifests = [manifest(numbered(version)), manifest(rule(version))]
      expect(await scene.run({ inputs, manifests }).deploy()).toMatchObject({
        result: 'promoted',
        reason: ''
      })
      await settle(scene)
      expect(subsetIn(scene)).toEqual({ version: `v${version}` })
    }
    const back = await scene.run({ inputs: { route: 'virtualservice/web', images: '' } }).rollback()
    expect(back).toMatchObject({ result: 'rolled-back' })
    await settle(scene)
    expect(subsetIn(scene)).toEqual({ version: 'v2' })
    expect(scene.cluster.read(ref('VirtualService'))).toMatchObject({
      spec: (virtualService as Deployment).spec
    })
    expect(harm).toEqual([])
  })

  it('has somebody in it also when the release is cancelled, or its machine dies and another run ends it', async () => {
    for (let second = 1; second < 60; second += 2) {
      for (const stop of ['cancel', 'kill'] as const) {
        const { scene, harm } = await open(late)
        const run = scene.run({ inputs, manifests: [manifest(numbered(2))] })
        const ended = run.deploy().catch(() => undefined)
        await scene.clock.sleep(second * 1000)
        run[stop]()
        if (stop === 'cancel') await ended
        await run.post()
        await settle(scene)
        await scene.run({ inputs, manifests: [manifest(numbered(3))] }).deploy()
        await settle(scene)
        expect([stop, second, harm, subsetIn(scene)]).toEqual([stop, second, [], { version: 'v3' }])
        expect(scene.cluster.read(ref('DestinationRule'))?.metadata.annotations ?? {}).toEqual({})
        scene.clock.stop()
      }
    }
  })
})
