import { describe, expect, it } from '@jest/globals'
import { rolloutEngine as engine } from '../../../src/engines/rollout/rollout.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import { blueGreen, canary, STEPS, type RolloutObject } from '../../support/rollouts.ts'

const service = (name: string, selector: object = { app: 'web' }): KubernetesObject =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop' }, spec: { selector } }) as never
const analysisTemplate = (name: string, spec: object): KubernetesObject =>
  ({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AnalysisTemplate', metadata: { name }, spec }) as never

const SERVICES = ['web', 'web-preview', 'web-stable', 'web-canary'].map((name) => service(name))

const lint = (
  object: RolloutObject,
  beside: readonly KubernetesObject[] = [],
  services: readonly KubernetesObject[] = SERVICES
) =>
  engine
    .lint(object, engine.wish({ object }), [...services, ...beside])
    .map(({ problem, example }) => `${problem} | ${example ?? ''}`)

/** A Rollout as a handbook has it, which Argo Rollouts refuses. */
const HANDBOOK = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: backend}
spec:
  replicas: 10
  revisionHistoryLimit: 5
  selector: {matchLabels: {app: backend}}
  template: {metadata: {labels: {app: backend}}, spec: {containers: [{name: backend, image: 'ghcr.io/org/backend:v2.0.0', ports: [{containerPort: 8000}]}]}}
  strategy:
    canary:
      steps:
        - setWeight: 10
        - pause: {duration: 5m}
        - analysis: {templates: [{templateName: success-rate}, {templateName: latency}], args: [{name: service-name, value: backend}]}
        - setWeight: 30
        - pause: {duration: 5m}
        - analysis: {templates: [{templateName: success-rate}, {templateName: latency}]}
        - setWeight: 50
        - pause: {duration: 10m}
        - analysis: {templates: [{templateName: success-rate}, {templateName: latency}]}
      autoPromotionEnabled: false
      trafficRouting:
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success-rate}
spec:
  args: [{name: service-name}]
  metrics:
    - name: success-rate
      interval: 1m
      successCondition: result >= 0.95
      failureLimit: 3
      provider:
        prometheus: {address: 'http://prometheus:9090', query: 'sum(rate(x[5m]))'}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: latency}
spec:
  args: [{name: service-name}]
  metrics:
    - name: latency-p95
      interval: 1m
      successCondition: result < 500
      failureLimit: 3
      provider:
        prometheus: {address: 'http://prometheus:9090', query: 'sum(rate(x[5m]))'}
`

describe('what Argo Rollouts would refuse', () => {
  it('is nothing where nothing is wrong', () => {
    expect(lint(blueGreen())).toEqual([])
    expect(lint(canary())).toEqual([])
  })

  it('is told of the handbook, each with its place and its mending', () => {
    const [rollout, ...templates] = parseManifests(HANDBOOK, 'rollout.yaml').manifests.map(
      ({ object }) => object
    )
    const step = (index: number): string => `spec.strategy.canary.steps[${index}].analysis`
    const argument = (index: number): string =>
      `rollout/backend, ${step(index)}: analysistemplate/success-rate and analysistemplate/latency need the argument service-name | args: [{name: service-name, value: …}]`
    const endless = (metric: string, template: string): string =>
      `analysistemplate/${template}, spec.metrics[0]: metric ${metric} has an interval and no count, so that it runs indefinitely in steps[2], steps[5], steps[8] | count: 5 in that metric, or the analysis in spec.strategy.canary.analysis, beside all steps`
    const list = (template: string, condition: string, mended: string): string =>
      `analysistemplate/${template}, spec.metrics[0].successCondition: "${condition}" compares a list with a number, which is an error at every measurement, and five abort the release | ${mended}`
    expect(lint(rollout as RolloutObject, templates)).toEqual([
      'rollout/backend, spec.strategy.canary.autoPromotionEnabled: there is no such field in strategy canary, it would be dropped | a step `pause: {}` where somebody has to say yes',
      argument(5),
      argument(8),
      endless('success-rate', 'success-rate'),
      list('success-rate', 'result >= 0.95', 'result[0] >= 0.95'),
      endless('latency-p95', 'latency'),
      list('latency', 'result < 500', 'result[0] < 500')
    ])
  })

  it.each([
    ['result[0] >= 0.95'],
    ['len(result) == 0 || result[0] < 5'],
    ['all(result, # < 5)'],
    ['default(result, 0) < 5'],
    ['isNaN(result[0]) || result[0] > 1'],
    ['results >= 1']
  ])('is not the condition %s', (successCondition) => {
    const template = analysisTemplate('check', {
      metrics: [{ name: 'm', successCondition, provider: { prometheus: { query: 'x' } } }]
    })
    const analysis = { templates: [{ templateName: 'check' }] }
    expect(lint(canary({}, { analysis }), [template])).toEqual([])
  })

  it('is a list that is compared from either side, of Prometheus alone', () => {
    const analysis = { templates: [{ templateName: 'check' }] }
    const found = (metric: object) =>
      lint(canary({}, { analysis }), [analysisTemplate('check', { metrics: [{ name: 'm', ...metric }] })])
    const prometheus = { prometheus: { query: 'x' } }
    expect(found({ failureCondition: '5 < result', provider: prometheus })).toHaveLength(1)
    expect(found({ failureCondition: '5 < result', provider: { web: { url: 'x' } } })).toEqual([])
  })

  it('is an analysis without an end in a step, not beside the steps, and not with a count', () => {
    const metrics = [{ name: 'm', interval: '1m' }]
    const analysis = { templates: [{ templateName: 'check' }] }
    const steps = [...STEPS, { analysis }]
    const inStep = (metric: object) =>
      lint(canary({}, { steps }), [analysisTemplate('check', { metrics: [{ ...metrics[0], ...metric }] })])
    expect(inStep({})).toHaveLength(1)
    expect(inStep({ count: 0 })).toHaveLength(1)
    expect(inStep({ count: 5 })).toEqual([])
    expect(inStep({ count: '{{args.count}}' })).toEqual([])
    expect(lint(canary({}, { analysis }), [analysisTemplate('check', { metrics })])).toEqual([])
    const switched = blueGreen({}, { prePromotionAnalysis: analysis })
    expect(lint(switched, [analysisTemplate('check', { metrics })])).toHaveLength(1)
  })

  it('is a template that is not there, unless it is one of the whole cluster', () => {
    const templates = (more: object) => ({ analysis: { templates: [{ templateName: 'check', ...more }] } })
    expect(lint(canary({}, templates({})))).toEqual([
      'rollout/web, spec.strategy.canary.analysis: analysistemplate/check does not exist | create it first'
    ])
    expect(lint(canary({}, templates({ clusterScope: true })))).toEqual([])
  })

  it('is a Service that is not there, selects others, or is named twice', () => {
    expect(lint(blueGreen(), [], [service('web'), service('web-preview', { app: 'shop' })])).toEqual([
      'rollout/web, spec.strategy.blueGreen.previewService: service/web-preview selects app=shop, which the pods do not have | app: shop in the labels of the template'
    ])
    expect(lint(blueGreen(), [], [service('web')])[0]).toContain('service/web-preview does not exist')
    expect(lint(blueGreen({}, { previewService: 'web' }))[0]).toContain('service/web is named twice')
    const narrowed = service('web', { app: 'web', 'rollouts-pod-template-hash': 'abc' })
    expect(lint(blueGreen(), [], [narrowed, ...SERVICES])).toEqual([])
  })

  it.each([
    [{ setWeight: 101 }, 'setWeight has to be a number from 0 to 100'],
    [{ setWeight: '10' }, 'setWeight has to be a number from 0 to 100'],
    [{ pause: { duration: '5 minutes' } }, 'pause.duration "5 minutes" is no duration'],
    [{ pause: { duration: -5 } }, 'pause.duration -5 is no duration'],
    [{}, 'it says nothing to do'],
    [null, 'it says nothing to do'],
    [{ setWeight: 10, pause: {} }, 'it is setWeight and pause at once'],
    [{ setHeaderRoute: { name: 'testers' } }, 'the route testers is not among trafficRouting.managedRoutes']
  ])('is the step %j', (step, problem) => {
    const found = lint(canary({}, { steps: [...STEPS, step] }))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`rollout/web, spec.strategy.canary.steps[4]: ${problem}`)
  })

  it('is what needs a router, without one', () => {
    const steps = [{ setCanaryScale: { replicas: 1 } }]
    expect(lint(canary({}, { steps }))).toEqual([])
    const unrouted = { trafficRouting: undefined, steps, dynamicStableScale: true, scaleDownDelaySeconds: 5 }
    expect(lint(canary({}, unrouted)).map((line) => line.split(':')[0])).toEqual([
      'rollout/web, spec.strategy.canary.scaleDownDelaySeconds',
      'rollout/web, spec.strategy.canary.dynamicStableScale',
      'rollout/web, spec.strategy.canary.steps[0]'
    ])
  })

  it('is a router without its Services, and a deadline before any pod is ready', () => {
    expect(lint(canary({}, { canaryService: undefined }))[0]).toContain('trafficRouting.traefik needs it')
    expect(lint(blueGreen({ spec: { minReadySeconds: 600 } }))[0]).toContain('600 s are over before')
    expect(lint(blueGreen({}, { steps: STEPS }))[0]).toContain('no such field in strategy blueGreen')
  })
})
