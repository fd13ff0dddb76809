import type { MeasuredVersion } from '../checks/measured-version.ts'
import { isEnding, isReady, readySince } from '../kubernetes/health.ts'
import type { Pod } from '../kubernetes/objects.ts'
import { probesOf } from '../kubernetes/probes.ts'
import { templateHash } from '../kubernetes/workload.ts'
import { podsOf } from './endpoints.ts'
import type { Progress, ReleaseRun } from './release-run.ts'
import { backendsIn } from './route-writers.ts'

/** The canary's pods while it is watched: they are replaced, and an autoscaler brings more. */
export interface CanaryPods {
  readonly ready: readonly Pod[]
  /** Of all pods that there have been. */
  readonly names: readonly string[]
}

const nameOf = ({ metadata }: Pod): string => metadata.name

export const testedPods = ({ pods }: Progress): CanaryPods => ({
  ready: pods,
  names: pods.map(nameOf)
})

/** Takes in what a watch tells of the pods behind the canary's selector. */
export function withNews(known: CanaryPods, told: readonly Pod[], hash: string): CanaryPods {
  const found = told.filter((pod) => templateHash(pod) === hash)
  return {
    ready: found.filter((pod) => isReady(pod) && !isEnding(pod)),
    names: [...new Set([...known.names, ...found.map(nameOf)])]
  }
}

/** A pod that has been ready since later was so before: a probe that fails now and then makes nobody cold again. */
const LONGEST_START = 300_000

/** A larger share brings new pods, which serve as soon as they are ready. @param warmUp milliseconds */
function warmAt(pod: Pod, warmUp: number): number {
  const created = Date.parse(pod.metadata.creationTimestamp ?? '')
  return Math.min(readySince(pod) ?? created, created + LONGEST_START) + warmUp
}

export const measuredPods = (pods: readonly Pod[]): MeasuredVersion['pods'] =>
  pods.map(({ metadata }) => ({
    name: metadata.name,
    createdAt: Date.parse(metadata.creationTimestamp ?? '')
  }))

/** @param warmUp of pods that have just become ready, in milliseconds */
export const warmedPods = (ready: readonly Pod[], warmUp: number): MeasuredVersion['pods'] =>
  measuredPods(ready).map((pod, i) => ({
    ...pod,
    ...(warmUp > 0 && ready[i] && { warmAt: warmAt(ready[i], warmUp) })
  }))

/** The canary, with the pods that it has now. @param warmUp of its pods, in milliseconds */
export const measuredCanary = (
  run: ReleaseRun,
  { ready, names }: CanaryPods,
  warmUp = 0
): MeasuredVersion => ({
  namespace: run.namespace,
  workload: run.workload,
  slot: run.progress.canary.slot,
  service: run.traffic.name,
  side: 'canary',
  deployment: run.progress.canary.deployment,
  ...routeOf(run, backendsIn(run).canary),
  replicaSet: `${run.progress.canary.deployment}-${run.progress.canary.hash}`,
  pods: warmedPods(ready, warmUp),
  otherPods: names,
  probes: probesOf(run.progress.deployment, run.progress.serving),
  ...(run.entrance.port === undefined ? {} : { port: run.entrance.port }),
  releaseStartedAt: Date.parse(run.progress.release.startedAt)
})

/** Stable beside it, with the pods that it has now: an autoscaler changes their number in the middle of a step. */
export async function measuredStable(run: ReleaseRun): Promise<MeasuredVersion> {
  const { stable, serving } = run.progress
  // Should the cluster not answer, its samples are found all the same, and nobody is waited for.
  const pods = await podsOf(run, 'stable').catch(() => [])
  const own = pods.filter((pod) => templateHash(pod) === stable.hash && isReady(pod) && !isEnding(pod))
  return {
    namespace: run.namespace,
    workload: run.workload,
    slot: stable.slot,
    service: run.traffic.name,
    side: 'stable',
    deployment: stable.deployment,
    // Routes send stable's users to the Service itself.
    ...routeOf(run, run.traffic.name),
    ...(stable.hash === '' ? {} : { replicaSet: `${stable.deployment}-${stable.hash}` }),
    pods: measuredPods(own),
    probes: probesOf(serving),
    ...(run.entrance.port === undefined ? {} : { port: run.entrance.port }),
    releaseStartedAt: 0
  }
}

/** Where a router sends a version's traffic, as its metrics name it. */
function routeOf(run: ReleaseRun, service: string): Pick<MeasuredVersion, 'backend' | 'route'> {
  const [writer] = run.routes
  if (writer === undefined) return {}
  const { servicePort } = run.entrance
  return {
    backend: {
      service,
      port: servicePort?.port,
      ...(servicePort?.name === undefined ? {} : { portName: servicePort.name })
    },
    route: { kind: writer.route.kind, name: writer.traffic.name }
  }
}
