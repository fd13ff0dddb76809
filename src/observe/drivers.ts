import { ClusterError } from '../base/errors.ts'
import type { Engine } from '../engines/engine.ts'
import { ENGINES } from '../engines/index.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { need } from '../kubernetes/needs.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { groupOf } from '../kubernetes/ref.ts'
import { covers, type Rule } from '../kubernetes/rights.ts'

/** An object by which a controller releases a Deployment. */
export interface Driver {
  readonly engine: Engine
  readonly object: KubernetesObject
}

/** Those of all controllers in the namespace that release this Deployment. None of a kind that cannot be listed. */
export async function readDrivers(
  { metadata }: Pick<Deployment, 'metadata'>,
  rules: readonly Rule[],
  cluster: Cluster
): Promise<readonly Driver[]> {
  const found = await Promise.all(
    ENGINES.map(async (engine) => {
      const all = await readAll(engine, metadata.namespace, rules, cluster)
      return all.map((object) => ({ engine, object }))
    })
  )
  return found.flat().filter(({ engine, object }) => engine.target(object)?.name === metadata.name)
}

async function readAll(
  { object, plural }: Engine,
  namespace: string | undefined,
  rules: readonly Rule[],
  cluster: Cluster
): Promise<readonly KubernetesObject[]> {
  const mayList = need(groupOf(object.apiVersion), plural, 'list').every((right) => covers(rules, right))
  if (!mayList) return []
  try {
    return await cluster.list({ ...object, namespace })
  } catch (error) {
    if (error instanceof ClusterError) return []
    throw error
  }
}

/** The same kind of object with this name, of the first controller that has one; none where it may not be read. */
export async function findDriver(
  { namespace, workload }: { readonly namespace: string; readonly workload: string },
  cluster: Cluster
): Promise<Driver | undefined> {
  for (const engine of ENGINES) {
    const ref = { ...engine.object, namespace, name: workload }
    const object = await cluster.get(ref).catch((error: unknown) => {
      if (error instanceof ClusterError) return undefined
      throw error
    })
    if (object !== undefined) return { engine, object }
  }
  return undefined
}
