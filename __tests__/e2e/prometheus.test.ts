import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import type { HttpAnswer } from '../../src/kubernetes/cluster.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { essence, getService, image } from '../support/cluster/workload.ts'

playLiveScenes()

const REAL = {
  prometheus: 'service/monitoring/prometheus:9090',
  'check-interval': '1s',
  'warm-up': '0s',
  images: image(2),
  bake: '20s'
}
const HEALTHY = 'success-rate >= 95%'

/** Shows that a release which may not be judged is not promoted, whatever else happens. */
async function neverPromoted(
  inputs: Record<string, string>,
  result: string,
  reason: RegExp,
  play?: (scene: LiveScene) => Promise<void>
): Promise<void> {
  const scene = await openLiveScene()
  const before = essence(await getService(scene.namespace))
  const started = scene.start({ ...REAL, ...inputs })
  await play?.(scene)
  const ended = await started.ended
  expect(ended).toMatchObject({ exitCode: 1, outputs: { result, 'stable-slot': 'plain' } })
  expect(ended.outputs.reason).toMatch(reason)
  expect(essence(await getService(scene.namespace))).toStrictEqual(before)
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
}

const ask = (method: string, url: string, body: string): Promise<HttpAnswer> =>
  admin.send({
    method,
    path: `/api/v1/namespaces/monitoring/services/prometheus:9090/proxy${url}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...(method === 'POST' ? { body } : {})
  })

/** The real Prometheus behind a door that the test can close. */
async function startDoor(): Promise<{ readonly url: string; close(how: 'gone' | 'slow'): void }> {
  let state: 'open' | 'gone' | 'slow' = 'open'
  const server = createServer((request, response) => {
    if (state === 'slow') return
    void text(request)
      .then((body) => ask(request.method ?? 'GET', request.url ?? '', body))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(body)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close(how) {
      state = how
      if (how === 'gone') {
        server.close()
        server.closeAllConnections()
      }
    }
  }
}

describe('silence is not consent: a release is never promoted when Prometheus', () => {
  it('does not answer from the start, and then nothing is changed', () =>
    neverPromoted(
      { prometheus: 'http://127.0.0.1:9', checks: HEALTHY },
      'failed',
      /^prometheus: Prometheus at http:\/\/127\.0\.0\.1:9 .*(refused|reach)/
    ))

  it('goes away in the middle', async () => {
    const door = await startDoor()
    await neverPromoted(
      { prometheus: door.url, checks: HEALTHY },
      'rolled-back',
      /^success-rate has no data: Prometheus at http:\S+ .*\(no data counts as a failed measurement: 3 of 3\)/,
      async ({ namespace }) => {
        await untilSwitched(namespace)
        door.close('gone')
      }
    )
  })

  it('hangs in the middle', async () => {
    const door = await startDoor()
    await neverPromoted(
      { prometheus: door.url, checks: HEALTHY, 'failure-limit': '1' },
      'rolled-back',
      /^success-rate has no data: .*within 10 ?s/,
      async ({ namespace }) => {
        await untilSwitched(namespace)
        door.close('slow')
      }
    )
  })

  it('has no series', () =>
    neverPromoted(
      { checks: `${HEALTHY}\nteapots: sum(rate(http_requests_total{code="418", pod=~"$pods"}[5s])) < 100` },
      'rolled-back',
      /^teapots has no data: .*no series/
    ))

  it('knows no such metric, and then nothing is changed', () =>
    neverPromoted(
      { checks: `${HEALTHY}\nqueue: sum(queue_depth{pod=~"$pods"}) < 100` },
      'failed',
      /^checks: queue: .*queue_depth/
    ))

  it('gives NaN', () =>
    neverPromoted(
      { checks: `${HEALTHY}\nshare: sum(up{pod=~"$pods"} * 0) / sum(up{pod=~"$pods"} * 0) < 1` },
      'rolled-back',
      /^share has no data: .*NaN/
    ))

  it('gives two series where one was meant, and then nothing is changed', () =>
    neverPromoted({ checks: `load: up{pod=~"$pods"} < 100` }, 'failed', /^checks: load: .*\d series/))

  it('does not understand the query, and then nothing is changed', () =>
    neverPromoted({ checks: `load: sum(up{pod=~"$pods"} < 100` }, 'failed', /^checks: load: .*parse error/))
})

async function untilSwitched(namespace: string): Promise<void> {
  for (let left = 300; left > 0; left -= 1) {
    const { spec } = await getService(namespace)
    if (spec.selector?.['greenlight.dev/slot'] === 'green') return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the traffic was not moved within 30 s')
}
