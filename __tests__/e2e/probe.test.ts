import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { percent } from '../../src/base/counted.ts'
import { SIGTERM_AFTER, type Ended } from '../support/action.ts'
import { gatewayUrl, httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { interval, shiftsOf } from '../support/cluster/share.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const CANARY = { strategy: 'canary', route: 'httproute/web', previous: 'keep', bake: '0s' }

const warningsOf = ({ outputs }: Ended): readonly string[] =>
  (JSON.parse(outputs.json ?? '{}') as { warnings: readonly string[] }).warnings

describe('a probe through the gateway', () => {
  it('sees the share that each step gives the canary, and ends at once when the run is cancelled', async () => {
    const host = uniqueHost()
    const { run, start, end } = await openLiveScene([workload(), service(), httpRoute({ host })], host)
    const probe = `${await gatewayUrl()}?key=not-told by x-version with Host: ${host}`
    const ended = await run({ ...CANARY, images: image(2), steps: '10% for 8s\n50% for 8s\n100%', probe })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(warningsOf(ended)).toEqual([])
    const [tenth, half, all] = shiftsOf(ended)
    for (const { weight, observed } of [tenth, half].flatMap((shift) => shift ?? [])) {
      const { share, requests } = observed ?? { share: NaN, requests: 0 }
      const [low, high] = interval(weight, requests)
      console.log(`${weight}%: ${share}% of ${requests} (99.99%: ${low.toFixed(2)}–${high.toFixed(2)})`)
      expect(requests).toBeGreaterThan(150)
      expect(share).toBeGreaterThanOrEqual(low)
      expect(share).toBeLessThanOrEqual(high)
    }
    // A step without a length is over before anything could be seen.
    expect(all).toMatchObject({ weight: 100 })
    expect(all?.observed).toBeUndefined()
    expect(ended.log).toMatch(/observed through http:\S+: \d+ of \d+ = \d+(?:\.\d)?% from web-green/)
    expect(ended.log + ended.summary + JSON.stringify(ended.outputs)).not.toContain('not-told')
    const { share = NaN, requests = NaN } = tenth?.observed ?? {}
    expect(ended.summary).toContain(`| ${percent(share)} of ${requests} |`)

    const started = start({ ...CANARY, images: image(3), steps: '50% for 60s\n100%', probe })
    await started.seen(/: watch web-blue/)
    await sleep(4500)
    started.child.kill('SIGINT')
    const cancelled = await started.ended
    expect(cancelled).toMatchObject({ exitCode: 1, outputs: { result: 'aborted', weight: '0' } })
    expect(Number(cancelled.outputs['restore-seconds'])).toBeLessThan(SIGTERM_AFTER)
    const [cut] = shiftsOf(cancelled)
    expect(cut?.observed?.requests).toBeGreaterThan(20)
    expect(cut?.observed?.requests).toBeLessThan(120)
    expect((await end()).users.failures).toEqual([])
  })

  it('to where nobody answers is one warning, and the release goes on', async () => {
    const host = uniqueHost()
    const { run, end } = await openLiveScene([workload(), service(), httpRoute({ host })], host)
    const ended = await run({
      ...CANARY,
      images: image(2),
      steps: '50% for 4s\n100% for 4s',
      probe: 'http://127.0.0.1:9/?key=not-told by x-version'
    })
    expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
    expect(warningsOf(ended)).toEqual([
      'probe: the share that users see is not observed: the entry does not answer: connect ECONNREFUSED 127.0.0.1:9'
    ])
    expect(shiftsOf(ended).map(({ observed }) => observed)).toEqual([undefined, undefined])
    expect(ended.log + ended.summary + JSON.stringify(ended.outputs)).not.toContain('not-told')
    expect((await end()).users.failures).toEqual([])
  })
})
