import { sh } from '../base/shell.ts'
import { isUnfinished, type Release } from '../domain/record.ts'
import type { Observed } from '../observe/observed.ts'

/**
 * If the Deployment has an autoscaler of its own already, a second one must not be pointed to it: two autoscalers of
 * one Deployment both stop working.
 */
export function followingAutoscaler({ autoscaler, autoscaled }: Observed, place: string): string | undefined {
  const isThere = autoscaler?.spec.scaleTargetRef.name === place
  return autoscaled.includes(place) && !isThere ? undefined : autoscaler?.metadata.name
}

/**
 * Applying the original manifest again points the autoscaler back to a Deployment that does not serve. That one then
 * gets pods, and the one that serves keeps its size whatever the load.
 * @param release the one that is about to begin, if there is one
 */
export function strayAutoscaler(
  { autoscaler, stable, record, namespace }: Observed,
  release?: Pick<Release, 'autoscaler' | 'canary'>
): readonly string[] {
  if (autoscaler === undefined || (record !== undefined && isUnfinished(record))) return []
  const { name } = autoscaler.metadata
  const serving = stable.deployment.metadata.name
  const target = autoscaler.spec.scaleTargetRef.name
  if (target === serving) return []
  const patch = JSON.stringify({ spec: { scaleTargetRef: { name: serving } } })
  const now = sh`kubectl -n ${namespace} patch hpa ${name} --type merge --patch ${patch}`
  const next =
    release?.autoscaler === name
      ? `This release points it to deployment/${release.canary.deployment} when that gets all traffic`
      : `The next release that is blue-green or canary takes it along; or do it at once: ${now}`
  return [
    `horizontalpodautoscaler/${name} in namespace ${namespace} scales deployment/${target}, which gets no traffic, and deployment/${serving}, which serves, has no autoscaler: kubectl apply of the file that it was installed from does that. ${next}`
  ]
}
