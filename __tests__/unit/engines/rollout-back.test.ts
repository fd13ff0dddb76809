import { describe, expect, it } from '@jest/globals'
import type { Seen } from '../../../src/engines/engine.ts'
import { rolloutEngine as engine } from '../../../src/engines/rollout/rollout.ts'
import type { KubernetesObject, PodTemplate } from '../../../src/kubernetes/objects.ts'
import { blueGreen, canary, NEW, OLD, template, type RolloutObject } from '../../support/rollouts.ts'

/** Going back to a version that a Rollout has released before. */

/** An abort needs nothing to go back to. */
const BEFORE = { object: {} }

interface Kept {
  readonly hash: string
  readonly template: PodTemplate
  readonly minute?: number
  readonly annotations?: Readonly<Record<string, string>>
}

/** As the API server keeps it: with defaults, and with the controller's label. */
function replicaSet({
  hash,
  template: { metadata, spec },
  minute = 0,
  annotations = {}
}: Kept): KubernetesObject {
  const labels = { ...metadata?.labels, 'rollouts-pod-template-hash': hash }
  const containers = spec.containers.map((one) => ({
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
    resources: {},
    ...one
  }))
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `web-${hash}`,
      labels,
      annotations,
      creationTimestamp: `2026-11-03T14:${String(minute).padStart(2, '0')}:00Z`
    },
    spec: {
      template: {
        metadata: { creationTimestamp: null, ...metadata, labels },
        spec: { dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', ...spec, containers }
      }
    }
  } as never
}

const keptIn = (one: KubernetesObject): PodTemplate | undefined =>
  engine.versions({ object: blueGreen(), made: [one] })[0]?.template

describe('a template that is kept', () => {
  it('is what somebody has wished for, without the label of its controller', () => {
    const { metadata, spec } = keptIn(replicaSet({ hash: OLD, template: template('shop/web:1') })) ?? {}
    expect(metadata).toEqual({ labels: { app: 'web' } })
    expect(spec?.containers[0]).toMatchObject({ image: 'shop/web:1', ports: [{ containerPort: 8080 }] })
  })

  it('loses labels and annotations that mark a stable or a canary version', () => {
    const marked = { labels: { app: 'web', role: 'stable', own: 'x' }, annotations: { tier: 'live' } }
    const one = replicaSet({
      hash: OLD,
      template: { ...template('shop/web:1'), metadata: marked },
      annotations: {
        'rollout.argoproj.io/ephemeral-metadata': '{"labels":{"role":"stable"},"annotations":{"tier":"live"}}'
      }
    })
    expect(keptIn(one)?.metadata).toEqual({ labels: { app: 'web', own: 'x' } })
  })

  it('loses the rule that keeps pods of two versions apart, and no other', () => {
    const rule = (key: string) => ({
      labelSelector: { matchExpressions: [{ key, operator: 'NotIn', values: ['x'] }] },
      topologyKey: 'kubernetes.io/hostname'
    })
    const injected = rule('rollouts-pod-template-hash')
    const withAffinity = (affinity: object): PodTemplate => {
      const { metadata, spec } = template('shop/web:1')
      return { metadata, spec: { ...spec, affinity } } as never
    }
    const affinityOf = (affinity: object): unknown =>
      (keptIn(replicaSet({ hash: OLD, template: withAffinity(affinity) }))?.spec as { affinity?: unknown })
        .affinity
    const required = (...rules: object[]) => ({
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: rules }
    })
    expect(affinityOf(required(injected))).toBeUndefined()
    expect(affinityOf(required(rule('app'), injected))).toEqual(required(rule('app')))
    const preferred = (...rules: object[]) => ({
      nodeAffinity: {},
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: rules.map((podAffinityTerm) => ({
          weight: 1,
          podAffinityTerm
        }))
      }
    })
    expect(affinityOf(preferred(injected))).toEqual({ nodeAffinity: {} })
    expect(affinityOf(preferred(rule('app')))).toEqual(preferred(rule('app')))
  })

  it('is nothing where it cannot be read', () => {
    const broken = { ...replicaSet({ hash: OLD, template: template('x') }), spec: { template: 'none' } }
    expect(keptIn(broken as never)).toBeUndefined()
  })
})

const STEPS = [{ setWeight: 10 }, { pause: {} }]

/** At rest with v3; v1 and v2 were made before it. */
function resting(
  revisions: number | undefined,
  strategy: object = { canary: { steps: STEPS } }
): RolloutObject {
  const object = blueGreen({
    spec: { strategy, ...(revisions === undefined ? {} : { rollbackWindow: { revisions } }) }
  })
  return { ...object, spec: { ...object.spec, template: template('shop/web:3') } }
}

const MADE = [
  replicaSet({ hash: 'v1', template: template('shop/web:1'), minute: 1 }),
  replicaSet({ hash: 'v2', template: template('shop/web:2'), minute: 2 }),
  replicaSet({ hash: OLD, template: template('shop/web:3'), minute: 3 })
]

function shortcutsTo(image: string, object: RolloutObject, tests = false): readonly string[] {
  const seen: Seen = { object, made: MADE }
  const wish = engine.withTemplate(seen, engine.wish(seen), template(image))
  return engine.shortcuts(seen, wish, [], tests).map(({ problem }) => problem)
}

describe('a version within the rollback window', () => {
  it('is none to deploy: Argo Rollouts would skip all steps', () => {
    expect(shortcutsTo('shop/web:2', resting(1))).toEqual([
      expect.stringMatching(/^rollout\/web: it has served .*web-v2\), within its spec.rollbackWindow/)
    ])
    expect(shortcutsTo('shop/web:1', resting(2))).toHaveLength(1)
  })

  it.each([
    ['without a window', 'shop/web:2', resting(undefined)],
    ['outside of it', 'shop/web:1', resting(1)],
    ['that is new', 'shop/web:4', resting(2)],
    ['of a canary without steps', 'shop/web:2', resting(2, { canary: {} })]
  ])('is no matter %s', (_, image, object) => {
    expect(shortcutsTo(image, object)).toEqual([])
  })

  it('matters where something is to be tested, or analysed', () => {
    expect(shortcutsTo('shop/web:2', resting(2, { canary: {} }), true)).toHaveLength(1)
    const analysis = { templates: [{ templateName: 'errors' }] }
    expect(shortcutsTo('shop/web:2', resting(2, { canary: { analysis } }))).toHaveLength(1)
    const waits = { blueGreen: { activeService: 'web', autoPromotionEnabled: false } }
    expect(shortcutsTo('shop/web:2', resting(2, waits))).toHaveLength(1)
  })

  it('is another one with less in its template: it is told for good, so it has to be the same', () => {
    const { metadata, spec } = template('shop/web:2')
    const [web] = spec.containers
    const env = [{ name: 'LOG', value: 'debug' }]
    const more = { metadata, spec: { ...spec, containers: [{ ...web, env }] } } as never
    const seen: Seen = {
      object: resting(2),
      made: [replicaSet({ hash: 'v2', template: more, minute: 2 }), ...MADE.slice(2)]
    }
    const wish = engine.withTemplate(seen, engine.wish(seen), template('shop/web:2'))
    expect(engine.shortcuts(seen, wish, [], true)).toEqual([])
  })

  it('cannot be vetoed: only the wish of before puts users back', () => {
    const spec = { rollbackWindow: { revisions: 1 } }
    const old = replicaSet({ hash: OLD, template: template('shop/web:1'), minute: 5 })
    const made = [replicaSet({ hash: NEW, template: template('shop/web:2'), minute: 1 }), old]
    expect(engine.veto({ object: canary({ spec }), made }, NEW, BEFORE)).toEqual([])
    expect(engine.veto({ object: canary(), made }, NEW, BEFORE)).toHaveLength(1)
  })
})

it('a version that is to take everything at once is vetoed with that: else the abort would be taken out again', () => {
  const [write] = engine.veto({ object: canary({}, {}, { promoteFull: true }) }, NEW, BEFORE)
  expect(write).toHaveProperty('patch', [
    ...[expect.anything(), expect.anything()],
    { op: 'add', path: '/status/promoteFull', value: false },
    { op: 'add', path: '/status/abort', value: true }
  ])
})
