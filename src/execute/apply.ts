import { isInvalid, untilWritten } from '../kubernetes/refusals.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { takeOver, takeOverFirst } from '../kubernetes/ownership.ts'
import { refOf } from '../kubernetes/ref.ts'

/** Applies a user's object, and removes fields that an earlier `kubectl apply` has set and the object does not name. */
export const apply = (object: KubernetesObject, cluster: Cluster): Promise<KubernetesObject> =>
  untilWritten(async () => {
    const applied = await cluster.apply(object, { strict: true }).catch(async (error: unknown) => {
      const live = isInvalid(error) ? await cluster.get(refOf(object)) : undefined
      const patch = live && takeOverFirst(live)
      if (patch === undefined) throw error
      await cluster.patch(refOf(object), patch)
      return cluster.apply(object, { strict: true })
    })
    const patch = takeOver(applied)
    if (patch === undefined) return applied
    await cluster.patch(refOf(applied), patch)
    return cluster.apply(object, { strict: true })
  })
