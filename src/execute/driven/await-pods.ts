import { counted, readyOf } from '../../base/counted.ts'
import { formatDuration } from '../../base/duration.ts'
import { ReleaseFailed } from '../../base/errors.ts'
import { isEnding, isReady, isSettled, podTrouble } from '../../kubernetes/health.ts'
import type { Deployment, KubernetesObject, Pod } from '../../kubernetes/objects.ts'
import { countAt } from '../../kubernetes/read.ts'
import { printSelector } from '../../kubernetes/selectors.ts'
import { DEPLOYMENT, REPLICA_SET } from '../../kubernetes/workload.ts'
import { stopwatch } from '../await-ready.ts'
import { requireOurs } from './disturbed.ts'
import type { DrivenRun } from './driven-run.ts'
import { isOf } from './pods-of.ts'
import { untilState } from './until-state.ts'

const LOOK_AGAIN = 1000

/**
 * Waits until as many pods of the new version are ready as the controller wants in this place. A pod that cannot come up
 * ends it in seconds, where the controller would wait for minutes.
 * @throws ReleaseFailed
 */
export async function awaitPods(run: DrivenRun, signal: AbortSignal): Promise<string> {
  const done = new AbortController()
  const watching = AbortSignal.any([signal, done.signal])
  try {
    const pods = await Promise.race([
      untilReady(run, watching),
      untilState(
        run,
        (state) => {
          requireOurs(run, state)
        },
        watching
      ),
      late(run, watching)
    ])
    run.progress.pods = pods ?? []
    return `${counted(run.progress.pods.length, 'pod')} ready, template ${run.progress.record.canary.hash}`
  } finally {
    done.abort()
  }
}

async function late({ ports, settings, progress }: DrivenRun, signal: AbortSignal): Promise<never> {
  await ports.clock.sleep(settings.timeout, signal)
  const ready = progress.pods.filter(isReady).length
  throw new ReleaseFailed(
    `the pods of the new version were not ready after ${formatDuration(settings.timeout)}: ${readyOf(ready, progress.pods.length)}`
  )
}

/** The pods of the new version after every change, and every second; how many are wanted, as far as that is known. */
async function watchPods(
  run: DrivenRun,
  tell: (pods: readonly Pod[], wanted: number | undefined) => void,
  signal: AbortSignal
): Promise<void> {
  const { cluster, clock } = run.ports
  const found = run.engine.pods(run.progress.seen, 'new') ?? run.engine.pods(run.progress.seen, 'old')
  if (found === undefined) return
  const { namespace } = run
  let wanted: number | undefined
  let pods: readonly Pod[] | undefined
  const look = (): void => {
    if (pods !== undefined && !signal.aborted) tell(pods, wanted)
  }
  const onPods = (all: readonly Pod[]): void => {
    pods = all.filter((pod) => !isEnding(pod) && isOf(pod, found))
    look()
  }
  const onOwner = ([owner]: readonly KubernetesObject[]): void => {
    // Until all of them are of its present template, a Deployment's pods are of both.
    const isReplaced = found.owner.kind === 'ReplicaSet' || (owner && isSettled(owner as Deployment))
    wanted = isReplaced === true ? countAt(owner, 'spec', 'replicas') : undefined
    look()
  }
  const kind = found.owner.kind === 'ReplicaSet' ? REPLICA_SET : DEPLOYMENT
  const query = { ...kind, namespace, fields: `metadata.name=${found.owner.name}` }
  const labels = printSelector(found.labels)
  await Promise.race([
    cluster.watch({ apiVersion: 'v1', kind: 'Pod', namespace, labels }, onPods, signal),
    cluster.watch(query, onOwner, signal),
    (async () => {
      for (;;) {
        await clock.sleep(LOOK_AGAIN, signal)
        look()
      }
    })()
  ])
  signal.throwIfAborted()
}

function requireHope(run: DrivenRun, pods: readonly Pod[], lasting: (what: string) => number): void {
  const trouble = podTrouble(pods, lasting)
  if (trouble === undefined) return
  const who = trouble.pod?.metadata.name ?? run.workload
  throw new ReleaseFailed(`pod ${who} cannot run: ${trouble.reason}: ${trouble.message}`)
}

async function untilReady(run: DrivenRun, signal: AbortSignal): Promise<readonly Pod[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Pod[]>()
  const lasting = stopwatch(run.ports)
  const tell = (pods: readonly Pod[], wanted: number | undefined): void => {
    run.progress.pods = pods
    try {
      requireHope(run, pods, lasting)
    } catch (error) {
      reject(error)
    }
    // At a gate before any pod there is nothing to wait for.
    const isIdle = wanted === 0 && run.progress.state.at === 'gate'
    const isFull = wanted !== undefined && wanted > 0 && pods.length === wanted && pods.every(isReady)
    if (isIdle || isFull) resolve(pods)
  }
  watchPods(run, tell, signal).catch(reject)
  return promise
}

/** Rejects once a pod of the new version cannot run any more; keeps what is known of them until then. */
export async function untilDoomedPod(run: DrivenRun, signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const lasting = stopwatch(run.ports)
  const tell = (pods: readonly Pod[]): void => {
    run.progress.pods = pods.filter(isReady)
    try {
      requireHope(run, pods, lasting)
    } catch (error) {
      reject(error)
    }
  }
  watchPods(run, tell, signal).catch(reject)
  return promise
}
