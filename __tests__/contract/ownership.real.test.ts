import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import { apply } from '../../src/execute/apply.ts'
import { CREATOR } from '../../src/kubernetes/ownership.ts'
import { parseManifests } from '../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { refOf } from '../../src/kubernetes/ref.ts'
import { tryManifest } from '../../src/preflight/dry-run.ts'
import { changeOf } from '../../src/preflight/preview.ts'
import { admin, kubeconfigPath } from '../support/cluster/real-cluster.ts'

jest.setTimeout(60_000)

const namespace = `owners-${Date.now().toString(36)}-${process.pid}`

/** As a pipeline has applied it with kubectl so far. */
const before = `
apiVersion: v1
kind: ConfigMap
metadata: {name: flags, labels: {old: "yes"}}
data: {legacy: "1", current: "1"}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: unrouted}
spec:
  ingressClassName: nobody
  rules:
    - {host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}
    - {host: b.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {greenlight.dev/release: x, team: shop}}
spec: {type: NodePort, selector: {app: web}, ports: [{name: http, port: 80}, {name: admin, port: 9000}, {name: kept, port: 9001}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: 2
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec: {nodeSelector: {no: where}, containers: [{name: worker, image: "docker.io/greenlight/workload:1", env: [{name: OLD, value: a}, {name: NEW, value: a}]}]}
`
/** A field that excludes another one. */
const probed = (probe: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: probed}
spec:
  selector: {matchLabels: {app: probed}}
  template:
    metadata: {labels: {app: probed}}
    spec: {nodeSelector: {no: where}, containers: [{name: a, image: "docker.io/greenlight/workload:1", readinessProbe: {${probe}}}]}
`
const after = [
  ', labels: {old: "yes"}',
  'legacy: "1", ',
  / {4}- \{host: b.*\n/,
  '{name: admin, port: 9000}, ',
  '{name: OLD, value: a}, ',
  '  replicas: 2\n',
  'greenlight.dev/release: x, '
].reduce<string>((text, gone) => text.replace(gone, ''), before)

const objectsIn = (text: string) =>
  parseManifests(text, 'web.yaml').manifests.map(({ object, source }) => ({
    object: { ...object, metadata: { ...object.metadata, namespace } },
    source
  }))

type Loose = KubernetesObject & { readonly spec?: Readonly<Record<string, unknown>>; readonly data?: unknown }

/** @returns what kubectl warns of */
function kubectlApply(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'owners-')), 'web.yaml')
  writeFileSync(file, text)
  const applying = ['--kubeconfig', kubeconfigPath(), '-n', namespace, 'apply', '--filename', file]
  return spawnSync('kubectl', applying, { encoding: 'utf8' }).stderr
}

beforeAll(async () => {
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  kubectlApply(before)
})
afterAll(async () => {
  await admin.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
})

it('what kubectl has applied and a manifest no longer has is shown by a dry run, and goes', async () => {
  const removed: string[] = []
  for (const manifest of objectsIn(after)) {
    const live = await admin.get<Loose>(refOf(manifest.object))
    const { kept } = await tryManifest(manifest, admin)
    const { diff } = changeOf(manifest.object.kind, live, kept ?? manifest.object)
    removed.push(...diff.filter((line) => /^[-+]/.test(line) && !line.includes('nodePort')))
    expect((await admin.get(refOf(manifest.object)))?.metadata.resourceVersion).toBe(
      live?.metadata.resourceVersion
    )

    const applied = await apply(manifest.object, admin)
    expect(changeOf('', kept, applied).diff).toEqual([])
    const again = await tryManifest(manifest, admin)
    expect(changeOf('', applied, again.kept ?? manifest.object).diff).toEqual([])
    expect(applied.metadata.managedFields?.map(({ manager }) => manager)).not.toContain(
      'kubectl-client-side-apply'
    )
  }
  expect(removed.map((line) => line.replace(/^-\s+/, ''))).toEqual([
    'legacy: "1"',
    '-metadata:',
    'labels:',
    'old: yes',
    ...[
      '- host: b.example.com',
      'http:',
      'paths:',
      '- backend:',
      'service:',
      'name: web',
      'port:',
      'number: 80',
      'path: /',
      'pathType: Prefix'
    ],
    ...['- name: admin', 'port: 9000', 'protocol: TCP', 'targetPort: 9000'],
    ...['- name: OLD', 'value: a']
  ])
})

it('what releases write stays, and a size that no manifest names', async () => {
  const read = (apiVersion: string, kind: string, name: string) =>
    admin.get<Loose>({ apiVersion, kind, namespace, name })
  expect((await read('v1', 'Service', 'web'))?.metadata.annotations).toEqual({
    'greenlight.dev/release': 'x',
    'kubectl.kubernetes.io/last-applied-configuration': expect.stringContaining('"kind":"Service"'),
    team: 'shop'
  })
  expect((await read('v1', 'Service', 'web'))?.spec?.selector).toEqual({ app: 'web' })
  expect((await read('apps/v1', 'Deployment', 'worker'))?.spec?.replicas).toBe(2)
})

it('kubectl goes on from what it has applied itself', () => {
  expect(kubectlApply(after)).toBe('')
})

it('a field may take the place of one that kubectl has applied and that excludes it', async () => {
  kubectlApply(probed('httpGet: {path: /, port: 80}'))
  const [manifest] = objectsIn(probed('tcpSocket: {port: 80}'))
  if (manifest === undefined) throw new Error('no manifest')
  const probe = ({ spec }: Loose) =>
    (spec as { template: { spec: { containers: [{ readinessProbe: object }] } } }).template.spec.containers[0]
      .readinessProbe
  const tried = await tryManifest(manifest, admin)
  expect(tried.refusal).toBeUndefined()
  expect(probe(tried.kept as Loose)).toMatchObject({ tcpSocket: { port: 80 } })
  const applied = (await apply(manifest.object, admin)) as Loose
  expect(probe(applied)).toMatchObject({ tcpSocket: { port: 80 } })
  expect(probe(applied)).not.toHaveProperty('httpGet')
  expect((await tryManifest(manifest, admin)).refusal).toBeUndefined()
})

/** As Helm installs it: its third version by an update, its fourth by an apply. */
async function helmInstall(object: KubernetesObject, operation: 'Update' | 'Apply'): Promise<void> {
  const { name } = object.metadata
  const metadata = {
    ...object.metadata,
    labels: { ...object.metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': namespace }
  }
  const folder = `/api/v1/namespaces/${namespace}/${object.kind === 'Service' ? 'services' : 'configmaps'}`
  const { status } = await admin.send({
    method: operation === 'Update' ? 'POST' : 'PATCH',
    path: `${folder}${operation === 'Update' ? '' : `/${name}`}?fieldManager=helm`,
    headers: { 'content-type': operation === 'Update' ? 'application/json' : 'application/apply-patch+yaml' },
    body: JSON.stringify({ ...object, metadata })
  })
  expect(status).toBe(201)
}

it.each(['Update', 'Apply'] as const)(
  'what Helm has installed by %s and a manifest no longer has goes, but for what Helm knows it by',
  async (operation) => {
    const name = `chart-${operation.toLowerCase()}`
    const chart = (map: string, ports: string) =>
      objectsIn(`
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, labels: {app: web}}
data: ${map}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}, labels: {app: web}}
spec: {selector: {app: web}, ports: ${ports}}
`)
    for (const { object } of chart(
      '{legacy: "1", current: "1"}',
      '[{name: http, port: 80}, {name: admin, port: 9000}]'
    ))
      await helmInstall(object, operation)
    for (const manifest of chart('{current: "1"}', '[{name: http, port: 80}]')) {
      const { kept } = await tryManifest(manifest, admin)
      const applied = (await apply(manifest.object, admin)) as Loose
      expect(changeOf('', kept, applied).diff).toEqual([])
      expect(applied.metadata.annotations).toEqual({
        'meta.helm.sh/release-name': 'shop',
        'meta.helm.sh/release-namespace': namespace
      })
      expect(applied.metadata.labels).toEqual({ app: 'web', 'app.kubernetes.io/managed-by': 'Helm' })
      if (manifest.object.kind === 'ConfigMap') expect(applied.data).toEqual({ current: '1' })
      else expect(applied.spec?.ports).toMatchObject([{ name: 'http', port: 80 }])
    }
  }
)

it('a Service that an installation has created loses what its manifest no longer has', async () => {
  const installed = (labels: string, ports: string) => `
apiVersion: v1
kind: Service
metadata: {name: installed, labels: {${labels}}}
spec: {selector: {app: installed}, ports: [${ports}]}
`
  const [first] = objectsIn(
    installed('team: shop, old: "yes"', '{name: http, port: 80}, {name: admin, port: 9000}')
  )
  const [next] = objectsIn(installed('team: shop', '{name: http, port: 81}'))
  if (first === undefined || next === undefined) throw new Error('no objects')
  await admin.create(first.object, { manager: CREATOR })
  const { kept } = await tryManifest(next, admin)
  const applied = await apply(next.object, admin)
  expect(changeOf('', kept, applied).diff).toEqual([])
  expect(applied).toMatchObject({
    metadata: { labels: { team: 'shop' } },
    spec: { selector: { app: 'installed' }, ports: [{ name: 'http', port: 81 }] }
  })
  expect(applied.metadata.labels).toEqual({ team: 'shop' })
})
