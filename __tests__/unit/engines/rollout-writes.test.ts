import { describe, expect, it } from '@jest/globals'
import { isCall, type Seen, type Write } from '../../../src/engines/engine.ts'
import { rolloutEngine as engine } from '../../../src/engines/rollout/rollout.ts'
import type { JsonPatch } from '../../../src/kubernetes/json-patch.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { patched } from '../../support/memory/stored.ts'
import { blueGreen, canary, NEW, OLD, referred, template } from '../../support/rollouts.ts'

const ref = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' }
const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }

/** What is wished for, with another image. */
const wishFor = (seen: Seen, image: string) => engine.withTemplate(seen, engine.wish(seen), template(image))

/** The object after the writes. */
const written = (seen: Seen, writes: readonly Write[]): KubernetesObject =>
  writes.reduce<KubernetesObject>((object, write) => patched(object, patchOf(write)), seen.object)

const patchOf = (write: Write): JsonPatch => (isCall(write) ? [] : write.patch)

describe('a template that is brought', () => {
  it('replaces that of the Rollout as it was seen', () => {
    const seen = { object: blueGreen() }
    const [write] = engine.bring(seen, wishFor(seen, 'shop/web:2'))
    expect(write).toEqual({
      ref,
      patch: [
        { op: 'test', path: '/metadata/uid', value: 'uid-web' },
        { op: 'test', path: '/metadata/generation', value: 2 },
        { op: 'replace', path: '/spec/template', value: template('shop/web:2') }
      ]
    })
  })

  it('goes to the Deployment that the Rollout refers to', () => {
    const seen = { object: blueGreen({ spec: { template: undefined, workloadRef } }), target: referred(4) }
    expect(engine.template(seen)).toEqual(template('shop/web:2'))
    expect(engine.bring(seen, wishFor(seen, 'shop/web:3'))).toMatchObject([
      {
        ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
        patch: [{ value: 'uid-deployment' }, { value: 4 }, { value: template('shop/web:3') }]
      }
    ])
  })

  it('is nothing when it is there', () => {
    const seen = { object: blueGreen() }
    expect(engine.bring(seen, engine.wish(seen))).toEqual([])
    expect(engine.bring(seen, wishFor(seen, 'shop/web:1'))).toEqual([])
  })

  it('comes with the steps of its manifest, and leaves the number of pods alone', () => {
    const seen = { object: blueGreen() }
    const own = { replicas: 1, paused: true, minReadySeconds: 5 }
    const spec: Readonly<Record<string, unknown>> = { ...canary().spec, ...own }
    const writes = engine.bring(seen, { object: spec })
    expect(writes[0]?.patch.slice(2).map(({ path }) => path)).toEqual([
      '/spec/template',
      '/spec/strategy',
      '/spec/minReadySeconds'
    ])
    expect(written(seen, writes)).toHaveProperty('spec', {
      ...{ replicas: 3, revisionHistoryLimit: 5, selector: spec.selector },
      ...{ template: spec.template, strategy: spec.strategy, minReadySeconds: 5 }
    })
    const { revisionHistoryLimit: __, ...less } = engine.wish(seen).object
    expect(engine.bring(seen, { object: { ...less, minReadySeconds: 5 } })).toMatchObject([
      { patch: [{}, {}, { op: 'remove', path: '/spec/revisionHistoryLimit' }, { op: 'add', value: 5 }] }
    ])
  })

  it('is taken back, unless somebody has brought another one', () => {
    const seen = { object: canary() }
    const before = wishFor(seen, 'shop/web:1')
    const writes = engine.revert(seen, engine.wish(seen), before)
    expect(written(seen, writes)).toMatchObject({ spec: { template: template('shop/web:1') } })
    expect(engine.revert(seen, wishFor(seen, 'shop/web:3'), before)).toEqual([])
    const scaled = { object: canary({ spec: { replicas: 9 } }) }
    expect(engine.revert(scaled, engine.wish(seen), before)).toHaveLength(1)
    const referring = {
      object: blueGreen({ spec: { template: undefined, workloadRef } }),
      target: referred(4)
    }
    const other = { ...referring, target: referred(5, 'shop/web:9') }
    const ours = engine.wish(referring)
    expect(engine.revert(referring, ours, wishFor(referring, 'shop/web:1'))).toHaveLength(1)
    expect(engine.revert(other, ours, wishFor(referring, 'shop/web:1'))).toEqual([])
  })
})

describe('a yes', () => {
  const pauseConditions = [{ reason: 'CanaryPauseStep', startTime: '2026-11-03T14:00:00Z' }]

  it('ends the pause that was seen, and no other', () => {
    const seen = { object: canary() }
    const writes = engine.proceed(seen)
    expect(writes).toEqual([
      {
        ref,
        subresource: 'status',
        patch: [
          { op: 'test', path: '/metadata/uid', value: 'uid-web' },
          { op: 'test', path: '/status/currentPodHash', value: NEW },
          { op: 'test', path: '/status/currentStepIndex', value: 1 },
          { op: 'test', path: '/status/pauseConditions', value: pauseConditions },
          { op: 'remove', path: '/status/pauseConditions' }
        ]
      }
    ])
    const later = { reason: 'CanaryPauseStep', startTime: '2026-11-03T14:09:00Z' }
    for (const status of [{ currentStepIndex: 3 }, { currentPodHash: 'c' }, { pauseConditions: [later] }])
      expect(() => written({ object: canary({}, {}, status) }, writes)).toThrow()
  })

  it('is nothing while an analysis runs, which it would skip', () => {
    const run = { currentStepAnalysisRunStatus: { name: 'web-1', status: 'Running' } }
    const running = canary({}, {}, { pauseConditions: null, controllerPause: false, canary: run })
    expect(engine.proceed({ object: running })).toEqual([])
    expect(engine.proceed({ object: canary({}, {}, { canary: run }) })).toEqual([])
  })

  it('leads on beside an analysis in the background', () => {
    const run = { currentBackgroundAnalysisRunStatus: { name: 'web-1', status: 'Running' } }
    expect(engine.proceed({ object: canary({}, {}, { canary: run }) })).toHaveLength(1)
  })

  it('leads past an analysis that came to nothing', () => {
    const conditions = [{ reason: 'InconclusiveAnalysisRun', startTime: '2026-11-03T14:00:00Z' }]
    const run = { currentStepAnalysisRunStatus: { name: 'web-1', status: 'Inconclusive' } }
    const seen = { object: canary({}, {}, { pauseConditions: conditions, canary: run }) }
    expect(written(seen, engine.proceed(seen))).toMatchObject({
      status: { currentStepIndex: 2, controllerPause: false }
    })
  })

  it('is not ours where a person has paused the Rollout, nor where nothing waits', () => {
    expect(engine.proceed({ object: canary({ spec: { paused: true } }) })).toEqual([])
    expect(engine.proceed({ object: blueGreen() })).toEqual([])
  })

  it('to a switch names no step', () => {
    const object = blueGreen()
    const waiting = {
      currentPodHash: NEW,
      phase: 'Paused',
      controllerPause: true,
      pauseConditions: [{ reason: 'BlueGreenPause', startTime: '2026-11-03T14:00:00Z' }]
    }
    const seen = { object: { ...object, status: { ...(object.status as object), ...waiting } } }
    const paths = engine.proceed(seen).flatMap((write) => patchOf(write).map(({ path }) => path))
    expect(paths).not.toContain('/status/currentStepIndex')
    expect(written(seen, engine.proceed(seen))).not.toHaveProperty('status.pauseConditions')
  })
})

/** An abort needs nothing to go back to. */
const BEFORE = { object: {} }

describe('a veto', () => {
  it('aborts the version that was judged, at whatever step it is', () => {
    const writes = engine.veto({ object: canary() }, NEW, BEFORE)
    expect(written({ object: canary({}, {}, { currentStepIndex: 3 }) }, writes)).toMatchObject({
      status: { abort: true }
    })
    expect(() => written({ object: canary({}, {}, { currentPodHash: 'newer' }) }, writes)).toThrow()
  })

  it.each([
    ['another version is released', canary({}, {}, { currentPodHash: 'newer' })],
    ['it is aborted', canary({}, {}, { abort: true })],
    ['it has served fully', canary({}, {}, { stableRS: NEW })]
  ])('is nothing when %s', (_, object) => {
    expect(engine.veto({ object }, NEW, BEFORE)).toEqual([])
  })
})

describe('a version that has served before', () => {
  it('takes everything at once', () => {
    const seen = { object: canary() }
    expect(written(seen, engine.hasten(seen, NEW))).toMatchObject({ status: { promoteFull: true } })
    expect(() =>
      written({ object: canary({}, {}, { currentPodHash: 'newer' }) }, engine.hasten(seen, NEW))
    ).toThrow()
  })

  it.each([
    ['another version is wished for', canary({}, {}, { currentPodHash: 'newer' })],
    ['it serves', canary({}, {}, { stableRS: NEW })],
    ['it was aborted', canary({}, {}, { abort: true })],
    ['it is on its way', canary({}, {}, { promoteFull: true })]
  ])('does not when %s', (_, object) => {
    expect(engine.hasten({ object }, NEW)).toEqual([])
  })
})

describe('the pods of a version', () => {
  it('are found by hash and labels', () => {
    const seen = { object: canary() }
    expect(engine.pods(seen, 'new')).toEqual({
      labels: { app: 'web', 'rollouts-pod-template-hash': NEW },
      owner: { kind: 'ReplicaSet', name: `web-${NEW}` }
    })
    expect(engine.pods(seen, 'old')).toMatchObject({ owner: { name: `web-${OLD}` } })
  })

  it('are all of the old version at rest', () => {
    expect(engine.pods({ object: blueGreen() }, 'new')).toBeUndefined()
    expect(engine.pods({ object: blueGreen() }, 'old')).toMatchObject({ owner: { name: `web-${OLD}` } })
    expect(engine.pods({ object: blueGreen({ status: {} }) }, 'old')).toBeUndefined()
  })

  it('have the labels of the Deployment where the Rollout names none', () => {
    const spec = { template: undefined, selector: undefined, workloadRef }
    expect(engine.pods({ object: blueGreen({ spec }), target: referred(1) }, 'old')?.labels).toEqual({
      app: 'web',
      'rollouts-pod-template-hash': OLD
    })
  })
})

describe('what is in the way of a release', () => {
  const problems = (object: KubernetesObject, target?: KubernetesObject): readonly string[] =>
    engine.problem({ object, target }, { object, target }).map(({ problem }) => problem)

  it('is nothing at rest, nor after an abort or a deadline, whose template is replaced', () => {
    expect(problems(blueGreen())).toEqual([])
    expect(problems(canary({}, {}, { phase: 'Degraded', abort: true }))).toEqual([])
    const late = { phase: 'Degraded', message: 'ProgressDeadlineExceeded: ReplicaSet has timed out' }
    expect(problems(canary({}, {}, { ...late, pauseConditions: null, controllerPause: false }))).toEqual([])
  })

  it('is another release, with versions and step', () => {
    expect(problems(canary())).toEqual([
      `rollout/web in namespace shop is already releasing template ${NEW} over ${OLD}, at step 2 of 4 with 10% of the traffic, and waits: a pause without a duration`
    ])
    const moving = { phase: 'Progressing', message: '', pauseConditions: null, controllerPause: false }
    expect(problems(canary({}, {}, moving))).toEqual([
      `rollout/web in namespace shop is already releasing template ${NEW} over ${OLD}, at step 2 of 4 with 10% of the traffic: Progressing`
    ])
    expect(problems(canary({}, {}, { ...moving, stableRS: '' }))[0]).toMatch(/is in its first release/)
  })

  it('is a person who has paused it', () => {
    expect(problems(blueGreen({ spec: { paused: true } }))).toEqual([
      'rollout/web in namespace shop is paused by hand: somebody wants nothing to be released in it'
    ])
  })

  it('is a spec that Argo Rollouts refuses', () => {
    const message = 'InvalidSpec: The Rollout "web" is invalid'
    const status = { phase: 'Degraded', message, pauseConditions: null, controllerPause: false }
    expect(problems(canary({}, {}, status))).toEqual([
      `rollout/web in namespace shop is refused by Argo Rollouts: ${message}`
    ])
  })

  it('is a shape that cannot be released', () => {
    expect(problems(blueGreen({ spec: { strategy: {} } }))[0]).toMatch(/exactly one of/)
    expect(problems(blueGreen({ spec: { template: undefined } }))[0]).toMatch(/has no template/)
    expect(problems(blueGreen({ spec: { replicas: 0 } }))[0]).toMatch(/is scaled to 0/)
    const object = blueGreen()
    const metadata = { ...object.metadata, deletionTimestamp: '2026-11-03T14:00:00Z' }
    expect(problems({ ...object, metadata })[0]).toMatch(/is being deleted since/)
  })

  it('is a template that is nowhere, or runs twice', () => {
    const spec = { template: undefined, workloadRef }
    expect(problems(blueGreen({ spec }))[0]).toMatch(/from deployment\/web, which does not exist/)
    const other = { template: undefined, workloadRef: { ...workloadRef, kind: 'PodTemplate' } }
    expect(problems(blueGreen({ spec: other }))[0]).toMatch(/that of a Deployment only/)
    expect(problems(blueGreen({ spec }), referred(1, 'shop/web:1', 2))[0]).toMatch(
      /has 2 pods of its own beside/
    )
  })
})
