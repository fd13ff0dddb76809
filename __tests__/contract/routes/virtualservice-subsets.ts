import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { virtualServiceRoute } from '../../../src/routes/istio/virtual-service.ts'
import { backends, type Hopeless, type RouteFixture } from './fixture.ts'
import { destinationRule, editMesh, foreignOfMesh, virtualService } from './virtualservice-hosts.ts'

const slot = (name: string) => ({ 'greenlight.dev/slot': name })
const to = (subset: string, weight?: number) => ({
  destination: { host: 'web', subset },
  ...(weight !== undefined && { weight })
})

/** The subsets by which a team tells its slots apart. */
const pair = [
  { name: 'v1', labels: slot('blue'), trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } },
  { name: 'v2', labels: slot('green'), trafficPolicy: { loadBalancer: { simple: 'LEAST_REQUEST' } } }
]
const rule = (namespace: string, subsets: readonly object[]): KubernetesObject =>
  destinationRule(namespace, 'web-subsets', {
    host: 'web',
    trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
    subsets
  })

const tester = { match: [{ headers: { 'end-user': { exact: 'jason' } } }], route: [to('v2')] }
const both = { match: [{ uri: { prefix: '/shop' } }], route: [to('v1', 100), to('v2', 0)] }
const beside = {
  match: [{ uri: { prefix: '/old' } }],
  route: [{ destination: { host: 'legacy' }, weight: 50 }, to('v1', 50)]
}
const one = { route: [to('v1')] }

const promotedRules = [
  tester,
  { ...both, route: [to('v1', 0), to('v2', 100)] },
  { ...beside, route: [{ destination: { host: 'legacy' }, weight: 50 }, to('v2', 50)] },
  { route: [to('v2')] }
]

const hopeless =
  (subsets: readonly object[], http: readonly object[]): Required<Hopeless>['objects'] =>
  (namespace) => [virtualService(namespace, http), rule(namespace, subsets)]

/** Subsets that are a pair are swapped by a promotion. */
export const virtualserviceSubsetPair: RouteFixture = {
  name: 'a VirtualService with a subset for each slot',
  route: virtualServiceRoute,
  objects: (namespace) => [virtualService(namespace, [tester, both, beside, one]), rule(namespace, pair)],
  backends,
  foreign: foreignOfMesh,
  edit: editMesh,
  promoted: ([service, ...rules]) =>
    [virtualService(service.metadata.namespace ?? '', promotedRules), ...rules].map(
      (object) => (object as KubernetesObject & { spec: unknown }).spec
    ),
  hopeless: [
    {
      title: 'users are on the canary’s subset already',
      objects: hopeless(pair, [{ name: 'split', route: [to('v1', 90), to('v2', 10)] }]),
      splits: [{ weight: 10 }],
      problem: /http rule 1 \(split\) of virtualservice\/web sends requests to subset v2 of host web already/
    },
    {
      title: 'only the canary’s subset is referred to',
      objects: hopeless(pair, [tester]),
      splits: [{ weight: 10 }],
      problem: /no http rule .* they go to web \(subset v2\)/
    },
    {
      title: 'no DestinationRule has the subset',
      objects: hopeless(pair, [{ route: [to('v3')] }]),
      splits: [{ weight: 10 }],
      problem: /names subset v3 of host web, which no DestinationRule of the namespace has/
    },
    {
      title: 'the subset leaves out the other slot, and no other has it',
      objects: hopeless([{ name: 'v1', labels: slot('blue') }], [one]),
      splits: [{ weight: 10 }],
      problem: /names subset v1 of host web, whose labels leave out the pods of the other version/
    }
  ],
  exceptions: {}
}

/** One by the number of the version that serves, and one of a version that is gone. */
const numbered = (number: string) => [
  { name: 'current', labels: { app: 'web', version: number }, trafficPolicy: { tls: { mode: 'DISABLE' } } },
  { name: 'gone', labels: { version: 'v2.1.1' } }
]
const byNumber = [
  { match: [{ headers: { canary: { exact: 'true' } } }], route: [to('gone')] },
  {
    match: [{ uri: { prefix: '/old' } }],
    route: [{ destination: { host: 'legacy' }, weight: 50 }, to('current', 50)]
  },
  { route: [to('current', 100), to('gone', 0)] }
]

const pods = {
  stable: { app: 'web', version: 'v2.1.2' },
  canary: { app: 'web', version: 'v2.1.3' }
}

/** The subset goes with the version whose pods are in it. */
export const virtualserviceVersionSubsets: RouteFixture = {
  name: 'a VirtualService with subsets by the number of the version',
  route: virtualServiceRoute,
  objects: (namespace) => [virtualService(namespace, byNumber), rule(namespace, numbered('v2.1.2'))],
  backends: (namespace) => ({
    ...backends(namespace),
    labels: { stable: { version: 'v2.1.2' }, canary: { version: 'v2.1.3' } }
  }),
  pods,
  foreign: foreignOfMesh,
  edit: editMesh,
  promoted: ([service]) => {
    const namespace = service.metadata.namespace ?? ''
    return [service, rule(namespace, numbered('v2.1.3'))].map(
      (object) => (object as KubernetesObject & { spec: unknown }).spec
    )
  },
  hopeless: [
    {
      title: 'a part of the requests goes to a version that is gone',
      objects: hopeless(numbered('v2.1.2'), [{ route: [to('current', 90), to('gone', 10)] }]),
      splits: [{ weight: 10 }],
      problem:
        /http rule 1 of virtualservice\/web sends a part of its requests to subset gone of host web \(version=v2.1.1\), in which the version that serves has no pods/
    },
    {
      title: 'the subset is of one template alone',
      objects: hopeless(
        [{ name: 'current', labels: { 'pod-template-hash': '5d7c' } }],
        [{ route: [to('current')] }]
      ),
      splits: [{ weight: 10 }],
      problem: /names subset current of host web by pod-template-hash: 5d7c/
    }
  ],
  exceptions: {}
}

/** A subset that both versions are in follows the apex. */
export const virtualserviceSubset: RouteFixture = {
  name: 'a VirtualService with a subset that both versions are in',
  route: virtualServiceRoute,
  objects: (namespace) => [
    virtualService(namespace, [{ name: 'main', route: [to('users', 100)] }]),
    rule(namespace, [{ name: 'users', labels: { app: 'web' }, trafficPolicy: { tls: { mode: 'DISABLE' } } }])
  ],
  backends,
  foreign: foreignOfMesh,
  edit: editMesh,
  hopeless: [
    {
      title: 'a weight beside others is too coarse',
      objects: (namespace) => [
        virtualService(namespace, [
          { route: [to('users', 5), { destination: { host: 'legacy' }, weight: 95 }] }
        ]),
        rule(namespace, [{ name: 'users', labels: { app: 'web' } }])
      ],
      splits: [{ weight: 10 }],
      problem: /http rule 1 of virtualservice\/web gives host web a weight of 5 .* 10% .* by 2$/
    }
  ],
  exceptions: {}
}
