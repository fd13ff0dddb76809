import { describe, expect, it } from '@jest/globals'
import { canaryEngine as engine } from '../../../src/engines/canary/canary.ts'
import { hooksOf } from '../../../src/engines/canary/hooks.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { workload } from '../../scenarios/scene.ts'
import { canaryOf, hook, type CanaryObject } from '../../support/canaries.ts'

const template = (name: string): KubernetesObject => ({
  ...{ apiVersion: 'flagger.app/v1beta1', kind: 'MetricTemplate', metadata: { name, namespace: 'shop' } }
})

function linted(object: CanaryObject, beside: readonly KubernetesObject[] = []): readonly string[] {
  const wish = engine.wish({ object, target: workload() })
  return engine.lint(object, wish, beside).map(({ problem }) => problem.replace('canary/web, ', ''))
}

describe('what Flagger would fail with, or wait for without an end', () => {
  it.each([
    [
      'no share at all',
      { stepWeight: undefined, maxWeight: undefined },
      'spec.analysis: it has neither stepWeight, nor stepWeights, nor iterations: Flagger would never go on'
    ],
    [
      'shares that fall',
      { stepWeight: undefined, stepWeights: [10, 50, 50] },
      'spec.analysis.stepWeights[2]: 50 comes after 50: Flagger would give all the rest at once'
    ],
    [
      'a template that is not there',
      { metrics: [{ name: 'errors', templateRef: { name: 'errors' }, thresholdRange: { max: 1 } }] },
      'spec.analysis.metrics[0].templateRef: metrictemplate/errors does not exist: every look would count as bad'
    ],
    [
      'a metric of nothing',
      { metrics: [{ name: 'errors', thresholdRange: { max: 1 } }] },
      'spec.analysis.metrics[0]: errors is measured by nothing: without templateRef there are request-success-rate and request-duration alone'
    ],
    [
      'a metric without a bound',
      { metrics: [{ name: 'request-duration' }] },
      'spec.analysis.metrics[0]: request-duration has no bound: Flagger would compare it with 0'
    ],
    [
      'a time that cannot be read',
      { webhooks: [{ ...hook('confirm-promotion'), timeout: 'soon' }] },
      'spec.analysis.webhooks[0].timeout: soon is no duration'
    ],
    [
      'a no that is a gate',
      { webhooks: [hook('rollback', '/gate/check')] },
      'spec.analysis.webhooks[0].url: http://flagger-loadtester.shop/gate/check is a gate: whoever opened it would take the version back'
    ],
    [
      'one cookie for both versions',
      { sessionAffinity: { cookieName: 'a', primaryCookieName: 'a' } },
      'spec.analysis.sessionAffinity: both versions have the cookie of the same name'
    ]
  ])('is %s', (_, analysis, problem) => {
    expect(linted(canaryOf(analysis))).toEqual([problem])
  })

  it('is nothing of a Canary that is in order, nor of one that analyses nothing', () => {
    const metrics = [
      { name: 'request-success-rate', thresholdRange: { min: 99 } },
      { name: 'errors', templateRef: { name: 'errors' }, thresholdRange: { max: 1 } },
      { name: 'far', templateRef: { name: 'far', namespace: 'flagger' }, threshold: 1 }
    ]
    expect(linted(canaryOf({ metrics, webhooks: [hook('rollback')] }), [template('errors')])).toEqual([])
    expect(linted(canaryOf({ stepWeight: undefined }, { provider: 'kubernetes' }))).toEqual([])
    expect(linted(canaryOf({ stepWeight: undefined }, { skipAnalysis: true }))).toEqual([])
  })
})

describe('a webhook', () => {
  const kindOf = (url: string) => {
    const [found] = hooksOf(canaryOf({ webhooks: [{ type: 'confirm-promotion', name: 'gate', url }] }))
    return found && { kind: found.kind, tester: found.tester }
  }
  const tester = { kind: 'services', namespace: 'test', name: 'tester', port: 80 }

  it.each([
    ['http://tester.test/gate/check', { kind: 'gate', tester }],
    [
      'http://tester.test.svc.cluster.local:8080/gate/check',
      { kind: 'gate', tester: { ...tester, port: 8080 } }
    ],
    ['http://tester/gate/check', { kind: 'gate', tester: { ...tester, namespace: 'shop' } }],
    ['https://tester.test/gate/check', { kind: 'gate', tester: { ...tester, port: 443, scheme: 'https' } }],
    ['http://tester.test/gate/approve', { kind: 'approve', tester }],
    ['http://tester.test/gate/halt', { kind: 'halt', tester }],
    ['http://tester.test/approvals', { kind: 'foreign' }],
    ['https://gates.example.com/gate/check', { kind: 'foreign' }],
    ['nonsense', { kind: 'foreign' }]
  ])('%s', (url, expected) => {
    expect(kindOf(url)).toEqual(expected)
  })
})

describe('what is in the way of a release', () => {
  const target = { ...workload(), status: { observedGeneration: 1 } }
  const serving = workload('web-primary')
  const problems = (object: CanaryObject, more: object = {}): readonly string[] =>
    engine.problem({ object, target, serving, ...more }).map(({ problem }) => problem)

  it.each([
    [
      'is missing',
      canaryOf(),
      { target: undefined },
      /releases deployment\/web, which does not exist there$/
    ],
    [
      'is no Deployment',
      canaryOf({}, { targetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'web' } }),
      {},
      /releases daemonset\/web, and Greenlight can bring a version by a Deployment only$/
    ],
    [
      'is released by two',
      canaryOf(),
      { made: [{ ...canaryOf(), metadata: { name: 'shop', namespace: 'shop' } }] },
      /^canary\/web in namespace shop and canary\/shop both release deployment\/web/
    ],
    ['is suspended', canaryOf({}, { suspend: true }), {}, /is suspended: somebody wants nothing/],
    [
      'is not initialised',
      canaryOf({}, {}, { phase: 'Initializing' }),
      { serving: undefined },
      /is not initialised \(Initializing\): Flagger has not made the pods that serve yet$/
    ]
  ])('what it releases %s', (_, object, more, problem) => {
    expect(problems(object, more)).toEqual([expect.stringMatching(problem)])
  })

  it('is nothing at rest', () => {
    expect(problems(canaryOf({}, {}, { phase: 'Succeeded' }))).toEqual([])
  })

  it('is a template that has failed where nobody keeps the one that serves', () => {
    const failed = canaryOf({}, {}, { phase: 'Failed' })
    const bad = { target: workload('web', { version: 2 }) }
    expect(problems(failed, bad)).toEqual([expect.stringMatching(/nobody could put that back$/)])
    const kept = {
      ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet' },
      metadata: { name: 'web-abc', namespace: 'shop', labels: { 'pod-template-hash': 'abc' } },
      spec: workload().spec
    }
    expect(problems(failed, { ...bad, made: [kept] })).toEqual([])
  })
})
