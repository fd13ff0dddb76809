import { messageOf, ReleaseFailed } from '../../base/errors.ts'
import type { Query } from '../../kubernetes/cluster.ts'
import { isReady, podTrouble } from '../../kubernetes/health.ts'
import type { ClusterEvent, KubernetesObject, Pod } from '../../kubernetes/objects.ts'
import { LOCK_SECONDS, leaseName, workloadLeaseName } from '../../lock/lease.ts'
import { awaitCondition } from '../await-condition.ts'
import { stopwatch } from '../await-ready.ts'
import type { ReleaseRun } from '../release-run.ts'
import { backendsFor, backendsIn } from '../route-writers.ts'
import { linesOf } from '../steps/collect-evidence.ts'
import { WATCHDOG_LABEL, watchdogJob } from './job.ts'

/** Milliseconds for the watchdog's image to be pulled and its rights to be tried. */
const TIMEOUT = 120_000
const LOG_LINES = 5

const labelsOf = ({ traffic }: ReleaseRun): string => `${WATCHDOG_LABEL}=${traffic.name}`

const jobsOf = (run: ReleaseRun): Query => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  namespace: run.namespace,
  labels: labelsOf(run)
})

/** Starts the watchdog while the canary comes up. What an earlier run has left is removed first. */
export async function startWatchdog(run: ReleaseRun, image: string): Promise<string> {
  const { namespace, traffic, companions, lock, routes, ports } = run
  await stopWatchdog(run)
  const { metadata } = await ports.cluster.create(
    watchdogJob(
      {
        image,
        namespace,
        service: traffic.name,
        ...(routes.length === 0 ? {} : { canaryService: backendsIn(run).canary }),
        followers: Object.fromEntries(
          companions.map(({ own }) => [own.name, backendsFor(own, backendsIn(run)).selectors.stable])
        ),
        lease: leaseName(traffic.name),
        otherLeases: [workloadLeaseName(run.workload), ...companions.map(({ own }) => leaseName(own.name))],
        holder: lock.holder,
        patience: LOCK_SECONDS
      },
      run.progress.release
    )
  )
  return `job/${metadata.name}`
}

/**
 * Waits until the watchdog is ready: no user is sent to the canary before.
 * @throws ReleaseFailed when the watchdog does not come up, or lacks a right
 */
export async function awaitWatchdog(run: ReleaseRun, signal: AbortSignal): Promise<string> {
  const { namespace, ports } = run
  const lasting = stopwatch(ports)
  try {
    return await awaitCondition<Pod, string>(
      {
        query: { apiVersion: 'v1', kind: 'Pod', namespace, labels: labelsOf(run) },
        reached: (pods) => {
          const trouble = podTrouble(pods, lasting)
          if (trouble !== undefined) throw new ReleaseFailed(`${trouble.reason}: ${trouble.message}`)
          const ready = pods.find(isReady)
          return ready === undefined ? undefined : `pod ${ready.metadata.name} watches this run`
        },
        limit: {
          timeout: Math.min(run.settings.timeout, TIMEOUT),
          late: () => 'it was not ready in time'
        }
      },
      ports,
      signal
    )
  } catch (error) {
    if (!(error instanceof ReleaseFailed)) throw error
    const words = await lastWords(run).catch(() => [])
    throw new ReleaseFailed(['the watchdog does not come up', error.message, ...words].join(': '))
  }
}

/** What the watchdog has printed, or why it has no pod. */
async function lastWords(run: ReleaseRun): Promise<readonly string[]> {
  const { namespace, ports } = run
  const { cluster } = ports
  const [pod] = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels: labelsOf(run) })
  if (pod === undefined) {
    const [job] = await cluster.list(jobsOf(run))
    const fields = `involvedObject.name=${job?.metadata.name ?? ''}`
    const events = await cluster.list<ClusterEvent>({ apiVersion: 'v1', kind: 'Event', namespace, fields })
    return events.flatMap(({ type, message = '' }) => (type === 'Warning' ? [message] : [])).slice(-1)
  }
  const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0
  const target = { namespace, name: pod.metadata.name }
  const text = await cluster.logs(target, 'watchdog', LOG_LINES, restarts > 0)
  return linesOf(text)
}

/** A watchdog that cannot be removed ends by itself when the lock is given back. */
export async function stopWatchdog(run: ReleaseRun): Promise<string> {
  const { cluster } = run.ports
  try {
    const jobs = await cluster.list(jobsOf(run))
    await Promise.all(jobs.map((job) => cluster.remove(withoutVersion(job))))
    return jobs.length === 0 ? 'there is none' : 'removed'
  } catch (error) {
    run.journal.warnings.push(`the watchdog could not be removed, and ends by itself: ${messageOf(error)}`)
    return 'it ends by itself'
  }
}

/** Tries again: the Job's status may have changed since it was read. */
function withoutVersion<T extends KubernetesObject>(object: T): T {
  const { resourceVersion: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
