import { afterAll, beforeAll, expect } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import {
  getRollout,
  rollout,
  untilRollout,
  versionService,
  type Rollout
} from '../support/cluster/argo-rollouts.ts'
import {
  BUILDING,
  prepareArgoRollouts,
  startArgoRollouts,
  stopControllers
} from '../support/cluster/controllers.ts'
import {
  gatewayUrl,
  ingressRoute,
  traefikService,
  uniqueHost,
  untilServed
} from '../support/cluster/gateway.ts'
import { openLiveStage } from '../support/cluster/live-scene.ts'
import { playTogether } from '../support/cluster/live-suite.ts'
import { startLoad } from '../support/cluster/load.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { interval, observe, shiftsOf } from '../support/cluster/share.ts'
import { followWeights } from '../support/cluster/traefik-weights.ts'
import { image, service } from '../support/cluster/workload.ts'

/** Releases that Argo Rollouts carries out and the action tests and lets through, with users. */

beforeAll(prepareArgoRollouts, BUILDING)
afterAll(stopControllers)

const PER_SECOND = 200

/** Traefik may take up to two seconds until a change is effective. */
const EFFECTIVE = 2500

const VERSION_2 = {
  workload: 'rollout/web',
  bake: '0s',
  images: image(2),
  'smoke-tests': 'GET / -> 200 contains "v2"'
}
/** It does not say what the smoke test wants to hear. */
const VERSION_3 = { ...VERSION_2, images: image(3) }

const isHealthy = ({ status }: Rollout): boolean =>
  status?.phase === 'Healthy' && status.stableRS === status.currentPodHash

const imageOf = async (namespace: string): Promise<string | undefined> =>
  (await getRollout(namespace)).spec.template.spec.containers[0]?.image

/** A Rollout at rest, with a controller of its own. */
async function openRollout(objects: readonly KubernetesObject[]) {
  const stage = await openLiveStage(objects)
  await startArgoRollouts(stage.namespace)
  await untilRollout(stage.namespace, 'is Healthy', isHealthy)
  return stage
}

async function switched(): Promise<void> {
  const strategy = {
    blueGreen: { activeService: 'web', previewService: 'web-preview', autoPromotionEnabled: false }
  }
  const { namespace, url, run } = await openRollout([
    service(),
    versionService('web-preview'),
    rollout(strategy, { replicas: 2 })
  ])
  const load = await startLoad(url, PER_SECOND)
  try {
    const bad = await run(VERSION_3)
    expect(bad).toMatchObject({
      exitCode: 1,
      outputs: { result: 'rolled-back', image: image(1), weight: '0' }
    })
    expect(bad.outputs.reason).toMatch(/^smoke test failed: 1: GET \/: 2 of 2 pods failed/)
    expect(await imageOf(namespace)).toBe(image(1))

    const waiting = await run(VERSION_2)
    expect(waiting).toMatchObject({
      exitCode: 0,
      outputs: { result: 'waiting', image: image(1), weight: '0' }
    })
    const yesAt = Date.now()
    const promoted = await run({ ...VERSION_2, command: 'promote' })
    expect(promoted).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(2), weight: '100' }
    })
    await untilRollout(namespace, 'is Healthy', isHealthy)

    const users = await load.stop()
    console.log(
      `switch: ${users.failed} of ${users.total} failed, ${JSON.stringify(users.versions)}; ` +
        `v3 taken back in ${bad.milliseconds} ms, waiting after ${waiting.milliseconds} ms, promoted in ${promoted.milliseconds} ms`
    )
    expect(users.failures).toEqual([])
    expect(users.total).toBeGreaterThan(1000)
    expect(users.versions.v3).toBeUndefined()
    const second = users.firstSeen.find(({ version }) => version === 'v2')
    // Nobody is on it before somebody has said yes.
    expect(users.startedAt + (second?.at ?? 0) * 1000).toBeGreaterThan(yesAt)
  } finally {
    await load.stop()
  }
}

async function shared(): Promise<void> {
  const host = uniqueHost()
  const strategy = {
    canary: {
      canaryService: 'web-canary',
      stableService: 'web-stable',
      trafficRouting: { traefik: { weightedTraefikServiceName: 'web' } },
      steps: [
        { setWeight: 10 },
        { pause: { duration: '8s' } },
        { setWeight: 50 },
        { pause: { duration: '8s' } },
        { setWeight: 100 },
        { pause: { duration: '3s' } }
      ]
    }
  }
  const stage = await openLiveStage([
    versionService('web-stable'),
    versionService('web-canary'),
    rollout(strategy, { replicas: 2 })
  ])
  const { namespace, run } = stage
  // The controller alone writes it: the published Role has no right to it.
  const entrance = [
    traefikService({ namespace, backends: [{ name: 'web-stable' }, { name: 'web-canary' }] }),
    ingressRoute({ namespace, host })
  ]
  for (const object of entrance) await admin.create(object)
  await startArgoRollouts(namespace)
  await untilRollout(namespace, 'is Healthy', isHealthy)
  await untilServed(host)
  const weights = followWeights(namespace, 'web-canary')
  const load = await startLoad(await gatewayUrl(), PER_SECOND, { Host: host })
  try {
    const promoted = await run(VERSION_2)
    expect(promoted).toMatchObject({
      exitCode: 0,
      outputs: { result: 'promoted', image: image(2), weight: '100' }
    })
    await untilRollout(namespace, 'is Healthy', isHealthy)
    const users = await load.stop()
    expect(shiftsOf(promoted).map(({ weight }) => weight)).toEqual([10, 50, 100])
    expect(weights.seen.slice(0, 4)).toEqual([0, 10, 50, 100])
    const seen = [10, 50].map((weight) => {
      const from = weights.times.findIndex((one) => one.weight === weight)
      const [begin, end] = weights.times.slice(from, from + 2)
      return observe(users, 'v2', (begin?.at ?? 0) + EFFECTIVE, end?.at ?? 0)
    })
    console.log(
      `shares: ${users.failed} of ${users.total} failed, ${JSON.stringify(users.versions)}; ` +
        seen.map(({ canary, all, share }) => `${canary} of ${all} = ${share.toFixed(2)}%`).join(', ') +
        `; promoted in ${promoted.milliseconds} ms`
    )
    expect(users.failures).toEqual([])
    for (const [at, weight] of [10, 50].entries()) {
      const { all, share } = seen[at] ?? { all: 0, share: 0 }
      const [low, high] = interval(weight, all)
      expect(all).toBeGreaterThan(400)
      expect(share).toBeGreaterThanOrEqual(low)
      expect(share).toBeLessThanOrEqual(high)
    }
  } finally {
    await load.stop()
    await weights.stop()
  }
}

playTogether(
  {
    'a switch is tested before anybody is on it, waits for a yes, and no request fails; what fails its test is taken back':
      switched,
    'a canary goes by its shares on a TraefikService, as users see them': shared
  },
  2
)
