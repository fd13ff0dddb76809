import { isDeepStrictEqual } from 'node:util'
import { afterEach, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { startGitHub } from '../support/report/github.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})
playLiveScenes()

const RBAC = 'rbac.authorization.k8s.io/v1'
const TOKEN = 'ghs_0123456789abcdefghij'

const KINDS = [
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['coordination.k8s.io/v1', 'Lease'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
  ['v1', 'Pod']
] as const

/** Everything that a release touches, in its latest version; the witness changes a Service of its own all the time. */
const everything = async (namespace: string): Promise<readonly string[]> =>
  (await Promise.all(KINDS.map(([apiVersion, kind]) => admin.list({ apiVersion, kind, namespace }))))
    .flat()
    .filter(({ metadata }) => metadata.name !== 'noise')
    .map(({ kind, metadata }) => `${kind}/${metadata.name} ${metadata.resourceVersion}`)
    .sort()

/** The same, once the cluster has nothing more to say of what was just made: a busy one writes a status seconds late. */
async function everythingAtRest(namespace: string): Promise<readonly string[]> {
  let now = await everything(namespace)
  for (let last: readonly string[] = []; !isDeepStrictEqual(last, now); now = await everything(namespace)) {
    last = now
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  return now
}

const configMap = (colour: string): KubernetesObject & { readonly data: object } => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web' },
  data: { COLOUR: colour }
})

const secret = (password: string): KubernetesObject & { readonly stringData: object } => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web' },
  stringData: { PASSWORD: password, USER: 'shop' }
})

/** The Role of a user's own manifests, which the published one knows nothing of. */
async function allowConfig(namespace: string): Promise<void> {
  const metadata = { name: 'config', namespace }
  const rules = [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['get', 'create', 'patch'] }]
  const role: KubernetesObject & { readonly rules: unknown } = {
    apiVersion: RBAC,
    kind: 'Role',
    metadata,
    rules
  }
  await admin.create(role)
  const binding: KubernetesObject & { readonly roleRef: unknown; readonly subjects: unknown } = {
    ...{ apiVersion: RBAC, kind: 'RoleBinding', metadata },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'config' },
    subjects: [{ kind: 'ServiceAccount', name: 'greenlight', namespace }]
  }
  await admin.create(binding)
}

it('a plan shows what a release would do and what is wrong with it, and changes nothing', async () => {
  const scene = await openLiveScene(
    [workload(), service(), configMap('red'), secret('old hunter')],
    undefined,
    ONE_OF_MANY
  )
  const { namespace } = scene
  await allowConfig(namespace)
  const github = await startGitHub({ repository: 'shop/web', pullRequest: 12, token: TOKEN })
  closing.push(() => {
    github.close()
  })
  const wanted = [
    workload({ image: image(2), replicas: 9 }),
    service(),
    configMap('blue'),
    secret('new hunter')
  ]
  const inputs = {
    command: 'plan',
    manifests: manifestFile(wanted),
    checks: 'success-rate >= 95%\np95 latency < 200ms',
    prometheus: 'service/monitoring/prometheus:9090',
    comment: 'auto',
    'github-token': TOKEN
  }
  const env = { GITHUB_API_URL: github.url }
  const before = await everythingAtRest(namespace)

  const ended = await scene.run(inputs, env)
  expect(ended).toMatchObject({
    exitCode: 0,
    outputs: { result: 'planned', 'stable-slot': 'plain', image: image(1), weight: '0' }
  })
  for (const report of [ended.log, ended.summary, github.comments[0]?.body ?? '']) {
    expect(report).toMatch(/^.*- +image: docker\.io\/greenlight\/workload:1$/m)
    expect(report).toMatch(/^.*\+ +image: docker\.io\/greenlight\/workload:2$/m)
    expect(report).toMatch(/^.*- {2}COLOUR: red$/m)
    expect(report).toMatch(/^.*\+ {2}COLOUR: blue$/m)
    expect(report).toMatch(/^.*\+ {2}PASSWORD: \(hidden, another value\)$/m)
    expect(report).not.toMatch(/hunter|b2xkIGh1bnRlcg|bmV3IGh1bnRlcg/)
    expect(report).toContain('Move all traffic to web-green')
  }
  expect(ended.summary).toContain('```diff')
  const { plan, measurements } = JSON.parse(ended.outputs.json ?? '') as {
    plan: { changes: { object: string; state: string }[] }
    measurements: { verdict: string; step: string }[]
  }
  expect(plan.changes.map(({ object, state }) => `${object}: ${state}`)).toEqual([
    'Deployment web-green, beside web: changed',
    'Service web: same',
    'ConfigMap web: changed',
    'Secret web: changed'
  ])
  expect(measurements.map(({ step }) => step)).toEqual(['now, on what serves', 'now, on what serves'])

  // What would stop a release stops the plan, all at once.
  const wrong = await scene.run({ ...inputs, images: 'other=shop/web:2', route: 'service/wbe' }, env)
  expect(wrong).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  const refused = await scene.run(
    { ...inputs, manifests: manifestFile([workload({ image: '' }), configMap('blue')]) },
    env
  )
  expect(refused).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(refused.outputs.reason).toMatch(/image: Required value/)

  const same = await scene.run({ ...inputs, manifests: '', images: image(1) }, env)
  expect(same).toMatchObject({ exitCode: 0, outputs: { result: 'unchanged', image: image(1) } })
  expect(github.comments).toHaveLength(1)
  expect(github.comments[0]?.body).toContain('is unchanged')

  // To the API server a dry run is a write.
  const reading = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }]
  await admin.patch({ apiVersion: RBAC, kind: 'Role', namespace, name: 'greenlight' }, [
    { op: 'replace', path: '/rules', value: reading }
  ])
  const readOnly = await scene.run(inputs, env)
  expect(readOnly).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  const { reason = '' } = readOnly.outputs
  for (const [verb, resource] of [
    ['create', 'deployments'],
    ['update', 'deployments'],
    ['patch', 'services']
  ])
    expect(reason).toMatch(
      new RegExp(`cannot ([a-z]+, )*${verb}(, [a-z]+)* ${resource} in namespace ${namespace}:`)
    )
  expect((await scene.run({ command: 'status' })).exitCode).toBe(0)

  expect(await everything(namespace)).toEqual(before)
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
})
