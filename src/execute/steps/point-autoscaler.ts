import { ClusterError } from '../../base/errors.ts'
import { fencedPatch } from '../../lock/fenced-patch.ts'
import type { Side } from '../../plan/step.ts'
import type { ReleaseRun } from '../release-run.ts'

/** Points the autoscaler to a version before the traffic follows: on an idle version it would scale down. */
export async function pointAutoscaler(run: ReleaseRun, to: Side): Promise<string> {
  const name = run.initial.autoscaler
  if (name === undefined) return 'there is none'
  const ref = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    namespace: run.namespace,
    name
  }
  try {
    const target = { op: 'replace', path: '/spec/scaleTargetRef/name', value: run[to].deployment } as const
    run.autoscaler = await fencedPatch(run, ref, [target], run.autoscaler)
    return `horizontalpodautoscaler/${name} scales deployment/${run[to].deployment}`
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 404)) throw error
    return `horizontalpodautoscaler/${name} is gone`
  }
}
