import type { Cluster } from '../kubernetes/cluster.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import { isConflict } from '../kubernetes/refusals.ts'
import { listening, refusalIn, type RefusedManifest } from './dry-run.ts'

/** A Job of a release is made anew. One of this name that is there already is looked at when it is to run. */
export async function tryJob(manifest: Manifest, cluster: Cluster): Promise<RefusedManifest> {
  const { options, warned } = listening(manifest.source, true)
  try {
    return { manifest, warned, kept: await cluster.create(manifest.object, options) }
  } catch (error) {
    if (isConflict(error)) return { manifest, warned, kept: undefined }
    return { manifest, warned, kept: undefined, refusal: refusalIn(error, manifest.object) }
  }
}
