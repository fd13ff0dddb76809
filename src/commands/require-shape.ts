import { ClusterError, refuse, type Fault } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import { misshapen } from '../kubernetes/shape.ts'
import type { Tree } from '../kubernetes/tree.ts'

/** @throws InputError that names all manifests that do not have the shape of their kind */
export async function requireShape(
  manifests: readonly Manifest[],
  namespace: string,
  cluster: Cluster
): Promise<void> {
  const faults = await shapeFaults(manifests, namespace, cluster)
  refuse(faults)
}

/**
 * Manifests that do not have the shape of their kind, so that no release can be made of them. The API server is asked
 * why it refuses them, because people know its words from kubectl.
 */
async function shapeFaults(
  manifests: readonly Manifest[],
  namespace: string,
  cluster: Cluster
): Promise<readonly Fault[]> {
  const faults = await Promise.all(
    manifests.map(async ({ object, source }): Promise<Fault[]> => {
      const wrong = misshapen(object as unknown as Tree)
      if (wrong === undefined) return []
      const problem = `${source}: ${object.kind} ${object.metadata.name} cannot be read: ${wrong}`
      const words = await refusalOf({ ...object, metadata: { namespace, ...object.metadata } }, cluster)
      return [{ input: 'manifests', problem: words === undefined ? problem : `${source}: ${words}` }]
    })
  )
  return faults.flat()
}

/** The API server judges the shape before it looks whether the object exists; undefined when it finds no fault. */
async function refusalOf(object: Manifest['object'], cluster: Cluster): Promise<string | undefined> {
  // The answer might repeat what is in the Secret.
  if (object.kind === 'Secret') return undefined
  try {
    await cluster.create(object, { dryRun: true, strict: true })
    return undefined
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    return [400, 422].includes(error.status) ? error.message : undefined
  }
}
