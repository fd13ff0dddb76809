import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { NAMESPACE, openScene, service, workload } from './scene.ts'

/** What a team has made for its pods besides, and what a release says of it before it begins. */

const BLUE = { 'greenlight.dev/slot': 'blue' }
const slotted = () => [workload('web-blue', { labels: BLUE }), service({ app: 'web', ...BLUE })]

const autoscalerOf = (name: string): KubernetesObject =>
  ({
    apiVersion: 'autoscaling.k8s.io/v1',
    kind: 'VerticalPodAutoscaler',
    metadata: { namespace: NAMESPACE, name },
    spec: { targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name } }
  }) as KubernetesObject

const budget = (selector: object, name = 'web'): KubernetesObject =>
  ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace: NAMESPACE, name },
    spec: { minAvailable: 1, selector }
  }) as KubernetesObject

async function warningsWith(...objects: readonly KubernetesObject[]): Promise<readonly string[]> {
  const scene = await openScene([...slotted(), ...objects])
  const { warnings } = await scene.run().plan()
  return warnings.filter((text) => /^(verticalpodautoscaler|poddisruptionbudget)/.test(text))
}

const LOST =
  'verticalpodautoscaler/web-blue is for deployment/web-blue, which has no pods after the release: those of deployment/web-green keep the requests of their template. Make one for deployment/web-green too, or take strategy: rolling, which keeps the Deployment'
const NARROW =
  'poddisruptionbudget/web selects the pods of deployment/web-blue and not those of deployment/web-green: when a node is drained after the release, all of the new ones may end at once. Leave the label that tells the two apart out of its selector'

describe('before a release it is told', () => {
  it.each<[string, readonly KubernetesObject[], readonly string[]]>([
    ['of a VerticalPodAutoscaler for the old version alone', [autoscalerOf('web-blue')], [LOST]],
    ['of a PodDisruptionBudget for the old version alone', [budget({ matchLabels: BLUE })], [NARROW]],
    [
      'of one by an expression',
      [budget({ matchExpressions: [{ key: 'greenlight.dev/slot', operator: 'In', values: ['blue'] }] })],
      [NARROW]
    ]
  ])('%s', async (_, objects, told) => {
    expect(await warningsWith(...objects)).toEqual(told)
  })

  it.each<[string, readonly KubernetesObject[]]>([
    ['there is one for each', [autoscalerOf('web-blue'), autoscalerOf('web-green')]],
    ['it is for both', [budget({ matchLabels: { app: 'web' } })]],
    [
      'another one has the new pods',
      [
        budget({ matchLabels: BLUE }),
        budget({ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, 'all')
      ]
    ],
    ['it is for other pods', [autoscalerOf('db'), budget({ matchLabels: { app: 'db' } })]]
  ])('nothing where %s', async (_, objects) => {
    expect(await warningsWith(...objects)).toEqual([])
  })
})
