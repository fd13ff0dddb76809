import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import { nginxRoute as route } from '../../../../src/routes/nginx/nginx.ts'
import { objectsOf } from '../../../../src/routes/route.ts'
import { backends as backendsIn } from '../../../contract/routes/fixture.ts'

const backends = backendsIn('shop')

const ingress = (text: string): KubernetesObject => parse(text) as KubernetesObject

const MAIN = ingress(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations:
    example.com/owner: shop
    nginx.ingress.kubernetes.io/affinity: cookie
    nginx.ingress.kubernetes.io/session-cookie-name: route
    nginx.ingress.kubernetes.io/proxy-body-size: 8m
spec:
  ingressClassName: nginx
  tls: [{ hosts: [shop.example.com], secretName: shop }]
  defaultBackend: { service: { name: web, port: { name: http } } }
  rules:
    - host: shop.example.com
      http:
        paths:
          - { path: /api, pathType: Prefix, backend: { service: { name: api, port: { number: 80 } } } }
          - { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }
    - host: api.example.com
      http:
        paths: [{ path: /, pathType: Prefix, backend: { service: { name: api, port: { number: 80 } } } }]
`)

const canary = (annotations: string): KubernetesObject =>
  ingress(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web-canary
  namespace: shop
  labels: { app.kubernetes.io/managed-by: greenlight }
  annotations:
    nginx.ingress.kubernetes.io/affinity: cookie
    nginx.ingress.kubernetes.io/session-cookie-name: route
    nginx.ingress.kubernetes.io/canary: "true"
    nginx.ingress.kubernetes.io/canary-weight-total: "100"
    ${annotations}
spec:
  ingressClassName: nginx
  tls: [{ hosts: [shop.example.com], secretName: shop }]
  defaultBackend: { service: { name: web-green, port: { name: http } } }
  rules:
    - host: shop.example.com
      http:
        paths: [{ path: /, pathType: Prefix, backend: { service: { name: web-green, port: { number: 80 } } } }]
`)

const WEIGHT = 'nginx.ingress.kubernetes.io/canary-weight: "10"'

describe('an Ingress of ingress-nginx', () => {
  it('gets a second one for the paths of the workload', () => {
    expect(route.split([MAIN], backends, { weight: 10 })).toEqual([MAIN, canary(WEIGHT)])
    expect(route.weight([MAIN, canary(WEIGHT)], backends)).toBe(10)
  })

  it('gets one with a header beside the weight', () => {
    const split = { weight: 0, header: { name: 'x-canary', value: 'yes' } }
    const withHeader = canary(`nginx.ingress.kubernetes.io/canary-weight: "0"
    nginx.ingress.kubernetes.io/canary-by-header: x-canary
    nginx.ingress.kubernetes.io/canary-by-header-value: "yes"`)
    expect(route.split([MAIN, canary(WEIGHT)], backends, split)).toEqual([MAIN, withHeader])
    expect(route.weight([MAIN, withHeader], backends)).toBe(0)
    expect(route.split([MAIN, withHeader], backends, { weight: 10 })).toEqual([MAIN, canary(WEIGHT)])
  })

  it.each(['stable', 'canary'] as const)('is alone again when all traffic is on %s', (serving) => {
    expect(route.settle([MAIN, canary(WEIGHT)], backends, serving)).toEqual([MAIN])
    expect(route.settle([MAIN], backends, serving)).toEqual([MAIN])
  })

  it('has all its traffic on stable while there is no second one, and none that counts without the Service', () => {
    expect(route.weight([MAIN], backends)).toBe(0)
    expect(route.weight([MAIN], { ...backends, apex: 'shop' })).toBeUndefined()
  })

  it('of a class that an annotation names gets a second one of that class', () => {
    const main = ingress(`
metadata: { name: web, annotations: { kubernetes.io/ingress.class: nginx-internal } }
spec: { rules: [{ http: { paths: [{ backend: { service: { name: web } } }] } }] }
`)
    const [, second] = route.split([main], backends, { weight: 10 })
    expect(second?.metadata.annotations).toHaveProperty(['kubernetes.io/ingress.class'], 'nginx-internal')
  })

  it('keeps what others write on the second one', () => {
    const live = canary(`${WEIGHT}\n    example.com/seen: "yes"`)
    const uid = { ...live, metadata: { ...live.metadata, uid: '7' } }
    const [, after] = route.split([MAIN, uid], backends, { weight: 50 })
    expect(after?.metadata).toMatchObject({ uid: '7', annotations: { 'example.com/seen': 'yes' } })
  })

  it('consists of itself, of what has the name of its canary, and of canaries for the same paths', () => {
    const named = (name: string, more: string): KubernetesObject =>
      ingress(`{ kind: Ingress, metadata: { name: ${name}${more} }`)
    const marked = ', annotations: { nginx.ingress.kubernetes.io/canary: "true" } }'
    const path =
      ', spec: { rules: [{ host: shop.example.com, http: { paths: [{ path: /, backend: {} }] } }] }'
    const elsewhere = path.replace('shop.', 'other.')
    const others = [
      MAIN,
      named('web-canary', ` }, spec: {}`),
      named('same', `${marked}${path}`),
      named('elsewhere', `${marked}${elsewhere}`),
      named('unmarked', ` }${path}`)
    ]
    const members = objectsOf(route, MAIN, others, backends)
    expect(members.map(({ metadata }) => metadata.name)).toEqual(['web', 'web-canary', 'same'])
    expect(members[0]).toBe(MAIN)
  })

  it('never changes or deletes what is not the release’s', () => {
    const { metadata, ...rest } = canary(WEIGHT)
    const { labels: _, ...unmarked } = metadata
    const foreign = { ...rest, metadata: unmarked }
    expect(route.settle([MAIN, foreign], backends, 'stable')).toEqual([MAIN, foreign])
    expect(route.problem([MAIN, foreign], backends, [])).toMatch(/ingress\/web-canary is a canary/)
  })
})

describe('another Ingress on the same Service', () => {
  const partners = (text: string): KubernetesObject =>
    ingress(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web-partners, namespace: shop, ${text}
  rules:
    - host: partners.example.com
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] }
`)

  it('is told, since its users get the same share', () => {
    const other = partners('}\nspec:\n  ingressClassName: nginx')
    expect(route.remarks?.(MAIN, [MAIN, other], backends)).toEqual([
      'ingress/web-partners (partners.example.com) sends its users to service/web too, and ingress-nginx shares out the Service whatever Ingress a request comes by: they get the same share of the new version, and header steps as well'
    ])
  })

  it.each([
    ['of another class', '}\nspec:\n  ingressClassName: nginx-internal'],
    ['of another controller', '}\nspec:\n  ingressClassName: traefik'],
    [
      'that is a canary',
      "annotations: { nginx.ingress.kubernetes.io/canary: 'true' } }\nspec:\n  ingressClassName: nginx"
    ]
  ])('is nobody’s matter %s', (_, text) => {
    expect(route.remarks?.(MAIN, [MAIN, partners(text)], backends)).toEqual([])
  })
})

describe('an Ingress of the controller of NGINX Inc', () => {
  const bare = ingress(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: shop }
spec:
  ingressClassName: nginx
  rules:
    - http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] }
`)
  const withMetadata = (metadata: object): KubernetesObject => ({
    ...bare,
    metadata: { ...bare.metadata, ...metadata }
  })
  const statusBy = (manager: string) => ({ managedFields: [{ manager, subresource: 'status' }] })
  const problem = (object: KubernetesObject) => route.problem([object], backends, [{ weight: 10 }])

  it.each<[string, object]>([
    ['by its annotations', { annotations: { 'nginx.org/proxy-connect-timeout': '30s' } }],
    ['by who writes its status', statusBy('nginx-ingress')]
  ])('is told apart %s', (_, metadata) => {
    expect(problem(withMetadata(metadata))).toContain(
      'ingress/web is of the controller of NGINX Inc (nginx.org), which knows no canary'
    )
  })

  it.each<[string, object]>([
    ['without a mark', {}],
    ['whose status ingress-nginx writes', statusBy('nginx-ingress-controller')],
    [
      'with annotations for both',
      { annotations: { 'nginx.org/a': 'b', 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' } }
    ]
  ])('is none %s', (_, metadata) => {
    expect(problem(withMetadata(metadata))).toBeUndefined()
  })
})
