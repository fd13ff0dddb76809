import { ClusterError, InputError, type Fault } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import { misshapen } from '../kubernetes/shape.ts'
import type { Tree } from '../kubernetes/tree.ts'

/** @throws InputError that names all that are not of the shape of their kind */
export async function requireShape(
  manifests: readonly Manifest[],
  namespace: string,
  cluster: Cluster
): Promise<void> {
  const faults = await shapeFaults(manifests, namespace, cluster)
  if (faults.length > 0) throw new InputError(faults)
}

/**
 * Manifests that are not of the shape of their kind, so that nothing can be made of them. The API server refuses them,
 * and says why in the words that people know from kubectl.
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

/** A create is judged before it is looked whether the object exists; undefined when that says nothing of its shape. */
async function refusalOf(object: Manifest['object'], cluster: Cluster): Promise<string | undefined> {
  // It might repeat what is in one.
  if (object.kind === 'Secret') return undefined
  try {
    await cluster.create(object, { dryRun: true, strict: true })
    return undefined
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    return [400, 422].includes(error.status) ? error.message : undefined
  }
}
