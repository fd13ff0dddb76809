import { describe, expect, it } from '@jest/globals'
import type { Deployment } from '../../src/kubernetes/objects.ts'
import type { Ended } from '../support/action.ts'
import { ingressRoute, traefikService, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

/** Nobody scrapes its pods: what is known of it is what Traefik tells. */
function unscraped(version: Deployment): Deployment {
  const { spec } = version
  const { annotations: _, ...metadata } = spec.template.metadata ?? {}
  return { ...version, spec: { ...spec, template: { ...spec.template, metadata } } }
}

const CHECKED = {
  strategy: 'canary',
  route: 'traefikservice/web',
  metrics: 'traefik',
  prometheus: 'service/monitoring/prometheus:9090',
  checks: 'success-rate >= 95%\np95 latency < 1200ms',
  'check-interval': '1s',
  'warm-up': '0s',
  bake: '0s',
  previous: 'keep'
}

interface Measured {
  readonly check: string
  readonly requests?: number
  readonly verdict: string
}

const measurementsOf = ({ outputs }: Ended): readonly Measured[] =>
  (JSON.parse(outputs.json ?? '{}') as { measurements: readonly Measured[] }).measurements

describe("checks from Traefik's own metrics", () => {
  it('take a version with errors out, and let a good one pass', async () => {
    const host = uniqueHost()
    const objects = [
      unscraped(workload()),
      service(),
      traefikService({ backends: [{ name: 'web' }] }),
      ingressRoute({ host })
    ]
    const { run, end } = await openLiveScene(objects, host)
    const bad = unscraped(workload({ image: image(3), env: { ERROR_RATE: '0.2' } }))
    const failed = await run({ ...CHECKED, manifests: manifestFile([bad]), steps: '20% for 60s\n100%' })
    expect(failed).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', 'failed-check': 'success-rate >= 95%', weight: '0', image: image(1) }
    })
    // One in five is a crash, too: whichever shows first.
    expect(failed.outputs.reason).toMatch(
      /^(success-rate was ([5-8]\d|9[0-4])(\.\d+)?% over \d+ requests, but must be >= 95%|\d+ of \d+ requests failed .*: a crash)/
    )

    const promoted = await run({ ...CHECKED, images: image(2), steps: '20% for 5s\n100%' })
    expect(promoted).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
    const measured = measurementsOf(promoted)
    expect(measured.filter(({ verdict }) => verdict === 'fail')).toEqual([])
    expect(measured.some(({ requests = 0 }) => requests > 20)).toBe(true)

    const { users, empty } = await end()
    console.log(`${failed.outputs.reason ?? ''}; ${users.failed} errors of ${users.total} requests`)
    expect(users.failedByVersion).toEqual({ v3: users.failed })
    expect(empty).toEqual([])
  })
})

describe("a comparison by Traefik's own metrics", () => {
  it.each([
    ['lets a good version pass', {}, 0, 'promoted', /^$/],
    [
      'takes out a version that fails more often',
      { ERROR_RATE: '0.1' },
      1,
      'rolled-back',
      /^(error-rate was [\d.]+% of [\d,]+ requests since .*, stable 0% of [\d,]+ in the same minutes|\d+ of \d+ requests failed .*: a crash)/
    ]
  ])('%s', async (_, env, exitCode, result, reason) => {
    const host = uniqueHost()
    const objects = [
      unscraped(workload()),
      service(),
      traefikService({ backends: [{ name: 'web' }] }),
      ingressRoute({ host })
    ]
    const { run, end } = await openLiveScene(objects, host)
    // Where there is no past, what both do at the same time has to tell.
    const ended = await run({
      ...CHECKED,
      checks: 'error-rate <= stable + 1%',
      steps: '30% for 90s\n100%',
      manifests: manifestFile([unscraped(workload({ image: image(3), env }))])
    })
    expect(ended.outputs.reason).toMatch(reason)
    expect(ended).toMatchObject({ exitCode, outputs: { result } })
    const { users, empty } = await end()
    expect(users.failedByVersion).toEqual(users.failed === 0 ? {} : { v3: users.failed })
    expect(empty).toEqual([])
  })
})
