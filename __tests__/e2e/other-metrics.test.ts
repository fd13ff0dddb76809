import { afterEach, describe, expect, it } from '@jest/globals'
import type { Deployment } from '../../src/kubernetes/objects.ts'
import type { Ended } from '../support/action.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { startPrometheus, type OwnPrometheus, type Reported } from '../support/cluster/prometheus.ts'
import { ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { essence, getService, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const started: OwnPrometheus[] = []
afterEach(async () => {
  for (const prometheus of started.splice(0)) await prometheus.stop()
})

/** The workload, with its readiness probe at another path than the usual ones. */
function probedAt(path: string): Deployment {
  const { spec, ...rest } = workload()
  const containers = spec.template.spec.containers.map((container) => ({
    ...container,
    readinessProbe: { httpGet: { path: `${path}?full=1`, port: 'http' }, periodSeconds: 1, timeoutSeconds: 5 }
  }))
  return {
    ...rest,
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } }
  }
}

/** A release whose pods report what the test says, to a Prometheus of its own. */
async function release(reported: Reported, inputs: Readonly<Record<string, string>>): Promise<Ended> {
  const scene = await openLiveScene([probedAt('/ping'), service()], undefined, ONE_OF_MANY)
  const prometheus = await startPrometheus(scene.namespace, reported)
  started.push(prometheus)
  return scene.run({
    images: image(2),
    prometheus: prometheus.url,
    'check-interval': '1s',
    'warm-up': '0s',
    checks: 'success-rate >= 99%',
    bake: '3s',
    ...inputs
  })
}

const warningsIn = ({ outputs }: Ended): readonly string[] =>
  (JSON.parse(outputs.json ?? '{}') as { warnings: readonly string[] }).warnings

describe('the kubelet is no user', () => {
  it('so that a version that answers nothing but its own probes never passes', async () => {
    const ended = await release({ http_requests_total: [['code="200",path="/ping"', 20]] }, {})
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.outputs.reason).toMatch(
      /^success-rate has no data: 0 requests reached the new version since the step began \(\d+ to \/ping are taken for probes\)/
    )
  })

  it('so that its many good answers hide no errors of users', async () => {
    const ended = await release(
      {
        http_requests_total: [
          ['code="200",path="/ping"', 200],
          ['code="200",path="/shop"', 6],
          ['code="500",path="/shop"', 4]
        ]
      },
      {}
    )
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.outputs.reason).toMatch(/^success-rate was [56]\d(\.\d+)?% over/)
  })
})

describe('a request without an HTTP status', () => {
  const reactive = (failing: number): Reported => ({
    http_server_requests_seconds_count: [
      ['status="200",outcome="SUCCESS",uri="/shop"', 10],
      ['status="UNKNOWN",outcome="UNKNOWN",uri="UNKNOWN"', 2],
      ['status="500",outcome="SERVER_ERROR",uri="/shop"', failing]
    ]
  })

  it('is no failure of the server', async () => {
    expect(await release(reactive(0), {})).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  })

  it('hides none either', async () => {
    const ended = await release(reactive(12), {})
    expect(ended.outputs.reason).toMatch(/^success-rate was [45]\d(\.\d+)?% over/)
  })
})

describe('a ratio that has no series while nothing fails', () => {
  const reported = { http_requests_total: [['code="200",path="/shop"', 10]] } as const
  const errors = (above: string): string =>
    `errors: ${above} / sum(rate(http_requests_total{pod=~"$pods"}[10s])) < 0.01`
  const failed = 'sum(rate(http_requests_total{pod=~"$pods",code=~"5.."}[10s]))'

  it('is told before the release, with the line that passes', async () => {
    const planned = await release(reported, { command: 'plan', checks: errors(failed) })
    expect(planned).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
    const line = errors(`(${failed} or vector(0))`)
    expect(warningsIn(planned)).toContainEqual(expect.stringContaining(`Write: ${line}`))
    expect(await release(reported, { checks: line })).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted' }
    })
  })

  it('says so where it has put a release back', async () => {
    const ended = await release(reported, { checks: errors(failed), 'failure-limit': '1' })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back' } })
    expect(ended.outputs.reason).toContain(
      `no series: the query found nothing; if that is so while nothing fails, write (${failed} or vector(0)) /`
    )
  })
})

describe('a workload that Prometheus does not scrape', () => {
  const unscraped = (): Deployment => {
    const { spec, ...rest } = workload()
    const { annotations: _, ...metadata } = spec.template.metadata ?? {}
    return { ...rest, spec: { ...spec, template: { ...spec.template, metadata } } }
  }

  it.each(['deploy', 'plan'])(
    'is not released with built-in checks, and nothing is changed: %s',
    async (command) => {
      const scene = await openLiveScene([unscraped(), service()], undefined, ONE_OF_MANY)
      const before = essence(await getService(scene.namespace))
      const ended = await scene.run({
        command,
        images: image(2),
        prometheus: 'service/monitoring/prometheus:9090',
        checks: 'success-rate >= 99%'
      })
      expect(ended.outputs.reason).toMatch(
        /^checks: success-rate cannot be measured: Prometheus has nothing from/
      )
      expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
      expect(essence(await getService(scene.namespace))).toStrictEqual(before)
      expect((await scene.end()).users).toMatchObject({ failed: 0 })
    }
  )
})
