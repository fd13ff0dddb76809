import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import { versionOf, type Observed } from '../../../src/observe/observed.ts'
import { beginRelease } from '../../../src/plan/begin-release.ts'
import { canaryService, canaryServiceFaults, nodePortFaults } from '../../../src/plan/canary-service.ts'
import { placementOf, selectorsOf } from '../../../src/plan/placement.ts'
import { albRoute } from '../../../src/routes/alb/alb.ts'
import { httpRoute } from '../../../src/routes/gateway/gateway.ts'
import { service, workload } from '../../scenarios/scene.ts'
import { observed, origin } from './observed.ts'

const ingress = (annotations: Readonly<Record<string, string>> = {}): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: 'shop', annotations }
})

function behind(
  route: typeof albRoute,
  object: KubernetesObject,
  spec: Partial<Service['spec']> = {},
  annotations: Readonly<Record<string, string>> = {}
): Observed {
  const base = service()
  return {
    ...observed({
      service: { ...base, metadata: { ...base.metadata, annotations }, spec: { ...base.spec, ...spec } }
    }),
    routes: [{ name: { kind: route.kind, name: 'web' }, route, object, others: [] }]
  }
}

function made(seen: Observed): Service {
  const canary = versionOf('green', workload('web-green'), '')
  const selectors = selectorsOf(seen, placementOf(seen))
  const release = beginRelease(origin, seen, { command: 'deploy', canary, selectors })
  return canaryService(seen, release).object as Service
}

const TARGET_TYPE = 'alb.ingress.kubernetes.io/target-type'

describe("the canary's own Service", () => {
  it('is reached as the one that users name is', () => {
    const way = {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'PreferDualStack',
      internalTrafficPolicy: 'Local',
      trafficDistribution: 'PreferClose'
    }
    const { spec } = made(behind(httpRoute, ingress(), { ...way, type: 'LoadBalancer' }))
    expect(spec).toMatchObject(way)
    expect(spec).not.toHaveProperty('type')
    expect(spec).not.toHaveProperty('externalTrafficPolicy')
  })

  it('has the annotations of gateways, and none that would make something for a second time', () => {
    const kept = {
      'alb.ingress.kubernetes.io/healthcheck-path': '/health',
      'cloud.google.com/backend-config': '{"default":"web"}',
      'cloud.google.com/neg': '{"ingress":true}',
      'traefik.ingress.kubernetes.io/service.serversscheme': 'h2c',
      'projectcontour.io/upstream-protocol.h2c': '80',
      'networking.istio.io/exportTo': '.',
      'service.kubernetes.io/topology-mode': 'Auto'
    }
    const alone = {
      'external-dns.alpha.kubernetes.io/hostname': 'shop.example.com',
      'service.beta.kubernetes.io/aws-load-balancer-type': 'nlb',
      'networking.gke.io/load-balancer-type': 'Internal',
      'metallb.universe.tf/address-pool': 'a',
      'prometheus.io/scrape': 'true',
      'meta.helm.sh/release-name': 'web',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'greenlight.dev/release': '{}',
      'cloud.google.com/neg-status': '{}',
      'tailscale.com/expose': 'true'
    }
    const { metadata } = made(behind(httpRoute, ingress(), {}, { ...kept, ...alone }))
    expect(metadata.annotations).toEqual(kept)
  })

  it.each(['NodePort', 'LoadBalancer'])(
    'has ports of the nodes where the load balancer sends there: %s',
    (type) => {
      const given = { type, externalTrafficPolicy: 'Local', ports: [{ port: 80, nodePort: 31_000 }] }
      const seen = behind(albRoute, ingress({ [TARGET_TYPE]: 'instance' }), given)
      expect(made(seen).spec).toMatchObject({
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80 }]
      })
      expect(made(seen).spec.ports?.[0]).not.toHaveProperty('nodePort')
      expect(nodePortFaults(seen)).toEqual([])
    }
  )

  it('has none where it sends to pods, as the Ingress or the Service says', () => {
    const seen = [
      behind(albRoute, ingress({ [TARGET_TYPE]: 'ip' }), { type: 'NodePort' }),
      behind(albRoute, ingress(), { type: 'ClusterIP' }, { [TARGET_TYPE]: 'ip' })
    ]
    for (const one of seen) {
      expect(made(one).spec).not.toHaveProperty('type')
      expect(nodePortFaults(one)).toEqual([])
    }
  })

  it.each([{}, { [TARGET_TYPE]: 'instance' }])(
    'cannot stand behind a load balancer like %j',
    (annotations) => {
      const faults = nodePortFaults(behind(albRoute, ingress(annotations), {}))
      expect(faults.map(({ example }) => example)).toEqual([
        'the annotation alb.ingress.kubernetes.io/target-type: ip on the Ingress, or type: NodePort in service/web'
      ])
    }
  )

  it.each([
    ['None', '10.96.0.7', 'is headless and service/web is not'],
    ['10.96.0.7', 'None', 'is not headless and service/web is']
  ])('cannot become another one than it is: %s, then %s', (then, now, told) => {
    const seen = behind(httpRoute, ingress(), { clusterIP: now })
    const own = made(seen)
    const live = { ...own, spec: { ...own.spec, clusterIP: then } }
    const wanted = { object: own, source: '' }
    expect(canaryServiceFaults({ ...seen, otherServices: [live] }, wanted)).toEqual([
      expect.objectContaining({
        problem: expect.stringContaining(told) as unknown,
        example: 'kubectl -n shop delete service web-green; the release makes it anew'
      })
    ])
    const same = { ...live, spec: { ...live.spec, clusterIP: now } }
    expect(canaryServiceFaults({ ...seen, otherServices: [same] }, wanted)).toEqual([])
  })
})
