import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { systemClock } from '../../src/base/clock.ts'
import type { ComparedSamples } from '../../src/checks/compared-samples.ts'
import { eachGrowth } from '../../src/checks/judge/growth.ts'
import { judgeRelease } from '../../src/checks/judge/index.ts'
import { knownPod, type PodSamples, type Sample } from '../../src/checks/judge/pods.ts'
import type { MeasuredVersion } from '../../src/checks/measured-version.ts'
import { openComparison, type Comparison } from '../../src/checks/prometheus/comparison.ts'
import { wantedBy } from '../../src/checks/prometheus/recipes.ts'
import { openPrometheus } from '../../src/checks/prometheus/prometheus.ts'
import { readVolumes, volumeQuery } from '../../src/checks/prometheus/volume.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { getPods, image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

const prometheus = openPrometheus(
  { kind: 'service', namespace: 'monitoring', name: 'prometheus', port: 9090 },
  { headers: {}, cluster: admin }
)

async function versionOf(
  namespace: string,
  color: string,
  side: 'stable' | 'canary'
): Promise<MeasuredVersion> {
  const pods = (await getPods(namespace, `app=web,version=${color}`)).map(({ metadata }) => ({
    name: metadata.name,
    createdAt: Date.parse(metadata.creationTimestamp ?? '')
  }))
  const replicaSet = pods[0]?.name.replace(/-[a-z0-9]{5}$/, '') ?? ''
  return {
    ...{ namespace, workload: 'web', slot: color, service: 'web', side, pods, replicaSet },
    releaseStartedAt: Math.min(...pods.map(({ createdAt }) => createdAt))
  }
}

const open = (): Comparison =>
  openComparison(prometheus, systemClock, wantedBy([{ kind: 'like-stable' }]), 'http')

function told(answer: Awaited<ReturnType<Comparison['look']>>): ComparedSamples {
  if ('why' in answer) throw new Error(answer.why)
  return answer
}

/** What both versions' pods have told until a moment, in an order of its own. */
function until(at: number, { stable, canary }: ComparedSamples): object {
  const early = (all: readonly { readonly samples: readonly Sample[] }[]): readonly string[] =>
    all
      .map((one) => ({ ...one, samples: one.samples.filter((sample) => sample.at <= at) }))
      .filter(({ samples }) => samples.length > 0)
      .map((one) => JSON.stringify(one))
      .sort()
  return [...stable, ...canary].map(({ name, requests, buckets }) => ({
    name,
    requests: early(requests),
    buckets: early(buckets)
  }))
}

function grown(pods: readonly PodSamples[]): { requests: number; errors: number; timed: number } {
  const sum = { requests: 0, errors: 0, timed: 0 }
  for (const pod of pods) {
    const { bornAt } = knownPod(pod)
    for (const { failed, samples } of pod.requests)
      eachGrowth(samples, bornAt, (by) => {
        sum.requests += by
        sum.errors += failed ? by : 0
      })
    for (const { edge, samples } of pod.buckets)
      eachGrowth(samples, bornAt, (by) => (sum.timed += edge === Infinity ? by : 0))
  }
  return sum
}

describe('the samples of two versions', () => {
  it('are every request of the users, in however many looks, and a verdict', async () => {
    const blue = workload({ name: 'web', labels: { version: 'blue' } })
    const green = workload({
      ...{ name: 'web-green', labels: { version: 'green' }, image: image(2), replicas: 1 },
      env: { ERROR_RATE: '0.5' }
    })
    const { namespace, end } = await openLiveScene([blue, green, service()])
    const versions = {
      stable: await versionOf(namespace, 'blue', 'stable'),
      canary: await versionOf(namespace, 'green', 'canary')
    }
    const users = Date.now()
    const often = open()
    for (const _ of Array(8)) {
      await often.look(versions, users)
      await sleep(2_000)
    }
    const { users: counted } = await end()
    // Prometheus scrapes every second.
    await sleep(5_000)

    const inParts = told(await often.look(versions, users))
    const atOnce = told(await open().look(versions, users))
    expect(until(inParts.now - 2_000, inParts)).toEqual(until(inParts.now - 2_000, atOnce))

    const { stable, canary } = inParts
    expect(stable.map(({ ready }) => ready)).toEqual([true, true, true])
    expect(grown([...stable, ...canary])).toEqual({
      requests: counted.total,
      errors: counted.failed,
      timed: counted.total
    })
    expect(grown(stable).errors).toBe(0)

    const { ahead, ...samples } = inParts
    const { decision } = judgeRelease({
      checks: [{ kind: 'like-stable' }],
      steps: [{ duration: 300_000, begun: users + ahead }],
      warmUp: 60_000,
      ...samples
    })
    expect(decision.kind).toBe('rollback')

    const range = (metric: string) => `${metric}{namespace="${namespace}"}[300s]`
    const metrics = ['http_requests_total', 'http_request_duration_seconds_bucket']
    const volumes = readVolumes(
      await prometheus.query(volumeQuery(metrics, (one) => [range(one)])),
      undefined
    )
    for (const { metric, series, samples: number } of volumes) {
      const found = await prometheus.query(range(metric))
      expect(series).toBe(found.length)
      expect(number / found.reduce((sum, one) => sum + one.samples.length, 0)).toBeCloseTo(1, 1)
    }
    expect(volumes.map(({ metric }) => metric)).toEqual(metrics)
  })
})
