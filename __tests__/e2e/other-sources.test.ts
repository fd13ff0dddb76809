import type { IncomingHttpHeaders } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { Ended } from '../support/action.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { essence, getService, image } from '../support/cluster/workload.ts'
import { AWS_ENVIRONMENT, amazonAt, isSigned } from '../support/amazon.ts'
import { bodyOf, listen, scalarOne, type Listening } from '../unit/checks/prometheus/http-server.ts'

playLiveScenes()

const servers: Listening[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

interface Stand extends Listening {
  readonly asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[]
}

async function stand(answer: (path: string, headers: IncomingHttpHeaders) => unknown): Promise<Stand> {
  const asked: Stand['asked'] = []
  const server = await listen(({ url = '', headers }, response) => {
    asked.push({ path: url, headers })
    const body = answer(url, headers)
    response.writeHead(body === undefined ? 403 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { errors: ['Forbidden'] }))
  })
  servers.push(server)
  return { ...server, asked }
}

const KEYS = { 'dd-api-key': 'an-api-key-0123', 'dd-application-key': 'an-application-key-4567' }
const TOKEN = 'a-status-token-89'

/** Answers who has both keys, as Datadog does. */
const datadog = (errors: () => number): Promise<Stand> =>
  stand((_, headers) =>
    Object.entries(KEYS).every(([name, key]) => headers[name] === key)
      ? { status: 'ok', series: [{ interval: 10, pointlist: [[Date.now() - 5_000, errors()]] }] }
      : undefined
  )

const statusPage = (incidents: (path: string) => readonly unknown[]): Promise<Stand> =>
  stand((path, { authorization }) =>
    authorization === `Bearer ${TOKEN}` ? { incidents: incidents(path) } : undefined
  )

const inputsFor = (page: Stand, api: Stand, keys = KEYS): Readonly<Record<string, string>> => ({
  images: image(2),
  checks: [
    `incidents: GET ${page.url}/incidents/$slot.json $.incidents.length < 1`,
    'errors: datadog sum:trace.http.request.errors{kube_deployment:$workload-$slot}.as_rate() < 5'
  ].join('\n'),
  datadog: api.url,
  'check-headers': [
    `${page.url} Authorization: Bearer ${TOKEN}`,
    ...Object.entries(keys).map(([name, key]) => `${api.url} ${name.toUpperCase()}: ${key}`)
  ].join('\n'),
  'check-interval': '1s',
  'warm-up': '0s',
  bake: '4s'
})

function expectNoSecrets(
  { log, summary, outputs }: Ended,
  secrets: readonly string[] = [...Object.values(KEYS), TOKEN]
): void {
  const told = [
    ...log.split('\n').filter((line) => !line.startsWith('::add-mask::')),
    summary,
    ...Object.values(outputs)
  ]
  for (const secret of secrets) {
    expect(told.filter((line) => line.includes(secret))).toEqual([])
    expect(log).toContain(`::add-mask::${secret}`)
  }
}

describe('checks that ask a status page and Datadog', () => {
  it('let a good version pass, without any Prometheus', async () => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    const [page, api] = [await statusPage(() => []), await datadog(() => 0.5)]
    const ended = await scene.run(inputsFor(page, api))
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expectNoSecrets(ended)
    expect(new Set(page.asked.map(({ path }) => path))).toEqual(
      new Set(['/incidents/plain.json', '/incidents/green.json'])
    )
    expect(page.asked.filter(({ headers }) => 'dd-api-key' in headers)).toEqual([])
    expect(api.asked.filter(({ headers }) => 'authorization' in headers)).toEqual([])
    expect((await scene.end()).users).toMatchObject({ failed: 0 })
  })

  it.each([
    ['an incident', 1, 0, 'incidents', /^incidents was 1, but must be < 1 \(failed measurement 3 of 3\)$/],
    ['errors', 0, 7, 'errors', /^errors was 7, but must be < 5 \(failed measurement 3 of 3\)$/]
  ])('put a version back when the bake brings %s', async (_, incidents, errors, failed, reason) => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    const before = essence(await getService(scene.namespace))
    const isBaking = (path: string): boolean => path.includes('green')
    const page = await statusPage((path) => (isBaking(path) ? Array<string>(incidents).fill('down') : []))
    const api = await datadog(() => (page.asked.some(({ path }) => isBaking(path)) ? errors : 0))
    const ended = await scene.run({ ...inputsFor(page, api), bake: '60s' })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.outputs.reason).toMatch(reason)
    expect(ended.outputs['failed-check']).toMatch(new RegExp(`^${failed}: `))
    expectNoSecrets(ended)
    expect(essence(await getService(scene.namespace))).toStrictEqual(before)
    expect((await scene.end()).users).toMatchObject({ failed: 0 })
  })

  it('do not begin a release where a key is wrong', async () => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    const before = essence(await getService(scene.namespace))
    const [page, api] = [await statusPage(() => []), await datadog(() => 0)]
    const ended = await scene.run(inputsFor(page, api, { ...KEYS, 'dd-api-key': 'wrong-key' }))
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(ended.outputs.reason).toMatch(
      /^checks: errors: Datadog at \S+ refuses access \(HTTP 403\): Forbidden; check the keys in check-headers/
    )
    expect(essence(await getService(scene.namespace))).toStrictEqual(before)
  })
})

describe("Amazon's Prometheus", () => {
  const HOST = 'aps-workspaces.eu-central-1.amazonaws.com'

  it('is asked by signed requests', async () => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    const asked: (string | undefined)[] = []
    const amazon = await amazonAt(HOST, (request, response) => {
      void bodyOf(request).then((body) => {
        asked.push(request.url)
        const isGood = isSigned(request, body)
        response.writeHead(isGood ? 200 : 403).end(isGood ? scalarOne : '{"message":"no"}')
      })
    })
    servers.push({ url: '', port: 0, ...amazon })
    const inputs = {
      images: image(2),
      checks: `up: sum(up{pod=~"$pods",namespace!~"(ü |%20)+"}[$window]) >= 1`,
      prometheus: `https://${HOST}/workspaces/ws-1`,
      'check-interval': '1s',
      bake: '3s'
    }
    const ended = await scene.run(inputs, { ...AWS_ENVIRONMENT, ...amazon.environment })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(asked.length).toBeGreaterThan(2)
    expect(asked[0]).toMatch(/^\/workspaces\/ws-1\/api\/v1\/query\?query=sum/)
    expectNoSecrets(ended, Object.values(AWS_ENVIRONMENT))
    const wrong = { ...AWS_ENVIRONMENT, AWS_SECRET_ACCESS_KEY: 'another-secret' }
    const refused = await scene.run({ ...inputs, images: image(3) }, { ...wrong, ...amazon.environment })
    expect(refused.outputs.reason).toMatch(
      /^prometheus: Prometheus at \S+ refuses access \(HTTP 403\): \{"message":"no"\}; check the credentials in AWS_/
    )
    expect((await scene.end()).users).toMatchObject({ failed: 0 })
  })

  it('is not asked without credentials, and no release begins', async () => {
    const scene = await openLiveScene(undefined, undefined, ONE_OF_MANY)
    const before = essence(await getService(scene.namespace))
    const ended = await scene.run({
      images: image(2),
      checks: 'success-rate >= 99%',
      prometheus: 'https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1'
    })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    expect(ended.outputs.reason).toMatch(
      /^prometheus: Amazon's Prometheus is asked with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and they are not set; run aws-actions/
    )
    expect(essence(await getService(scene.namespace))).toStrictEqual(before)
  })
})
