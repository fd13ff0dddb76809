import { canonical } from '../kubernetes/canonical.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { fenceOf } from '../lock/fence.ts'
import type { ReleaseRun } from './release-run.ts'

/**
 * Whether a Deployment is already what it is to become, as after a write of ours whose answer was lost. The API server
 * is asked, who fills in what was left open. Its generation would not tell: a change of an annotation, as its controller
 * makes one for every revision, counts for one, too.
 */
export async function isAsWanted(live: Deployment, wanted: Deployment, cluster: Cluster): Promise<boolean> {
  const claim = fenceOf(wanted)
  if (claim !== undefined && fenceOf(live) !== claim) return false
  return hasSpecOf(live, await cluster.replace(withVersionOf(live, wanted), { dryRun: true }))
}

/** Both as the API server keeps them. */
export const hasSpecOf = (one: Deployment, other: Deployment): boolean =>
  canonical(one.spec) === canonical(other.spec)

/** For a write that is refused when somebody has changed it since. */
export const withVersionOf = ({ metadata }: Deployment, wanted: Deployment): Deployment => ({
  ...wanted,
  metadata: { ...wanted.metadata, resourceVersion: metadata.resourceVersion ?? '' }
})

/** A Deployment of the release, as the run knows it. */
export const knownDeployment = ({ deployment, serving }: ReleaseRun, name: string): Deployment | undefined =>
  [deployment, serving].find((one) => one?.metadata.name === name)
