import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseRoute, printRoute, type RouteName } from '../../../src/inputs/route.ts'

const kinds = [
  'service',
  'httproute',
  'grpcroute',
  'virtualservice',
  'ingress',
  'traefikservice',
  'httpproxy'
]

describe('parseRoute', () => {
  it.each(kinds)('reads %s/web', (kind) => {
    expect(parseRoute(`${kind}/web`)).toEqual({ value: { kind, name: 'web' } })
  })

  it('reads a name with dots where the kind allows them', () => {
    expect(parseRoute('ingress/shop.example.com')).toHaveProperty('value.name', 'shop.example.com')
    expect(parseRoute('service/shop.example.com')).toEqual({
      problem: '"shop.example.com" is not the name of a Service',
      example: 'service/web'
    })
  })

  it.each([
    ['web', '"web" is not a route, which is <kind>/<name>', 'service/web'],
    ['', '"" is not a route', 'service/web'],
    ['htproute/web', 'did you mean httproute?', 'httproute/web'],
    ['Ingress/web', 'did you mean ingress?', 'ingress/web'],
    ['grpcroutes/web', 'did you mean grpcroute?', 'grpcroute/web'],
    ['deployment/web', 'its kind is none of service, httproute, grpcroute', 'service/web'],
    ['/web', '"/web" is not a route: its kind is none of', 'service/web'],
    ['httproute/', '"" is not a name', 'httproute/web'],
    ['virtualservice/a/b', '"a/b" is not a name', 'virtualservice/web'],
    ['traefikservice/web@kubernetescrd', '"web@kubernetescrd" is not a name', 'traefikservice/web'],
    ['service/Web', '"Web" is not the name of a Service', 'service/web']
  ])('refuses %j', (text, problem, example) => {
    expect(parseRoute(text)).toEqual({ problem: expect.stringContaining(problem), example })
  })
})

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
const route: fc.Arbitrary<RouteName> = fc.oneof(
  fc.record({ kind: fc.constant('service' as const), name: label }),
  fc.record({
    kind: fc.constantFrom(...kinds.slice(1)),
    name: fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
  })
)

it('is the inverse of printRoute', () => {
  fc.assert(
    fc.property(route, (name) => {
      expect(parseRoute(printRoute(name))).toEqual({ value: name })
    })
  )
})

it('never throws, and reads only what it prints', () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom(...kinds), fc.string()).map((parts) => parts.join('/'))
  )
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parseRoute(line)
      if ('value' in parsed) expect(printRoute(parsed.value)).toBe(line)
    })
  )
})
