import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import { drainOf, lagOf } from '../../../../src/plan/drain.ts'
import { gatewayLag } from '../../../../src/routes/gateway/lag.ts'
import type { GatewayRoute } from '../../../../src/routes/gateway/rules.ts'
import { ROUTES } from '../../../../src/routes/index.ts'

const taken = (...controllers: readonly string[]): GatewayRoute => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {},
  status: {
    parents: controllers.map((controllerName) => ({ parentRef: { name: 'gateway' }, controllerName }))
  }
})

describe('how long a gateway of the Gateway API may take to learn', () => {
  it.each([
    ['traefik.io/gateway-controller', 3],
    ['istio.io/gateway-controller', 5],
    ['gateway.envoyproxy.io/gatewayclass-controller', 5],
    ['io.cilium/gateway-controller', 5],
    ['example.net/gateway-controller', 10],
    ['networking.gke.io/gateway', 60],
    ['gateway.k8s.aws/alb', 60],
    ['application-networking.k8s.aws/gateway-api-controller', 60],
    ['alb.networking.azure.io/alb-controller', 60]
  ])('%s: %i s', (controller, seconds) => {
    expect(gatewayLag(taken(controller))).toBe(seconds * 1000)
  })

  it('is that of the slowest of several, and nothing while none has taken the route', () => {
    expect(gatewayLag(taken('traefik.io/gateway-controller', 'networking.gke.io/gateway'))).toBe(60_000)
    expect(gatewayLag(taken())).toBe(0)
    expect(gatewayLag({ ...taken(), status: {} })).toBe(0)
  })
})

describe('the drain of pods that users were on', () => {
  const object: KubernetesObject = taken('networking.gke.io/gateway')
  const lane = (kind: string) => {
    const route = ROUTES.find((one) => one.kind === kind)
    if (route === undefined) throw new Error(kind)
    return { route, objects: [object] as const }
  }

  it('lasts as long as the slowest route may take to learn of the last write, and at least 10 s', () => {
    expect(drainOf([])).toBe(10_000)
    expect(drainOf([lane('traefikservice')])).toBe(10_000)
    expect(drainOf([lane('traefikservice'), lane('httproute')])).toBe(60_000)
  })

  it('and every kind of route in front of a Service says how long it takes', () => {
    for (const route of ROUTES.filter(({ kind }) => kind !== 'service'))
      expect(lagOf([{ route, objects: [object] }])).toBeGreaterThan(0)
  })
})
