import type { EngineState } from '../../engines/engine.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { untilBlind } from './blind.ts'
import { deleted } from './disturbed.ts'
import type { DrivenRun } from './driven-run.ts'
import { noteShare, tellPlace } from './note-share.ts'

/**
 * Waits until the controller is where it is wanted. `reached` hears of every state, and ends the waiting by a value or an
 * error.
 * @throws Superseded when the object is gone, Blind when its controller does not take a change up
 */
export async function untilState<T>(
  run: DrivenRun,
  reached: (state: EngineState) => T | undefined,
  signal: AbortSignal
): Promise<T> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  const judge = (): void => {
    if (ended.aborted) return
    try {
      noteShare(run)
      tellPlace(run)
      const found = reached(run.progress.state)
      if (found !== undefined) resolve(found)
    } catch (error) {
      reject(error)
    }
  }
  const onAbort = (): void => {
    reject(signal.reason as Error)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  watchSeen(run, judge, ended).catch(reject)
  untilBlind(run, ended).catch(reject)
  try {
    return await promise
  } finally {
    done.abort()
    signal.removeEventListener('abort', onAbort)
  }
}

/** Calls back after every change of the object, or of what it takes its template from; rejects when it is gone. */
async function watchSeen(run: DrivenRun, onChange: () => void, signal: AbortSignal): Promise<void> {
  const { progress, engine, ports } = run
  const gone = Promise.withResolvers<never>()
  const watch = (of: KubernetesObject, take: (found: KubernetesObject) => void): Promise<void> => {
    const { apiVersion, kind, metadata } = of
    const { namespace, name } = metadata
    const query = { apiVersion, kind, namespace, fields: `metadata.name=${name}` }
    const tell = ([found]: readonly KubernetesObject[]): void => {
      if (found === undefined) gone.reject(deleted(run))
      else {
        take(found)
        progress.state = engine.state(progress.seen)
        onChange()
      }
    }
    return ports.cluster.watch(query, tell, signal)
  }
  const { object, target, serving } = progress.seen
  const watches = [watch(object, (found) => (progress.seen = { ...progress.seen, object: found }))]
  if (target !== undefined)
    watches.push(watch(target, (found) => (progress.seen = { ...progress.seen, target: found })))
  if (serving !== undefined)
    watches.push(watch(serving, (found) => (progress.seen = { ...progress.seen, serving: found })))
  await Promise.race([Promise.all(watches), gone.promise])
}
