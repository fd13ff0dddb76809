import type { Clock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { ReleaseFailed } from '../base/errors.ts'
import type { Cluster, ClusterPorts } from '../kubernetes/cluster.ts'
import { health, isBeingMade, type Circumstances, type Health } from '../kubernetes/health.ts'
import type { ClusterEvent, Deployment, KubernetesObject, Pod } from '../kubernetes/objects.ts'
import { printSelector } from '../kubernetes/selectors.ts'
import { isNodeComing } from '../kubernetes/trouble.ts'
import { deploymentAlone, deploymentRef } from '../kubernetes/workload.ts'
import { changeIn } from './changed-by-others.ts'

export const LOOK_AGAIN = 1000
/** Milliseconds between two looks at the events of pods that wait for a volume or a network. */
export const ASK_AGAIN = 5000

/** Tells for how long something has been seen, in milliseconds since it was first asked for. */
export function stopwatch({ clock }: Pick<ClusterPorts, 'clock'>): (what: string) => number {
  const seen = new Map<string, number>()
  return (what) => {
    const since = seen.get(what) ?? clock.now()
    seen.set(what, since)
    return clock.now() - since
  }
}

type Ready = Extract<Health, { state: 'ready' }>
export type Judged = (health: Health, live: Deployment | undefined) => void

/** Hears of all pods behind the Deployment's selector, whatever state they are in. */
export type TellPods = (pods: readonly Pod[]) => void

const DELETED: Health = { state: 'doomed', reason: 'Deleted', message: 'somebody deleted it' }

interface Looks extends Circumstances {
  readonly onHealth: Judged
  readonly tellPods?: TellPods | undefined
}

/** Calls back with the health of a Deployment after every change, and every second, until the signal is aborted. */
export async function watchHealth(
  deployment: Deployment,
  { cluster, clock }: ClusterPorts,
  { onHealth, tellPods, ...circumstances }: Looks,
  signal: AbortSignal
): Promise<void> {
  const { namespace, generation = 0 } = deployment.metadata
  let live: Deployment | undefined
  let pods: readonly Pod[] | undefined
  let events: readonly ClusterEvent[] = []
  const look = (): void => {
    // The watch may begin with the Deployment as it was before the write.
    if (signal.aborted || live === undefined || pods === undefined) return
    if ((live.metadata.generation ?? 0) < generation) return
    onHealth(health(live, pods, { ...circumstances, events }), live)
  }
  const onDeployment = ([found]: readonly Deployment[]): void => {
    live = found
    if (found === undefined) onHealth(DELETED, undefined)
    look()
  }
  const onPods = (found: readonly Pod[]): void => {
    pods = found
    tellPods?.(found)
    look()
  }
  const ask = async (): Promise<void> => {
    events = await eventsOf(pods?.find(isBeingMade), cluster)
  }
  const labels = printSelector(deployment.spec.selector.matchLabels)
  await Promise.race([
    cluster.watch(deploymentAlone(deployment), onDeployment, signal, deployment),
    cluster.watch({ apiVersion: 'v1', kind: 'Pod', namespace, labels }, onPods, signal),
    again(clock, LOOK_AGAIN, look, signal),
    again(clock, ASK_AGAIN, ask, signal)
  ])
  // Watches end quietly when they are aborted.
  signal.throwIfAborted()
}

/** Events only explain: if they cannot be read, there are none. */
export async function eventsOf(
  object: KubernetesObject | undefined,
  cluster: Cluster
): Promise<readonly ClusterEvent[]> {
  if (object === undefined) return []
  const { namespace, name } = object.metadata
  const fields = `involvedObject.name=${name}`
  return cluster.list<ClusterEvent>({ apiVersion: 'v1', kind: 'Event', namespace, fields }).catch(() => [])
}

/** Reads once instead of watching: a watch may be late, and is silent while the API server is gone. */
async function readHealth(
  { spec, metadata: { namespace, name } }: Deployment,
  { cluster }: ClusterPorts,
  { onHealth, ...circumstances }: Looks
): Promise<void> {
  const labels = printSelector(spec.selector.matchLabels)
  const [live, pods] = await Promise.all([
    cluster.get<Deployment>(deploymentRef(namespace, name)),
    cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
  ])
  const events = await eventsOf(pods.find(isBeingMade), cluster)
  onHealth(live === undefined ? DELETED : health(live, pods, { ...circumstances, events }), live)
}

/** Repeats the work: some verdicts change with time alone. */
export async function again(
  clock: Clock,
  pause: number,
  work: () => unknown,
  signal: AbortSignal
): Promise<void> {
  for (;;) {
    await clock.sleep(pause, signal)
    await work()
  }
}

export interface Awaited {
  /** Milliseconds. */
  readonly timeout: number
  /** Templates that the Deployment had before, whose pods may be in any state. */
  readonly outdated?: ReadonlySet<string> | undefined
  /** Whether any template will do; else it has to be the one that the Deployment is known by. */
  readonly anyTemplate?: boolean
}

/**
 * Waits until every pod of the Deployment is ready and of its current template.
 * @throws ReleaseFailed as soon as a pod cannot come up any more or the template is another one, or after the timeout
 */
export async function awaitReady(
  deployment: Deployment,
  { timeout, outdated, anyTemplate = false }: Awaited,
  ports: ClusterPorts,
  signal: AbortSignal
): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>()
  const done = new AbortController()
  const watching = AbortSignal.any([signal, done.signal])
  let summary = ''
  const onHealth: Judged = (seen, live) => {
    const change = anyTemplate ? undefined : changeIn(deployment, live)
    if (change !== undefined) reject(change)
    else if (seen.state === 'ready') resolve(seen)
    else if (seen.state === 'doomed') {
      void unlessNodeIsComing(seen, deployment, ports).then((doomed) => {
        if (doomed) reject(asFailure(seen, deployment))
      }, reject)
    } else if (seen.summary !== summary) ports.log.line((summary = seen.summary))
  }
  const looks = { onHealth, lasting: stopwatch(ports), outdated }
  const lastLook = async (): Promise<void> => {
    await ports.clock.sleep(timeout, watching)
    await readHealth(deployment, ports, looks)
    throw notReady(deployment, timeout, summary)
  }
  watchHealth(deployment, ports, looks, watching).then(() => {
    reject(signal.reason)
  }, reject)
  lastLook().catch(reject)
  try {
    return await promise
  } finally {
    done.abort()
  }
}

const notReady = ({ metadata }: Deployment, timeout: number, summary: string): ReleaseFailed =>
  new ReleaseFailed(`deployment/${metadata.name} was not ready after ${formatDuration(timeout)}: ${summary}`)

/** A doomed Deployment in words for the verdict. */
export function asFailure(
  { reason, message, pod }: Extract<Health, { state: 'doomed' }>,
  { metadata }: Deployment
): ReleaseFailed {
  const who = pod === undefined ? `deployment/${metadata.name}` : `pod ${pod.metadata.name}`
  return new ReleaseFailed(`${who} cannot run: ${reason}: ${message}`)
}

async function unlessNodeIsComing(
  { reason, pod }: Extract<Health, { state: 'doomed' }>,
  { metadata }: Deployment,
  { cluster }: ClusterPorts
): Promise<boolean> {
  if (reason !== 'Unschedulable' || pod === undefined) return true
  const events = await cluster.list<ClusterEvent>({
    apiVersion: 'v1',
    kind: 'Event',
    namespace: metadata.namespace,
    fields: `involvedObject.name=${pod.metadata.name}`
  })
  return !isNodeComing(events)
}
