import type { Cluster } from '../kubernetes/cluster.ts'
import type { Deployment } from '../kubernetes/objects.ts'

/**
 * Whether a Deployment is already what it is to become, as after a write of ours whose answer was lost. The API server
 * is asked, who fills in what was left open: writing the same again would make no new generation of it.
 */
export async function isAsWanted(live: Deployment, wanted: Deployment, cluster: Cluster): Promise<boolean> {
  const { metadata } = await cluster.replace(withVersionOf(live, wanted), { dryRun: true })
  return metadata.generation === live.metadata.generation
}

/** For a write that is refused when somebody has changed it since. */
export const withVersionOf = ({ metadata }: Deployment, wanted: Deployment): Deployment => ({
  ...wanted,
  metadata: { ...wanted.metadata, resourceVersion: metadata.resourceVersion ?? '' }
})
