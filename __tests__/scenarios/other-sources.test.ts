import { describe, expect, it } from '@jest/globals'
import type { Exchange, Question } from '../../src/checks/exchange.ts'
import { MetricsError } from '../../src/checks/metrics-error.ts'
import { openScene, SERVING, type Scene } from './scene.ts'

const INPUTS = {
  checks: [
    'incidents: GET https://status.example.com/$workload/$slot $.incidents.length < 1',
    'errors: datadog sum:errors{kube_deployment:$workload-$slot}.as_rate() < 5'
  ].join('\n'),
  'check-headers': ['DD-API-KEY', 'DD-APPLICATION-KEY']
    .map((name) => `https://api.datadoghq.com ${name}: s3cret-key`)
    .join('\n'),
  'check-interval': '5s',
  bake: '30s'
}

/** A status page and Datadog, in whose answers a test may change something. */
function world({ clock }: Scene) {
  const told = { incidents: [] as unknown[], errors: 0 as number | undefined, status: 200 }
  const asked: Question[] = []
  const exchange: Exchange = (question) => {
    asked.push(question)
    const pointlist = told.errors === undefined ? [] : [[clock.now() - 5_000, told.errors]]
    const body = question.url.startsWith('https://api.datadoghq.com/')
      ? { status: 'ok', series: [{ interval: 5, pointlist }] }
      : { incidents: told.incidents }
    return Promise.resolve({ status: told.status, body: JSON.stringify(body) })
  }
  return { told, asked, exchange }
}

describe('checks that ask others than Prometheus', () => {
  it('let a good version pass, and are asked for stable before it and for the new one then', async () => {
    const scene = await openScene()
    const { asked, exchange } = world(scene)
    const outcome = await scene.run({ inputs: INPUTS, exchange }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted' })
    expect(scene.traffic()).toMatch(/-> v2 3$/)
    const paths = asked.map(({ url }) => new URL(url)).filter(({ host }) => host === 'status.example.com')
    expect([...new Set(paths.map(({ pathname }) => pathname))]).toEqual(['/web/plain', '/web/green'])
    const secrets = asked.filter(({ headers }) => JSON.stringify(headers).includes('s3cret'))
    expect(new Set(secrets.map(({ url }) => new URL(url).origin))).toEqual(
      new Set(['https://api.datadoghq.com'])
    )
  })

  it.each<[string, (told: ReturnType<typeof world>['told']) => void, RegExp]>([
    [
      'an incident',
      (told) => (told.incidents = [{ name: 'checkout is down' }]),
      /^incidents was 1, but must be < 1 \(failed measurement 3 of 3\)$/
    ],
    [
      'errors',
      (told) => (told.errors = 7.25),
      /^errors was 7\.25, but must be < 5 \(failed measurement 3 of 3\)$/
    ],
    [
      'a source that fails',
      (told) => (told.status = 503),
      /^incidents has no data: https:\/\/status\.example\.com\/web\/green answered HTTP 503 \(no data counts as a failed measurement: 3 of 3\)$/
    ]
  ])('take it out when the bake brings %s', async (_, happen, reason) => {
    const scene = await openScene()
    const { told, exchange } = world(scene)
    const released = scene.run({ inputs: INPUTS, exchange }).deploy()
    await scene.when(SERVING, 100, () => {
      happen(told)
    })
    expect(await released).toMatchObject({ result: 'rolled-back', reason: expect.stringMatching(reason) })
    expect(scene.traffic()).toMatch(/-> v1 3$/)
    expect(scene.harm).toEqual([])
  })

  it.each<[string, (told: ReturnType<typeof world>['told']) => void, RegExp]>([
    [
      'a source that refuses',
      (told) => (told.status = 403),
      /checks: errors: Datadog at .* refuses access \(HTTP 403\)/
    ],
    [
      'what is no list',
      (told) => (told.incidents = {} as never),
      /checks: incidents: the answer has nothing at/
    ]
  ])('stop a release before it begins by %s', async (_, happen, reason) => {
    const scene = await openScene()
    const { told, exchange } = world(scene)
    happen(told)
    const before = scene.story.length
    await expect(scene.run({ inputs: INPUTS, exchange }).deploy()).rejects.toThrow(reason)
    expect(scene.story.slice(before)).toEqual([])
  })

  it('hold a release for data that are late, and do not pass without', async () => {
    const scene = await openScene()
    const { told, exchange } = world(scene)
    told.errors = undefined
    const inputs = { ...INPUTS, 'on-no-data': 'wait', 'no-data-timeout': '2m' }
    const held = await scene.run({ inputs, exchange }).deploy()
    expect(held).toMatchObject({
      result: 'rolled-back',
      reason: expect.stringMatching(/^errors has had no data for 2m: the series has no points yet$/)
    })
    expect(held.warnings).toContainEqual(
      'errors: the series has no points yet (asked for the stable version)'
    )
    const released = scene.run({ inputs, exchange }).deploy()
    await scene.when(SERVING, 60_000, () => (told.errors = 0))
    expect(await released).toMatchObject({ result: 'promoted' })
  })

  it('end with the run that is cancelled while they are asked', async () => {
    const scene = await openScene()
    const { exchange } = world(scene)
    const run = scene.run({
      inputs: INPUTS,
      exchange: (question, options, signal) =>
        scene.traffic().includes('v2')
          ? new Promise((_, reject) => {
              signal?.addEventListener('abort', () => {
                reject(new MetricsError('it broke off', 'unreachable'))
              })
              run.cancel()
            })
          : exchange(question, options, signal)
    })
    expect(await run.deploy()).toMatchObject({ result: 'aborted' })
    expect(scene.traffic()).toMatch(/-> v1 3$/)
  })
})
