import type { MeasuredVersion } from '../../checks/measured-version.ts'
import type { PodsOf, Wish } from '../../engines/engine.ts'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { isEnding, isReady } from '../../kubernetes/health.ts'
import type { Pod, PodTemplate } from '../../kubernetes/objects.ts'
import { probesIn } from '../../kubernetes/probes.ts'
import { isTree } from '../../kubernetes/tree.ts'
import { printSelector } from '../../kubernetes/selectors.ts'
import type { Driven } from '../../observe/driven.ts'
import { measuredPods, warmedPods } from '../measured-versions.ts'
import type { DrivenRun } from './driven-run.ts'
import { isOf, replicaSetOf } from './pods-of.ts'

/** The versions of a workload that a controller releases, as metrics name them. */

/** How users come to the workload. */
export type Entered = Pick<DrivenRun, 'service' | 'entrance'>

/** The new version, with the pods that it has now. @param warmUp of its pods, in milliseconds */
export function measuredNew(run: DrivenRun, warmUp: number): MeasuredVersion {
  const { canary, startedAt } = run.progress.record
  return {
    ...named(run, run),
    slot: canary.slot,
    side: 'canary',
    replicaSet: replicaSetOf(undefined, run.progress.pods) ?? `${run.workload}-${canary.hash}`,
    pods: warmedPods(run.progress.pods, warmUp),
    otherPods: run.progress.pods.map(({ metadata }) => metadata.name),
    probes: probesOf(run),
    releaseStartedAt: Date.parse(startedAt)
  }
}

/** The version that it replaces, with the pods that it has now: they become fewer, and an autoscaler changes their number. */
export async function measuredOld(run: DrivenRun): Promise<MeasuredVersion> {
  const { old, ports, progress } = run
  // Should the cluster not answer, its samples are found all the same, and nobody is waited for.
  const pods = await podsOf(old, run, ports.cluster).catch(() => [])
  const { slot, hash } = progress.record.stable
  return {
    ...named(run, run),
    slot,
    side: 'stable',
    replicaSet: replicaSetOf(old, pods) ?? `${run.workload}-${hash}`,
    pods: measuredPods(pods),
    probes: probesOf(run),
    releaseStartedAt: 0
  }
}

/** The version that serves, for what is measured before anything is changed. */
export async function measuredServing(
  { engine, seen, ...driven }: Driven,
  entered: Entered,
  cluster: Cluster
): Promise<MeasuredVersion> {
  const found = engine.pods(seen, 'old')
  const pods = await podsOf(found, driven, cluster)
  const replicaSet = replicaSetOf(found, pods)
  return {
    ...named(driven, entered),
    slot: 'stable',
    side: 'stable',
    ...(replicaSet === undefined ? {} : { replicaSet }),
    pods: measuredPods(pods),
    probes: probesIn(engine.template(seen)),
    releaseStartedAt: 0
  }
}

const named = (
  { namespace, workload }: Pick<DrivenRun, 'namespace' | 'workload'>,
  { service, entrance: { port } }: Entered
) => ({ namespace, workload, service, deployment: workload, ...(port === undefined ? {} : { port }) })

/** Pods of this version that are ready. */
async function podsOf(
  found: PodsOf | undefined,
  { namespace }: Pick<DrivenRun, 'namespace'>,
  cluster: Cluster
): Promise<readonly Pod[]> {
  if (found === undefined) return []
  const labels = printSelector(found.labels)
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
  return pods.filter((pod) => isOf(pod, found) && isReady(pod) && !isEnding(pod))
}

/** What the kubelet asks of the pods of either version. */
const probesOf = ({ engine, progress }: DrivenRun) =>
  probesIn(templateIn(progress.record.before), engine.template(progress.seen))

/** The record is read from the cluster, where anybody may have written it. */
function templateIn({ object, target }: Wish): PodTemplate | undefined {
  const { template } = target ?? object
  return isTree(template) && isTree(template.spec) && Array.isArray(template.spec.containers)
    ? (template as unknown as PodTemplate)
    : undefined
}
