import { describe, expect, it } from '@jest/globals'
import { canaryEngine as engine } from '../../../src/engines/canary/canary.ts'
import { templateHash } from '../../../src/engines/canary/template-hash.ts'
import type { Seen } from '../../../src/engines/engine.ts'
import type { Deployment } from '../../../src/kubernetes/objects.ts'
import { workload } from '../../scenarios/scene.ts'
import { canaryOf, hook } from '../../support/canaries.ts'

/** With pods that are all ready. */
function deployment(name: string, version: number, replicas = 3): Deployment {
  const one = workload(name, { version, replicas })
  const counts = { replicas, updatedReplicas: replicas, availableReplicas: replicas, readyReplicas: replicas }
  return { ...one, status: { observedGeneration: 1, ...counts } }
}

interface Given {
  readonly phase: string
  readonly status?: object
  readonly since?: string
  readonly target?: number
  readonly serving?: number
  readonly noted?: string
  readonly analysis?: Readonly<Record<string, unknown>>
  readonly spec?: Readonly<Record<string, unknown>>
}

const SINCE = '2026-11-03T14:00:00Z'

function seenAt({
  phase,
  status,
  since = SINCE,
  target = 2,
  serving = 1,
  noted,
  analysis,
  spec
}: Given): Seen {
  const conditions = [{ type: 'Promoted', reason: phase, lastUpdateTime: since, message: 'no words' }]
  const told = { phase, canaryWeight: 0, failedChecks: 0, iterations: 0, lastAppliedSpec: 'a', conditions }
  return {
    object: canaryOf(analysis, spec, phase === '' ? {} : { ...told, ...status }),
    target: deployment('web', target),
    serving: deployment('web-primary', serving),
    noted
  }
}

const stateAt = (given: Given) => engine.state(seenAt(given))

describe('a Canary', () => {
  it('is at rest when the template that is wished for is the one that serves', () => {
    for (const phase of ['Initialized', 'Succeeded', 'Failed', 'Waiting'])
      expect(stateAt({ phase, target: 1 })).toMatchObject({ at: 'rest' })
  })

  it('has not taken a change up as long as it says nothing of another phase', () => {
    for (const phase of ['Initialized', 'Succeeded', 'Failed'])
      expect(stateAt({ phase, noted: `a ${SINCE}` })).toMatchObject({
        at: 'unseen',
        what: 'Flagger has not taken the last change of deployment/web up, and looks every 10s'
      })
    expect(stateAt({ phase: 'Succeeded' })).toMatchObject({ at: 'unseen' })
    expect(stateAt({ phase: '' })).toMatchObject({ at: 'unseen' })
  })

  it('that notes the template while it has Failed has not judged it', () => {
    const status = { lastAppliedSpec: 'b' }
    expect(stateAt({ phase: 'Failed', status, noted: `a ${SINCE}` })).toMatchObject({ at: 'unseen' })
    expect(stateAt({ phase: 'Failed', status, noted: 'a 2026-11-03T13:00:00Z' })).toMatchObject({
      ...{ at: 'failed', aborted: true, why: 'no words', weight: { now: 0, wanted: 0 } }
    })
    expect(stateAt({ phase: 'Failed', status })).toMatchObject({ at: 'failed' })
  })

  it('is believed that it has promoted, whatever somebody has made of the template on its way', () => {
    const { at, stable, wished } = stateAt({ phase: 'Succeeded', noted: 'a 2026-11-03T13:00:00Z' })
    expect({ at, isWished: stable === wished }).toEqual({ at: 'rest', isWished: true })
  })

  it('that could not bring the serving pods up leaves all users on those beside them', () => {
    const status = { canaryWeight: 100 }
    expect(stateAt({ phase: 'Failed', status, serving: 2 })).toMatchObject({
      ...{ at: 'failed', aborted: false, weight: { now: 100 } }
    })
    // With the old template there, it is the old version that serves.
    expect(stateAt({ phase: 'Failed', status, serving: 2, target: 1 })).toMatchObject({ at: 'rest' })
  })
})

describe('its share', () => {
  it.each([
    ['is what it reports', { phase: 'Progressing', status: { canaryWeight: 50 } }, 50],
    ['stays at the gate before the promotion, where it reports 0', { phase: 'WaitingPromotion' }, 50],
    ['is all at the end', { phase: 'Finalising' }, 100],
    ['is none before', { phase: 'Progressing' }, 0],
    [
      'is none while it only iterates',
      { phase: 'Progressing', status: { iterations: 2 }, analysis: { iterations: 3 } },
      0
    ],
    [
      'is all once it has iterated',
      { phase: 'Progressing', status: { iterations: 4 }, analysis: { iterations: 3 } },
      100
    ],
    [
      'is none even then where nothing shares requests out',
      {
        phase: 'Progressing',
        status: { iterations: 4 },
        analysis: { iterations: 3 },
        spec: { provider: 'kubernetes' }
      },
      0
    ],
    [
      'is some of the requests that match',
      {
        phase: 'Progressing',
        status: { iterations: 1 },
        analysis: { iterations: 3, match: [{ headers: {} }] }
      },
      1
    ]
  ])('%s', (_, given, now) => {
    expect(stateAt(given)).toMatchObject({ weight: { now } })
  })

  it('grows with the serving pods that are replaced', () => {
    const seen = seenAt({ phase: 'Promoting', status: { canaryWeight: 40 }, serving: 2 })
    const status = { observedGeneration: 1, replicas: 4, updatedReplicas: 2 }
    expect(engine.state({ ...seen, serving: { ...seen.serving, status } as Deployment })).toMatchObject({
      ...{ at: 'moving', weight: { now: 70, wanted: 100 } }
    })
  })
})

describe('a gate', () => {
  it.each([
    [
      { phase: 'Waiting', analysis: { webhooks: [hook('confirm-rollout')] } },
      'before its pods are started',
      true
    ],
    [
      { phase: 'Progressing', analysis: { webhooks: [hook('confirm-traffic-increase')] } },
      'before its first users',
      true
    ],
    [
      { phase: 'WaitingPromotion', analysis: { webhooks: [hook('confirm-promotion')] } },
      'before the promotion',
      false
    ]
  ])('is told of %j', (given, when, testable) => {
    expect(stateAt(given)).toMatchObject({ at: 'gate', gate: 'pause', testable })
    expect(stateAt(given)).toHaveProperty('what', expect.stringContaining(`wants a yes ${when}`))
  })

  it('before the first users is none before its pods are ready', () => {
    const seen = seenAt({ phase: 'Progressing', analysis: { webhooks: [hook('confirm-traffic-increase')] } })
    const status = { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 2 }
    expect(engine.state({ ...seen, target: { ...seen.target, status } as Deployment })).toMatchObject({
      at: 'moving'
    })
  })

  it('of others opens elsewhere, and is a time that passes', () => {
    const webhooks = [{ type: 'confirm-promotion', name: 'boss', url: 'https://boss.example.com/gate/check' }]
    const given = { phase: 'WaitingPromotion', analysis: { webhooks } }
    expect(stateAt(given)).toMatchObject({
      at: 'moving',
      what: 'its webhook boss has not said yes before the promotion'
    })
    expect(engine.proceed(seenAt(given))).toEqual([])
  })
})

it('a template is the same with all that Flagger calls otherwise in its copy', () => {
  const [web] = workload().spec.template.spec.containers
  const made = (suffix: string, metadata: object): Deployment => {
    const one = workload()
    const from = { configMapKeyRef: { name: `conf${suffix}`, key: 'a' } }
    const spec = {
      containers: [
        { ...web, env: [{ name: 'A', valueFrom: from }], envFrom: [{ secretRef: { name: `keys${suffix}` } }] }
      ],
      volumes: [{ name: 'conf', configMap: { name: `conf${suffix}` } }],
      affinity: {
        podAntiAffinity: { topologyKey: 'host', labelSelector: { matchLabels: { app: `web${suffix}` } } }
      }
    }
    return { ...one, spec: { ...one.spec, template: { metadata, spec } } } as unknown as Deployment
  }
  const target = made('', { labels: { app: 'web' }, annotations: { a: 'b', 'x.toolkit.fluxcd.io/y': 'z' } })
  const copy = made('-primary', {
    labels: { app: 'web-primary' },
    annotations: { a: 'b', 'flagger-id': '4711' }
  })
  expect(templateHash(copy)).toBe(templateHash(target))
  expect(templateHash(made('', { labels: { app: 'web' }, annotations: { a: 'c' } }))).not.toBe(
    templateHash(target)
  )
  expect(templateHash(workload('web', { version: 2 }))).not.toBe(templateHash(workload()))
})
