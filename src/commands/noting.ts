import { ClusterError } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'

/** A cluster that notes whether anything was changed in it. Leases, dry runs and questions about rights are no changes. */
export function noting(cluster: Cluster): { cluster: Cluster; isTouched: () => boolean } {
  let touched = false
  const writing = async <T>(
    kind: string,
    dryRun: boolean | undefined,
    write: () => Promise<T>
  ): Promise<T> => {
    const counts = dryRun !== true && kind !== 'Lease' && !kind.endsWith('Review')
    try {
      const written = await write()
      touched ||= counts
      return written
    } catch (error) {
      // A write without an answer may have arrived.
      touched ||= counts && (!(error instanceof ClusterError) || error.status === 0)
      throw error
    }
  }
  return {
    isTouched: () => touched,
    cluster: {
      ...cluster,
      create: (object, options) =>
        writing(object.kind, options?.dryRun, () => cluster.create(object, options)),
      replace: (object, options) =>
        writing(object.kind, options?.dryRun, () => cluster.replace(object, options)),
      patch: (ref, patch, options) =>
        writing(ref.kind, options?.dryRun, () => cluster.patch(ref, patch, options)),
      apply: (object, options) => writing(object.kind, options?.dryRun, () => cluster.apply(object, options)),
      remove: (object) => writing(object.kind, false, () => cluster.remove(object))
    }
  }
}
