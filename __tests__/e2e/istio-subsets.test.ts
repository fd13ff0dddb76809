import { expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const API = 'networking.istio.io/v1'
const virtualService = {
  apiVersion: API,
  kind: 'VirtualService',
  metadata: { name: 'web' },
  spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web', subset: 'current' } }] }] }
} as KubernetesObject
const rule = (version: string): KubernetesObject =>
  ({
    apiVersion: API,
    kind: 'DestinationRule',
    metadata: { name: 'web' },
    spec: { host: 'web', subsets: [{ name: 'current', labels: { version } }] }
  }) as KubernetesObject

function numbered(number: number) {
  const { spec, ...object } = workload({ image: image(number) })
  const { template, ...rest } = spec
  const labels = { ...template.metadata?.labels, version: `v${number}` }
  return {
    ...object,
    spec: { ...rest, template: { ...template, metadata: { ...template.metadata, labels } } }
  }
}

it('has an Istio subset by the number of the version go with it, and back', async () => {
  const scene = await openLiveScene([numbered(1), service({ app: 'web' }), virtualService, rule('v1')])
  const { namespace } = scene
  const read = async (kind: string) => admin.get({ apiVersion: API, kind, namespace, name: 'web' })
  const route = 'virtualservice/web'
  const released = await scene.run({
    route,
    // As a chart renders it: the new number in both.
    manifests: manifestFile([numbered(2), rule('v2')]),
    strategy: 'canary',
    steps: '50% for 1s\n100%',
    bake: '0s'
  })
  expect(released).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  const after = await read('DestinationRule')
  expect(after).toMatchObject({ spec: { subsets: [{ name: 'current', labels: { version: 'v2' } }] } })
  expect(Object.keys(after?.metadata.annotations ?? {}).filter((key) => key.includes('greenlight'))).toEqual(
    []
  )
  expect(await read('VirtualService')).toMatchObject({
    spec: (virtualService as KubernetesObject & { readonly spec: object }).spec
  })
  const back = await scene.run({ command: 'rollback', route })
  expect(back).toMatchObject({ exitCode: 0, outputs: { result: 'rolled-back' } })
  expect(await read('DestinationRule')).toMatchObject({
    spec: { subsets: [{ name: 'current', labels: { version: 'v1' } }] }
  })
  const { users } = await scene.end()
  expect(users).toMatchObject({ failed: 0, failures: [] })
})
