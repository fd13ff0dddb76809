import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import { albRoute as route } from '../../../../src/routes/alb/alb.ts'
import type { Ingress } from '../../../../src/routes/ingress.ts'
import { nginxRoute } from '../../../../src/routes/nginx/nginx.ts'
import { BEFORE_ANNOTATION } from '../../../../src/routes/route.ts'
import { backends as backendsIn } from '../../../contract/routes/fixture.ts'

const backends = backendsIn('shop')
const ALB = 'alb.ingress.kubernetes.io'

const ROOT = `{ "type": "forward", "forwardConfig": { "targetGroups": [
  { "serviceName": "web", "servicePort": "http", "weight": 1 } ] } }`

const ingress = (paths: string, annotations: Readonly<Record<string, string>> = {}): KubernetesObject =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace: 'shop',
      name: 'web',
      ...(Object.keys(annotations).length > 0 && { annotations })
    },
    spec: { ingressClassName: 'alb', rules: [{ http: { paths: parse(paths) as unknown } }] }
  }) as KubernetesObject

const PATHS = `
- { path: /api, pathType: Prefix, backend: { service: { name: api, port: { number: 80 } } } }
- { path: /, pathType: Prefix, backend: { service: { name: root, port: { name: use-annotation } } } }
`
const DIRECT = '[{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }]'
const ACTING =
  '[{ path: /, pathType: Prefix, backend: { service: { name: web, port: { name: use-annotation } } } }]'

const original = ingress(PATHS, { [`${ALB}/actions.root`]: ROOT, team: 'shop' })

const split = (object: KubernetesObject, weight: number): KubernetesObject =>
  route.split([object], backends, { weight })[0] ?? object

const settle = (object: KubernetesObject, serving: 'stable' | 'canary'): KubernetesObject | undefined =>
  route.settle([object], backends, serving)[0]

const annotation = ({ metadata }: KubernetesObject, key: string): unknown =>
  JSON.parse(metadata.annotations?.[key] ?? 'null')

const groups = (object: KubernetesObject | undefined, name = 'root'): unknown =>
  (object && (annotation(object, `${ALB}/actions.${name}`) as { forwardConfig?: { targetGroups?: unknown } }))
    ?.forwardConfig?.targetGroups

const group = (serviceName: string, weight: number, servicePort: number | string = 'http') => ({
  serviceName,
  servicePort,
  weight
})

describe('the forward action of an Ingress', () => {
  it.each([
    [0, 100, 0],
    [10, 90, 10],
    [50, 50, 50],
    [100, 0, 100]
  ])('at %i %% has the canary’s Service beside the apex', (weight, stable, canary) => {
    const after = split(original, weight)
    expect(after).toEqual(
      ingress(PATHS, {
        team: 'shop',
        [`${ALB}/actions.root`]: JSON.stringify({
          type: 'forward',
          forwardConfig: { targetGroups: [group('web', stable), group('web-green', canary)] }
        }),
        [BEFORE_ANNOTATION]: JSON.stringify({ root: ROOT })
      })
    )
    expect(route.weight([after], backends)).toBe(weight)
    expect(split(split(original, 50), weight)).toEqual(after)
  })

  it('is to the letter as before after a release that was taken back', () => {
    expect(settle(split(split(original, 10), 100), 'stable')).toEqual(original)
  })

  it('stays on the canary’s Service after a promotion, with the weight that stable had', () => {
    const promoted = settle(split(original, 100), 'canary')
    expect(groups(promoted)).toEqual([group('web', 0), group('web-green', 1)])
    expect(promoted?.metadata.annotations).not.toHaveProperty([BEFORE_ANNOTATION])
    expect(promoted && settle(promoted, 'canary')).toEqual(promoted)
  })

  it('goes back and forth between the Services of the slots, release by release', () => {
    const promoted = settle(split(original, 100), 'canary') ?? original
    const next = { ...backends, stable: 'web-green', canary: 'web-blue' }
    expect(route.problem([promoted], next, [{ weight: 10 }])).toBeUndefined()
    const [shared] = route.split([promoted], next, { weight: 10 })
    expect(groups(shared)).toEqual([group('web', 0), group('web-green', 90), group('web-blue', 10)])
    const [settled] = route.settle([shared ?? promoted], next, 'canary')
    expect(groups(settled)).toEqual([group('web', 0), group('web-green', 0), group('web-blue', 1)])
    const [third] = route.split([settled ?? promoted], { ...backends, stable: 'web-blue' }, { weight: 10 })
    expect(groups(third)).toEqual([group('web', 0), group('web-green', 10), group('web-blue', 90)])
  })

  it('keeps the case of the author, the shares of others and stickiness', () => {
    const text = JSON.stringify({
      Type: 'forward',
      ForwardConfig: {
        TargetGroups: [
          { ServiceName: 'legacy', ServicePort: '80', Weight: 40 },
          { ServiceName: 'web', ServicePort: '80', Weight: 60 }
        ],
        TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 }
      }
    })
    const capital = ingress(PATHS, { [`${ALB}/actions.root`]: text })
    const after = split(capital, 25)
    expect(annotation(after, `${ALB}/actions.root`)).toEqual({
      Type: 'forward',
      ForwardConfig: {
        TargetGroups: [
          { ServiceName: 'legacy', ServicePort: '80', Weight: 40 },
          { ServiceName: 'web', ServicePort: '80', Weight: 45 },
          { ServiceName: 'web-green', ServicePort: '80', Weight: 15 }
        ],
        TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 }
      }
    })
    expect(route.weight([after], backends)).toBe(25)
    expect(settle(after, 'stable')).toEqual(capital)
  })

  it('keeps what somebody else changes in it in a release', () => {
    const after = split(original, 10)
    const text = after.metadata.annotations?.[`${ALB}/actions.root`] ?? ''
    const sticky = text.replace(']}}', '],"targetGroupStickinessConfig":{"enabled":true}}}')
    const annotations = { ...after.metadata.annotations, [`${ALB}/actions.root`]: sticky }
    const edited = { ...after, metadata: { ...after.metadata, annotations } }
    const settled = settle(split(edited, 50), 'stable')
    expect(settled && annotation(settled, `${ALB}/actions.root`)).toEqual({
      type: 'forward',
      forwardConfig: { targetGroups: [group('web', 1)], targetGroupStickinessConfig: { enabled: true } }
    })
  })

  it('that somebody writes anew in a release is split again, and stays theirs', () => {
    const after = split(original, 10)
    const anew = ROOT.replace('"weight": 1', '"weight": 7')
    const annotations = { ...after.metadata.annotations, [`${ALB}/actions.root`]: anew }
    const edited = { ...after, metadata: { ...after.metadata, annotations } }
    expect(route.weight([edited], backends)).toBe(0)
    expect(groups(split(edited, 10))).toEqual([group('web', 90), group('web-green', 10)])
    expect(groups(settle(split(edited, 10), 'stable'))).toEqual([group('web', 7)])
  })
})

describe('a path that names the Service itself', () => {
  const direct = ingress(DIRECT)
  const action = (stable: number, canary: number): string =>
    JSON.stringify({
      type: 'forward',
      forwardConfig: { targetGroups: [group('web', stable, 80), group('web-green', canary, 80)] }
    })

  it('gets an action of its name for the time of a release', () => {
    const after = split(direct, 10)
    expect(after).toEqual(
      ingress(ACTING, {
        [`${ALB}/actions.web`]: action(90, 10),
        [BEFORE_ANNOTATION]: JSON.stringify({ web: null })
      })
    )
    expect(split(after, 10)).toEqual(after)
    expect(settle(after, 'stable')).toEqual(direct)
  })

  it('by the name of a port has that name again', () => {
    const named = ingress(DIRECT.replace('number: 80', 'name: http'))
    expect(groups(split(named, 10), 'web')).toEqual([group('web', 90), group('web-green', 10)])
    expect(settle(split(named, 10), 'stable')).toEqual(named)
  })

  it('keeps the action after a promotion, and has one anew when the manifest is applied again', () => {
    const promoted = settle(split(direct, 100), 'canary')
    expect(promoted).toEqual(ingress(ACTING, { [`${ALB}/actions.web`]: action(0, 100) }))
    const annotations = promoted?.metadata.annotations ?? {}
    const applied = ingress(DIRECT, annotations)
    const next = { ...backends, stable: 'web-green', canary: 'web-blue' }
    expect(route.problem([applied], next, [{ weight: 10 }])).toBeUndefined()
    const [after] = route.split([applied], next, { weight: 10 })
    expect(groups(after, 'web')).toEqual([group('web', 90, 80), group('web-blue', 10, 80)])
  })

  it('as default backend is shared as well', () => {
    const backend = { service: { name: 'web', port: { number: 80 } } }
    const alone = { ...direct, spec: { ingressClassName: 'alb', defaultBackend: backend } } as Ingress
    const after = split(alone, 10)
    expect(after).toHaveProperty('spec.defaultBackend.service.port', { name: 'use-annotation' })
    expect(groups(after, 'web')).toEqual([group('web', 90, 80), group('web-green', 10, 80)])
    expect(settle(after, 'stable')).toEqual(alone)
  })
})

describe('a header step of an Ingress', () => {
  const conditions = '[{"field":"source-ip","sourceIpConfig":{"values":["10.0.0.0/8"]}}]'
  const header = { name: 'X-Canary', value: 'yes' }
  const plain = ingress(PATHS, {
    [`${ALB}/actions.root`]: ROOT,
    [`${ALB}/conditions.root`]: conditions
  })

  it('puts a path to the canary alone before each of the workload’s, under the same conditions and the header', () => {
    const [after] = route.split([plain], backends, { weight: 0, header })
    expect(after).toHaveProperty(
      'spec.rules.0.http.paths',
      parse(`
- { path: /api, pathType: Prefix, backend: { service: { name: api, port: { number: 80 } } } }
- { path: /, pathType: Prefix, backend: { service: { name: root-greenlight-canary, port: { name: use-annotation } } } }
- { path: /, pathType: Prefix, backend: { service: { name: root, port: { name: use-annotation } } } }
`)
    )
    expect(groups(after, 'root-greenlight-canary')).toEqual([group('web-green', 100)])
    expect(groups(after)).toEqual([group('web', 100), group('web-green', 0)])
    expect(after && annotation(after, `${ALB}/conditions.root-greenlight-canary`)).toEqual([
      { field: 'source-ip', sourceIpConfig: { values: ['10.0.0.0/8'] } },
      { field: 'http-header', httpHeaderConfig: { httpHeaderName: 'X-Canary', values: ['yes'] } }
    ])
    expect(after && settle(after, 'stable')).toEqual(plain)
    expect(after && split(after, 10)).toEqual(split(plain, 10))
  })

  it('needs room among the values that a rule may have', () => {
    const full = ingress(PATHS, {
      [`${ALB}/actions.root`]: ROOT,
      [`${ALB}/conditions.root`]: conditions.replace(']}}', ',"10.1.0.0/16","10.2.0.0/16"]}}')
    })
    expect(route.problem([plain], backends, [{ weight: 0, header }])).toBeUndefined()
    expect(route.problem([full], backends, [{ weight: 10 }])).toBeUndefined()
    expect(route.problem([full], backends, [{ weight: 0, header }])).toMatch(/conditions\.root .* no room/)
  })

  it('for an action with a long name has one that a Service could have', () => {
    const name = 'a'.repeat(63)
    const long = ingress(PATHS.replace('root', name), { [`${ALB}/actions.${name}`]: ROOT })
    const [after] = route.split([long], backends, { weight: 0, header })
    const paths = (after as Ingress).spec.rules?.[0]?.http?.paths ?? []
    expect(paths.map(({ backend }) => backend.service?.name.length)).toEqual([3, 63, 63])
    expect(after && settle(after, 'stable')).toEqual(long)
  })
})

describe('kinds of Ingress', () => {
  const named = (spec: object, annotations: object = {}) =>
    ({ kind: 'Ingress', metadata: { name: 'web', annotations }, spec }) as unknown as KubernetesObject

  it.each<[string, object, object, 'alb' | 'nginx' | 'none']>([
    ['the class alb', { ingressClassName: 'alb' }, {}, 'alb'],
    ['the class alb in an annotation', {}, { 'kubernetes.io/ingress.class': 'alb' }, 'alb'],
    ['annotations of ALB alone', {}, { [`${ALB}/scheme`]: 'internal' }, 'alb'],
    ['the class nginx', { ingressClassName: 'nginx' }, {}, 'nginx'],
    ['a class like nginx', { ingressClassName: 'nginx-internal' }, {}, 'nginx'],
    [
      'the class nginx, and annotations of ALB left over',
      { ingressClassName: 'nginx' },
      { [`${ALB}/scheme`]: 'x' },
      'nginx'
    ],
    ['annotations of nginx alone', {}, { 'nginx.ingress.kubernetes.io/canary': 'false' }, 'nginx'],
    ['another class', { ingressClassName: 'traefik' }, {}, 'none'],
    ['nothing that tells', {}, {}, 'none']
  ])('are told apart: %s', (_, spec, annotations, kind) => {
    const object = named(spec, annotations)
    expect([route.recognises?.(object), nginxRoute.recognises?.(object)]).toEqual([
      kind === 'alb',
      kind === 'nginx'
    ])
  })
})
