import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { KubeConfig } from '@kubernetes/client-node'
import { systemClock } from '../../src/base/clock.ts'
import { ClusterError } from '../../src/base/errors.ts'
import type { SmokeResult } from '../../src/domain/outcome.ts'
import { parseSmokeTest } from '../../src/inputs/parse-smoke-test.ts'
import { createCluster } from '../../src/kubernetes/api/client.ts'
import { connect } from '../../src/kubernetes/api/connect.ts'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import type { Deployment, KubernetesObject, Pod } from '../../src/kubernetes/objects.ts'
import type { Ref } from '../../src/kubernetes/ref.ts'
import { describeMissing, missingRights } from '../../src/kubernetes/rights.ts'
import { runSmokeTest } from '../../src/smoke/index.ts'
import { kubeconfigPath } from '../support/cluster/real-cluster.ts'
import { clusterContract, type ClusterUnderTest } from './cluster.contract.ts'

jest.setTimeout(60_000)

const IMAGE = 'docker.io/greenlight/workload:1'
const PORT = 8080

function startConfig() {
  kubeconfigPath()
  return connect({ kubeconfig: undefined, context: undefined, namespace: undefined }).config
}

async function start(): Promise<ClusterUnderTest> {
  const cluster = createCluster(startConfig(), { clock: systemClock })
  const namespace = `contract-${Date.now().toString(36)}-${process.pid}`
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  return {
    cluster,
    namespace,
    async remove({ name, kind }: Ref) {
      const path = `/api/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`
      await cluster.send({ method: 'DELETE', path })
    },
    async close() {
      await cluster.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
    }
  }
}

clusterContract('The real cluster', start)

async function failureOf(attempt: Promise<unknown>): Promise<ClusterError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error).toBeInstanceOf(ClusterError)
  return error as ClusterError
}

describe('Pods of the real cluster', () => {
  let under: ClusterUnderTest
  let cluster: Cluster
  let namespace: string
  let pods: readonly string[]

  beforeAll(async () => {
    under = await start()
    ;({ cluster, namespace } = under)
    await cluster.create(workload(namespace))
    pods = await readyPods(cluster, namespace, 2)
  })
  afterAll(async () => {
    await under.close()
  })

  const pod = () => ({ namespace, name: pods[0] ?? '' })

  it('have logs, of containers that have run', async () => {
    expect(await cluster.logs(pod(), 'app', 10, false)).toContain('serving version')
    expect(await cluster.logs(pod(), 'app', 10, true)).toBe('')
    expect(await cluster.logs(pod(), 'other', 10, false)).toBe('')
    expect(await cluster.logs({ namespace, name: 'nobody' }, 'app', 10, false)).toBe('')
  })

  it('answer through the proxy', async () => {
    const path = `/api/v1/namespaces/${namespace}/pods/http:${pod().name}:${PORT}/proxy/status/418?a=b`
    expect((await cluster.send({ method: 'GET', path })).status).toBe(418)
  })

  describe('answer through a forwarded port', () => {
    it('on many connections at once, small and large', async () => {
      const forward = await cluster.forward({ ...pod(), port: PORT })
      const large = 'x'.repeat(300_000)
      const answers = await Promise.all(
        ['a', 'b', large].map(async (body) =>
          (await fetch(`${forward.url}/echo`, { method: 'POST', body })).text()
        )
      )
      expect(answers.map((answer, at) => answer.includes(['a', 'b', large][at] ?? ''))).toEqual([
        true,
        true,
        true
      ])
      await forward.close()
      await expect(fetch(forward.url)).rejects.toThrow()
    })

    it('whose connections end when it is closed', async () => {
      const forward = await cluster.forward({ ...pod(), port: PORT })
      const slow = fetch(`${forward.url}/slow?ms=30000`)
      await new Promise((resolve) => setTimeout(resolve, 200))
      await Promise.all([forward.close(), expect(slow).rejects.toThrow()])
    })

    it('but not where nothing listens: the connection ends, the port stays', async () => {
      const forward = await cluster.forward({ ...pod(), port: 9 })
      await expect(fetch(forward.url)).rejects.toThrow()
      await expect(fetch(forward.url)).rejects.toThrow()
      await forward.close()
    })

    it('unless they do not exist', async () => {
      expect((await failureOf(cluster.forward({ namespace, name: 'nobody', port: PORT }))).status).toBe(404)
    })
  })

  describe('are smoke-tested', () => {
    const run = (line: string, on: Cluster = cluster, judgedByChecks = false): Promise<SmokeResult> => {
      const parsed = parseSmokeTest(line)
      if (!('value' in parsed)) throw new Error(parsed.problem)
      const log = { group: none, endGroup: none, line: none, warning: none, error: none, quote: none }
      const target = { namespace, slot: 'green', entrance: { port: PORT, names: {} }, pods }
      const options = { judgedByChecks, variables: { PATH: process.env.PATH } }
      const signal = new AbortController().signal
      return runSmokeTest(parsed.value, target, { cluster: on, clock: systemClock, log, ...options }, signal)
    }
    const none = (): void => undefined

    it.each([
      ['GET /health -> 200 contains "ok"', true, /^200 in \d+ ms from the slowest of 2 pods on port \d+$/],
      ['POST /echo {"sku":1} -> 200 contains "sku"', true, /^200 in/],
      ['GET /status/302 -> 302', true, /^302 in/],
      ['GET /status/503 -> 503', true, /^503 in/],
      [
        'GET /status/503 -> 200',
        false,
        /^2 of 2 pods failed; web-\S+ on port \d+: 503 in \d+ ms instead of 200 and an empty body$/
      ],
      ['GET /health -> 200 contains "v2"', false, /: 200 in \d+ ms without the text that it must contain$/],
      ['GET /slow?ms=400 -> 200 within 200ms', false, /: no whole answer within 200ms$/],
      ['GET / at 50/s for 1s -> 200', true, /^50 sent, 0 failed$/],
      ['GET /status/500 at 50/s for 200ms -> 200', false, /^10 sent, 10 failed; web-\S+ on port \d+: 500 in/],
      ['run: curl -fsS $GREENLIGHT_URL/health; test $GREENLIGHT_SLOT = green', true, /^exit 0$/]
    ])('%s', async (line, passed, detail) => {
      const result = await run(line)
      expect(result.detail).toMatch(detail)
      expect(result.passed).toBe(passed)
    })

    it('by a port-forward where the proxy is not allowed, and told what is missing where neither is', async () => {
      const forwarding = await clusterAllowed(under, 'forwarding', ['pods/portforward'])
      expect(await run('GET /health -> 200', forwarding)).toMatchObject({ passed: true })
      const nothing = await clusterAllowed(under, 'nothing', [])
      const { passed, detail, evidence } = await run('GET /health -> 200', nothing)
      expect(passed).toBe(false)
      expect(evidence).toContain('cannot get resource "pods/proxy"')
      expect(detail).toContain('resources: ["pods/portforward"], verbs: ["create"]')
    })

    it('by the proxy under load where port-forwards are not allowed', async () => {
      const proxying = await clusterAllowed(under, 'proxying', ['pods/proxy'])
      expect(await run('GET / at 20/s for 500ms -> 200', proxying)).toMatchObject({
        passed: true,
        detail: '10 sent, 0 failed'
      })
    })
  })
})

describe('Rights in the real cluster', () => {
  let under: ClusterUnderTest
  beforeAll(async () => {
    under = await start()
  })
  afterAll(async () => {
    await under.close()
  })

  it('that are missing are found, named, and refused', async () => {
    const { namespace } = under
    const limited = await clusterAllowed(under, 'limited', ['services', 'pods/proxy'], ['get', 'patch'])
    const right = (verb: string, resource: string, subresource?: string) => ({
      verb,
      group: '',
      resource,
      subresource
    })
    const missing = await missingRights(limited, namespace, [
      right('patch', 'services'),
      right('get', 'pods', 'proxy'),
      right('update', 'services'),
      right('get', 'pods')
    ])
    expect(missing).toEqual([right('update', 'services'), right('get', 'pods')])
    const object = { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'web' } }
    const { message, status } = await failureOf(limited.replace(object))
    expect(status).toBe(403)
    expect(message).toContain(describeMissing(right('update', 'services'), namespace))
  })

  it('of an administrator are all there', async () => {
    const everything = [{ verb: 'delete', group: 'apps', resource: 'deployments', name: 'web' }]
    expect(await missingRights(under.cluster, under.namespace, everything)).toEqual([])
  })
})

describe('The kubeconfig of the real cluster', () => {
  it('may name the certificate that is expected, with tls-server-name', async () => {
    expect(await countNamespaces(changed({ tlsServerName: 'kubernetes.default.svc' }))).toBeGreaterThan(0)
    const { message } = await failureOf(countNamespaces(changed({ tlsServerName: 'elsewhere.example.com' })))
    expect(message).toContain('is not trusted')
  })

  it('is not trusted with another certificate authority, unless it says so', async () => {
    const other = { caFile: undefined, caData: undefined }
    const { message } = await failureOf(countNamespaces(changed(other)))
    expect(message).toContain('is not trusted')
    expect(await countNamespaces(changed({ ...other, skipTLSVerify: true }))).toBeGreaterThan(0)
  })

  it('may name a proxy', async () => {
    const targets: string[] = []
    const proxy = createServer((socket) => {
      socket.once('data', (chunk) => {
        targets.push(String(chunk).split('\r\n')[0] ?? '')
        socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
      })
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await failureOf(countNamespaces(changed({ proxyUrl: `http://127.0.0.1:${port}` })))
    proxy.close()
    const { host } = new URL(startConfig().getCurrentCluster()?.server ?? '')
    expect(targets[0]).toBe(`CONNECT ${host} HTTP/1.1`)
  })

  const changed = (changes: object): KubeConfig => {
    const given = startConfig()
    const config = new KubeConfig()
    config.loadFromOptions({
      clusters: given.getClusters().map((one) => ({ ...one, ...changes })),
      users: given.getUsers(),
      contexts: given.getContexts(),
      currentContext: given.getCurrentContext()
    })
    return config
  }
  const countNamespaces = async (config: KubeConfig): Promise<number> =>
    (await createCluster(config, { clock: systemClock }).list({ apiVersion: 'v1', kind: 'Namespace' })).length
})

/** The cluster, for somebody who may do no more than this in the namespace. */
async function clusterAllowed(
  { cluster, namespace }: ClusterUnderTest,
  name: string,
  resources: readonly string[],
  verbs: readonly string[] = ['get', 'create']
): Promise<Cluster> {
  const metadata = { name, namespace }
  const group = 'rbac.authorization.k8s.io'
  const objects: readonly (KubernetesObject & Record<string, unknown>)[] = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata,
      rules: resources.length === 0 ? [] : [{ apiGroups: [''], resources, verbs }]
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }]
    }
  ]
  for (const object of objects) await cluster.create(object)
  const { body } = await cluster.send({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} })
  })
  const { token } = (JSON.parse(body) as { readonly status: { readonly token: string } }).status
  const config = new KubeConfig()
  const entry = startConfig().getCurrentCluster()
  if (entry === null) throw new Error('the kubeconfig has no cluster')
  config.loadFromClusterAndUser(entry, { name, token })
  return createCluster(config, { clock: systemClock })
}

const workload = (namespace: string): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace, name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: IMAGE, ports: [{ containerPort: PORT }] }] }
    }
  }
})

async function readyPods(cluster: Cluster, namespace: string, count: number): Promise<readonly string[]> {
  let names: readonly string[] = []
  const stop = new AbortController()
  const query = { apiVersion: 'v1', kind: 'Pod', namespace, labels: 'app=web' }
  await cluster.watch<Pod>(
    query,
    (pods) => {
      const ready = pods.filter(({ status }) =>
        status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True')
      )
      names = ready.map(({ metadata }) => metadata.name)
      if (names.length === count) stop.abort()
    },
    stop.signal
  )
  return names
}
