import { afterEach, describe, expect, it } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene } from '../support/cluster/live-scene.ts'
import { startPrometheus, type OwnPrometheus, type Reported } from '../support/cluster/prometheus.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const started: OwnPrometheus[] = []
afterEach(async () => {
  for (const prometheus of started.splice(0)) await prometheus.stop()
})

/** Of each pod, whatever its version: a tenth of its requests fails. */
const REPORTED: Reported = {
  http_requests_total: [
    ['code="200",path="/shop"', 18],
    ['code="500",path="/shop"', 2]
  ]
}

const count = (text = ''): number => Number(text.replaceAll(',', ''))

describe('a Prometheus that restarts in the middle of a step', () => {
  it('is waited for, and what it missed is neither counted twice nor taken for a difference', async () => {
    const scene = await openLiveScene([workload(), service()], undefined, ONE_OF_MANY)
    const prometheus = await startPrometheus(scene.namespace, REPORTED)
    started.push(prometheus)
    const running = scene.run({
      images: image(2),
      strategy: 'canary',
      steps: '50% for 100s\n100%',
      prometheus: prometheus.url,
      'check-interval': '5s',
      'warm-up': '10s',
      checks: 'error-rate <= stable + 1%',
      bake: '0s'
    })
    await sleep(60_000)
    await prometheus.restart(20)
    const ended = await running
    expect(ended.log).toMatch(
      /compared with stable: Prometheus at .* cannot be reached: the connection is refused/
    )
    expect([ended.outputs.reason, ended.outputs.result]).toEqual(['', 'promoted'])
    // Half of the users are on each version, give or take what chance does: what was counted twice would be twice as much.
    const [, own, others] = /✓ errors [\d.]+% of ([\d,]+), stable [\d.]+% of ([\d,]+)/.exec(ended.log) ?? []
    const ratio = count(own) / count(others)
    console.log(`${own ?? ''} requests of one version, ${others ?? ''} of the other`)
    expect(ratio).toBeGreaterThan(0.7)
    expect(ratio).toBeLessThan(1.4)
    expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
  })
})
