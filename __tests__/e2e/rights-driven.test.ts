import { beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { analysisTemplate, rollout } from '../support/cluster/argo-rollouts.ts'
import { BUILDING } from '../support/cluster/controllers.ts'
import { canary, hookUrl, metricTemplate } from '../support/cluster/flagger.ts'
import { manifestFile, openLiveStage } from '../support/cluster/live-scene.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { scriptCluster } from '../support/cluster/program.ts'
import { admin, grant } from '../support/cluster/real-cluster.ts'
import { eachRight, withoutRight } from '../support/cluster/rights.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

beforeAll(async () => {
  for (const kinds of ['argo-rollouts', 'flagger']) await scriptCluster('add', kinds)
}, BUILDING)

interface Driven {
  readonly workload: string
  /** What is in the cluster; nobody runs that would release it. */
  readonly live: (namespace: string) => readonly KubernetesObject[]
  /** What the release would bring: everything for which the Role has a right. */
  readonly brought: (namespace: string) => readonly KubernetesObject[]
}

const ANALYSIS = analysisTemplate('success', 'vector(1)', 'result[0] > 0')
const analysed = rollout({
  canary: {
    analysis: { templates: [{ templateName: 'success' }] },
    steps: [{ setWeight: 50 }, { pause: {} }]
  }
})

const METRIC = metricTemplate('success', 'vector(1)')
const gated = (namespace: string): KubernetesObject =>
  canary({
    provider: 'kubernetes',
    analysis: {
      iterations: 1,
      metrics: [
        { name: 'success', templateRef: { name: 'success' }, thresholdRange: { min: 1 }, interval: '10s' }
      ],
      webhooks: [{ name: 'gate', type: 'confirm-promotion', url: hookUrl(namespace, 'gate') }]
    }
  })

describe.each<[string, Driven]>([
  [
    'role-rollout.yaml',
    { workload: 'rollout/web', live: () => [analysed], brought: () => [ANALYSIS, analysed] }
  ],
  [
    'role-canary.yaml',
    {
      workload: 'canary/web',
      live: (namespace) => [gated(namespace)],
      brought: (namespace) => [METRIC, gated(namespace)]
    }
  ]
])('the published Role in %s', (file, { workload: name, live, brought }) => {
  it('is what it takes: without any one verb the run ends before anything is changed, and names it', async () => {
    const stage = await openLiveStage([workload({ replicas: 1 }), service()])
    const { namespace, run } = stage
    await grant(namespace, file)
    const put = (object: KubernetesObject) =>
      admin.create<KubernetesObject>({ ...object, metadata: { ...object.metadata, namespace } })
    const objects = await Promise.all(live(namespace).map(put))
    const inputs = {
      ...{ workload: name, images: image(2), 'smoke-tests': 'GET /health -> 200' },
      manifests: manifestFile(brought(namespace))
    }
    for (const right of eachRight(file)) {
      const { resource, verb } = right
      await withoutRight(namespace, file, right)
      const { outputs } = await run(inputs)
      expect({ resource, verb, ...outputs }).toMatchObject({ resource, verb, result: 'failed' })
      expect(outputs.reason).toContain(`cannot ${verb} ${resource}`)
      expect(outputs.reason).toContain(`namespace ${namespace}`)
    }
    for (const { apiVersion, kind, metadata, ...object } of objects) {
      const now = await admin.get({ apiVersion, kind, namespace, name: metadata.name })
      expect(now).toMatchObject({ spec: (object as { spec?: unknown }).spec })
    }
  })
})
