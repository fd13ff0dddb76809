import { ReleaseFailed } from '../base/errors.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import { isEnding, isOwnedBy, isReady } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { asFailure, stopwatch, watchHealth, type Judged, type TellPods } from './await-ready.ts'
import { changeIn } from './changed-by-others.ts'

/** Reasons why no more pods come up, which say nothing against the pods that users are on. */
const GROWING: ReadonlySet<string> = new Set([
  'ProgressDeadlineExceeded',
  'Unschedulable',
  'FailedCreate',
  'FailedMount'
])

/** Milliseconds for which some of the pods under traffic may be unready: a probe may fail once. */
const UNREADY_GRACE = 10_000
/** Milliseconds for which pods may be missing that were evicted or deleted, while their replacements come up. */
const REPLACED_GRACE = 120_000

/**
 * Rejects when pods that users are on, or will be in a moment, cannot run any more or stay unready. Rejects at once when
 * none of them is ready, or somebody gives the Deployment another template. Ends with the signal.
 */
export async function untilDoomed(
  deployment: Deployment,
  ports: ClusterPorts,
  signal: AbortSignal,
  { tellPods, when = 'under traffic' }: { readonly tellPods?: TellPods; readonly when?: string } = {}
): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const switchedTo = deployment.spec.replicas ?? 1
  const up = new Set<string>()
  let grace = UNREADY_GRACE
  const onPods: TellPods = (pods) => {
    const own = pods.filter((pod) => isOwnedBy(deployment, pod) && !isEnding(pod))
    const ill = own.filter((pod) => !isReady(pod) && up.has(pod.metadata.uid ?? ''))
    for (const { metadata } of own.filter(isReady)) up.add(metadata.uid ?? '')
    grace = ill.length > 0 ? UNREADY_GRACE : REPLACED_GRACE
    tellPods?.(pods)
  }
  let unreadySince: number | undefined
  const onHealth: Judged = (seen, live) => {
    const change = changeIn(deployment, live)
    if (change !== undefined) reject(change)
    // The last pods of a deleted Deployment are ready until they end.
    if (switchedTo > 0 && live?.spec.replicas === 0)
      reject(new ReleaseFailed(`deployment/${deployment.metadata.name} was scaled to 0 by somebody ${when}`))
    if (seen.state === 'doomed' && !GROWING.has(seen.reason)) reject(asFailure(seen, deployment))
    // An autoscaler may change the number of pods.
    if (seen.state !== 'progressing' || seen.ready >= Math.min(switchedTo, seen.wanted)) {
      unreadySince = undefined
      return
    }
    unreadySince ??= ports.clock.now()
    if (seen.ready > 0 && ports.clock.now() - unreadySince < grace) return
    reject(new ReleaseFailed(`deployment/${deployment.metadata.name} lost pods ${when}: ${seen.summary}`))
  }
  const looks = { onHealth, tellPods: onPods, lasting: stopwatch(ports) }
  watchHealth(deployment, ports, looks, signal).catch(reject)
  return promise
}
