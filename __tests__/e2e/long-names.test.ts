import { describe, expect, it } from '@jest/globals'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { essence, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const PROMETHEUS = {
  prometheus: 'service/monitoring/prometheus:9090',
  'check-interval': '1s',
  'warm-up': '0s'
}

/** As long as a chart leaves a name: its pods and those of its slots all have the same beginning. */
const NAME = `shop-${'storefront-'.repeat(5)}web`

const open = (objects: Parameters<typeof openLiveScene>[0] = [], host?: string) =>
  openLiveScene([workload({ name: NAME }), service(), ...objects], host)

const bad = manifestFile([workload({ name: NAME, image: image(3), env: { ERROR_RATE: '0.2' } })])

describe('a workload whose name has 63 characters', () => {
  it.each([
    // One in five is a crash, too: whichever shows first.
    [
      'by the built-in check',
      'success-rate >= 95%',
      /^(success-rate was ([5-8]\d|9[0-4])|\d+ of \d+ requests failed .*: a crash)/
    ],
    [
      'by a query with $pods',
      'failing: sum(increase(http_requests_total{code="500",pod=~"$pods"}[$window])) / sum(increase(http_requests_total{pod=~"$pods"}[$window])) < 0.05',
      /^failing was (0\.(0[5-9]|[1-6])|1$)/
    ]
  ])('loses a canary at 10% that fails every fifth request, %s', async (_, checks, reason) => {
    expect(NAME).toHaveLength(63)
    const host = uniqueHost()
    const scene = await open([httpRoute({ host })], host)
    const ended = await scene.run({
      ...PROMETHEUS,
      workload: NAME,
      strategy: 'canary',
      route: 'httproute/web',
      manifests: bad,
      checks,
      steps: '10% for 60s\n100%',
      bake: '0s'
    })
    expect(ended.outputs.reason).toMatch(reason)
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', 'failed-check': checks } })
    const { users } = await scene.end()
    expect(users.failedByVersion).toEqual({ v3: users.failed })
    expect(users.versions.v1 ?? 0).toBeGreaterThan(5 * (users.versions.v3 ?? 0))
  })

  it('is released, released again and rolled back without a failed request', async () => {
    const scene = await open()
    const inputs = { ...PROMETHEUS, workload: NAME, checks: 'success-rate >= 95%', bake: '5s' }
    for (const version of [2, 3]) {
      const ended = await scene.run({ ...inputs, images: image(version) })
      expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(version) } })
    }
    const back = await scene.run({ workload: NAME, command: 'rollback' })
    expect(back).toMatchObject({ exitCode: 0, outputs: { image: image(2) } })
    expect(essence(await getService(scene.namespace))).toHaveProperty('spec.selector', {
      app: 'web',
      'greenlight.dev/slot': 'green'
    })
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0 })
    expect(empty).toEqual([])
  })
})

describe('a workload whose name has a dot', () => {
  it('is released in steps and rolled back, as kubectl names it', async () => {
    const host = uniqueHost()
    const scene = await openLiveScene([workload({ name: 'web.v1' }), service(), httpRoute({ host })], host)
    const route = 'httproute/web'
    const released = await scene.run({
      workload: 'deployment.apps/web.v1',
      images: image(2),
      strategy: 'canary',
      route,
      steps: '50% for 1s\n100%',
      bake: '0s'
    })
    expect(released).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const back = await scene.run({ workload: 'web.v1', command: 'rollback', route })
    expect(back).toMatchObject({ exitCode: 0, outputs: { image: image(1) } })
    const { users } = await scene.end()
    expect(users).toMatchObject({ failed: 0, failures: [] })
    expect(Object.keys(users.versions).sort()).toEqual(['v1', 'v2'])
  })
})
