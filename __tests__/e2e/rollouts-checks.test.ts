import { afterAll, beforeAll, expect } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import {
  getRollout,
  rollout,
  untilRollout,
  versionService,
  type Rollout
} from '../support/cluster/argo-rollouts.ts'
import {
  BUILDING,
  prepareArgoRollouts,
  startArgoRollouts,
  stopControllers
} from '../support/cluster/controllers.ts'
import {
  gatewayUrl,
  ingressRoute,
  traefikService,
  uniqueHost,
  untilServed
} from '../support/cluster/gateway.ts'
import { manifestFile, openLiveStage } from '../support/cluster/live-scene.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { startLoad } from '../support/cluster/load.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { shiftsOf } from '../support/cluster/share.ts'
import { followWeights } from '../support/cluster/traefik-weights.ts'
import { image } from '../support/cluster/workload.ts'

/** Releases by Argo Rollouts that are measured: by the action, with users, and by the controller's own analyses. */

beforeAll(prepareArgoRollouts, BUILDING)
afterAll(stopControllers)

const PER_SECOND = 60

const CHECKED = {
  workload: 'rollout/web',
  prometheus: 'service/monitoring/prometheus:9090',
  checks: 'success-rate >= 95%',
  ...{ 'check-interval': '1s', 'warm-up': '0s', bake: '0s' }
}

const isHealthy = ({ status }: Rollout): boolean =>
  status?.phase === 'Healthy' && status.stableRS === status.currentPodHash

/** When the status of the namespace's Rollout was first told to abort; milliseconds since the epoch. */
function firstAbort(namespace: string) {
  const done = new AbortController()
  const found: number[] = []
  const query = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace }
  const look = (rollouts: readonly Rollout[]): void => {
    if (rollouts.some(({ status }) => status?.abort === true)) found.push(Date.now())
  }
  const watching = admin.watch<Rollout>(query, look, done.signal)
  return async (): Promise<number> => {
    done.abort()
    await watching
    return found[0] ?? NaN
  }
}

async function measured(): Promise<void> {
  const host = uniqueHost()
  const strategy = {
    canary: {
      canaryService: 'web-canary',
      stableService: 'web-stable',
      trafficRouting: { traefik: { weightedTraefikServiceName: 'web' } },
      steps: [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }, { pause: { duration: '2s' } }]
    }
  }
  const { namespace, run } = await openLiveStage([
    versionService('web-stable'),
    versionService('web-canary'),
    rollout(strategy, { replicas: 2 })
  ])
  // The controller alone writes it: the published Role has no right to it.
  const entrance = [
    traefikService({ namespace, backends: [{ name: 'web-stable' }, { name: 'web-canary' }] }),
    ingressRoute({ namespace, host })
  ]
  for (const object of entrance) await admin.create(object)
  await startArgoRollouts(namespace)
  await untilRollout(namespace, 'is Healthy', isHealthy)
  await untilServed(host)
  const weights = followWeights(namespace, 'web-canary')
  const abortedAt = firstAbort(namespace)
  const load = await startLoad(await gatewayUrl(), PER_SECOND, { Host: host })
  try {
    const failing = rollout(strategy, { replicas: 2, image: image(3), env: { ERROR_RATE: '0.2' } })
    const bad = await run({ ...CHECKED, manifests: manifestFile([failing]), gates: 'checks for 60s' })
    expect(bad).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'failed-check': CHECKED.checks, image: image(1), weight: '0' }
    })
    // Should the first few errors be many, it is a crash.
    expect(bad.outputs.reason).toMatch(
      /^(success-rate was [\d.]+% over \d+ requests, but must be >= 95%|\d+ of \d+ requests failed until .*: a crash)/
    )
    expect(shiftsOf(bad).map(({ weight }) => weight)).toEqual([10, 0])
    const asked = await abortedAt()
    const gone = weights.times.find(({ at, weight }) => weight === 0 && at > asked - 1000)
    expect(gone).toBeDefined()

    // Nobody says yes but the checks, of which one compares it with the version that serves beside it.
    const checks = `${CHECKED.checks}\nerror-rate <= stable + 1%`
    const good = await run({ ...CHECKED, checks, images: image(2), gates: 'checks for 20s' })
    expect(good).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const { judgement } = JSON.parse(good.outputs.json ?? '') as { judgement?: { decision?: string } }
    expect(judgement).toBeDefined()

    const users = await load.stop()
    console.log(
      `v3: ${(gone?.at ?? NaN) - asked} ms from the abort to weight 0, ${bad.outputs['restore-seconds'] ?? ''} s to restore, taken back in ${bad.milliseconds} ms; ` +
        `${users.failed} of ${users.total} failed, ${JSON.stringify(users.versions)}; ` +
        `v2 through its gate in ${good.milliseconds} ms: ${good.outputs.reason ?? ''}`
    )
    expect(users.failedByVersion).toEqual({ v3: users.failed })
    expect(users.versions.v2).toBeGreaterThan(100)
  } finally {
    await load.stop()
    await weights.stop()
    await abortedAt()
  }
}

/** A Rollout and its AnalysisTemplates as a handbook has them, which Argo Rollouts refuses. */
const HANDBOOK = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: backend}
spec:
  replicas: 10
  revisionHistoryLimit: 5
  selector: {matchLabels: {app: backend}}
  template: {metadata: {labels: {app: backend}}, spec: {containers: [{name: backend, image: 'ghcr.io/org/backend:v2.0.0', ports: [{containerPort: 8000}],
    resources: {requests: {memory: 256Mi, cpu: 100m}, limits: {memory: 512Mi, cpu: 500m}}}]}}
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
        prometheus:
          address: http://prometheus:9090
          query: |
            sum(rate(http_requests_total{service="{{args.service-name}}",status!~"5.."}[5m])) /
            sum(rate(http_requests_total{service="{{args.service-name}}"}[5m]))
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
        prometheus:
          address: http://prometheus:9090
          query: |
            histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket{service="{{args.service-name}}"}[5m])) by (le)) * 1000
`

/** As its plan says it is to be mended. */
const MENDED = HANDBOOK.replace('      autoPromotionEnabled: false\n', '')
  .replaceAll(
    '{templateName: latency}]}',
    '{templateName: latency}], args: [{name: service-name, value: backend}]}'
  )
  .replaceAll('interval: 1m', 'interval: 1m\n      count: 5')
  .replace('result >= 0.95', 'result[0] >= 0.95')
  .replace('result < 500', 'result[0] < 500')

/** What stands there that is wrong, which of several, and what is said of it. */
const FAULTS = [
  ['autoPromotionEnabled', 0, 'there is no such field in strategy canary', 'a step `pause: {}`'],
  ['- analysis', 1, 'latency need the argument service-name', 'args: [{name: service-name, value: …}]'],
  ['- analysis', 2, 'latency need the argument service-name', 'args: [{name: service-name, value: …}]'],
  ['- name: success-rate', 0, 'metric success-rate has an interval and no count', 'count: 5 in that metric'],
  ['- name: latency-p95', 0, 'metric latency-p95 has an interval and no count', 'count: 5 in that metric'],
  ['result >= 0.95', 0, '"result >= 0.95" compares a list with a number', 'result[0] >= 0.95'],
  ['result < 500', 0, '"result < 500" compares a list with a number', 'result[0] < 500']
] as const

const lineIn = (text: string, part: string, nth: number): number =>
  text.split('\n').flatMap((line, index) => (line.includes(part) ? index + 1 : []))[nth] ?? 0

/** The same in seconds, with what the test cluster's Prometheus can answer. */
const inSeconds = (text: string, rate: number): string =>
  text
    .replaceAll(/duration: \d+m/g, 'duration: 1s')
    .replaceAll('interval: 1m', 'interval: 1s')
    .replaceAll('http://prometheus:9090', 'http://prometheus.monitoring:9090')
    .replace(/query: \|\n {12}sum.*\n.*\n/, `query: vector(${rate})\n`)
    .replace(/query: \|\n {12}histogram.*\n/, 'query: vector(120)\n')

const objectsIn = (text: string): readonly KubernetesObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject)

async function handbook(): Promise<void> {
  const [written] = objectsIn(HANDBOOK) as unknown as readonly { spec: Record<string, unknown> }[]
  const container = { name: 'backend', image: image(1), ports: [{ containerPort: 8000 }] }
  const template = { metadata: { labels: { app: 'backend' } }, spec: { containers: [container] } }
  const spec = { ...written?.spec, replicas: 2, template, strategy: { canary: {} } }
  const live = { ...objectsIn(HANDBOOK)[0], spec } as unknown as KubernetesObject
  const { namespace, run } = await openLiveStage([live])
  await startArgoRollouts(namespace)
  const before = await untilRollout(namespace, 'is Healthy', isHealthy, 'backend')
  const inputs = (text: string, version: number) => ({
    workload: 'rollout/backend',
    manifests: manifestFile([], text),
    images: `backend=${image(version)}`,
    bake: '0s'
  })

  for (const command of ['plan', 'deploy']) {
    const refused = await run({ ...inputs(HANDBOOK, 2), command })
    expect(refused).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    const lines = refused.outputs.reason?.split('; manifests: ') ?? []
    for (const [wrong, nth, problem, mending] of FAULTS) {
      const place = `web.yaml, line ${lineIn(HANDBOOK, wrong, nth)}: `
      const isTold = (text: string): boolean => [place, problem, mending].every((part) => text.includes(part))
      expect([place, problem, lines.filter(isTold).length]).toEqual([place, problem, 1])
    }
    expect(lines).toHaveLength(FAULTS.length)
    const after = await getRollout(namespace, 'backend')
    expect([after.spec, after.metadata.generation]).toEqual([before.spec, before.metadata.generation])
  }

  const released = await run(inputs(inSeconds(MENDED, 1), 2))
  expect(released).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
  const failed = await run(inputs(inSeconds(MENDED, 0.81), 3))
  expect(failed).toMatchObject({
    exitCode: 1,
    outputs: { result: 'rolled-back', image: image(2), weight: '0' }
  })
  console.log(
    `handbook: released in ${released.milliseconds} ms; taken back in ${failed.milliseconds} ms: ${failed.outputs.reason ?? ''}`
  )
  const measurements = /success-rate measured 0\.81, 0\.81, 0\.81, 0\.81 \(failed\)/
  expect(failed.outputs.reason).toMatch(measurements)
  expect(failed.summary).toMatch(/\| Failed \| .*0\.81.{0,3} ✗/)
  const { driven } = JSON.parse(failed.outputs.json ?? '') as {
    driven: { analyses: { phase: string; metrics: { measurements: { value: string }[] }[] }[] }
  }
  const values = driven.analyses
    .filter(({ phase }) => phase === 'Failed')
    .flatMap(({ metrics }) => metrics.flatMap((metric) => metric.measurements.map(({ value }) => value)))
  expect(values.join()).toContain('0.81')
  expect((await getRollout(namespace, 'backend')).spec.template.spec.containers[0]?.image).toBe(image(2))
}

playTogether(
  {
    'a version that fails is taken back by its checks at its first share, and a good one is let through by them':
      measured,
    'a Rollout that Argo Rollouts would refuse is refused before, each fault with its line, and released once mended; its own analysis takes a bad version back with its numbers':
      handbook
  },
  2
)
