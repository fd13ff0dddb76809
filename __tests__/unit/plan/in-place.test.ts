import { describe, expect, it } from '@jest/globals'
import type { Inputs } from '../../../src/inputs/inputs.ts'
import type { Manifest } from '../../../src/kubernetes/manifests.ts'
import type { Deployment } from '../../../src/kubernetes/objects.ts'
import {
  forcedStrategy,
  rolloutOf,
  withRollout,
  type Rollout,
  type RolloutStrategy
} from '../../../src/kubernetes/rollout.ts'
import type { Observed } from '../../../src/observe/observed.ts'
import { planInPlace, type Replacement } from '../../../src/plan/in-place.ts'
import { methodOf } from '../../../src/plan/method.ts'
import { prepareInPlace, prepareReturn } from '../../../src/plan/prepare-in-place.ts'
import type { Prepared } from '../../../src/plan/prepare.ts'
import { describe as describeStep, type Step } from '../../../src/plan/step.ts'
import { httpRoute } from '../../../src/routes/gateway/gateway.ts'
import { inputsOf, manifest, service, workload } from '../../scenarios/scene.ts'
import { observed, origin, slotted } from './observed.ts'

const ROLLING: RolloutStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }

const withOwn = (deployment: Deployment, rollout: Partial<Rollout>): Deployment =>
  withRollout(deployment, { ...rolloutOf(deployment), ...rollout })

function tried(
  given: Readonly<Record<string, string>> = {},
  state: Observed = observed(),
  manifests: readonly Manifest[] = []
) {
  const inputs: Inputs = inputsOf({ strategy: 'rolling', ...given })
  const { strategy } = inputs
  if (strategy !== 'rolling' && strategy !== 'recreate') throw new Error(`${strategy} is not in place`)
  return prepareInPlace({ ...inputs, strategy }, state, manifests, origin)
}

function prepared(...args: Parameters<typeof tried>): Prepared {
  const result = tried(...args)
  if ('length' in result) throw new Error(result.map(({ problem }) => problem).join('\n'))
  return result
}

function problems(...args: Parameters<typeof tried>): string[] {
  const result = tried(...args)
  return 'length' in result ? result.map(({ input, problem }) => `${input}: ${problem}`) : []
}

describe('the plan of a release in place', () => {
  const plan = (changes: Partial<Replacement> = {}): readonly Step[] =>
    planInPlace({
      canary: workload(),
      manifests: [],
      smokeTests: false,
      checks: false,
      bake: 0,
      ...changes
    })
  const print = (steps: readonly Step[]): string[] =>
    steps.map((step) => describeStep(step, { stable: 'web', canary: 'web' }))

  it('is as short as can be', () => {
    expect(print(plan())).toEqual([
      'All traffic on web',
      'Replace the pods of web',
      'Wait until web is ready',
      'All traffic on the new pods of web',
      'Check that web still runs what was released',
      'Record the result: web is live'
    ])
  })

  it('with everything that there can be', () => {
    expect(
      print(plan({ manifests: [manifest(service())], smokeTests: true, checks: true, bake: 4000 }))
    ).toEqual([
      'All traffic on web',
      'Apply Service web',
      'Replace the pods of web',
      'Wait until web is ready',
      'All traffic on the new pods of web',
      'Smoke tests on web',
      'Bake: watch web under all traffic',
      'Check that web still runs what was released',
      'Record the result: web is live'
    ])
  })

  it('with checks is never over before they have passed once, whatever the bake', () => {
    expect(plan({ checks: true })).toContainEqual({ kind: 'watch', name: 'bake', duration: 0 })
  })

  it('gives the Deployment its own strategy back when it is over', () => {
    expect(plan({ after: ROLLING })).toContainEqual({ kind: 'confirm', after: ROLLING })
  })

  it('is undone by one write, whatever has to be waited for comes after it', () => {
    const { release } = prepared()
    expect(print(methodOf(release).restoring)).toEqual(['Give web its previous template back'])
    expect(print(methodOf(release).planTidy(release, 10_000))).toEqual([
      'Collect events and logs of web',
      'Wait until web runs its previous template again',
      'Record the result: web stays live'
    ])
  })

  it('has nothing to tidy up once it is over', () => {
    expect(
      methodOf({ strategy: 'rolling' }).planTidy({ ...prepared().release, phase: 'rolled-back' }, 10_000)
    ).toEqual([])
  })
})

describe('a release in place', () => {
  it('is of the Deployment that serves, in its size, behind the same selector', () => {
    const deployment = workload('web', { replicas: 5 })
    const { canary, release, entrance, steps, routes } = prepared({}, observed({ deployment }))
    expect(canary).toMatchObject({
      metadata: { name: 'web' },
      spec: { replicas: 5, selector: { matchLabels: { app: 'web' } } }
    })
    expect(canary.spec.template.spec.containers[0]?.image).toBe('shop/web:2')
    expect(release).toMatchObject({
      strategy: 'rolling',
      stable: { deployment: 'web', hash: 'abc', images: ['shop/web:1'] },
      canary: { deployment: 'web', hash: '', images: ['shop/web:2'] },
      selectors: { before: { app: 'web' }, stable: { app: 'web' }, canary: { app: 'web' } }
    })
    expect([entrance.port, steps, routes]).toEqual([8080, [], []])
  })

  it('stays in its slot', () => {
    const { canary, release } = prepared({}, slotted('green'))
    const labels = { app: 'web', 'greenlight.dev/slot': 'green' }
    expect(canary).toMatchObject({
      metadata: { name: 'web-green' },
      spec: { template: { metadata: { labels } } }
    })
    expect(release.selectors).toEqual({ before: labels, stable: labels, canary: labels })
  })

  it('takes the manifest for the slot that serves, and the labels that are selected by stay', () => {
    const { canary, manifests } = prepared({ images: '' }, slotted('blue'), [
      manifest(workload('web', { version: 3, replicas: 1 })),
      manifest(service())
    ])
    expect(canary).toMatchObject({
      metadata: { name: 'web-blue' },
      spec: { replicas: 3, template: { metadata: { labels: { 'greenlight.dev/slot': 'blue' } } } }
    })
    expect(manifests.map(({ object }) => object)).toMatchObject([
      { kind: 'Service', spec: { selector: { app: 'web', 'greenlight.dev/slot': 'blue' } } }
    ])
  })

  it('selects no single template any more, where a rollback that died has left that', () => {
    const state = observed({ service: service({ app: 'web', 'pod-template-hash': 'abc' }) })
    expect(prepared({}, state).release.selectors.before).toEqual({ app: 'web' })
  })

  it('keeps how the Deployment rolled out, for whoever has to undo it', () => {
    const deployment = withOwn(workload(), { strategy: ROLLING, minReadySeconds: 5 })
    expect(prepared({}, observed({ deployment })).release.rollout).toEqual({
      strategy: ROLLING,
      minReadySeconds: 5
    })
  })

  it('warns that there is nothing to keep', () => {
    expect(prepared({ previous: 'keep' }).warnings).toEqual([
      expect.stringContaining('previous: keep means nothing with strategy rolling')
    ])
    expect(prepared().warnings).toEqual([])
  })
})

describe('the strategy of the Deployment', () => {
  const RECREATE = { type: 'Recreate' }
  const after = (strategy: string, live: RolloutStrategy | undefined, wanted?: RolloutStrategy) => {
    const own = (deployment: Deployment, one: RolloutStrategy | undefined): Deployment =>
      one === undefined ? deployment : withOwn(deployment, { strategy: one })
    const manifests = wanted === undefined ? [] : [manifest(own(workload('web', { version: 2 }), wanted))]
    const result = prepared({ strategy }, observed({ deployment: own(workload(), live) }), manifests)
    return { meanwhile: rolloutOf(result.canary).strategy, after: result.after }
  }

  it.each<[string, RolloutStrategy | undefined, RolloutStrategy | undefined, RolloutStrategy | undefined]>([
    ['rolling', ROLLING, ROLLING, undefined],
    ['rolling', RECREATE, { type: 'RollingUpdate' }, RECREATE],
    ['recreate', RECREATE, RECREATE, undefined],
    ['recreate', ROLLING, RECREATE, ROLLING],
    ['recreate', undefined, RECREATE, { type: 'RollingUpdate' }]
  ])('with %s, where it is %j, is %j, and %j after that', (strategy, live, meanwhile, own) => {
    expect(after(strategy, live)).toEqual({ meanwhile, after: own })
  })

  it('is the one of the manifest from now on, when that has one', () => {
    const wanted = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%' } }
    expect(after('rolling', ROLLING, wanted)).toEqual({ meanwhile: wanted, after: undefined })
    expect(after('recreate', ROLLING, wanted)).toEqual({ meanwhile: RECREATE, after: wanted })
  })

  it('of one that names none is what the API server makes of it', () => {
    expect(forcedStrategy('rolling')).toEqual({ type: 'RollingUpdate' })
  })
})

describe('a release in place is refused', () => {
  const stranger = (replicas: number): Observed['slots'] => ({ green: workload('web-green', { replicas }) })

  it.each<[string, string[], string]>([
    ['that nothing says what to release', problems({ images: '' }), 'images: nothing says what to release'],
    ['an image for nobody', problems({ images: 'other/thing:2' }), 'images: other/thing:2 changes nothing'],
    [
      'metrics that do not tell the versions apart',
      problems({ metrics: 'istio', checks: 'success-rate >= 95%', prometheus: 'http://prometheus' }),
      'metrics: istio tells versions apart by their Service or Deployment'
    ],
    [
      'a Deployment without pods',
      problems({}, observed({ hash: '' })),
      'workload: deployment/web has no pods'
    ],
    [
      'a paused one',
      problems({}, observed({ deployment: withOwn(workload(), { paused: true }) })),
      'workload: deployment/web is paused'
    ],
    [
      'one that keeps no template to go back to',
      problems({}, observed({ deployment: withOwn(workload(), { revisionHistoryLimit: 0 }) })),
      'workload: deployment/web would have revisionHistoryLimit 0'
    ],
    [
      'pods of another slot behind the widened Service',
      problems({}, observed({ others: stranger(3) })),
      'workload: service/web would select app=web, and with it the pods of deployment/web-green'
    ]
  ])('with %s', (_, found, problem) => {
    expect(found).toEqual([expect.stringContaining(problem)])
  })

  it('not because of a slot without pods', () => {
    expect(problems({}, observed({ others: stranger(0) }))).toEqual([])
  })

  it('on a route that shares traffic out', () => {
    const state = observed()
    const routes: Observed['routes'] = [
      { name: { kind: 'httproute', name: 'web' }, route: httpRoute, object: service(), others: [] }
    ]
    expect(problems({}, { ...state, routes })).toEqual([
      'route: httproute/web: strategy rolling moves no traffic on routes, it replaces the pods behind service/web'
    ])
  })
})

describe('the way back', () => {
  const returned = (inPlace: 'rolling' | 'recreate') => {
    const live = withOwn(workload('web', { version: 2, replicas: 4 }), { strategy: ROLLING })
    const version = { slot: 'plain', deployment: 'web', images: ['shop/web:1'], hash: 'old', replicas: 3 }
    const before = prepared().release
    const { template } = workload().spec
    const labels = { ...template.metadata?.labels, 'pod-template-hash': 'old' }
    const replicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web-old' },
      spec: { template: { ...template, metadata: { labels } } }
    }
    const record = { ...before, phase: 'promoted' as const, previous: version }
    return prepareReturn(
      observed({ deployment: live, record, hash: 'new' }),
      { version, live, replicaSet, inPlace },
      origin
    )
  }

  it('is the template of the ReplicaSet in the size of now, without its hash', () => {
    const { canary, release } = returned('rolling')
    expect(canary.spec.replicas).toBe(4)
    expect(canary.spec.template.spec.containers[0]?.image).toBe('shop/web:1')
    expect(canary.spec.template.metadata?.labels).toEqual({ app: 'web' })
    expect(release).toMatchObject({
      command: 'rollback',
      strategy: 'rolling',
      stable: { hash: 'new', images: ['shop/web:2'] },
      canary: { hash: 'old', images: ['shop/web:1'], replicas: 4 }
    })
  })

  it('goes by the strategy that it came by', () => {
    expect(returned('recreate')).toMatchObject({ release: { strategy: 'recreate' }, after: ROLLING })
    expect(rolloutOf(returned('recreate').canary).strategy).toEqual({ type: 'Recreate' })
  })
})
