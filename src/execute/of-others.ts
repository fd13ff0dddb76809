import { isUnfinished } from '../domain/record.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { deploymentRef } from '../kubernetes/workload.ts'
import { fenceOf } from '../lock/fence.ts'
import type { ReleaseRun } from './release-run.ts'

/**
 * Whether a Deployment that has the name of a first installation was brought by somebody else meanwhile: the run has not come
 * to start its own, or, where another run ends it, no run has ever claimed this one.
 */
export async function isOfOthers({ progress, ports, namespace }: ReleaseRun): Promise<boolean> {
  const { release, deployment, serving, canary } = progress
  if (release.first !== true || !isUnfinished(release) || deployment !== undefined) return false
  if (serving !== undefined) return true
  const live = await ports.cluster.get<Deployment>(deploymentRef(namespace, canary.deployment))
  return live !== undefined && fenceOf(live) === undefined
}
