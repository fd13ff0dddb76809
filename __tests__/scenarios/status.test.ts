import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { plainHeadline, headline } from '../../src/report/headline.ts'
import { versionLines } from '../../src/report/history.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { waiting, READY } from '../support/memory/controllers.ts'
import { openScene, service, SERVING, workload, type RunOptions, type Scene } from './scene.ts'

/** What status says of a release that has not ended, and of a workload that nobody serves. */

const images = (version: number, more: Readonly<Record<string, string>> = {}): RunOptions => ({
  inputs: { images: `shop/web:${version}`, bake: '30s', ...more }
})

/** Two versions on record: v2 serves on green, and v1 was kept on blue or plain. */
async function released(): Promise<Scene> {
  const scene = await openScene()
  expect((await scene.run(images(2)).deploy()).result).toBe('promoted')
  expect((await scene.run(images(3)).deploy()).result).toBe('promoted')
  return scene
}

interface Told {
  readonly outcome: Outcome
  readonly log: string
  readonly summary: string
}

async function ask(scene: Scene, options: RunOptions = {}): Promise<Told> {
  const lines: string[] = []
  const outcome = await scene.run({ ...options, quote: (text) => lines.push(text) }).status()
  return { outcome, log: lines.join('\n'), summary: renderSummary(outcome) }
}

const rowsOf = (summary: string): string[] =>
  summary
    .slice(summary.indexOf('What runs now'))
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| Release'))

describe('status in the bake of a release', () => {
  const inBake = async (end: 'kill' | 'live'): Promise<Scene> => {
    const scene = await released()
    const run = scene.run(images(4))
    const ended = run.deploy()
    ended.catch(() => undefined)
    await scene.when(SERVING, 5000, () => {
      if (end === 'kill') run.kill()
    })
    return scene
  }

  it('tells of the version that has the traffic, the way back, and that the run is gone', async () => {
    const scene = await inBake('kill')
    expect(scene.service().spec.selector).toMatchObject({ 'greenlight.dev/slot': 'green' })
    const { outcome, log, summary } = await ask(scene)
    expect(log).toMatch(
      /^service\/web sends all traffic to deployment\/web-green: 3 of 3 pods ready, template \w+; the way back is deployment\/web-blue: 3 of 3 pods ready, template \w+$/m
    )
    expect(outcome).toMatchObject({
      runner: 'gone',
      weight: 100,
      serving: { deployment: 'web-green', images: ['shop/web:4'] },
      previous: { deployment: 'web-blue', images: ['shop/web:3'], replicas: 3 }
    })
    expect(headline(outcome)).toMatch(
      /^⚠️ .*`shop\/web:4` serves all traffic, in a release whose run is gone$/
    )
    expect(outcome.reason).toContain('its run is gone, and nobody watches or ends it')
    expect(outcome.next.join()).toContain('command: abort undoes it')
    const served = outcome.versions?.filter(({ serves }) => serves)
    expect(served).toMatchObject([{ release: '3-1', images: ['shop/web:4'], phase: 'running' }])
    expect(versionLines(outcome.versions ?? [])[0]).toMatch(/serves, left unfinished, its run is gone/)
    expect(versionLines(outcome.versions ?? []).join('\n')).not.toContain('shop/web:4  not on record')
    expect(rowsOf(summary).slice(2, 4)).toEqual([
      expect.stringMatching(/gets all traffic.*web-green.*shop\/web:4/),
      expect.stringMatching(/previous version, still running: the way back.*web-blue.*shop\/web:3/)
    ])
  })

  it('tells whoever finds a living run to wait for it or to cancel it', async () => {
    const scene = await inBake('live')
    const { outcome } = await ask(scene)
    expect(outcome.runner).toBe('alive')
    expect(plainHeadline(outcome)).toMatch(/web:4 serves all traffic, while a run releases$/)
    expect(outcome.next).toEqual([
      expect.stringContaining('A run is at work on it (https://ci/3-1): wait for it.')
    ])
    const refused = await scene
      .run()
      .abort()
      .catch((error: unknown) => String(error))
    expect(refused).toContain('another run is releasing here right now')
    expect(refused).not.toMatch(/nothing was changed/i)
  })

  it('says of a release that ends while it looks how it has ended', async () => {
    const scene = await released()
    const ending = scene.run(images(4, { bake: '12s' })).deploy()
    let told: Promise<Told> | undefined
    await scene.when(SERVING, 11_900, () => (told = ask(scene)))
    await ending
    expect((await told)?.outcome).not.toMatchObject({ runner: 'gone' })
  })

  it('says what it cannot tell where locks may not be read', async () => {
    const scene = await inBake('kill')
    const { outcome } = await ask(scene, {
      before: ({ kind }) => {
        if (kind === 'Lease') throw new ClusterError('leases is forbidden', 403)
      }
    })
    expect(outcome.runner).toBe('unknown')
    expect(outcome.reason).toContain('whether its run lives cannot be told')
    expect(outcome.next.join()).toMatch(/^Should its run \(https:\/\/ci\/3-1\) be gone/)
  })
})

it('tells who has how much while a release waits', async () => {
  const scene = await released()
  const steps = { strategy: 'canary', steps: '50% until approved\n100%' }
  expect(await scene.run(images(4, steps)).deploy()).toMatchObject({ result: 'waiting' })
  const { log, outcome } = await ask(scene)
  expect(log).toMatch(
    /^service\/web sends 50% of the traffic to deployment\/web-green: 3 of 3 pods ready, template \w+, and everything else to deployment\/web-blue: 3 of 3 pods ready/m
  )
  expect(outcome).not.toHaveProperty('runner')
})

describe('status of a workload that nobody serves', () => {
  it('does not call that serving when all pods crash', async () => {
    const scene = await openScene()
    scene.controllers.life = () => ({ after: 500, status: waiting('CrashLoopBackOff') })
    for (const { metadata } of scene.cluster.all({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop' }))
      scene.cluster.remove({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: metadata.name })
    await scene.clock.sleep(5000)
    const { outcome, log } = await ask(scene)
    expect(log).toContain('0 of 3 pods ready')
    expect(headline(outcome)).toMatch(/^⚠️ .* has all traffic, but none of its pods is ready$/)
    scene.controllers.life = () => ({ after: 500, status: READY })
  })

  it('nor when it is scaled to 0', async () => {
    const scene = await openScene([workload('web', { replicas: 0 }), service()])
    const { outcome, summary } = await ask(scene)
    expect(headline(outcome)).toMatch(/^⚠️ .* has all traffic, but none of its pods is ready$/)
    expect(summary).not.toContain('template')
  })
})
