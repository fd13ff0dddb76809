import { describe, expect, it } from '@jest/globals'
import { SIGTERM_AFTER } from '../support/action.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { essence, getService, image, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const PROMETHEUS = {
  prometheus: 'service/monitoring/prometheus:9090',
  'check-interval': '1s',
  'warm-up': '0s'
}
// A busy machine takes its time for answers, too.
const CHECKS = 'success-rate >= 95%\np95 latency < 1200ms'
const LOAD = 'GET / at 50/s for 15s -> 200'

const version = (env: Record<string, string>): string => manifestFile([workload({ image: image(3), env })])

describe('checks', () => {
  it('let a good version pass, under load before the switch and under users after it', async () => {
    const scene = await openLiveScene()
    const ended = await scene.run({
      ...PROMETHEUS,
      images: image(2),
      checks: CHECKS,
      'smoke-tests': 'GET / at 50/s for 5s -> 200',
      bake: '8s'
    })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    const { measurements } = JSON.parse(ended.outputs.json ?? '') as {
      measurements: { step: string; requests?: number; verdict: string }[]
    }
    expect(new Set(measurements.map(({ step }) => step))).toEqual(
      new Set(['1: GET / at 50/s for 5s', 'bake'])
    )
    expect(measurements.filter(({ verdict }) => verdict === 'fail')).toEqual([])
    expect((await scene.end()).users).toMatchObject({ failed: 0 })
  })

  it.each([
    [
      'a fifth of its answers are errors',
      { ERROR_RATE: '0.2' },
      'success-rate >= 95%',
      // One in five is a crash, too, and of the first few it may be one in ten: whichever shows first.
      /^(success-rate was ([5-8]\d|9[0-4])(\.\d+)?% over \d+ requests, but must be >= 95%|\d+ of \d+ requests failed .*: a crash)/
    ],
    [
      'it answers after two seconds',
      { SLOW_MS: '2000' },
      'p95 latency < 1200ms',
      /^p95 latency was \d+(\.\d+)?m?s over \d+ requests, but must be < 1200ms/
    ]
  ])('take a version out before a single user is on it when %s', async (_, env, failed, reason) => {
    const scene = await openLiveScene()
    const before = essence(await getService(scene.namespace))
    const ended = await scene.run({
      ...PROMETHEUS,
      manifests: version(env),
      checks: CHECKS,
      'smoke-tests': LOAD
    })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'rolled-back', 'failed-check': failed } })
    expect(ended.outputs.reason).toMatch(reason)
    expect(essence(await getService(scene.namespace))).toStrictEqual(before)
    const { users, empty } = await scene.end()
    expect(users).toMatchObject({ failed: 0, versions: { v1: users.total } })
    expect(empty).toEqual([])
  })

  it('are measured even when the bake is 0: no release is good unseen', async () => {
    // One measurement is enough then, and a few errors might not be among the first requests.
    const scene = await openLiveScene()
    const ended = await scene.run({
      ...PROMETHEUS,
      manifests: version({ ERROR_RATE: '0.9' }),
      checks: CHECKS,
      bake: '0s'
    })
    expect(ended).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'failed-check': 'success-rate >= 95%' }
    })
    const { users } = await scene.end()
    expect(users.failedByVersion).toEqual({ v3: users.failed })
  })

  it('take a version out in the bake when nothing had tested it before', async () => {
    const scene = await openLiveScene()
    const before = essence(await getService(scene.namespace))
    const ended = await scene.run({
      ...PROMETHEUS,
      manifests: version({ ERROR_RATE: '0.2' }),
      checks: CHECKS,
      bake: '60s'
    })
    expect(ended).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'failed-check': 'success-rate >= 95%' }
    })
    expect(Number(ended.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    expect(essence(await getService(scene.namespace))).toStrictEqual(before)

    const { users, empty } = await scene.end()
    const first = users.firstSeen.find((seen) => seen.version === 'v3')?.at ?? 0
    const last = users.lastSeen.find((seen) => seen.version === 'v3')?.at ?? 0
    console.log(
      `bad answers for ${(last - first).toFixed(1)} s: ${users.failed} of ${users.total}; restored within ${ended.outputs['restore-seconds'] ?? ''} s`
    )
    expect(users.failedByVersion).toEqual({ v3: users.failed })
    expect(empty).toEqual([])
  })

  it('take a version out that crashes while it warms up', async () => {
    const scene = await openLiveScene()
    const ended = await scene.run({
      ...PROMETHEUS,
      'warm-up': '60s',
      manifests: version({ ERROR_RATE: '0.6' }),
      checks: 'success-rate >= 95%'
    })
    expect(ended).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'failed-check': 'success-rate >= 95%' }
    })
    expect(ended.outputs.reason).toMatch(
      /^\d+ of \d+ requests failed until .*: a crash, seen in \d+ scrapes$/
    )
    const { users } = await scene.end()
    const [first, last] = [users.firstSeen, users.lastSeen].map(
      (seen) => seen.find((one) => one.version === 'v3')?.at ?? 0
    )
    expect((last ?? 0) - (first ?? 0)).toBeLessThan(30)
    expect(users.failedByVersion).toEqual({ v3: users.failed })
  })
})
