import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Engine, Seen } from '../../../src/engines/engine.ts'
import { ENGINES } from '../../../src/engines/index.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { canaryOf, hook } from '../../support/canaries.ts'
import { CRASH, GONE, pathsIn, withAt } from '../../support/mutations.ts'
import { blueGreen, canary, NEW, OLD, referred, template } from '../../support/rollouts.ts'

/** `FUZZ=100000 npm run jest -- __tests__/unit/engines/wild.test.ts` tries more. */
const numRuns = Number(process.env.FUZZ ?? 200)

const anything = fc.oneof(
  fc.constantFrom<unknown>(GONE, null, 0, -1, 5, 1e21, '', 'x', '5m', [], {}, [null], [{}], true, false),
  fc.jsonValue({ maxDepth: 2 })
)

/** Custom resources have the shape that their definition asks for, and definitions of other versions ask for another one. */
const wild = <T extends KubernetesObject>(objects: readonly T[]): fc.Arbitrary<T> =>
  fc.constantFrom(...objects).chain((object) => {
    const places = pathsIn(object).filter(([key]) => key === 'spec' || key === 'status')
    return fc.array(fc.tuple(fc.constantFrom(...places), anything), { maxLength: 4 }).map((changes) =>
      changes.reduce<T>((now, [path, other]) => {
        const leads = pathsIn(now).some((known) => known.join('/') === path.join('/'))
        return leads ? (withAt(now, path, other) as T) : now
      }, object)
    )
  })

const replicaSet = (hash: string, revision: number, image: string): KubernetesObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `web-${hash}`,
      namespace: 'shop',
      uid: hash,
      creationTimestamp: `2026-11-0${revision}T00:00:00Z`,
      labels: { 'rollouts-pod-template-hash': hash, 'pod-template-hash': hash },
      annotations: {
        'rollout.argoproj.io/revision': `${revision}`,
        'deployment.kubernetes.io/revision': `${revision}`,
        'scale-down-deadline': '2026-11-03T14:00:00Z'
      },
      ownerReferences: [{ uid: 'uid-web', kind: 'Rollout', name: 'web' }]
    },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: template(image) },
    status: { readyReplicas: 3 }
  }) as never

const analysisRun = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: {
    name: 'web-1',
    namespace: 'shop',
    labels: { 'rollouts-pod-template-hash': NEW, 'rollout-type': 'Step', 'step-index': '2' }
  },
  spec: { metrics: [{ name: 'errors', provider: { web: { url: 'http://x' } } }] },
  status: {
    phase: 'Failed',
    message: 'bad',
    metricResults: [
      { name: 'errors', phase: 'Failed', message: 'm', measurements: [{ value: '[0.5]', phase: 'Failed' }] }
    ]
  }
}
const analysisTemplate = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'errors', namespace: 'shop' },
  spec: {
    args: [{ name: 'service' }, { name: 'b', value: 'c' }],
    metrics: [
      {
        name: 'errors',
        interval: '30s',
        count: 3,
        failureLimit: 2,
        successCondition: 'result[0] < 0.05',
        provider: { prometheus: { address: 'http://x', query: 'q' } }
      }
    ]
  }
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] }
}
const metricTemplate = {
  apiVersion: 'flagger.app/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'errors', namespace: 'shop' },
  spec: { provider: { type: 'prometheus', address: 'http://x' }, query: 'q' }
}

const everyStep = [
  { setWeight: 10 },
  { setCanaryScale: { weight: 10 } },
  { setCanaryScale: { matchTrafficWeight: true } },
  { experiment: { duration: '1h', templates: [{ name: 'a', specRef: 'canary' }] } },
  { setHeaderRoute: { name: 'a', match: [{ headerName: 'b', headerValue: { exact: 'c' } }] } },
  { setMirrorRoute: { name: 'a', percentage: 10 } },
  { plugin: { name: 'a', config: {} } },
  { analysis: { templates: [{ templateName: 'errors' }], args: [{ name: 'service', value: 'web' }] } },
  { pause: { duration: '5m' } },
  { pause: {} }
]
const running = { name: 'web-1', status: 'Running', message: 'm' }
const rollouts: readonly KubernetesObject[] = [
  blueGreen(
    { spec: { rollbackWindow: { revisions: 3 } } },
    { prePromotionAnalysis: { templates: [{ templateName: 'errors' }] }, autoPromotionSeconds: 30 }
  ),
  ...everyStep.map((_, at) =>
    canary(
      { spec: { rollbackWindow: { revisions: 3 } } },
      {
        steps: everyStep,
        dynamicStableScale: true,
        analysis: { templates: [{ templateName: 'errors' }], startingStep: 2 }
      },
      {
        currentStepIndex: at,
        canary: {
          weights: { canary: { podTemplateHash: NEW, weight: 10 }, stable: { weight: 90 } },
          currentStepAnalysisRunStatus: running,
          currentBackgroundAnalysisRunStatus: running
        }
      }
    )
  ),
  canary({ spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } })
]
const deployment = referred(1)
const hooks = [
  hook('confirm-rollout'),
  hook('confirm-traffic-increase'),
  hook('confirm-promotion'),
  hook('rollback'),
  { type: 'rollout', name: 'load', url: 'http://x/', timeout: '5s', metadata: { cmd: 'hey' } }
]
const analysis = {
  metrics: [
    { name: 'errors', templateRef: { name: 'errors' }, thresholdRange: { max: 1 }, interval: '1m' },
    { name: 'request-duration', threshold: 500 }
  ],
  webhooks: hooks,
  match: [{ headers: { a: { exact: 'b' } } }],
  sessionAffinity: { cookieName: 'a' }
}
const canaries: readonly KubernetesObject[] = [
  '',
  'Initializing',
  'Initialized',
  'Waiting',
  'Progressing',
  'WaitingPromotion',
  'Promoting',
  'Finalising',
  'Succeeded',
  'Failed',
  'Terminating',
  'New'
].flatMap((phase) =>
  [{}, { iterations: 5, stepWeight: 0 }, { stepWeights: [1, 5, 50], stepWeight: 0 }].map((more) =>
    canaryOf(
      { ...analysis, ...more },
      { autoscalerRef: { kind: 'HorizontalPodAutoscaler', name: 'web' } },
      {
        phase,
        canaryWeight: 10,
        iterations: 2,
        failedChecks: 1,
        lastAppliedSpec: 'a',
        lastTransitionTime: '2026-11-03T14:00:00Z',
        conditions: [{ type: 'Promoted', status: 'Unknown', message: 'm', lastUpdateTime: 'x' }]
      }
    )
  )
)
const event = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'shop' },
  involvedObject: { kind: 'Canary', name: 'web' },
  type: 'Warning',
  message: 'Halt web.shop advancement success rate 87.50% < 99%',
  lastTimestamp: '2026-11-03T14:00:00Z'
} as never as KubernetesObject

const sets = [replicaSet(OLD, 1, 'shop/web:1'), replicaSet(NEW, 2, 'shop/web:2')]
const objects: Readonly<Record<string, fc.Arbitrary<Seen>>> = {
  rollout: fc
    .tuple(wild(rollouts), wild([analysisRun]), fc.option(fc.constant(deployment), { nil: undefined }))
    .map(([object, run, target]) => ({ object, target, made: [...sets, run] })),
  canary: fc
    .tuple(
      wild(canaries),
      wild(canaries),
      fc.option(fc.constant(referred(1, 'shop/web:2')), { nil: undefined }),
      fc.option(fc.constant(referred(1, 'shop/web:1')), { nil: undefined }),
      fc.constantFrom(undefined, '', 'a', 'a x', 'b y')
    )
    .map(([object, other, target, serving, noted]) => ({
      object,
      target,
      serving,
      noted,
      made: [...sets, { ...other, metadata: { ...other.metadata, name: 'other' } }, event]
    }))
}
const beside = fc
  .tuple(wild([analysisTemplate]), wild([metricTemplate]), fc.boolean())
  .map(([one, other, isThere]) => (isThere ? [one, other, service as KubernetesObject] : []))

/** Everything that is asked of an engine. */
function ask(engine: Engine, seen: Seen, others: readonly KubernetesObject[]): unknown {
  const { object } = seen
  const wish = engine.wish(seen)
  const next = engine.withTemplate(seen, wish, template('shop/web:3'))
  const state = engine.state(seen)
  return [
    state,
    engine.concerns(seen, object),
    engine.calls(object),
    engine.patience(object),
    engine.target(object),
    engine.serving(object),
    engine.template(seen),
    engine.noted(seen),
    engine.problem(seen),
    engine.refersTo(object, next),
    engine.lint(object, next, others),
    engine.lint(object, wish, others),
    engine.versions(seen),
    engine.analyses(seen, state.wished),
    engine.analyses(seen, NEW),
    engine.entrances(object),
    engine.steps(object),
    engine.shares(object),
    engine.shortcuts(seen, next, others, true),
    engine.exposure(object, true),
    engine.bring(seen, next),
    engine.said(seen, '2026-11-01T00:00:00Z'),
    engine.proceed(seen),
    engine.passed(seen),
    engine.lapse(seen),
    engine.resume(seen),
    engine.settle(seen),
    engine.hasten(seen, NEW),
    engine.veto(seen, NEW, next),
    engine.veto(seen, state.wished, next),
    engine.course(object),
    engine.hears(object),
    engine.nudge(seen),
    engine.revert(seen, wish, next),
    engine.pods(seen, 'new'),
    engine.pods(seen, 'old'),
    engine.left(seen, NEW)
  ]
}

const leavesOf = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [value]

/** Numbers that no clock and no report can do anything with. */
const wrongNumbers = (value: unknown): readonly unknown[] =>
  leavesOf(value).filter((leaf) => typeof leaf === 'number' && !Number.isFinite(leaf))

const texts = (value: unknown): readonly unknown[] =>
  leavesOf(value).filter((leaf) => typeof leaf === 'string')

describe.each(ENGINES)('$title, whatever its object says', (engine) => {
  it('is read, with words and numbers that can be told', () => {
    const seen = objects[engine.kind] ?? fc.constant(undefined as never)
    fc.assert(
      fc.property(seen, beside, (one, others) => {
        const answers = ask(engine, one, others)
        expect(wrongNumbers(answers)).toEqual([])
        expect(texts(answers).join('\n')).not.toMatch(CRASH)
      }),
      { numRuns }
    )
  })

  it('has weights from 0 to 100, and times that end', () => {
    const seen = objects[engine.kind] ?? fc.constant(undefined as never)
    fc.assert(
      fc.property(seen, (one) => {
        const state = engine.state(one)
        const weights = 'weight' in state ? [state.weight.now, state.weight.wanted] : []
        const shares = engine.shares(one.object)
        for (const weight of [...weights, ...shares.map((share) => share.weight)]) {
          expect(weight).toBeGreaterThanOrEqual(0)
          expect(weight).toBeLessThanOrEqual(100)
        }
        for (const time of [
          engine.patience(one.object),
          engine.course(one.object),
          ...shares.map(({ duration }) => duration)
        ]) {
          expect(time).toBeGreaterThanOrEqual(0)
          expect(time).toBeLessThan(2 ** 53)
        }
      }),
      { numRuns }
    )
  })
})
