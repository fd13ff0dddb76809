import type { Cluster, ClusterPorts } from '../kubernetes/cluster.ts'
import { isBeingMade } from '../kubernetes/health.ts'
import { jobHealth, type JobHealth } from '../kubernetes/job-health.ts'
import { endOf, jobAlone, podsOfJob, type Job } from '../kubernetes/job.ts'
import type { ClusterEvent, KubernetesObject, Pod } from '../kubernetes/objects.ts'
import { isNodeComing, type Trouble } from '../kubernetes/trouble.ts'
import { again, ASK_AGAIN, eventsOf, LOOK_AGAIN, stopwatch } from './await-ready.ts'

/** How the waiting for a Job has ended. */
export type JobEnd =
  | Exclude<JobHealth, { state: 'running' }>
  /** It still runs. */
  | { readonly state: 'late'; readonly summary: string }
  /** Somebody has deleted it. */
  | { readonly state: 'gone' }

interface Awaited {
  /** Milliseconds. */
  readonly timeout: number
  /** Hears of its pods, whatever state they are in. */
  readonly tellPods?: (pods: readonly Pod[]) => void
}

/**
 * Waits until a Job has ended, none of its pods can begin, or the time is over.
 * @param job as it was last read
 */
export async function awaitJob(
  job: Job,
  { timeout, tellPods }: Awaited,
  ports: ClusterPorts,
  signal: AbortSignal
): Promise<JobEnd> {
  const { cluster, clock, log } = ports
  const { promise, resolve, reject } = Promise.withResolvers<JobEnd>()
  const done = new AbortController()
  const watching = AbortSignal.any([signal, done.signal])
  let summary = ''
  const onHealth = (seen: JobHealth): void => {
    if (seen.state === 'running') {
      if (seen.summary !== summary) log.quote((summary = seen.summary))
    } else if (seen.state === 'doomed') {
      void unlessNodeIsComing(seen.trouble, cluster).then((doomed) => {
        if (doomed) resolve(seen)
      }, reject)
    } else resolve(seen)
  }
  const onGone = (): void => {
    resolve({ state: 'gone' })
  }
  const lastLook = async (): Promise<void> => {
    await clock.sleep(timeout, watching)
    const [live] = await cluster.list<Job>(jobAlone(job))
    resolve(live === undefined ? { state: 'gone' } : (endedOf(live) ?? { state: 'late', summary }))
  }
  watchJob(job, { onHealth, onGone, tellPods }, ports, watching).then(() => {
    reject(signal.reason)
  }, reject)
  lastLook().catch(reject)
  try {
    return await promise
  } finally {
    done.abort()
  }
}

function endedOf(job: Job): JobEnd | undefined {
  const end = endOf(job)
  if (end === undefined) return undefined
  return end.failed ? { state: 'failed', why: end.why } : { state: 'complete' }
}

interface Looks {
  readonly onHealth: (health: JobHealth) => void
  readonly onGone: () => void
  readonly tellPods?: Awaited['tellPods'] | undefined
}

/** Calls back with the health of a Job after every change, and every second, until the signal is aborted. */
async function watchJob(
  job: Job,
  { onHealth, onGone, tellPods }: Looks,
  { cluster, clock }: ClusterPorts,
  signal: AbortSignal
): Promise<void> {
  const lasting = stopwatch({ clock })
  let live = job
  let pods: readonly Pod[] | undefined
  let events: readonly ClusterEvent[] = []
  const look = (): void => {
    if (signal.aborted || (pods === undefined && endOf(live) === undefined)) return
    onHealth(jobHealth(live, pods ?? [], { lasting, events }))
  }
  const onJob = ([found]: readonly Job[]): void => {
    if (found === undefined) onGone()
    else live = found
    look()
  }
  const onPods = (found: readonly Pod[]): void => {
    pods = found
    tellPods?.(found)
    look()
  }
  const ask = async (): Promise<void> => {
    events = await eventsOf(untold(live, pods), cluster)
  }
  await Promise.race([
    cluster.watch<Job>(jobAlone(job), onJob, signal, job),
    cluster.watch<Pod>(podsOfJob(job), onPods, signal),
    again(clock, LOOK_AGAIN, look, signal),
    again(clock, ASK_AGAIN, ask, signal)
  ])
  // Watches end quietly when they are aborted.
  signal.throwIfAborted()
}

/** What only events can tell of: a pod that has no container yet, or a Job that has no pod. */
const untold = (job: Job, pods: readonly Pod[] = []): KubernetesObject | undefined =>
  pods.length === 0 ? job : pods.find(isBeingMade)

async function unlessNodeIsComing({ reason, pod }: Trouble, cluster: Cluster): Promise<boolean> {
  if (reason !== 'Unschedulable' || pod === undefined) return true
  return !isNodeComing(await eventsOf(pod, cluster))
}
