import { describe, expect, it } from '@jest/globals'
import { rolloutEngine } from '../../../src/engines/rollout/rollout.ts'
import { blueGreen, canary, NEW, OLD, referred, STEPS, type RolloutObject } from '../../support/rollouts.ts'

const stateOf = (object: unknown, target?: ReturnType<typeof referred>) =>
  rolloutEngine.state({ object: object as RolloutObject, target })

const versions = { stable: OLD, wished: NEW }

describe('a Rollout that its controller has not seen', () => {
  it.each([
    ['has no status', blueGreen({ status: undefined })],
    ['has an empty one', blueGreen({ status: {} })],
    ['has null for one', blueGreen({ status: null })]
  ])('%s', (_, object) => {
    expect(stateOf(object)).toEqual({
      at: 'unseen',
      what: 'its controller has not reported anything yet',
      stable: '',
      wished: ''
    })
  })

  it('is not at rest because its status, of an earlier spec, says Healthy', () => {
    expect(stateOf(blueGreen({ generation: 3 }))).toEqual({
      at: 'unseen',
      what: 'its controller has seen generation 2 and not yet 3',
      stable: OLD,
      wished: OLD
    })
  })

  it('compares generations as numbers, although they are texts', () => {
    const tenth = blueGreen({ generation: 10 })
    const status = { ...(tenth.status as object), observedGeneration: '9' }
    expect(stateOf({ ...tenth, status })).toMatchObject({ at: 'unseen' })
    expect(stateOf({ ...tenth, status: { ...status, observedGeneration: '10' } })).toMatchObject({
      at: 'rest'
    })
  })

  it('does not take the hash of an old controller for a generation', () => {
    const object = blueGreen()
    const status = { ...(object.status as object), observedGeneration: '7d6f8c9b5d' }
    expect(stateOf({ ...object, status })).toMatchObject({
      at: 'unseen',
      what: 'its controller has not said which spec it has seen'
    })
  })

  it('has been told to go on, and has not done so', () => {
    const object = canary({}, {}, { pauseConditions: undefined })
    expect(stateOf(object)).toMatchObject({ at: 'unseen', what: 'its controller is about to go on' })
    expect(stateOf(canary({}, {}, { pauseConditions: null }))).toMatchObject({ at: 'unseen' })
  })

  describe('whose template is in a Deployment', () => {
    const spec = { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } }
    const seenAs = (noted: string, observed: string | undefined) => {
      const annotations = { 'rollout.argoproj.io/workload-generation': noted }
      const object = blueGreen({ spec, annotations })
      return { ...object, status: { ...(object.status as object), workloadObservedGeneration: observed } }
    }

    it('has seen an earlier one of it', () => {
      expect(stateOf(seenAs('4', '4'), referred(5))).toMatchObject({
        at: 'unseen',
        what: 'its controller has seen generation 4 of deployment/web and not yet 5'
      })
    })

    it('has noted it, and not worked on it', () => {
      expect(stateOf(seenAs('5', '4'), referred(5))).toMatchObject({ at: 'unseen' })
      expect(stateOf(seenAs('5', undefined), referred(5))).toMatchObject({
        at: 'unseen',
        what: 'its controller has seen generation none of deployment/web and not yet 5'
      })
    })

    it('has seen it', () => {
      expect(stateOf(seenAs('5', '5'), referred(5))).toMatchObject({ at: 'rest' })
    })
  })
})

describe('a blue-green Rollout', () => {
  const beside = (more: object) => {
    const object = blueGreen({}, {}, 'shop/web:2')
    const selectors = { blueGreen: { activeSelector: OLD, previewSelector: NEW } }
    return { ...object, status: { ...(object.status as object), currentPodHash: NEW, ...selectors, ...more } }
  }
  const paused = {
    phase: 'Paused',
    message: 'BlueGreenPause',
    controllerPause: true,
    pauseConditions: [{ reason: 'BlueGreenPause', startTime: '2026-11-03T14:00:00Z' }]
  }

  it('is at rest', () => {
    expect(stateOf(blueGreen())).toEqual({ at: 'rest', stable: OLD, wished: OLD })
  })

  it('starts its new pods', () => {
    const status = { phase: 'Progressing', message: 'more replicas need to be updated' }
    expect(stateOf(beside(status))).toEqual({
      at: 'moving',
      what: 'more replicas need to be updated',
      weight: { now: 0, wanted: 100 },
      ...versions
    })
  })

  it('waits for a yes, with pods that can be tested before users come', () => {
    expect(stateOf(beside(paused))).toEqual({
      at: 'gate',
      gate: 'pause',
      what: 'the new version waits beside the old one',
      testable: true,
      weight: { now: 0, wanted: 0 },
      ...versions
    })
  })

  it('waits for no yes where it switches by itself', () => {
    const object = beside(paused)
    const timed = { ...blueGreen({}, { autoPromotionSeconds: 300 }), status: object.status }
    expect(stateOf(timed)).toMatchObject({
      at: 'moving',
      what: 'switches by itself after 300 s, since 2026-11-03T14:00:00Z',
      until: Date.UTC(2026, 10, 3, 14, 5, 0),
      weight: { now: 0, wanted: 0 }
    })
  })

  it('has switched, and is not done before its analysis is', () => {
    const analysed = {
      activeSelector: NEW,
      previewSelector: NEW,
      postPromotionAnalysisRunStatus: { name: 'web-post', status: 'Running' }
    }
    const status = {
      phase: 'Progressing',
      message: 'waiting for analysis to complete',
      blueGreen: analysed
    }
    expect(stateOf(beside(status))).toEqual({
      at: 'moving',
      what: 'Argo Rollouts analyses: web-post',
      weight: { now: 100, wanted: 100 },
      ...versions
    })
  })

  it('is not called healthy while another template serves', () => {
    expect(stateOf(beside({ phase: 'Healthy' }))).toMatchObject({ at: 'moving' })
  })

  it('has failed: aborted, or out of time and still trying', () => {
    const aborted = {
      phase: 'Degraded',
      abort: true,
      abortedAt: '2026-11-03T14:01:00Z',
      message: 'RolloutAborted: Rollout aborted update to revision 2'
    }
    expect(stateOf(beside(aborted))).toEqual({
      at: 'failed',
      why: 'RolloutAborted: Rollout aborted update to revision 2',
      aborted: true,
      asked: true,
      weight: { now: 0, wanted: 0 },
      ...versions
    })
    const message = 'ProgressDeadlineExceeded: ReplicaSet "web-789b7c4d6f" has timed out progressing.'
    expect(stateOf(beside({ phase: 'Degraded', message }))).toMatchObject({
      at: 'failed',
      why: message,
      aborted: false
    })
  })

  it('is not about to go on after an abort, which leaves no pause', () => {
    const aborted = { ...paused, phase: 'Degraded', abort: true, pauseConditions: null }
    expect(stateOf(beside(aborted))).toMatchObject({ at: 'failed', aborted: true })
  })

  it('has failed as soon as the abort is asked for, whatever its message was about', () => {
    expect(stateOf(beside({ ...paused, abort: true }))).toMatchObject({
      ...{ at: 'failed', aborted: true, asked: true },
      why: 'somebody has aborted the release'
    })
  })

  it('stays at rest when it was aborted after its end', () => {
    const object = blueGreen()
    expect(stateOf({ ...object, status: { ...(object.status as object), abort: true } })).toMatchObject({
      at: 'rest'
    })
  })

  it('is held by a person', () => {
    expect(stateOf({ ...beside(paused), spec: { ...blueGreen().spec, paused: true } })).toMatchObject({
      at: 'gate',
      gate: 'held'
    })
  })
})

describe('a canary Rollout', () => {
  const at = (stepIndex: unknown, weight: number, more: object = {}, strategy: object = {}) =>
    canary(
      {},
      { ...strategy },
      {
        phase: 'Progressing',
        message: 'more replicas need to be updated',
        controllerPause: false,
        pauseConditions: null,
        currentStepIndex: stepIndex,
        canary: { weights: { canary: { podTemplateHash: NEW, weight }, stable: { weight: 100 - weight } } },
        ...more
      }
    )

  it('waits at its first pause', () => {
    expect(stateOf(canary())).toEqual({
      at: 'gate',
      gate: 'pause',
      what: 'a pause without a duration',
      testable: false,
      weight: { now: 10, wanted: 10 },
      step: 2,
      of: 4,
      ...versions
    })
  })

  it('is on its way to a weight that it has not reached', () => {
    expect(stateOf(at(2, 10))).toMatchObject({
      at: 'moving',
      weight: { now: 10, wanted: 50 },
      step: 3,
      of: 4
    })
  })

  it('has not begun, whatever the weight of the version before was', () => {
    const weights = { canary: { podTemplateHash: 'another', weight: 50 }, stable: { weight: 50 } }
    expect(stateOf(at(0, 0, { canary: { weights } }))).toMatchObject({
      weight: { now: 0, wanted: 10 },
      step: 1
    })
    expect(stateOf(at(undefined, 0))).toMatchObject({ weight: { now: 0, wanted: 10 }, step: 1 })
  })

  it('has done all steps', () => {
    expect(stateOf(at(4, 50))).toMatchObject({
      at: 'moving',
      weight: { now: 50, wanted: 100 },
      step: 4,
      of: 4
    })
  })

  it('pauses for a time, which is no gate', () => {
    const pauseConditions = [{ reason: 'CanaryPauseStep', startTime: '2026-11-03T14:20:00Z' }]
    const status = { phase: 'Paused', controllerPause: true, pauseConditions }
    expect(stateOf(at(3, 50, status))).toMatchObject({
      at: 'moving',
      what: 'pauses for 5m, since 2026-11-03T14:20:00Z',
      until: Date.UTC(2026, 10, 3, 14, 25, 0)
    })
  })

  it('can be tested at a gate that comes before its users', () => {
    const steps = [{ setCanaryScale: { replicas: 1 } }, { pause: {} }, ...STEPS]
    const pauseConditions = [{ reason: 'CanaryPauseStep', startTime: '2026-11-03T14:00:00Z' }]
    const status = { phase: 'Paused', controllerPause: true, pauseConditions }
    expect(stateOf(at(1, 0, status, { steps }))).toMatchObject({ at: 'gate', testable: true })
    expect(stateOf(at(1, 0, { ...status, updatedReplicas: 0 }, { steps }))).toMatchObject({
      at: 'gate',
      testable: false
    })
  })

  it('has an analysis that came to nothing', () => {
    const run = { name: 'web-789b7c4d6f-2-1', status: 'Inconclusive', message: 'Metric "latency" assessed' }
    const status = {
      phase: 'Paused',
      message: 'InconclusiveAnalysisRun',
      controllerPause: true,
      pauseConditions: [{ reason: 'InconclusiveAnalysisRun', startTime: '2026-11-03T14:00:00Z' }],
      canary: { currentStepAnalysisRunStatus: run }
    }
    expect(stateOf(at(1, 0, status))).toMatchObject({
      at: 'gate',
      gate: 'inconclusive',
      what: 'analysis web-789b7c4d6f-2-1 of Argo Rollouts came to nothing: Metric "latency" assessed'
    })
  })

  it('is told by its pods where no router shares requests out', () => {
    const status = { phase: 'Progressing', replicas: 10, updatedReplicas: 1, canary: {} }
    expect(stateOf(at(0, 0, status, { trafficRouting: undefined }))).toMatchObject({
      weight: { now: 10, wanted: 10 }
    })
    const none = { phase: 'Progressing', replicas: 0, updatedReplicas: 0, canary: {} }
    expect(stateOf(at(0, 0, none, { trafficRouting: undefined }))).toMatchObject({ weight: { now: 0 } })
  })

  it('reckons weights as shares of the whole', () => {
    const trafficRouting = { nginx: { stableIngress: 'web' }, maxTrafficWeight: 1000 }
    expect(stateOf(at(0, 5, {}, { trafficRouting }))).toMatchObject({ weight: { now: 0.5, wanted: 1 } })
  })

  it('takes all traffic at once', () => {
    expect(stateOf(at(1, 10, { promoteFull: true }))).toMatchObject({
      at: 'moving',
      what: 'it takes all traffic without further steps',
      weight: { now: 10, wanted: 100 }
    })
  })

  it.each([
    ['null', null],
    ['a text', 'many'],
    ['holes', [null, 'x', 3]]
  ])('has %s for steps', (_, steps) => {
    expect(() => stateOf(at(1, 10, {}, { steps }))).not.toThrow()
  })

  it('has a status that makes no sense', () => {
    const status = {
      observedGeneration: 2,
      phase: 7,
      pauseConditions: 'none',
      canary: { weights: null },
      currentStepIndex: 'first',
      replicas: '4'
    }
    expect(stateOf({ ...canary(), status })).toMatchObject({
      at: 'moving',
      what: '7',
      weight: { now: 0, wanted: 10 }
    })
  })

  it('is refused by its controller', () => {
    const message = 'InvalidSpec: The Rollout "web" is invalid: spec.strategy.canary.steps[2].analysis'
    expect(stateOf(at(0, 0, { phase: 'Degraded', message }))).toMatchObject({ at: 'failed', why: message })
  })
})

describe('the steps of a Rollout, in words', () => {
  it('are those of a canary', () => {
    const steps = [
      { setCanaryScale: { replicas: 1 } },
      { setCanaryScale: { weight: 25 } },
      { setCanaryScale: { matchTrafficWeight: true } },
      ...STEPS,
      { pause: { duration: 90 } },
      { pause: { duration: '90' } },
      { pause: { duration: 'soon' } },
      { analysis: { templates: [{ templateName: 'success-rate' }, { templateName: 'latency' }] } },
      { experiment: { templates: [{ name: 'baseline' }] } },
      { setHeaderRoute: { name: 'testers' } },
      { plugin: { name: 'acme/step' } },
      { replicaProgress: {} },
      {},
      null
    ]
    const analysis = { templates: [{ templateName: 'always-on' }] }
    expect(rolloutEngine.steps(canary({}, { steps, analysis }))).toEqual([
      'all the time: analyses always-on',
      'pods: 1',
      'pods for 25% of the traffic',
      'as many pods as the traffic needs',
      '10% of the traffic',
      'pauses until somebody says yes',
      '50% of the traffic',
      'pauses for 5m',
      'pauses for 1m30s',
      'pauses for 1m30s',
      'a pause that cannot be read',
      'analyses success-rate, latency',
      'experiment with baseline',
      'requests by header, route testers',
      'plugin acme/step',
      'replicaProgress, which is not known here',
      'an empty step',
      'an empty step',
      '100% of the traffic'
    ])
  })

  it('are those of a switch', () => {
    const prePromotionAnalysis = { templates: [{ templateName: 'smoke' }] }
    expect(rolloutEngine.steps(blueGreen({}, { prePromotionAnalysis }))).toEqual([
      'starts the new version beside the old one',
      'analyses smoke before the switch',
      'waits beside the old version until somebody says yes',
      '100% of the traffic'
    ])
    expect(rolloutEngine.steps(blueGreen({}, { autoPromotionSeconds: 30 }))).toContain(
      'switches by itself after 30 s'
    )
  })
})
