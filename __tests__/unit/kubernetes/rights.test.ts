import { describe, expect, it } from '@jest/globals'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import {
  covers,
  describeMissing,
  missingRights,
  type Right,
  type Rule
} from '../../../src/kubernetes/rights.ts'

const patchServices: Right = { verb: 'patch', group: '', resource: 'services' }
const rule = (changes: Partial<Rule> = {}): Rule => ({
  verbs: ['get', 'patch'],
  apiGroups: [''],
  resources: ['services'],
  ...changes
})
const proxy: Right = { verb: 'get', group: '', resource: 'pods', subresource: 'proxy' }

describe('a rule covers a right', () => {
  it.each<[boolean, string, Rule, Right]>([
    [true, 'named in it', rule(), patchServices],
    [false, 'with another verb', rule(), { ...patchServices, verb: 'delete' }],
    [false, 'in another group', rule(), { ...patchServices, group: 'apps' }],
    [false, 'on another resource', rule(), { ...patchServices, resource: 'pods' }],
    [true, 'by any verb', rule({ verbs: ['*'] }), patchServices],
    [true, 'by any group', rule({ apiGroups: ['*'] }), patchServices],
    [true, 'by any resource', rule({ resources: ['*'] }), patchServices],
    [false, 'of a subresource, by its resource', rule({ resources: ['pods'] }), proxy],
    [true, 'of a subresource', rule({ resources: ['pods/proxy'] }), proxy],
    [true, 'of a subresource, by any resource', rule({ resources: ['*'] }), proxy],
    [true, 'of a subresource of anything', rule({ resources: ['*/proxy'] }), proxy],
    [false, 'of another subresource of anything', rule({ resources: ['*/scale'] }), proxy],
    [false, 'of a resource, by a subresource of anything', rule({ resources: ['*/'] }), patchServices],
    [true, 'on the object it names', rule({ resourceNames: ['web'] }), { ...patchServices, name: 'web' }],
    [false, 'on another object', rule({ resourceNames: ['web'] }), { ...patchServices, name: 'api' }],
    [false, 'on all objects, when it names some', rule({ resourceNames: ['web'] }), patchServices],
    [true, 'on one object, when it names none', rule(), { ...patchServices, name: 'web' }],
    [false, 'on a resource, when it is about URLs', { verbs: ['*'] }, patchServices]
  ])('%s: %s', (expected, _, given, right) => {
    expect(covers([given], right)).toBe(expected)
  })

  it('when any of several does', () => {
    expect(covers([rule({ verbs: ['list'] }), rule()], patchServices)).toBe(true)
    expect(covers([], patchServices)).toBe(false)
  })
})

/** Answers reviews, and remembers what it was asked. */
function reviewer(rules: readonly Rule[], allowed: (right: Right) => boolean) {
  const asked: string[] = []
  const create = (object: { kind: string; spec: { resourceAttributes: Right } }) => {
    asked.push(object.kind)
    const status =
      object.kind === 'SelfSubjectRulesReview'
        ? { resourceRules: rules, incomplete: true }
        : { allowed: allowed(object.spec.resourceAttributes) }
    return Promise.resolve({ ...object, status })
  }
  return { asked, cluster: { create } as unknown as Cluster }
}

describe('missing rights', () => {
  it('takes one question when the rules show everything', async () => {
    const { cluster, asked } = reviewer([rule()], () => false)
    expect(await missingRights(cluster, 'shop', [patchServices])).toEqual([])
    expect(asked).toEqual(['SelfSubjectRulesReview'])
  })

  it('asks one by one for what the rules do not show', async () => {
    const { cluster, asked } = reviewer([rule()], ({ resource }) => resource === 'pods')
    const deployments = { ...patchServices, group: 'apps', resource: 'deployments' }
    expect(await missingRights(cluster, 'shop', [patchServices, proxy, deployments])).toEqual([deployments])
    expect(asked).toEqual(['SelfSubjectRulesReview', 'SelfSubjectAccessReview', 'SelfSubjectAccessReview'])
  })
})

it.each<[Right, string]>([
  [
    patchServices,
    'cannot patch services in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["services"], verbs: ["patch"]}, or apply examples/kubernetes/role.yaml there'
  ],
  [
    { ...proxy, name: 'web' },
    'cannot get pods/proxy in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["pods/proxy"], resourceNames: ["web"], verbs: ["get"]}, or apply examples/kubernetes/role.yaml there'
  ]
])('describes %j', (right, text) => {
  expect(describeMissing(right, 'shop')).toBe(text)
})
