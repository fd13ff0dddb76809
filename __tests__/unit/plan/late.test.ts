import { expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { lateAmong } from '../../../src/plan/late.ts'
import { manifest } from '../../support/memory/shop.ts'

const object = (apiVersion: string, kind: string): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: 'web' }
})

it('autoscalers, then routes, wait until the first version serves', () => {
  const given = [
    object('gateway.networking.k8s.io/v1', 'HTTPRoute'),
    object('v1', 'Service'),
    object('networking.k8s.io/v1', 'NetworkPolicy'),
    object('keda.sh/v1alpha1', 'ScaledObject'),
    object('networking.istio.io/v1', 'DestinationRule'),
    object('networking.istio.io/v1', 'VirtualService'),
    object('example.com/v1', 'Ingress'),
    object('policy/v1', 'PodDisruptionBudget'),
    object('networking.k8s.io/v1', 'Ingress'),
    object('autoscaling/v2', 'HorizontalPodAutoscaler')
  ]
  expect(lateAmong(given.map(manifest)).map((one) => one.object.kind)).toEqual([
    'ScaledObject',
    'HorizontalPodAutoscaler',
    'HTTPRoute',
    'VirtualService',
    'Ingress'
  ])
})
