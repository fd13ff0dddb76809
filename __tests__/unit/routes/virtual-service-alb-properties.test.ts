import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { albRoute } from '../../../src/routes/alb/alb.ts'
import { virtualServiceRoute } from '../../../src/routes/istio/virtual-service.ts'
import { objectsOf, type Route, type RouteObjects, type Split } from '../../../src/routes/route.ts'
import { backends as backendsIn } from '../../contract/routes/fixture.ts'

const backends = backendsIn('shop')

const weight = fc.constantFrom(0, 1, 25, 40, 60, 100, 300)
const service = fc.constantFrom('web', 'api', 'legacy')
const header = { name: 'x-canary', value: 'yes' }

const splits = fc.array(
  fc.record<Split>(
    {
      weight: fc.integer({ min: 0, max: 100 }),
      header: fc.constant(header),
      mirror: fc.integer({ min: 1, max: 100 })
    },
    { requiredKeys: ['weight'] }
  ),
  { minLength: 1, maxLength: 4 }
)

const target = fc.record(
  {
    destination: fc.record(
      { host: service, subset: fc.constantFrom('v1', 'v2', 'users') },
      { requiredKeys: ['host'] }
    ),
    weight,
    headers: fc.constant({ request: { set: { a: 'b' } } })
  },
  { requiredKeys: ['destination', 'weight'] }
)
const rule = fc.record(
  {
    name: fc.constantFrom('a', 'b'),
    match: fc.array(fc.constantFrom({ uri: { prefix: '/a' } }, { headers: { x: { exact: 'y' } } }), {
      minLength: 1,
      maxLength: 2
    }),
    timeout: fc.constant('3s'),
    route: fc.oneof(
      fc.array(target, { minLength: 1, maxLength: 4 }),
      target.map(({ weight: _, ...only }) => [only])
    )
  },
  { requiredKeys: ['route'] }
)

const destinationRule = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { namespace: 'shop', name: 'web' },
  spec: {
    host: 'web',
    subsets: [
      { name: 'v1', labels: { 'greenlight.dev/slot': 'blue' } },
      { name: 'v2', labels: { 'greenlight.dev/slot': 'green' } },
      { name: 'users', labels: { app: 'web' } }
    ]
  }
}

const meshObjects = fc.array(rule, { minLength: 1, maxLength: 4 }).map(
  (http) =>
    [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { namespace: 'shop', name: 'web', annotations: { team: 'shop' } },
        spec: { hosts: ['web'], http }
      },
      destinationRule
    ] as unknown as RouteObjects
)

const group = fc.record(
  { serviceName: fc.constantFrom('web', 'web-blue', 'api'), servicePort: fc.constant('80'), weight },
  { requiredKeys: ['serviceName', 'servicePort', 'weight'] }
)
const albObjects = fc
  .record({
    groups: fc.uniqueArray(group, { selector: ({ serviceName }) => serviceName, minLength: 1, maxLength: 3 }),
    indent: fc.constantFrom(0, 2),
    services: fc.array(fc.constantFrom('root', 'web', 'api'), { minLength: 1, maxLength: 4 })
  })
  .map(
    ({ groups, indent, services }) =>
      [
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: {
            namespace: 'shop',
            name: 'web',
            annotations: {
              team: 'shop',
              'alb.ingress.kubernetes.io/actions.root': JSON.stringify(
                { type: 'forward', forwardConfig: { targetGroups: groups } },
                undefined,
                indent
              )
            }
          },
          spec: {
            ingressClassName: 'alb',
            rules: [
              {
                http: {
                  paths: services.map((name, at) => ({
                    path: `/${at}`,
                    pathType: 'Prefix',
                    backend: {
                      service: { name, port: name === 'root' ? { name: 'use-annotation' } : { number: 80 } }
                    }
                  }))
                }
              }
            ]
          }
        }
      ] as unknown as RouteObjects
  )

/** As they are read again, the user's object first. */
function readAgain(route: Route, objects: readonly KubernetesObject[]): RouteObjects {
  const [main] = objects.filter(({ kind }) => kind === route.object.kind)
  if (main === undefined) throw new Error('the route is gone')
  return objectsOf(
    route,
    main,
    objects.filter((object) => object !== main),
    backends
  )
}

describe.each<[string, Route, fc.Arbitrary<RouteObjects>]>([
  ['a VirtualService', virtualServiceRoute, meshObjects],
  ['an Ingress of ALB', albRoute, albObjects]
])('%s, whatever the user has written', (_, route, anyObjects) => {
  const able = (split: Split): Split => {
    const { mirror, ...others } = split
    return mirror === undefined || !route.can.includes('mirror') ? others : split
  }

  it('has each weight that it is given, needs no second write for it, and is as before in the end', () => {
    fc.assert(
      fc.property(anyObjects, splits, (original, all) => {
        const steps = all.map(able)
        fc.pre(route.problem(original, backends, steps) === undefined)
        let live = original
        for (const step of steps) {
          live = readAgain(route, route.split(live, backends, step))
          expect(readAgain(route, route.split(live, backends, step))).toEqual(live)
          const share = route.weight(live, backends) ?? Number.NaN
          expect(Math.abs(share - step.weight)).toBeLessThanOrEqual(step.weight / 10 + 1e-9)
        }
        expect(route.settle(live, backends, 'stable')).toEqual(original)
      }),
      { numRuns: 200 }
    )
  })

  it('stays as it is when it is settled twice', () => {
    fc.assert(
      fc.property(anyObjects, splits, fc.constantFrom('stable', 'canary'), (original, all, serving) => {
        const steps = all.map(able)
        fc.pre(route.problem(original, backends, steps) === undefined)
        const last = steps.reduce(
          (live, step) => readAgain(route, route.split(live, backends, step)),
          original
        )
        const settled = readAgain(route, route.settle(last, backends, serving))
        expect(readAgain(route, route.settle(settled, backends, serving))).toEqual(settled)
      }),
      { numRuns: 200 }
    )
  })
})
