import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { isSlotOf, keepTrafficFields } from '../../../src/plan/live-fields.ts'
import { autoscaler, service, workload } from '../../scenarios/scene.ts'
import { observed, slotted } from './observed.ts'

const stable = { app: 'web', 'pod-template-hash': 'abc' }
const kept = (object: KubernetesObject, seen = observed()): KubernetesObject =>
  keepTrafficFields(object, seen, stable)

it.each<[string, string, boolean]>([
  ['Deployment', 'web', true],
  ['Deployment', 'web-blue', true],
  ['Deployment', 'web-green', true],
  ['Deployment', 'web-red', false],
  ['Deployment', 'api', false],
  ['StatefulSet', 'web', false]
])('%s %s is the workload itself: %p', (kind, name, expected) => {
  expect(isSlotOf(observed(), { apiVersion: 'apps/v1', kind, metadata: { name } })).toBe(expected)
})

describe('a manifest is applied as it is, but', () => {
  it('the Service that routes keeps the selector that the traffic needs', () => {
    const ours = {
      ...service({ app: 'web', tier: 'new' }),
      metadata: { name: 'web', labels: { team: 'shop' } }
    }
    expect(kept(ours)).toEqual({
      ...ours,
      metadata: { ...ours.metadata, namespace: 'shop' },
      spec: { ...ours.spec, selector: stable }
    })
  })

  it.each<[string, ReturnType<typeof observed>, string]>([
    ['the plain Deployment', observed(), 'web'],
    ['the slot that serves', slotted('green'), 'web-green']
  ])('an autoscaler of the workload scales %s', (_, seen, name) => {
    expect(kept(autoscaler(), seen)).toEqual(autoscaler(name))
  })

  it('a Deployment whose size belongs to an autoscaler says nothing of its size', () => {
    const seen = { ...observed(), autoscaled: ['api'] }
    expect(JSON.parse(JSON.stringify(kept(workload('api'), seen)))).not.toHaveProperty('spec.replicas')
    expect(kept(workload('db'), seen)).toHaveProperty('spec.replicas', 3)
  })

  it('what names no namespace goes to that of the workload, what names one goes there', () => {
    const named = (namespace?: string) => ({
      ...service(),
      metadata: { name: 'other', ...(namespace && { namespace }) }
    })
    expect(kept(named()).metadata.namespace).toBe('shop')
    expect(kept(named('monitoring')).metadata.namespace).toBe('monitoring')
  })

  it.each<[string, KubernetesObject]>([
    ['another Service', { ...service({ app: 'api' }), metadata: { name: 'api', namespace: 'shop' } }],
    ['an autoscaler of something else', autoscaler('api')],
    ['another Deployment', workload('api')],
    [
      'an object without a spec',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'shop' } }
    ]
  ])('not %s', (_, object) => {
    expect(kept(object)).toEqual(object)
  })
})
