import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import { virtualServiceRoute as route } from '../../../../src/routes/istio/virtual-service.ts'
import {
  BEFORE_ANNOTATION,
  objectsOf,
  type Backends,
  type RouteObjects,
  type Split
} from '../../../../src/routes/route.ts'

const backends: Backends = {
  namespace: 'bookinfo',
  apex: 'reviews',
  stable: 'reviews-blue',
  canary: 'reviews-green',
  selectors: {
    before: { app: 'reviews', version: 'blue' },
    stable: { app: 'reviews', version: 'blue' },
    canary: { app: 'reviews', version: 'green' }
  }
}

const virtualService = (spec: string, metadata: object = {}): KubernetesObject =>
  ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { namespace: 'bookinfo', name: 'reviews', ...metadata },
    spec: parse(spec) as unknown
  }) as KubernetesObject

const destinationRule = (spec: string, name = 'reviews', labels?: object): KubernetesObject =>
  ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { namespace: 'bookinfo', name, ...(labels && { labels }) },
    spec: parse(spec) as unknown
  }) as KubernetesObject

const specOf = (object: KubernetesObject | undefined): unknown => (object as { spec?: unknown }).spec
const beforeOf = ({ metadata }: KubernetesObject): unknown =>
  JSON.parse(metadata.annotations?.[BEFORE_ANNOTATION] ?? 'null')

const RULE = `
host: reviews
trafficPolicy: { loadBalancer: { simple: RANDOM } }
subsets:
  - { name: v1, labels: { version: blue } }
  - { name: v2, labels: { version: green }, trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } } }
`
const SUBSETS = destinationRule(RULE)

/** Of the DestinationRule, for the Service that has the canary's pods alone. */
const COPY = destinationRule(
  `
host: reviews-green
trafficPolicy: { loadBalancer: { simple: RANDOM } }
subsets:
  - { name: v1 }
  - { name: v2, trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } } }
`,
  'reviews-canary',
  { 'app.kubernetes.io/managed-by': 'greenlight' }
)

/** Jason tests what comes next; everybody else is on v1. */
const jasonAnd = (route: string): string => `
hosts: [reviews]
http:
  - match: [{ headers: { end-user: { exact: jason } } }]
    route: [{ destination: { host: reviews, subset: v2 } }]
  - route: ${route.replaceAll('\n', ' ')}
`
const PAIR = jasonAnd(`[
  { destination: { host: reviews, subset: v1 }, weight: 100 },
  { destination: { host: reviews, subset: v2 }, weight: 0 } ]`)
const NINETY = jasonAnd(`[
  { destination: { host: reviews, subset: v1 }, weight: 90 },
  { destination: { host: reviews, subset: v2 }, weight: 10 } ]`)

function steps(objects: RouteObjects, split: Split): RouteObjects {
  const after = route.split(objects, backends, split)
  const [main] = after.filter(({ kind }) => kind === 'VirtualService')
  if (main === undefined) throw new Error('the VirtualService is gone')
  return [main, ...after.filter((object) => object !== main)]
}

describe('subsets of a VirtualService that tell the slots apart', () => {
  const original: RouteObjects = [virtualService(PAIR), SUBSETS]

  it.each([
    [0, 100, 0],
    [10, 90, 10],
    [50, 50, 50],
    [100, 0, 100]
  ])('at %i %% leave the canary to its own Service', (weight, stable, canary) => {
    const after = route.split(original, backends, { weight })
    expect(after.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      'DestinationRule/reviews-canary',
      'VirtualService/reviews',
      'DestinationRule/reviews'
    ])
    const [copy, main, own] = after
    expect(copy).toEqual(COPY)
    expect(own).toBe(SUBSETS)
    expect(specOf(main)).toEqual(
      parse(
        jasonAnd(`[
  { destination: { host: reviews, subset: v1 }, weight: ${stable} },
  { destination: { host: reviews-green, subset: v2 }, weight: ${canary} },
  { destination: { host: reviews, subset: v2 }, weight: 0 } ]`)
      )
    )
    expect(main && beforeOf(main)).toEqual({ weights: [[100]] })
  })

  it('are as before after a release that was taken back', () => {
    const live = steps(steps(original, { weight: 10 }), { weight: 50 })
    expect(route.settle(live, backends, 'stable')).toEqual(original)
  })

  it('change places after a promotion', () => {
    const live = steps(original, { weight: 100 })
    const settled = route.settle(live, backends, 'canary')
    const promoted = jasonAnd(`[
  { destination: { host: reviews, subset: v1 }, weight: 0 },
  { destination: { host: reviews, subset: v2 }, weight: 100 } ]`)
    expect(settled).toEqual([virtualService(promoted), SUBSETS])
    expect(route.settle(settled as unknown as RouteObjects, backends, 'canary')).toEqual(settled)
  })

  it('take each other’s place where only one of them is referred to', () => {
    const only = (subset: string) =>
      `{ hosts: [reviews], http: [{ route: [{ destination: { host: reviews, subset: ${subset} } }] }] }`
    const live = steps([virtualService(only('v1')), SUBSETS], { weight: 100 })
    const settled = route.settle(live, backends, 'canary')
    expect(settled).toEqual([virtualService(only('v2')), SUBSETS])
    expect(route.settle(settled as unknown as RouteObjects, backends, 'canary')).toEqual(settled)
  })

  it('are no start for a release when users are on the canary’s already', () => {
    expect(route.problem([virtualService(NINETY), SUBSETS], backends, [{ weight: 10 }])).toBe(
      'http rule 2 of virtualservice/reviews sends requests to subset v2 of host reviews already, where the new version comes to run before it is tested: give its weight to the version that serves'
    )
    expect(route.problem(original, backends, [{ weight: 10 }])).toBeUndefined()
  })

  it.each([
    [10, 90, 10],
    [50, 50, 50],
    [100, 0, 100]
  ])('that somebody sets to 90 and 10 in a release are brought back to %i %%', (weight, stable, canary) => {
    expect(route.weight([virtualService(NINETY), SUBSETS], backends)).toBe(10)
    const [main] = steps([virtualService(NINETY), SUBSETS], { weight })
    expect(specOf(main)).toEqual(
      parse(
        jasonAnd(`[
  { destination: { host: reviews, subset: v1 }, weight: ${stable} },
  { destination: { host: reviews-green, subset: v2 }, weight: ${canary} },
  { destination: { host: reviews, subset: v2 }, weight: 0 } ]`)
      )
    )
  })

  it.each<['stable' | 'canary', number, number]>([
    ['stable', 100, 0],
    ['canary', 0, 100]
  ])('that somebody sets to 90 and 10 end with all traffic on %s', (serving, v1, v2) => {
    const settled = route.settle([virtualService(NINETY), SUBSETS], backends, serving)
    expect(specOf(settled[0])).toEqual(
      parse(
        jasonAnd(`[
  { destination: { host: reviews, subset: v1 }, weight: ${v1} },
  { destination: { host: reviews, subset: v2 }, weight: ${v2} } ]`)
      )
    )
  })
})

describe('a subset that both versions are in', () => {
  const rule = destinationRule('{ host: reviews, subsets: [{ name: users, labels: { app: reviews } }] }')
  const spec = '{ http: [{ route: [{ destination: { host: reviews, subset: users } }] }] }'

  it('has a namesake for the canary’s Service, and stays after either outcome', () => {
    const original: RouteObjects = [virtualService(spec), rule]
    const live = steps(original, { weight: 10 })
    expect(specOf(live[0])).toEqual(
      parse(`{ http: [{ route: [
        { destination: { host: reviews, subset: users }, weight: 90 },
        { destination: { host: reviews-green, subset: users }, weight: 10 } ] }] }`)
    )
    expect(specOf(live[1])).toEqual({ host: 'reviews-green', subsets: [{ name: 'users' }] })
    expect(route.settle(live, backends, 'stable')).toEqual(original)
    expect(route.settle(live, backends, 'canary')).toEqual(original)
  })
})

const HOSTS = `
hosts: [shop.example.com]
gateways: [public]
http:
  - name: main
    match:
      - { uri: { prefix: /shop }, headers: { x-tenant: { exact: a } } }
      - { uri: { prefix: /cart } }
    timeout: 10s
    route: [{ destination: { host: reviews, port: { number: 80 } }, headers: { request: { set: { a: b } } } }]
  - match: [{ uri: { exact: /legacy } }]
    route:
      - { destination: { host: legacy }, weight: 40 }
      - { destination: { host: reviews.bookinfo.svc.cluster.local }, weight: 60 }
  - redirect: { uri: /shop }
`

describe('hosts of a VirtualService', () => {
  const original: RouteObjects = [virtualService(HOSTS)]

  it('get a neighbour of the same form, which takes its share of their weight alone', () => {
    const [main] = steps(original, { weight: 25 })
    expect(specOf(main)).toEqual(
      parse(`
hosts: [shop.example.com]
gateways: [public]
http:
  - name: main
    match:
      - { uri: { prefix: /shop }, headers: { x-tenant: { exact: a } } }
      - { uri: { prefix: /cart } }
    timeout: 10s
    route:
      - { destination: { host: reviews, port: { number: 80 } }, headers: { request: { set: { a: b } } }, weight: 75 }
      - { destination: { host: reviews-green, port: { number: 80 } }, headers: { request: { set: { a: b } } }, weight: 25 }
  - match: [{ uri: { exact: /legacy } }]
    route:
      - { destination: { host: legacy }, weight: 40 }
      - { destination: { host: reviews.bookinfo.svc.cluster.local }, weight: 45 }
      - { destination: { host: reviews-green.bookinfo.svc.cluster.local }, weight: 15 }
  - redirect: { uri: /shop }
`)
    )
    expect(beforeOf(main)).toEqual({ weights: [[null], [60]] })
    expect(route.weight([main], backends)).toBe(25)
    expect(route.settle([main], backends, 'stable')).toEqual(original)
    expect(route.settle([main], backends, 'canary')).toEqual(original)
  })

  it('get rules of their own for a header, each right before the one that it is a copy of', () => {
    const [main] = steps(original, { weight: 0, header: { name: 'X-Canary', value: 'yes' } })
    expect(specOf(main)).toEqual(
      parse(`
hosts: [shop.example.com]
gateways: [public]
http:
  - name: greenlight-canary-1
    match:
      - { uri: { prefix: /shop }, headers: { x-tenant: { exact: a }, x-canary: { exact: "yes" } } }
      - { uri: { prefix: /cart }, headers: { x-canary: { exact: "yes" } } }
    timeout: 10s
    route: [{ destination: { host: reviews-green, port: { number: 80 } }, headers: { request: { set: { a: b } } } }]
  - name: main
    match:
      - { uri: { prefix: /shop }, headers: { x-tenant: { exact: a } } }
      - { uri: { prefix: /cart } }
    timeout: 10s
    route:
      - { destination: { host: reviews, port: { number: 80 } }, headers: { request: { set: { a: b } } }, weight: 100 }
      - { destination: { host: reviews-green, port: { number: 80 } }, headers: { request: { set: { a: b } } }, weight: 0 }
  - name: greenlight-canary-2
    match: [{ uri: { exact: /legacy }, headers: { x-canary: { exact: "yes" } } }]
    route: [{ destination: { host: reviews-green.bookinfo.svc.cluster.local } }]
  - match: [{ uri: { exact: /legacy } }]
    route:
      - { destination: { host: legacy }, weight: 40 }
      - { destination: { host: reviews.bookinfo.svc.cluster.local }, weight: 60 }
      - { destination: { host: reviews-green.bookinfo.svc.cluster.local }, weight: 0 }
  - redirect: { uri: /shop }
`)
    )
    expect(route.weight([main], backends)).toBe(0)
    expect(route.settle([main], backends, 'stable')).toEqual(original)
    expect(specOf(steps([main], { weight: 10 })[0])).toEqual(specOf(steps(original, { weight: 10 })[0]))
  })

  it('get a rule for a header without a match where they answer everything', () => {
    const all = virtualService('{ http: [{ route: [{ destination: { host: reviews } }] }] }')
    const [main] = steps([all], { weight: 0, header: { name: 'x-canary', value: 'yes' } })
    expect(specOf(main)).toHaveProperty('http.0.match', [{ headers: { 'x-canary': { exact: 'yes' } } }])
  })

  it('are mirrored', () => {
    const [main] = steps(original, { weight: 0, mirror: 20 })
    expect(specOf(main)).toMatchObject({
      http: [
        {
          mirror: { host: 'reviews-green', port: { number: 80 } },
          mirrorPercentage: { value: 20 }
        },
        {
          mirror: { host: 'reviews-green.bookinfo.svc.cluster.local' },
          mirrorPercentage: { value: 20 }
        },
        {}
      ]
    })
    expect(specOf(main)).not.toHaveProperty('http.2.mirror')
    expect(route.settle([main], backends, 'stable')).toEqual(original)
  })

  it.each([
    ['reviews', true],
    ['reviews.bookinfo', true],
    ['reviews.bookinfo.svc', true],
    ['reviews.bookinfo.svc.cluster.local', true],
    ['reviews.bookinfo.svc.example.org', true],
    ['reviews.other.svc.cluster.local', false],
    ['reviews-2', false],
    ['reviews.example.com', false]
  ])('%s: those of the workload are found (%p)', (host, found) => {
    const object = virtualService(`{ http: [{ route: [{ destination: { host: ${host} } }] }] }`)
    expect(route.problem([object], backends, [{ weight: 10 }]) === undefined).toBe(found)
  })

  it('keep the weights of others that somebody has changed in a release', () => {
    const text = JSON.stringify(steps(original, { weight: 50 })[0])
    // Of 60 the canary has 30; somebody gives ten of stable's to the others.
    const edited = text.replace('"weight":40', '"weight":50').replace('"weight":30', '"weight":20')
    const [main] = route.settle([JSON.parse(edited) as KubernetesObject], backends, 'stable')
    expect(specOf(main)).toHaveProperty('http.1.route', [
      { destination: { host: 'legacy' }, weight: 50 },
      { destination: { host: 'reviews.bookinfo.svc.cluster.local' }, weight: 50 }
    ])
  })

  it('have no weight that could be told when their rules do not agree', () => {
    const text = JSON.stringify(steps(original, { weight: 50 })[0])
    const edited = text.replace('"weight":50', '"weight":90').replace('"weight":50', '"weight":10')
    expect(route.weight([JSON.parse(edited) as KubernetesObject], backends)).toBeUndefined()
  })
})

describe('the DestinationRules that belong to a VirtualService', () => {
  it('are those for the apex, our copy of them, and whatever has the name of one', () => {
    const others = [
      destinationRule('{ host: reviews.bookinfo.svc.cluster.local }', 'own'),
      destinationRule('{ host: reviews.other.svc.cluster.local }', 'theirs'),
      destinationRule('{ host: ratings }', 'ratings'),
      destinationRule('{ host: ratings }', 'own-canary'),
      COPY
    ]
    const [, ...members] = objectsOf(route, virtualService(HOSTS), others, backends)
    expect(members.map(({ metadata }) => metadata.name)).toEqual(['own', 'own-canary', 'reviews-canary'])
  })

  it('are copied anew when the user changes them in a release, and keep what others write on the copy', () => {
    const live = { ...COPY, metadata: { ...COPY.metadata, annotations: { 'example.com/seen': 'yes' } } }
    const changed = destinationRule(RULE.replace('RANDOM', 'LEAST_REQUEST'))
    const [copy] = route.split([virtualService(PAIR), changed, live], backends, { weight: 10 })
    expect(copy?.metadata).toEqual(live.metadata)
    expect(specOf(copy)).toHaveProperty('trafficPolicy.loadBalancer.simple', 'LEAST_REQUEST')
  })
})

describe('a status that istiod', () => {
  const pending = (status: object | undefined) =>
    route.pending([{ ...virtualService(HOSTS, { generation: 4 }), ...(status && { status }) }])
  const reconciled = (status: string, observedGeneration: number | string) => ({
    observedGeneration,
    conditions: [
      { type: 'Reconciled', status, reason: 'Reconciled', message: '2/3 proxies up to date.' },
      { type: 'Other', status: 'False' }
    ]
  })

  it.each<[string, object | undefined, string | undefined]>([
    ['does not write', undefined, undefined],
    ['has left empty', { conditions: [] }, undefined],
    ['has written', reconciled('True', 4), undefined],
    ['has written as text', reconciled('True', '4'), undefined],
    ['has written before', reconciled('True', '3'), 'istiod has not looked at virtualservice/reviews yet'],
    [
      'has not finished',
      reconciled('False', '4'),
      'not all proxies have taken virtualservice/reviews: 2/3 proxies up to date.'
    ]
  ])('%s', (_, status, words) => {
    expect(pending(status)).toBe(words)
  })
})

describe('subsets by the number of a version', () => {
  const byNumber: Backends = {
    namespace: 'bookinfo',
    apex: 'vehicle-service',
    stable: 'vehicle-service-blue',
    canary: 'vehicle-service-green',
    selectors: {
      before: { app: 'vehicle-service' },
      stable: { app: 'vehicle-service', 'greenlight.dev/slot': 'blue' },
      canary: { app: 'vehicle-service', 'greenlight.dev/slot': 'green' }
    }
  }
  const objects: RouteObjects = [
    virtualService(`
hosts: [vehicle-service]
http:
  - match: [{ headers: { canary: { exact: 'true' } } }]
    route: [{ destination: { host: vehicle-service, subset: v2 } }]
  - route:
      - { destination: { host: vehicle-service, subset: v1 }, weight: 90 }
      - { destination: { host: vehicle-service, subset: v2 }, weight: 10 }
`),
    destinationRule(`
host: vehicle-service
subsets: [{ name: v1, labels: { version: v2.1.2 } }, { name: v2, labels: { version: v2.1.3 } }]
`)
  ]
  const labels = (stable: string, canary: string) => ({
    stable: { version: stable },
    canary: { version: canary }
  })
  const pods = (stable: string, canary: string) => ({
    stable: { app: 'vehicle-service', version: stable },
    canary: { app: 'vehicle-service', version: canary, 'greenlight.dev/slot': 'green' }
  })
  const problem = (stable: string, canary: string, of = objects) =>
    route.problem(of, { ...byNumber, labels: labels(stable, canary) }, [{ weight: 10 }], pods(stable, canary))
  const subsets = (v1: string, v2: string) =>
    destinationRule(`
host: vehicle-service
subsets: [{ name: v1, labels: { version: ${v1} } }, { name: v2, labels: { version: ${v2} } }]
`)
  const only = (subset: string) =>
    virtualService(`
hosts: [vehicle-service]
http: [{ route: [{ destination: { host: vehicle-service, subset: ${subset} } }] }]
`)

  it('cannot be told apart where users are on two of them', () => {
    expect(problem('v2.1.3', 'v2.1.4')).toBe(
      'http rule 2 of virtualservice/reviews sends a part of its requests to subset v1 of host vehicle-service (version=v2.1.2), in which the version that serves has no pods: give its weight to a subset that it has pods in'
    )
    expect(problem('v2.1.2', 'v2.1.4')).toContain('sends a part of its requests to subset v2')
  })

  it('are no matter where nobody serves in them now', () => {
    expect(problem('v2.1.1', 'v2.1.4')).toBeUndefined()
  })

  it('cannot be left without pods by a version that has no such label', () => {
    const without = { stable: { version: 'v2.1.3' }, canary: { app: 'vehicle-service' } }
    const live: RouteObjects = [only('v2'), subsets('v2.1.2', 'v2.1.3')]
    expect(route.problem(live, byNumber, [{ weight: 10 }], without)).toBe(
      'http rule 1 of virtualservice/reviews names subset v2 of host vehicle-service, whose label version: v2.1.3 the pods of the new version do not have (version: none): after the release nobody would serve in it; leave that label out of the subset, or out of what changes with the version'
    )
  })

  describe('of which users are on one', () => {
    const before: RouteObjects = [only('v2'), subsets('v2.1.2', 'v2.1.3')]
    const own: Backends = { ...byNumber, labels: labels('v2.1.3', 'v2.1.4') }
    const atAll = route.split(before, own, { weight: 100 })
    const inOrder = (of: readonly KubernetesObject[]): RouteObjects => {
      const [main] = of.filter(({ kind }) => kind === 'VirtualService')
      if (main === undefined) throw new Error('the VirtualService is gone')
      return [main, ...of.filter((object) => object !== main)]
    }
    const followed = inOrder(route.follow?.(inOrder(atAll), own) ?? [])

    it('are taken on', () => {
      expect(problem('v2.1.3', 'v2.1.4', before)).toBeUndefined()
    })

    it('stay as they are while the canary is reached by its own Service', () => {
      expect(atAll).toContain(before[1])
    })

    it('get the labels of the new version before the rules lead there', () => {
      const rule = followed.find(
        ({ kind, metadata }) => kind === 'DestinationRule' && metadata.name === 'reviews'
      )
      expect(specOf(rule)).toEqual(specOf(subsets('v2.1.2', 'v2.1.4')))
      expect(rule && beforeOf(rule)).toEqual({ subsets: { v2: { version: 'v2.1.3' } } })
      expect(followed[0]).toBe(inOrder(atAll)[0])
      expect(route.settle(followed, own, 'canary')).toEqual([subsets('v2.1.2', 'v2.1.4'), only('v2')])
    })

    it('have their own again, before the rules lead there, when stable is put back at the last moment', () => {
      expect(route.settle(followed, own, 'stable')).toEqual([subsets('v2.1.2', 'v2.1.3'), only('v2')])
    })

    it('go back with a rollback', () => {
      const live: RouteObjects = [only('v2'), subsets('v2.1.2', 'v2.1.4')]
      const back: Backends = {
        ...byNumber,
        stable: byNumber.canary,
        canary: byNumber.stable,
        selectors: {
          ...byNumber.selectors,
          stable: byNumber.selectors.canary,
          canary: byNumber.selectors.stable
        },
        labels: labels('v2.1.4', 'v2.1.3')
      }
      const [rule, main] = route.settle(inOrder(route.split(live, back, { weight: 100 })), back, 'canary')
      expect([main, rule]).toEqual(before)
    })

    it('are not taken from stable by a manifest that has the labels of the new version already', () => {
      const written = subsets('v2.1.3', 'v2.1.4')
      expect(route.appliable?.(written, before, own)).toEqual(subsets('v2.1.3', 'v2.1.3'))
      expect(route.appliable?.(only('v2'), before, own)).toEqual(only('v2'))
    })

    it('are told of where no version has pods in them, and where somebody else refers to them', () => {
      const both = virtualService(`
hosts: [vehicle-service]
http:
  - match: [{ headers: { canary: { exact: 'true' } } }]
    route: [{ destination: { host: vehicle-service, subset: v1 } }]
  - route: [{ destination: { host: vehicle-service, subset: v2 } }]
`)
      const other = { ...only('v2'), metadata: { namespace: 'bookinfo', name: 'internal' } }
      const remarks = route.remarks?.(
        both,
        [both, other, subsets('v2.1.2', 'v2.1.3')],
        own,
        pods('v2.1.3', 'v2.1.4')
      )
      expect(remarks).toEqual([
        'subset v1 of host vehicle-service (version=v2.1.2), which virtualservice/reviews names, has pods of neither version: it is left as it is, and who is sent there gets no answer',
        'virtualservice/internal leads to a subset of host vehicle-service whose labels change with the version: its users find no pods for a moment when the Service moves to the new version. To have it follow, give it a line in route: virtualservice/internal'
      ])
    })
  })
})
