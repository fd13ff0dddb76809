import { ClusterError, ReleaseFailed } from '../errors.ts'
import { formatDuration } from '../grammar/duration.ts'
import type { Ref } from '../kubernetes/cluster.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Side } from '../plan.ts'
import { knownDeployment, patchClaimed } from './claimed.ts'
import { untilGuestsHaveLeft } from './guests.ts'
import type { ReleaseRun } from './run-state.ts'

/** To 0, and until its pods have begun to end: from then on no selector can send them traffic. */
export async function scaleDown(run: ReleaseRun, side: Side, signal: AbortSignal): Promise<string> {
  const detail = await retire(run, run[side].deployment, signal)
  run[side] = { ...run[side], replicas: 0 }
  return detail
}

/** The same for a Deployment that is neither of the two versions. */
export async function retire(run: ReleaseRun, name: string, signal: AbortSignal): Promise<string> {
  await untilGuestsHaveLeft(run, signal)
  const ref: Ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: run.namespace, name }
  try {
    const nobody = [{ op: 'add', path: '/spec/replicas', value: 0 }] as const
    const deployment = await patchClaimed<Deployment>(run, ref, nobody, knownDeployment(run, name))
    await untilWithoutPods(run, deployment, signal)
    return `deployment/${ref.name} is kept with 0 replicas`
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return `there is no deployment/${ref.name}`
    throw error
  }
}

/** The controller has seen it, and counts no pod that is not ending: from then on no selector can send it traffic. */
const hasNoPods = ({ metadata, status }: Deployment, generation: number): boolean =>
  (metadata.generation ?? 0) >= generation &&
  (status?.observedGeneration ?? 0) >= generation &&
  (status?.replicas ?? 0) === 0

async function untilWithoutPods(run: ReleaseRun, deployment: Deployment, signal: AbortSignal): Promise<void> {
  const { cluster, clock } = run.ports
  const { namespace, name, generation = 0 } = deployment.metadata
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  const gone = Promise.withResolvers<undefined>()
  const onChange = ([live]: readonly Deployment[]): void => {
    if (live === undefined || hasNoPods(live, generation)) gone.resolve(undefined)
  }
  const watched = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, fields: `metadata.name=${name}` }
  cluster.watch<Deployment>(watched, onChange, ended, deployment).catch(gone.reject)
  const late = new ReleaseFailed(
    `deployment/${name} still has pods ${formatDuration(run.settings.timeout)} after it was scaled to 0`
  )
  clock.sleep(run.settings.timeout, ended).then(() => {
    gone.reject(late)
  }, gone.reject)
  try {
    await gone.promise
  } finally {
    done.abort()
  }
}
