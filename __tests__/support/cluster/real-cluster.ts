import { readFileSync } from 'node:fs'
import { KubeConfig } from '@kubernetes/client-node'
import { systemClock } from '../../../src/base/clock.ts'
import { createCluster } from '../../../src/kubernetes/api/client.ts'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'

/** The kubeconfig of the test cluster's administrator; `script/test` starts the cluster and sets it. */
export function kubeconfigPath(): string {
  const path = process.env.KUBECONFIG
  if (path === undefined || path === '') {
    throw new Error(
      'KUBECONFIG is not set: run `script/cluster up` and export what it prints, or run `script/test`'
    )
  }
  return path
}

function adminConfig(): KubeConfig {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigPath())
  return config
}

/** Milliseconds: an API server that shares its machine with all scenes may stall for longer than a release waits for an answer. */
const PATIENCE = 60_000

export const admin: Cluster = createCluster(adminConfig(), { clock: systemClock, timeout: PATIENCE })

interface Node extends KubernetesObject {
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] }
}

/** Address at which NodePorts answer. */
export async function nodeAddress(): Promise<string> {
  const [node] = await admin.list<Node>({ apiVersion: 'v1', kind: 'Node' })
  const address = node?.status.addresses.find(({ type }) => type === 'InternalIP')?.address
  if (address === undefined) throw new Error('the cluster has no node with an InternalIP')
  return address
}

let count = 0

/**
 * A namespace of its own for one test, with the ServiceAccount and the Roles that the README publishes.
 * @param roles those besides role.yaml, `httproute` for role-httproute.yaml
 */
export async function createNamespace(roles: readonly string[] = []): Promise<string> {
  count += 1
  const name = `e2e-${Date.now().toString(36)}-${process.pid}-${count}`
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await grant(name, 'role.yaml', ...roles.map((role) => `role-${role}.yaml`))
  for (const object of published('prometheus-role.yaml')) await admin.apply(forTest(object, MONITORING, name))
  return name
}

/** Creates what these files under examples/kubernetes hold. */
export async function grant(namespace: string, ...files: readonly string[]): Promise<void> {
  for (const object of files.flatMap(published)) await admin.create(forTest(object, namespace, namespace))
}

export async function deleteNamespace(name: string): Promise<void> {
  await admin.send({ method: 'DELETE', path: `/api/v1/namespaces/${name}` })
  await admin.send({
    method: 'DELETE',
    path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${MONITORING}/rolebindings/${name}`
  })
}

const MONITORING = 'monitoring'

const published = (file: string): readonly KubernetesObject[] =>
  parseManifests(readFileSync(`examples/kubernetes/${file}`, 'utf8'), file).manifests.map(
    ({ object }) => object
  )

interface Subject {
  readonly kind: string
  readonly namespace?: string
}

/** Groups are of no namespace. */
const subjectIn = (namespace: string, subject: Subject): Subject =>
  subject.kind === 'ServiceAccount' ? { ...subject, namespace } : subject

/** A published object in a namespace, for the ServiceAccounts of the test's; a binding elsewhere is named after the test. */
const forTest = (object: KubernetesObject, namespace: string, test: string): KubernetesObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    namespace,
    ...('subjects' in object && namespace !== test ? { name: test } : {})
  },
  ...('subjects' in object
    ? { subjects: (object.subjects as readonly Subject[]).map((one) => subjectIn(test, one)) }
    : {})
})

/** A kubeconfig with no more rights than the published Role. */
export async function restrictedKubeconfig(namespace: string): Promise<string> {
  const answer = await admin.send({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/greenlight/token`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 }
    })
  })
  const { token } = (JSON.parse(answer.body) as { status: { token: string } }).status
  const { server, caFile, caData } = adminConfig().getCurrentCluster() as {
    server: string
    caFile?: string
    caData?: string
  }
  const authority = caData ?? readFileSync(caFile ?? '').toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'greenlight', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'greenlight', namespace } }],
    'current-context': 'test'
  })
}
