import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import { grpcRoute, httpRoute } from '../../../../src/routes/gateway/gateway.ts'
import { BEFORE_ANNOTATION, type Split } from '../../../../src/routes/route.ts'
import { backends as backendsIn } from '../../../contract/routes/fixture.ts'

const backends = backendsIn('default')

const objectOf = (kind: string, spec: string, before?: string, status?: object): KubernetesObject =>
  ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    metadata: {
      namespace: 'default',
      name: 'web',
      generation: 4,
      ...(before !== undefined && { annotations: { [BEFORE_ANNOTATION]: before } })
    },
    spec: parse(spec) as unknown,
    ...(status && { status })
  }) as KubernetesObject

/** One that is alone and one that shares with others. */
const ORIGINAL = `
parentRefs: [{ name: gateway, namespace: infra }]
hostnames: [shop.example.com]
rules:
  - name: main
    matches: [{ path: { type: PathPrefix, value: / } }]
    timeouts: { request: 10s }
    backendRefs:
      - { name: web, port: 80, filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }] }
  - matches: [{ path: { type: Exact, value: /legacy } }]
    backendRefs:
      - { name: legacy, port: 80, weight: 40 }
      - { name: web, port: 80, weight: 60 }
  - matches: [{ path: { type: Exact, value: /api } }]
    backendRefs: [{ name: api, port: 80 }]
`

interface Golden {
  readonly title: string
  readonly split: Split
  readonly spec: string
  readonly before: unknown
  readonly weight: number
}

const goldens: readonly Golden[] = [
  {
    title: '10%',
    split: { weight: 10 },
    weight: 10,
    before: { weights: [[null], [60]] },
    spec: `
parentRefs: [{ name: gateway, namespace: infra }]
hostnames: [shop.example.com]
rules:
  - name: main
    matches: [{ path: { type: PathPrefix, value: / } }]
    timeouts: { request: 10s }
    backendRefs:
      - name: web
        port: 80
        weight: 90
        filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }]
      - name: web-green
        port: 80
        weight: 10
        filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }]
  - matches: [{ path: { type: Exact, value: /legacy } }]
    backendRefs:
      - { name: legacy, port: 80, weight: 40 }
      - { name: web, port: 80, weight: 54 }
      - { name: web-green, port: 80, weight: 6 }
  - matches: [{ path: { type: Exact, value: /api } }]
    backendRefs: [{ name: api, port: 80 }]
`
  },
  {
    title: 'a header',
    split: { weight: 0, header: { name: 'x-canary', value: 'true' } },
    weight: 0,
    before: { weights: [[null], [60]], header: { name: 'x-canary', value: 'true' } },
    spec: `
parentRefs: [{ name: gateway, namespace: infra }]
hostnames: [shop.example.com]
rules:
  - matches:
      - path: { type: PathPrefix, value: / }
        headers: [{ type: Exact, name: x-canary, value: 'true' }]
    timeouts: { request: 10s }
    backendRefs:
      - name: web-green
        port: 80
        weight: 1
        filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }]
  - name: main
    matches: [{ path: { type: PathPrefix, value: / } }]
    timeouts: { request: 10s }
    backendRefs:
      - name: web
        port: 80
        weight: 100
        filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }]
      - name: web-green
        port: 80
        weight: 0
        filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }]
  - matches:
      - path: { type: Exact, value: /legacy }
        headers: [{ type: Exact, name: x-canary, value: 'true' }]
    backendRefs: [{ name: web-green, port: 80, weight: 1 }]
  - matches: [{ path: { type: Exact, value: /legacy } }]
    backendRefs:
      - { name: legacy, port: 80, weight: 40 }
      - { name: web, port: 80, weight: 60 }
      - { name: web-green, port: 80, weight: 0 }
  - matches: [{ path: { type: Exact, value: /api } }]
    backendRefs: [{ name: api, port: 80 }]
`
  },
  {
    title: 'a mirror',
    split: { weight: 0, mirror: 20 },
    weight: 0,
    before: { weights: [[null], [60]] },
    spec: `
parentRefs: [{ name: gateway, namespace: infra }]
hostnames: [shop.example.com]
rules:
  - name: main
    matches: [{ path: { type: PathPrefix, value: / } }]
    timeouts: { request: 10s }
    filters:
      - { type: RequestMirror, requestMirror: { backendRef: { name: web-green, port: 80 }, percent: 20 } }
    backendRefs:
      - name: web
        port: 80
        weight: 100
        filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }]
      - name: web-green
        port: 80
        weight: 0
        filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }]
  - matches: [{ path: { type: Exact, value: /legacy } }]
    filters:
      - { type: RequestMirror, requestMirror: { backendRef: { name: web-green, port: 80 }, percent: 20 } }
    backendRefs:
      - { name: legacy, port: 80, weight: 40 }
      - { name: web, port: 80, weight: 60 }
      - { name: web-green, port: 80, weight: 0 }
  - matches: [{ path: { type: Exact, value: /api } }]
    backendRefs: [{ name: api, port: 80 }]
`
  }
]

describe('an HTTPRoute', () => {
  const original = objectOf('HTTPRoute', ORIGINAL)

  it.each(goldens)('is split by $title, and settled again', ({ split, spec, before, weight }) => {
    const [live] = httpRoute.split([original], backends, split) as [KubernetesObject]
    expect(live).toEqual(objectOf('HTTPRoute', spec, JSON.stringify(before)))
    expect(httpRoute.weight([live], backends)).toBe(weight)
    expect(httpRoute.settle([live], backends, 'stable')).toEqual([original])
    expect(httpRoute.settle([live], backends, 'canary')).toEqual([original])
  })

  it.each(goldens.flatMap((from) => goldens.map((to) => ({ from, to }))))(
    'is the same after $from.title and then $to.title as after $to.title',
    ({ from, to }) => {
      const [live] = httpRoute.split([original], backends, from.split) as [KubernetesObject]
      expect(httpRoute.split([live], backends, to.split)).toEqual(
        httpRoute.split([original], backends, to.split)
      )
    }
  )

  it('asks for the header besides all that a rule asks for, and keeps what the rule does', () => {
    const rule = parse(`
matches:
  - { path: { type: PathPrefix, value: / }, headers: [{ type: Exact, name: tenant, value: a }] }
  - { path: { type: PathPrefix, value: /shop }, method: GET }
filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [x] } }]
backendRefs: [{ name: web, port: 80 }]
`) as { filters: object[] }
    const header = { name: 'x-canary', value: 'true' }
    const object = objectOf('HTTPRoute', JSON.stringify({ rules: [rule] }))
    const [live] = httpRoute.split([object], backends, { weight: 0, header, mirror: 5 })
    const canary = { type: 'Exact', ...header }
    expect(live).toHaveProperty('spec.rules.0', {
      ...rule,
      matches: [
        {
          path: { type: 'PathPrefix', value: '/' },
          headers: [{ type: 'Exact', name: 'tenant', value: 'a' }, canary]
        },
        { path: { type: 'PathPrefix', value: '/shop' }, method: 'GET', headers: [canary] }
      ],
      backendRefs: [{ name: 'web-green', port: 80, weight: 1 }]
    })
    const mirror = { backendRef: { name: 'web-green', port: 80 }, percent: 5 }
    expect(live).toHaveProperty('spec.rules.1.filters', [
      ...rule.filters,
      { type: 'RequestMirror', requestMirror: mirror }
    ])
  })

  it('keeps rules of the user’s for the same header that are not as ours', () => {
    const rules = parse(`
- matches: [{ headers: [{ type: Exact, name: x-canary, value: 'true' }] }]
  backendRefs: [{ name: other, port: 80 }]
- matches: [{ headers: [{ type: RegularExpression, name: x-canary, value: 'true' }] }]
  backendRefs: [{ name: web-green, port: 80 }]
- backendRefs: [{ name: web, port: 80 }]
`) as readonly object[]
    const object = objectOf('HTTPRoute', JSON.stringify({ rules }))
    const header = { name: 'x-canary', value: 'true' }
    const [live] = httpRoute.split([object], backends, { weight: 0, header }) as [KubernetesObject]
    expect(httpRoute.settle([live], backends, 'stable')).toEqual([object])
  })

  it('does not take the weight of one rule for that of another when somebody deletes a rule', () => {
    const [live] = httpRoute.split([original], backends, { weight: 10 }) as [
      { spec: { rules: object[] } } & KubernetesObject
    ]
    const fewer = { ...live, spec: { rules: live.spec.rules.slice(1) } }
    expect(httpRoute.settle([fewer], backends, 'stable')[0]).toHaveProperty('spec.rules.0.backendRefs.1', {
      name: 'web',
      port: 80,
      weight: 60
    })
  })

  it('gives a rule without matches a path to go with the header', () => {
    const bare = objectOf('HTTPRoute', 'rules: [{ backendRefs: [{ name: web, port: 80 }] }]')
    const [live] = httpRoute.split([bare], backends, {
      weight: 0,
      header: { name: 'a', value: 'b' }
    }) as [KubernetesObject]
    expect(live).toHaveProperty('spec.rules.0.matches', [
      { path: { type: 'PathPrefix', value: '/' }, headers: [{ type: 'Exact', name: 'a', value: 'b' }] }
    ])
    expect(httpRoute.settle([live], backends, 'stable')).toEqual([bare])
  })

  it('says of a Service without any weight that it has none', () => {
    const idle = objectOf(
      'HTTPRoute',
      'rules: [{ backendRefs: [{ name: web, port: 80, weight: 0 }, { name: old, port: 80, weight: 0 }, { name: api, port: 80 }] }]'
    )
    expect(httpRoute.problem([idle], backends, [{ weight: 10 }])).toBe(
      'no rule of httproute/web sends requests to service/web, they go to service/api: service/web has a weight of 0 there: give it one'
    )
  })

  it('keeps a rule of the user’s for the canary, right before the one for everybody', () => {
    const preview = objectOf(
      'HTTPRoute',
      `
rules:
  - matches: [{ path: { type: PathPrefix, value: / }, headers: [{ type: Exact, name: preview, value: 'yes' }] }]
    backendRefs: [{ name: web-green, port: 80 }]
  - matches: [{ path: { type: PathPrefix, value: / } }]
    backendRefs: [{ name: web, port: 80 }]
`
    )
    expect(httpRoute.problem([preview], backends, [{ weight: 10 }])).toBeUndefined()
    const [live] = httpRoute.split([preview], backends, { weight: 10 }) as [KubernetesObject]
    expect(live).toHaveProperty(
      'spec.rules.0',
      (preview as unknown as { spec: { rules: object[] } }).spec.rules[0]
    )
    expect(httpRoute.settle([live], backends, 'stable')).toEqual([preview])
  })

  it('takes back its share beside others when nobody knows what it was', () => {
    const [live] = httpRoute.split([original], backends, { weight: 37 }) as [KubernetesObject]
    const { annotations: _, ...metadata } = live.metadata
    expect(httpRoute.settle([{ ...live, metadata }], backends, 'stable')).toEqual([original])
  })

  it.each([
    '',
    'null',
    '[]',
    '7',
    '{"weights":7}',
    '{"weights":[7]}',
    '{"weights":["a","b"]}',
    '{"weights":[]}'
  ])('is settled though somebody has made %j of the annotation', (before) => {
    const [{ spec }] = httpRoute.split([original], backends, { weight: 10 }) as [
      KubernetesObject & { spec: unknown }
    ]
    const live = { ...objectOf('HTTPRoute', '{}', before), spec } as KubernetesObject
    expect(httpRoute.settle([live], backends, 'stable')).toEqual([original])
  })

  it('keeps what the apex weighed before though somebody changes it meanwhile', () => {
    const split = httpRoute.split([original], backends, { weight: 10 })
    const live = JSON.parse(JSON.stringify(split).replace('"weight":54', '"weight":55')) as [KubernetesObject]
    expect(httpRoute.settle(live, backends, 'stable')).toEqual([original])
  })

  it.each([
    ['shares differ', [90, 10, 50, 50], undefined],
    ['one rule has no canary', [90, 10, 1, undefined], undefined],
    ['nobody is sent to either', [0, 0, 0, 0], undefined],
    ['one rule is not in use', [90, 10, 0, 0], 10],
    ['all go to the canary', [0, 100, 0, 7], 100]
  ] as const)('has the weight %s: %j -> %s', (_, [a, b, c, d], expected) => {
    const refs = (apex: number, canary: number | undefined) => [
      { name: 'web', port: 80, weight: apex },
      ...(canary === undefined ? [] : [{ name: 'web-green', port: 80, weight: canary }])
    ]
    const rules = [{ backendRefs: refs(a, b) }, { backendRefs: refs(c, d) }]
    expect(httpRoute.weight([objectOf('HTTPRoute', JSON.stringify({ rules }))], backends)).toBe(expected)
  })
})

describe('a GRPCRoute', () => {
  it('gives a rule without matches one on the header alone', () => {
    const bare = objectOf('GRPCRoute', 'rules: [{ backendRefs: [{ name: web, port: 9000 }] }]')
    const [live] = grpcRoute.split([bare], backends, {
      weight: 0,
      header: { name: 'a', value: 'b' }
    }) as [KubernetesObject]
    expect(live).toHaveProperty('spec.rules.0.matches', [
      { headers: [{ type: 'Exact', name: 'a', value: 'b' }] }
    ])
    const { annotations: _, ...metadata } = live.metadata
    expect(grpcRoute.settle([{ ...live, metadata }], backends, 'stable')).toEqual([bare])
  })
})

describe('the controllers of a route', () => {
  const PARENTS = 'parentRefs: [{ name: gateway, namespace: infra, sectionName: http }, { name: local }]'
  const parent = (
    parentRef: object,
    conditions: readonly object[],
    controllerName = 'example.com/gateway'
  ) => ({
    parentRef,
    controllerName,
    conditions
  })
  const condition = (type: string, status: string, more: object = {}) => ({
    type,
    status,
    observedGeneration: 4,
    ...more
  })
  const taken = [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')]
  const remote = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    name: 'gateway',
    namespace: 'infra',
    sectionName: 'http'
  }
  const local = { name: 'local', namespace: 'default' }
  const missing = condition('ResolvedRefs', 'False', {
    reason: 'BackendNotFound',
    message: 'service default/web-green not found'
  })
  const missingWords =
    'example.com/gateway says for gateway/local: not ResolvedRefs, BackendNotFound: service default/web-green not found'

  it.each<[string, readonly object[] | undefined, string | undefined]>([
    ['nobody has looked at it', undefined, 'no gateway has accepted it yet'],
    ['nobody is left', [], 'no gateway has accepted it yet'],
    ['only one that it is no longer for', [parent({ name: 'old' }, taken)], 'no gateway has accepted it yet'],
    [
      'only one at another listener',
      [parent({ ...remote, sectionName: 'https' }, taken)],
      'no gateway has accepted it yet'
    ],
    ['one has taken it, one never will', [parent(remote, taken)], undefined],
    ['both have taken it', [parent(remote, taken), parent(local, taken)], undefined],
    [
      'one has not looked at this generation',
      [
        parent(remote, taken),
        parent(local, [
          condition('Accepted', 'True', { observedGeneration: 3 }),
          condition('ResolvedRefs', 'True')
        ])
      ],
      'example.com/gateway has not looked at it for gateway/local yet'
    ],
    [
      'what was said of a generation before does not count',
      [parent(local, [condition('Accepted', 'True'), { ...missing, observedGeneration: 3 }])],
      'example.com/gateway has not looked at it for gateway/local yet'
    ],
    [
      'one has not looked at it at all',
      [parent(local, [])],
      'example.com/gateway has not looked at it for gateway/local yet'
    ],
    [
      'one does not find the Service',
      [parent(remote, taken), parent(local, [condition('Accepted', 'True'), missing])],
      missingWords
    ],
    [
      'of several controllers at one gateway one says no',
      [
        parent(local, taken, 'example.com/other'),
        parent(local, [condition('Accepted', 'False', { reason: 'NotAllowedByListeners' }), missing])
      ],
      `example.com/gateway says for gateway/local: not Accepted, NotAllowedByListeners; ${missingWords}`
    ]
  ])('%s', (_, parents, expected) => {
    const status = parents === undefined ? undefined : { parents }
    expect(httpRoute.pending([objectOf('HTTPRoute', PARENTS, undefined, status)])).toBe(expected)
  })
})
