import { setTimeout as sleep } from 'node:timers/promises'
import { manifestFile, openLiveScene } from './live-scene.ts'
import { deleteNamespace } from './real-cluster.ts'
import { image, service, workload } from './workload.ts'

/**
 * Releases of services as noisy as real ones: durations are lognormal and differ by pod, new pods are cold, a few requests fail, and
 * now and then something that both versions need is down.
 */

const NOISE = {
  LATENCY_MS: '40',
  POD_SPREAD: '0.05',
  ERROR_RATE: '0.001',
  COLD_SECONDS: '20',
  COLD_TIMES: '3',
  INCIDENT: '180/25/0.1'
}

/** What is wrong with the new version, if anything. */
export const REGRESSIONS = {
  good: {},
  'errors x10': { ERROR_RATE: '0.01' },
  'errors x50': { ERROR_RATE: '0.05' },
  'latency x1.5': { LATENCY_MS: '60' },
  'slow tail': { TAIL: '0.08' },
  crash: { ERROR_RATE: '0.5' }
} as const

export type Regression = keyof typeof REGRESSIONS

export interface NoisyRelease {
  readonly regression: Regression
  /** Seconds between two scrapes of a pod. */
  readonly every: number
  readonly inputs: Readonly<Record<string, string>>
  /** Seconds that stable has had users before. */
  readonly history: number
}

export interface NoisyEnd {
  readonly result: string
  readonly reason: string
  readonly failedCheck: string
  /** Since the first users of the new version. */
  readonly seconds: number
  /** Requests that the new version has answered, and how many of these failed. */
  readonly exposed: number
  readonly failed: number
  readonly log: string
  readonly summary: string
}

const REQUESTS_PER_SECOND = 40

const scraped = (every: number) => ({ 'greenlight.test/scrape-every': `${every}s` })

/** Plays a release on a stage of its own. Several may be played at the same time. */
export async function playNoisy({ regression, every, inputs, history }: NoisyRelease): Promise<NoisyEnd> {
  const stable = workload({ env: NOISE, annotations: scraped(every) })
  const scene = await openLiveScene([stable, service()], undefined, REQUESTS_PER_SECOND)
  await sleep(history * 1_000)
  const env = { ...NOISE, ...REGRESSIONS[regression] }
  const next = workload({ env, image: image(2), annotations: scraped(every) })
  const { outputs, log, summary } = await scene.run({
    prometheus: 'service/monitoring/prometheus:9090',
    manifests: manifestFile([next]),
    ...inputs
  })
  const { users } = await scene.end()
  // A node takes about a hundred pods.
  await deleteNamespace(scene.namespace)
  const { shifts, finishedAt } = JSON.parse(outputs.json ?? '{}') as {
    shifts: readonly { at: string }[]
    finishedAt: string
  }
  return {
    result: outputs.result ?? '',
    reason: outputs.reason ?? '',
    failedCheck: outputs['failed-check'] ?? '',
    seconds: (Date.parse(shifts.at(-1)?.at ?? finishedAt) - Date.parse(shifts[0]?.at ?? finishedAt)) / 1_000,
    exposed: users.versions.v2 ?? 0,
    failed: users.failedByVersion.v2 ?? 0,
    log,
    summary
  }
}
