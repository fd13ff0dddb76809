import { describe, expect, it, test } from '@jest/globals'
import type { Deployment } from '../../../src/kubernetes/objects.ts'
import { plainPath, probesOf } from '../../../src/kubernetes/probes.ts'

const deployment = (spec: object): Deployment =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { template: { spec } }
  }) as Deployment

const get = (path: string, port: number | string = 8080) => ({ httpGet: { path, port } })

describe('probesOf', () => {
  it('finds every request of the kubelet, in all containers of all templates', () => {
    const one = deployment({
      initContainers: [{ name: 'proxy', restartPolicy: 'Always', startupProbe: get('/started', 15021) }],
      containers: [
        {
          name: 'web',
          ports: [{ name: 'admin', containerPort: 9000 }],
          readinessProbe: { ...get('/ping?full=1', 'admin'), periodSeconds: 3 },
          livenessProbe: get('/status/'),
          lifecycle: { preStop: get('/drain'), postStart: get('warm') }
        }
      ]
    })
    const other = deployment({ containers: [{ name: 'web', readinessProbe: { httpGet: { port: 'none' } } }] })
    expect(probesOf(one, undefined, other)).toStrictEqual([
      { path: '/ping', port: 9000, every: 3 },
      { path: '/status', port: 8080, every: 10 },
      { path: '/warm', port: 8080, every: Infinity },
      { path: '/drain', port: 8080, every: Infinity },
      { path: '/started', port: 15021, every: 10 },
      { path: '/', port: undefined, every: 10 }
    ])
  })

  it.each([
    { grpc: { port: 9000 } },
    { tcpSocket: { port: 8080 } },
    { exec: { command: ['true'] } },
    { httpGet: null },
    { httpGet: 'here' },
    null,
    'odd'
  ])('finds none in %j', (readinessProbe) => {
    expect(probesOf(deployment({ containers: [{ name: 'web', readinessProbe }] }))).toStrictEqual([])
  })
})

test.each([
  ['/', '/'],
  ['', '/'],
  ['/ping', '/ping'],
  ['ping/', '/ping'],
  ['/a/b?c=/d', '/a/b'],
  ['/a#b', '/a']
])('plainPath(%j) is %j', (text, path) => {
  expect(plainPath(text)).toBe(path)
})
