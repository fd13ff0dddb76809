import { ClusterError } from '../../base/errors.ts'
import { AUTOSCALER } from '../../kubernetes/limits.ts'
import { fencedPatch } from '../../lock/fenced-patch.ts'
import type { Side } from '../../plan/step.ts'
import type { ReleaseRun } from '../release-run.ts'

/** Points the autoscaler to a version before the traffic follows: on an idle version it would scale down. */
export async function pointAutoscaler(run: ReleaseRun, to: Side): Promise<string> {
  const { progress } = run
  const name = run.initial.autoscaler
  if (name === undefined) return 'there is none'
  const ref = { ...AUTOSCALER, namespace: run.namespace, name }
  try {
    const target = {
      op: 'replace',
      path: '/spec/scaleTargetRef/name',
      value: progress[to].deployment
    } as const
    progress.autoscaler = await fencedPatch(run, ref, [target], progress.autoscaler)
    return `horizontalpodautoscaler/${name} scales deployment/${progress[to].deployment}`
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 404)) throw error
    return `horizontalpodautoscaler/${name} is gone`
  }
}
