import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { BEFORE_ANNOTATION, type Split } from '../../../src/routes/route.ts'
import { traefikServiceRoute as route } from '../../../src/routes/traefik.ts'
import { backends as backendsIn } from '../../contract/routes/fixture.ts'

const backends = backendsIn('default')

const objectOf = (spec: string, before?: unknown): KubernetesObject =>
  ({
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'TraefikService',
    metadata: {
      namespace: 'default',
      name: 'web',
      ...(before !== undefined && { annotations: { [BEFORE_ANNOTATION]: JSON.stringify(before) } })
    },
    spec: parse(spec) as unknown
  }) as KubernetesObject

const ALONE = `
weighted:
  sticky: { cookie: { name: version } }
  services: [{ name: web, port: 80, passHostHeader: true, weight: 5 }]
`
const BESIDE = `
weighted:
  services:
    - { name: web, port: 80, weight: 3 }
    - { name: web, kind: TraefikService, weight: 1 }
    - { name: web, port: 80, namespace: elsewhere, weight: 1 }
`

const goldens: readonly (readonly [string, string, Split, string, unknown, number])[] = [
  [
    'alone, 10%',
    ALONE,
    { weight: 10 },
    `
weighted:
  sticky: { cookie: { name: version } }
  services:
    - { name: web, port: 80, passHostHeader: true, weight: 90 }
    - { name: web-green, port: 80, passHostHeader: true, weight: 10 }
`,
    { weights: [5] },
    10
  ],
  [
    'alone, a mirror',
    ALONE,
    { weight: 0, mirror: 20 },
    `
mirroring:
  name: web
  port: 80
  passHostHeader: true
  mirrors: [{ name: web-green, port: 80, passHostHeader: true, percent: 20 }]
`,
    parse(ALONE) as unknown,
    0
  ],
  [
    'beside others, 100%',
    BESIDE,
    { weight: 100 },
    `
weighted:
  services:
    - { name: web, port: 80, weight: 0 }
    - { name: web-green, port: 80, weight: 3 }
    - { name: web, kind: TraefikService, weight: 1 }
    - { name: web, port: 80, namespace: elsewhere, weight: 1 }
`,
    { weights: [3] },
    100
  ]
]

describe('a TraefikService', () => {
  it.each(goldens)('%s, and settled again', (_, original, split, spec, before, weight) => {
    const [live] = route.split([objectOf(original)], backends, split) as [KubernetesObject]
    expect(live).toEqual(objectOf(spec, before))
    expect(route.weight([live], backends)).toBe(weight)
    expect(route.split([live], backends, split)).toEqual([live])
    expect(route.settle([live], backends, 'canary')).toEqual([objectOf(original)])
  })

  const mirror = () =>
    route.split([objectOf(ALONE)], backends, { weight: 0, mirror: 20 }) as [
      KubernetesObject & { spec: object }
    ]

  it('goes on from a mirror to a share', () => {
    expect(route.split(mirror(), backends, { weight: 10 })).toEqual(
      route.split([objectOf(ALONE)], backends, { weight: 10 })
    )
  })

  it('is what was applied anew beside our mirror', () => {
    const [live] = mirror()
    const applied = { ...live, spec: { ...live.spec, ...(parse(ALONE) as object) } }
    expect(route.settle([applied], backends, 'stable')).toEqual([objectOf(ALONE)])
  })

  it('sends to stable alone again though nobody knows what the mirror stands for', () => {
    const [{ spec }] = mirror()
    expect(route.settle([{ ...objectOf('{}'), spec } as KubernetesObject], backends, 'stable')).toEqual([
      objectOf('weighted: { services: [{ name: web, port: 80, passHostHeader: true }] }')
    ])
  })

  it('keeps a mirror of the user’s', () => {
    const own = objectOf(
      'mirroring: { name: web, port: 80, mirrors: [{ name: audit, port: 80, percent: 5 }] }'
    )
    expect(route.settle([own], backends, 'stable')).toEqual([own])
    expect(route.weight([own], backends)).toBe(0)
  })

  it('has no weight that could be told when it sends to neither version', () => {
    expect(
      route.weight([objectOf('weighted: { services: [{ name: api, port: 80 }] }')], backends)
    ).toBeUndefined()
    expect(route.weight([objectOf('mirroring: { name: api, port: 80 }')], backends)).toBeUndefined()
  })
})
