import { describe, expect, it } from '@jest/globals'
import type { Container, ServicePort } from '../../../src/kubernetes/objects.ts'
import { entranceTo, entranceWithout } from '../../../src/kubernetes/ports.ts'
import { service } from '../../support/memory/shop.ts'

const container = (ports: Readonly<Record<string, number>>, readinessProbe?: object): Container => ({
  name: 'web',
  ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
  ...(readinessProbe === undefined ? {} : { readinessProbe })
})

const behind = (
  ports: readonly ServicePort[],
  containers: readonly Container[] = [],
  named?: number | string
) => entranceTo({ ...service(), spec: { selector: { app: 'web' }, ports } }, containers, named)

describe('the ports on which pods speak TLS', () => {
  it('are those where the kubelet asks by HTTPS', () => {
    const probe = { httpGet: { port: 'https', scheme: 'HTTPS' } }
    const containers = [container({ https: 8443, http: 8080 }, probe)]
    expect(behind([{ name: 'web', port: 443, targetPort: 'https' }], containers)).toMatchObject({
      port: 8443,
      tls: [8443]
    })
    const plain = [container({ https: 8443 }, { httpGet: { port: 8443 } })]
    expect(behind([{ name: 'https', port: 443, targetPort: 8443 }], plain)).toMatchObject({
      port: 8443,
      tls: []
    })
  })
})

const metrics = { name: 'metrics', port: 9090 }

describe('users come in', () => {
  it.each<[string, readonly ServicePort[], number]>([
    ['by the port named http', [metrics, { name: 'http', port: 81 }, { name: 'web', port: 80 }], 81],
    [
      'by the one that speaks http',
      [
        { name: 'a', port: 9000 },
        { port: 81, appProtocol: 'http' }
      ],
      81
    ],
    [
      'by one that is named like it',
      [
        { name: 'grpc', port: 9000 },
        { name: 'http-api', port: 3000 }
      ],
      3000
    ],
    [
      'not by http-metrics',
      [
        { name: 'http-metrics', port: 9090 },
        { name: 'http-api', port: 3000 }
      ],
      3000
    ],
    [
      'by 80',
      [
        { name: 'grpc', port: 9000 },
        { name: 'app', port: 80 }
      ],
      80
    ],
    [
      'by 443',
      [
        { name: 'grpc', port: 9000 },
        { name: 'app', port: 443 }
      ],
      443
    ],
    [
      'by 8080',
      [
        { name: 'grpc', port: 9000 },
        { name: 'app', port: 8080 }
      ],
      8080
    ],
    [
      'not by 8080 for metrics',
      [
        { name: 'metrics', port: 8080 },
        { name: 'app', port: 3000 }
      ],
      3000
    ],
    [
      'by the first of others',
      [
        { name: 'a', port: 5000 },
        { name: 'b', port: 6000 }
      ],
      5000
    ],
    [
      'not by UDP or SCTP',
      [
        { name: 'http', port: 80, protocol: 'UDP' },
        { name: 'a', port: 5000 }
      ],
      5000
    ],
    ['by the only one there is', [metrics], 9090]
  ])('%s', (_, ports, expected) => {
    expect(behind(ports).servicePort?.port).toBe(expected)
  })

  it('never by one that leads to nothing, where another one does not', () => {
    const ports = [
      { name: 'http', port: 80, targetPort: 'gone' },
      { name: 'app', port: 3000, targetPort: 'app' }
    ]
    expect(behind(ports, [container({ app: 3001 })]).port).toBe(3001)
    expect(behind(ports.slice(0, 1), [container({ app: 3001 })]).servicePort?.name).toBe('http')
  })

  it('by the port that the route names, whatever it is called', () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'metrics', port: 9090, targetPort: 9100 }
    ]
    expect(behind(ports, [], 9090).port).toBe(9100)
    expect(behind(ports, [], 'metrics').port).toBe(9100)
    expect(behind(ports, [], '9090').port).toBe(9100)
    expect(behind(ports, [], 12345).port).toBe(80)
  })

  it('and names of ports that speak no TCP are none to ask', () => {
    const game = { name: 'web', ports: [{ name: 'game', containerPort: 7000, protocol: 'UDP' }] }
    const entrance = behind([{ name: 'http', port: 80, targetPort: 8080 }], [game])
    expect(entrance.names).toEqual({ http: 8080 })
  })

  it('by the port that the readiness probe asks, before the first one', () => {
    const ports = [
      { name: 'grpc', port: 9000, targetPort: 'grpc' },
      { name: 'app', port: 3000, targetPort: 'app' }
    ]
    const named = { grpc: 9000, app: 3001 }
    expect(behind(ports, [container(named, { httpGet: { port: 'app' } })]).port).toBe(3001)
    expect(behind(ports, [container(named, { tcpSocket: { port: 3001 } })]).port).toBe(3001)
    expect(behind(ports, [container(named)]).port).toBe(9000)
  })

  it('by the pods’ port that the name leads to', () => {
    const entrance = behind(
      [metrics, { name: 'http', port: 80, targetPort: 'web' }],
      [container({ web: 8080 })]
    )
    expect(entrance).toMatchObject({ port: 8080, names: { http: 8080, metrics: 9090, web: 8080 } })
  })

  it('of a Service without ports by the port that the readiness probe asks, if there is one', () => {
    expect(behind([], [container({ http: 8080 }, { httpGet: { port: 'http' } })])).toMatchObject({
      servicePort: undefined,
      port: 8080
    })
    expect(behind([], [container({ http: 8080 })]).port).toBeUndefined()
    expect(behind([], [container({ http: 8080 }, { exec: { command: ['true'] } })]).port).toBeUndefined()
  })
})

it.each([
  ['the probe asks a port', { readinessProbe: { httpGet: { port: 'http' } } }, 8080],
  ['nothing is probed', {}, 9090]
])('without a Service, pods are asked where %s, else on the first', (_, probe, port) => {
  const ports = [
    { name: 'metrics', containerPort: 9090 },
    { name: 'http', containerPort: 8080 }
  ]
  expect(entranceWithout([{ name: 'web', image: 'shop/web:1', ports, ...probe }])).toMatchObject({
    ...{ servicePort: undefined, port },
    names: { http: 8080, metrics: 9090 }
  })
})
