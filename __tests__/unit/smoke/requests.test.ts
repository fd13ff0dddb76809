import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../../src/base/errors.ts'
import { parseSmokeTest } from '../../../src/inputs/parse-smoke-test.ts'
import type { Cluster, HttpAnswer, HttpRequest } from '../../../src/kubernetes/cluster.ts'
import { faultIn, type Reply, type Request } from '../../../src/smoke/expectation.ts'
import { runSmokeTest } from '../../../src/smoke/index.ts'
import { quickClock, standIn, type StandIn } from '../../support/stand-in.ts'

const open: StandIn[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

function testOf(line: string) {
  const parsed = parseSmokeTest(line)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.value
}

const answer = (status: number, body = ''): HttpAnswer => ({ status, body, headers: {} })
const status = (code: number, message: string): HttpAnswer =>
  answer(code, JSON.stringify({ kind: 'Status', apiVersion: 'v1', code, message }))

const unreachable = status(503, 'error trying to reach service: dial tcp 10.0.0.1:8080: i/o timeout')
const forbidden = status(
  403,
  'pods "http:web-1:8080" is forbidden: User "bot" cannot get resource "pods/proxy" in API group ""'
)

interface Ways {
  readonly proxy: (request: HttpRequest) => Promise<HttpAnswer> | HttpAnswer
  /** What pods answer to whoever comes by a forwarded port; without it nobody can. */
  readonly forwarded?: (path: string) => string
  /** Where a forwarded port leads instead. */
  readonly forwardedTo?: string
}

/** A cluster of which only the ways to its pods are there. */
async function clusterWith({ proxy, forwarded, forwardedTo }: Ways) {
  const sent: HttpRequest[] = []
  const forwards: string[] = []
  let closed = 0
  const pod = await standIn(({ path }, response) => response.end(forwarded?.(path)))
  open.push(pod)
  const cluster = {
    send: async (request: HttpRequest) => {
      sent.push(request)
      return proxy(request)
    },
    forward: ({ name }: { name: string }) => {
      forwards.push(name)
      if (forwarded === undefined) return Promise.reject(new ClusterError('cannot forward', 403))
      return Promise.resolve({
        url: forwardedTo ?? pod.url,
        close: async () => {
          closed++
          await Promise.resolve()
        }
      })
    }
  } as unknown as Cluster
  const run = (line: string, pods: readonly string[] = ['web-1'], judgedByChecks = false) => {
    const log = { group: none, endGroup: none, line: none, warning: none, error: none, quote: none }
    const target = {
      namespace: 'shop',
      slot: 'green',
      entrance: { port: 8080, names: { admin: 9000, tls: 8443 }, tls: [8443] },
      pods
    }
    const ports = { cluster, clock: quickClock(), log }
    return runSmokeTest(testOf(line), target, { ...ports, judgedByChecks }, new AbortController().signal)
  }
  return { run, sent, forwards, pod, closed: () => closed }
}
const none = (): void => undefined

describe('an answer is as expected', () => {
  const reply = (code: number, body: string, milliseconds = 12): Reply => ({
    status: code,
    headers: {},
    start: body,
    holds: true,
    milliseconds
  })
  it.each<[string, Reply]>([
    ['GET / -> 200', reply(200, '')],
    ['GET / -> 302', reply(302, '')],
    ['GET / -> 200 contains "v2"', reply(200, 'this is v2')]
  ])('%s is content with %j', (line, given) => {
    expect(faultIn(given, testOf(line) as Request)).toBeUndefined()
  })

  it.each<[string, Reply, string, string]>([
    ['GET / -> 200', reply(500, ' oops\n  here '), '500 in 12 ms instead of 200', 'oops here'],
    ['GET / -> 200', reply(204, ''), '204 in 12 ms instead of 200 and an empty body', ''],
    [
      'GET / -> 200',
      reply(500, 'words, '.repeat(60)),
      '500 in 12 ms instead of 200',
      `${'words, '.repeat(42)}words,…`
    ],
    [
      'GET / -> 200',
      reply(500, `${'words, '.repeat(42)}t0ken-of-some-length`),
      '500 in 12 ms instead of 200',
      `${'words, '.repeat(42)}…`
    ],
    [
      'GET / -> 200 contains "v2"',
      { ...reply(200, 'v1'), holds: false },
      '200 in 12 ms without the text that it must contain',
      'v1'
    ],
    ['GET / -> 200 within 1s', reply(200, '', 1001), 'no whole answer within 1s', ''],
    [
      'GET / -> 200 within 1s',
      { failure: 'closed', milliseconds: 1001 },
      'no whole answer within 1s',
      'closed'
    ],
    ['GET / -> 200', { failure: 'odd', milliseconds: 1 }, 'no answer; the log says why', 'odd']
  ])('%s %j', (line, given, problem, evidence) => {
    expect(faultIn(given, testOf(line) as Request)).toEqual({ problem, evidence })
  })

  it.each([
    ['connect ECONNREFUSED 10.0.0.1:8080', 'no answer: connection refused'],
    ['cannot GET /a?key=s3cret: connect ETIMEDOUT', 'no answer: it took too long'],
    ['getaddrinfo ENOTFOUND s3cret.example.com', 'no answer: the host is not known'],
    ['socket hang up', 'no answer: the connection was closed'],
    ['the answer is larger than 64 MB', 'no answer: it is too large'],
    ['not sent: 64 requests were still waiting', 'not sent: 64 requests were still waiting']
  ])('%s becomes words of ours', (failure, problem) => {
    expect(faultIn({ failure, milliseconds: 1 }, testOf('GET / -> 200') as Request)?.problem).toBe(problem)
  })
})

describe('a request to every pod', () => {
  it('goes through the proxy, as it was written', async () => {
    const { run, sent } = await clusterWith({ proxy: () => answer(201, 'ok') })
    const result = await run('POST /orders?a=%2F {"sku":1} -> 201 within 2s', ['web-1', 'web-2'])
    expect(result).toMatchObject({ passed: true, pods: ['web-1', 'web-2'] })
    expect(result.detail).toMatch(/^201 in \d+ ms from the slowest of 2 pods on port 8080$/)
    expect(sent.map(({ method, path, body }) => [method, path, body])).toEqual(
      ['web-1', 'web-2'].map((pod) => [
        'POST',
        `/api/v1/namespaces/shop/pods/http:${pod}:8080/proxy/orders?a=%2F`,
        '{"sku":1}'
      ])
    )
    expect(sent[0]?.headers).toMatchObject({ 'Content-Type': 'application/json' })
  })

  it('goes to the port that it names, by number or by name', async () => {
    const { run, sent } = await clusterWith({ proxy: () => answer(500) })
    expect((await run('GET :9090/health -> 200')).detail).toMatch(/^web-1 on port 9090: 500 in /)
    expect((await run('GET :admin/health -> 200')).detail).toMatch(/^web-1 on port 9000: 500 in /)
    expect(sent.map(({ path }) => path)).toEqual(
      [9090, 9000].map((port) => `/api/v1/namespaces/shop/pods/http:web-1:${port}/proxy/health`)
    )
  })

  it('goes by TLS where its line says so, or the kubelet asks so', async () => {
    const { run, sent } = await clusterWith({ proxy: () => answer(200) })
    await run('GET https://:9090/health -> 200')
    await run('GET :tls/health -> 200')
    await run('GET http://:tls/health -> 200')
    expect(sent.map(({ path }) => path)).toEqual(
      ['https:web-1:9090', 'https:web-1:8443', 'http:web-1:8443'].map(
        (way) => `/api/v1/namespaces/shop/pods/${way}/proxy/health`
      )
    )
  })

  it('goes by TLS through a forwarded port, too, whatever the certificate says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greenlight-'))
    const made = ['-keyout', 'pod.key', '-out', 'pod.pem', '-days', '2', '-subj', '/CN=shop.example.com']
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      ...made
    ]
    execFileSync('openssl', request, { cwd: folder, stdio: 'pipe' })
    const [key, cert] = ['pod.key', 'pod.pem'].map((name) => readFileSync(join(folder, name)))
    rmSync(folder, { recursive: true })
    const server = createServer({ key, cert }, (_, response) => response.end('secret'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { run } = await clusterWith({ proxy: () => unreachable, forwarded: () => '', forwardedTo: url })
    expect(await run('GET https://:8443/ -> 200 contains "secret"')).toMatchObject({ passed: true })
    expect(await run('GET :8443/ -> 200')).toMatchObject({ passed: true })
    expect(await run('GET http://:8443/ -> 200')).toMatchObject({ passed: false })
    server.closeAllConnections()
    server.close()
  })

  it('cannot leave its pod', async () => {
    const { run, sent } = await clusterWith({ proxy: () => answer(200) })
    await run('GET /../../../secrets/%2e%2e/x -> 200')
    expect(sent[0]?.path).toBe('/api/v1/namespaces/shop/pods/http:web-1:8080/proxy/x')
  })

  it('fails when one pod fails, and says which', async () => {
    const { run } = await clusterWith({
      proxy: ({ path }) => (path.includes('web-2') ? answer(500, 'oops') : answer(200))
    })
    const { passed, detail, evidence } = await run('GET / -> 200', ['web-1', 'web-2', 'web-3'])
    expect(passed).toBe(false)
    expect(detail).toMatch(/^1 of 3 pods failed; web-2 on port 8080: 500 in \d+ ms instead of 200$/)
    expect(evidence).toBe('oops')
  })

  it('fails when there is no pod', async () => {
    const { run } = await clusterWith({ proxy: () => answer(200) })
    expect(await run('GET / -> 200', [])).toMatchObject({ passed: false, detail: 'there is no pod to ask' })
  })

  it('goes to a few pods at once', async () => {
    let running = 0
    let most = 0
    const { run } = await clusterWith({
      proxy: async () => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running--
        return answer(200)
      }
    })
    const pods = Array.from({ length: 30 }, (_, at) => `web-${at}`)
    expect(await run('GET / -> 200', pods)).toMatchObject({ passed: true, pods })
    expect(most).toBe(8)
  })

  it('is not sent twice', async () => {
    const { run, sent, forwards } = await clusterWith({
      proxy: () => answer(503, 'starting'),
      forwarded: () => 'ok'
    })
    expect(await run('GET / -> 200')).toMatchObject({ passed: false })
    expect([sent.length, forwards.length]).toEqual([1, 0])
  })
})

describe('where the proxy cannot reach pods', () => {
  it.each([
    ['for lack of a network', unreachable],
    ['for lack of rights', forbidden],
    ['because it took too long', status(504, 'Timeout: request did not complete within the allotted timeout')]
  ])('%s, the request goes through a forwarded port, from then on at once', async (_, refusal) => {
    const { run, sent, pod, closed } = await clusterWith({
      proxy: () => refusal,
      forwarded: (path) => `ok ${path}`
    })
    expect(await run('GET /a?b=c -> 200 contains "ok /a?b=c"')).toMatchObject({ passed: true })
    expect(await run('GET /d -> 200 contains "ok /d"')).toMatchObject({ passed: true })
    expect(sent).toHaveLength(1)
    expect(pod.received.map(({ path }) => path)).toEqual(['/a?b=c', '/d'])
    expect(closed()).toBe(2)
  })

  it('and ports cannot be forwarded either, both reasons are told', async () => {
    const { run } = await clusterWith({ proxy: () => unreachable })
    expect((await run('GET / -> 503')).evidence).toBe(
      "the API server's proxy: error trying to reach service: dial tcp 10.0.0.1:8080: i/o timeout; cannot forward"
    )
  })

  it('the first request waits until the API server says so; later ones only as long as they should', async () => {
    const { run, sent } = await clusterWith({ proxy: () => answer(200) })
    await run('GET / -> 200 within 1s')
    await run('GET / -> 200 within 1s')
    expect(sent.map(({ timeout }) => timeout)).toEqual([35_000, 1000])
  })
})

it.each([
  [
    'a pod that nothing listens on',
    status(503, 'error trying to reach service: dial tcp 10.0.0.1:8080: connect: connection refused'),
    /no answer: connection refused$/
  ],
  ["a pod's own refusal", answer(403, 'members only'), /403 in \d+ ms instead of 200$/]
])('%s is a fact, not a reason for another way', async (_, refusal, detail) => {
  const { run, forwards } = await clusterWith({ proxy: () => refusal, forwarded: () => 'ok' })
  const result = await run('GET / -> 200')
  expect(result.passed).toBe(false)
  expect(result.detail).toMatch(detail)
  expect(forwards).toEqual([])
})

describe('a request to a URL', () => {
  it('goes there, once, and does not follow a redirect', async () => {
    const site = await standIn((_, response) => response.writeHead(302, { location: '/other' }).end())
    open.push(site)
    const { run, sent } = await clusterWith({ proxy: () => answer(200) })
    const result = await run(`GET ${site.url}/start -> 302`, ['web-1', 'web-2'])
    expect(result).toMatchObject({ passed: true, pods: [] })
    expect(site.received.map(({ path }) => path)).toEqual(['/start'])
    expect(sent).toEqual([])
  })

  it('fails in plain words', async () => {
    const site = await standIn(() => undefined)
    await site.close()
    const { run } = await clusterWith({ proxy: () => answer(200) })
    expect((await run(`GET ${site.url}/ -> 200`)).detail).toBe('no answer: connection refused')
  })
})

describe('a load', () => {
  it('is spread over the pods, through forwarded ports', async () => {
    const { run, pod, sent, forwards } = await clusterWith({
      proxy: () => answer(500),
      forwarded: () => 'ok'
    })
    const result = await run('GET / at 100/s for 300ms -> 200', ['web-1', 'web-2'])
    expect(result).toMatchObject({ passed: true, detail: '30 sent, 0 failed', pods: ['web-1', 'web-2'] })
    expect([pod.received.length, sent.length, forwards]).toEqual([30, 0, ['web-1', 'web-2']])
  })

  it('goes through the proxy where ports cannot be forwarded', async () => {
    const { run, sent } = await clusterWith({ proxy: () => answer(200) })
    expect(await run('GET / at 10/s for 1s -> 200')).toMatchObject({
      passed: true,
      detail: '10 sent, 0 failed'
    })
    expect(sent).toHaveLength(10)
  })

  const mixed = { proxy: () => answer(500), forwarded: (path: string) => path }
  it.each<[string, boolean, boolean]>([
    ['every answer must be right without checks', false, false],
    ['one right answer is enough where checks judge', true, true]
  ])('%s', async (_, judgedByChecks, passed) => {
    let count = 0
    const { run } = await clusterWith({ ...mixed, forwarded: () => (++count % 2 === 0 ? 'v1' : 'v2') })
    const result = await run('GET / at 10/s for 1s -> 200 contains "v2"', ['web-1'], judgedByChecks)
    expect(result.passed).toBe(passed)
    expect(result.detail).toMatch(
      /^10 sent, 5 failed; web-1 on port 8080: 200 in \d+ ms without the text that it must contain; /
    )
  })

  it('with no right answer fails also where checks judge', async () => {
    const { run } = await clusterWith({ ...mixed, forwarded: () => 'v1' })
    expect(await run('GET / at 10/s for 1s -> 200 contains "v2"', ['web-1'], true)).toMatchObject({
      passed: false
    })
  })
})
