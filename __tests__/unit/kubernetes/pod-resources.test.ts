import { expect, it } from '@jest/globals'
import type { Container, PodSpec, Resources } from '../../../src/kubernetes/objects.ts'
import { defaultsIn, podUsage, type Side } from '../../../src/kubernetes/pod-resources.ts'
import { printQuantity } from '../../../src/kubernetes/quantity.ts'

const container = (resources: Resources = {}, more: Partial<Container> = {}): Container => ({
  name: 'web',
  resources,
  ...more
})
const cpu = (requests: string, limits?: string): Resources => ({
  requests: { cpu: requests },
  ...(limits === undefined ? {} : { limits: { cpu: limits } })
})
const beside = { restartPolicy: 'Always' }

const defaults = defaultsIn([
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'team' },
    spec: {
      limits: [
        { type: 'Pod', max: { cpu: '9' } },
        { type: 'Container', default: { cpu: '400m' }, defaultRequest: { cpu: '50m' } }
      ]
    }
  }
])
const none = defaultsIn([])

it.each<[string, Partial<PodSpec>, Side, string]>([
  [
    'the sum of its containers',
    { containers: [container(cpu('1')), container(cpu('500m'))] },
    'requests',
    '1500m'
  ],
  ['its limits', { containers: [container(cpu('1', '2'))] }, 'limits', '2'],
  ['nothing where nothing is said', { containers: [container()] }, 'requests', '0'],
  [
    'the limit where no request is given',
    { containers: [container({ limits: { cpu: '2' } })] },
    'requests',
    '2'
  ],
  [
    'an init container that is bigger',
    { containers: [container(cpu('1'))], initContainers: [container(cpu('3'))] },
    'requests',
    '3'
  ],
  [
    'one that is not',
    { containers: [container(cpu('1'))], initContainers: [container(cpu('500m'))] },
    'requests',
    '1'
  ],
  [
    'what runs beside the others',
    { containers: [container(cpu('1'))], initContainers: [container(cpu('500m'), beside)] },
    'requests',
    '1500m'
  ],
  [
    'an init container with what runs beside it already',
    {
      containers: [container(cpu('1'))],
      initContainers: [container(cpu('2'), beside), container(cpu('3')), container(cpu('4'), beside)]
    },
    'requests',
    '7'
  ],
  ['its overhead', { containers: [container(cpu('1'))], overhead: { cpu: '250m' } }, 'requests', '1250m'],
  [
    'what is said for the pod as a whole',
    { containers: [container(cpu('1'))], resources: { requests: { cpu: '5' } } },
    'requests',
    '5'
  ]
])('a pod counts for %s', (_, spec, side, expected) => {
  const usage = podUsage({ containers: [], ...spec }, side, 'cpu', none)
  expect(printQuantity(usage, 'units')).toBe(expected)
})

it.each<[Side, Resources, string]>([
  ['requests', {}, '50m'],
  ['limits', {}, '400m'],
  ['requests', cpu('1'), '1'],
  ['limits', cpu('1'), '400m'],
  ['requests', { limits: { cpu: '2' } }, '2']
])('of a LimitRange its %s are what %j lacks: %s', (side, resources, expected) => {
  const usage = podUsage({ containers: [container(resources)] }, side, 'cpu', defaults)
  expect(printQuantity(usage, 'units')).toBe(expected)
})
