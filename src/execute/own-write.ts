import { canonical } from '../kubernetes/canonical.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { fenceOf } from '../lock/fence.ts'
import type { Progress } from './release-run.ts'

/**
 * Whether a Deployment already is as wanted, as after a write of ours whose answer was lost. A dry run tells, since the API
 * server fills in defaults. The generation would not tell: it also counts changes of annotations, and the controller
 * makes one for every revision.
 */
export async function isAsWanted(live: Deployment, wanted: Deployment, cluster: Cluster): Promise<boolean> {
  const claim = fenceOf(wanted)
  if (claim !== undefined && fenceOf(live) !== claim) return false
  return hasSpecOf(live, await cluster.replace(withVersionOf(live, wanted), { dryRun: true }))
}

/** Compares specs as the API server stores them. */
export const hasSpecOf = (one: Deployment, other: Deployment): boolean =>
  canonical(one.spec) === canonical(other.spec)

/** With the version of the live one, so that the write is refused when that has changed since. */
export const withVersionOf = ({ metadata }: Deployment, wanted: Deployment): Deployment => ({
  ...wanted,
  metadata: { ...wanted.metadata, resourceVersion: metadata.resourceVersion ?? '' }
})

/** A Deployment of the release, as the run knows it. */
export const knownDeployment = ({ deployment, serving }: Progress, name: string): Deployment | undefined =>
  [deployment, serving].find((one) => one?.metadata.name === name)
