import { afterEach, describe, expect, it, test } from '@jest/globals'
import { ClusterError } from '../../../../src/base/errors.ts'
import { openPrometheus } from '../../../../src/checks/prometheus/prometheus.ts'
import type { Cluster, HttpAnswer, HttpRequest, Query } from '../../../../src/kubernetes/cluster.ts'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import type { Ref } from '../../../../src/kubernetes/ref.ts'
import { listen, scalarOne, type Listening } from './http-server.ts'

const address = { kind: 'service', namespace: 'monitoring', name: 'prometheus', port: 80 } as const
const where = 'Prometheus at service/monitoring/prometheus:80'
const one = [{ labels: {}, samples: [{ at: 1_795_256_508_033, value: 1 }] }]

const answer = (status: number, body: string): HttpAnswer => ({ status, headers: {}, body })
const refusal = (status: number, message: string): HttpAnswer =>
  answer(
    status,
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: status })
  )

const noWay = refusal(503, 'error trying to reach service: dial tcp 10.1.0.9:9090: i/o timeout')

const service = (spec: object = {}): KubernetesObject & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'prometheus', namespace: 'monitoring' },
  spec: { selector: { app: 'prometheus' }, ports: [{ port: 80, targetPort: 'web' }], ...spec }
})

const pod = (name: string, ready: string): KubernetesObject & { spec: object; status: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'monitoring' },
  spec: { containers: [{ name: 'prometheus', ports: [{ name: 'web', containerPort: 9090 }] }] },
  status: { conditions: [{ type: 'Ready', status: ready }] }
})

let server: Listening | undefined
afterEach(() => {
  server?.close()
  server = undefined
})

interface Scene {
  readonly proxy?: (request: HttpRequest) => Promise<HttpAnswer>
  readonly service?: KubernetesObject
  readonly pods?: readonly KubernetesObject[]
  readonly forwardTo?: () => Promise<string>
}

/** A cluster of one Service, which notes what is asked of it. */
function clusterWith(scene: Scene) {
  const log: string[] = []
  const notUsed = () => Promise.reject(new Error('not used'))
  const cluster: Cluster = {
    get: <T extends KubernetesObject>({ kind, name }: Ref) => {
      log.push(`get ${kind} ${name}`)
      return Promise.resolve(scene.service as T | undefined)
    },
    list: <T extends KubernetesObject>({ kind, namespace, labels }: Query) => {
      log.push(`list ${kind} ${namespace ?? ''} ${labels ?? ''}`)
      return Promise.resolve((scene.pods ?? []) as readonly T[])
    },
    send: (request) => {
      log.push(`${request.method} ${request.path}`)
      return scene.proxy?.(request) ?? Promise.resolve(noWay)
    },
    forward: async ({ namespace, name, port }) => {
      log.push(`forward ${namespace}/${name}:${port}`)
      const url = await (scene.forwardTo?.() ?? Promise.resolve(server?.url ?? ''))
      return {
        url,
        close: () => {
          log.push('close')
          return Promise.resolve()
        }
      }
    },
    create: notUsed,
    replace: notUsed,
    patch: notUsed,
    apply: notUsed,
    remove: notUsed,
    watch: notUsed,
    logs: notUsed
  }
  return { cluster, log }
}

const proxied = 'GET /api/v1/namespaces/monitoring/services/prometheus:80/proxy/api/v1/query?query=1'
const forwarding = [
  'get Service prometheus',
  'list Pod monitoring app=prometheus',
  'forward monitoring/prometheus-1:9090'
]
const running = { service: service(), pods: [pod('prometheus-0', 'False'), pod('prometheus-1', 'True')] }

async function answers(): Promise<void> {
  server = await listen((_request, response) => response.end(scalarOne))
}

describe('a Prometheus behind a Service', () => {
  it('is asked through the API server', async () => {
    const { cluster, log } = clusterWith({ proxy: () => Promise.resolve(answer(200, scalarOne)) })
    const prometheus = openPrometheus(address, { headers: {}, cluster })
    expect(await prometheus.query('1')).toStrictEqual(one)
    expect(await prometheus.query('1')).toStrictEqual(one)
    await prometheus.close()
    expect(log).toStrictEqual([proxied, proxied])
  })

  it('is asked under its path, through the API server and by port-forward', async () => {
    const asked: (string | undefined)[] = []
    server = await listen((request, response) => {
      asked.push(request.url)
      response.end(scalarOne)
    })
    const below = { ...address, path: '/prometheus' }
    const proxy = clusterWith({ proxy: () => Promise.resolve(answer(200, scalarOne)) })
    expect(await openPrometheus(below, { headers: {}, cluster: proxy.cluster }).query('1')).toStrictEqual(one)
    expect(proxy.log).toStrictEqual([proxied.replace('/api/v1/query', '/prometheus/api/v1/query')])
    const { cluster } = clusterWith({ ...running, proxy: () => Promise.resolve(noWay) })
    const prometheus = openPrometheus(below, { headers: {}, cluster })
    expect(await prometheus.query('1')).toStrictEqual(one)
    await prometheus.close()
    expect(asked).toStrictEqual(['/prometheus/api/v1/query?query=1'])
  })

  test.each([
    ['has no way to pods', noWay],
    ['sees no endpoints', refusal(503, 'no endpoints available for service "prometheus"')],
    ['is an older one and has no way', answer(503, "Error trying to reach service: 'dial tcp: timeout'")],
    ['has no tunnel', refusal(500, 'proxy error from 127.0.0.1:8132 while dialing 10.1.0.9:9090, code 502')],
    [
      'does not allow it',
      refusal(403, 'services "prometheus:80" is forbidden: cannot get resource "services/proxy"')
    ]
  ])('is asked by port-forward, and stays so, when the API server %s', async (_why, reply) => {
    await answers()
    const { cluster, log } = clusterWith({ ...running, proxy: () => Promise.resolve(reply) })
    const prometheus = openPrometheus(address, { headers: {}, cluster })
    expect(await prometheus.query('1')).toStrictEqual(one)
    expect(await prometheus.query('1')).toStrictEqual(one)
    await prometheus.close()
    expect(log).toStrictEqual([proxied, ...forwarding, 'close'])
  })

  it('says which file grants it, where neither way is allowed', async () => {
    const proxy = () =>
      Promise.resolve(
        refusal(403, 'services "prometheus" is forbidden: cannot get resource "services/proxy"')
      )
    const { cluster } = clusterWith({ ...running, proxy })
    const get = () =>
      Promise.reject(new ClusterError('cannot get service/prometheus in namespace monitoring', 403))
    const prometheus = openPrometheus(address, { headers: {}, cluster: { ...cluster, get } })
    await expect(prometheus.query('1')).rejects.toThrow(
      /through the API server: services "prometheus" is forbidden: .*; by port-forward: no right to it either\. Apply examples\/kubernetes\/prometheus-role\.yaml in namespace monitoring/
    )
  })

  it('is asked by port-forward when the API server never comes back from the first query', async () => {
    await answers()
    const silence = ({ signal }: HttpRequest) =>
      new Promise<HttpAnswer>((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(new Error('aborted'))
        })
      })
    const { cluster, log } = clusterWith({ ...running, proxy: silence })
    const prometheus = openPrometheus(address, { headers: {}, cluster, timeout: 500 })
    expect(await prometheus.query('1')).toStrictEqual(one)
    await prometheus.close()
    expect(log).toStrictEqual([proxied, ...forwarding, 'close'])
  })

  it('is asked by port-forward at once when headers must reach it', async () => {
    const tokens: (string | undefined)[] = []
    server = await listen((request, response) => {
      tokens.push(request.headers.authorization)
      response.end(scalarOne)
    })
    const { cluster, log } = clusterWith(running)
    const prometheus = openPrometheus(address, { headers: { Authorization: 'Bearer s3cret' }, cluster })
    expect(await prometheus.query('1')).toStrictEqual(one)
    expect(log).toStrictEqual(forwarding)
    expect(tokens).toStrictEqual(['Bearer s3cret'])
  })

  it('gets one port-forward for queries at the same time', async () => {
    await answers()
    const { cluster, log } = clusterWith(running)
    const prometheus = openPrometheus(address, { headers: { 'X-Scope-OrgID': '7' }, cluster })
    await Promise.all(['1', '2', '3'].map((query) => prometheus.query(query)))
    expect(log).toStrictEqual(forwarding)
  })

  it('gets another port-forward after one broke', async () => {
    await answers()
    const urls = ['http://127.0.0.1:9', server?.url ?? '']
    const { cluster, log } = clusterWith({ ...running, forwardTo: () => Promise.resolve(urls.shift() ?? '') })
    const prometheus = openPrometheus(address, { headers: { 'X-Scope-OrgID': '7' }, cluster })
    await expect(prometheus.query('1')).rejects.toMatchObject({ fault: 'unreachable' })
    expect(await prometheus.query('1')).toStrictEqual(one)
    expect(log).toStrictEqual([...forwarding, 'close', ...forwarding])
  })

  it('is found by a number as target port, too', async () => {
    await answers()
    const plain = service({ ports: [{ port: 443, targetPort: 1 }, { port: 80 }] })
    const { cluster, log } = clusterWith({ ...running, service: plain })
    await openPrometheus(address, { headers: {}, cluster }).query('1')
    expect(log.at(-1)).toBe('forward monitoring/prometheus-1:80')
  })
})

test.each<[string, Scene, string, string]>([
  [
    'a wrong query',
    {
      proxy: () =>
        Promise.resolve(answer(400, '{"status":"error","errorType":"bad_data","error":"1:5: parse error"}'))
    },
    'query',
    `${where} refuses the query: 1:5: parse error`
  ],
  [
    'no such Service',
    { proxy: () => Promise.resolve(refusal(404, 'services "prometheus" not found')) },
    'unreachable',
    `${where}: services "prometheus" not found; the input prometheus wants service/<namespace>/<name>:<port>`
  ],
  [
    'no API server',
    { proxy: () => Promise.reject(new ClusterError('connect ECONNREFUSED', 0)) },
    'unreachable',
    `${where} cannot be reached: connect ECONNREFUSED`
  ],
  [
    'no ready pod',
    { service: service(), pods: [pod('prometheus-0', 'False')] },
    'unreachable',
    `${where} cannot be reached: through the API server: error trying to reach service: dial tcp 10.1.0.9:9090: i/o timeout; ` +
      'by port-forward: no pod of the Service prometheus is ready'
  ],
  [
    'a Service without pods of its own',
    { service: service({ selector: undefined }) },
    'unreachable',
    `${where} cannot be reached: through the API server: error trying to reach service: dial tcp 10.1.0.9:9090: i/o timeout; ` +
      'by port-forward: the Service prometheus selects no pods'
  ],
  [
    'another port',
    { ...running, service: service({ ports: [{ port: 9090 }, { port: 443 }] }) },
    'unreachable',
    `${where} cannot be reached: through the API server: error trying to reach service: dial tcp 10.1.0.9:9090: i/o timeout; ` +
      'by port-forward: the Service prometheus has no port 80, only 9090, 443'
  ],
  [
    'nothing behind the port-forward',
    { ...running, forwardTo: () => Promise.resolve('http://127.0.0.1:9') },
    'unreachable',
    `${where} cannot be reached: through the API server: error trying to reach service: dial tcp 10.1.0.9:9090: i/o timeout; ` +
      'by port-forward: connect ECONNREFUSED 127.0.0.1:9'
  ]
])('%s is named', async (_what, scene, fault, message) => {
  const { cluster } = clusterWith(scene)
  await expect(openPrometheus(address, { headers: {}, cluster }).query('1')).rejects.toMatchObject({
    fault,
    message
  })
})
