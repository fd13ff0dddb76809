import { refuse } from '../base/errors.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import { distinct } from '../kubernetes/needs.ts'
import { rightsFaults, missingRights, type Right } from '../kubernetes/rights.ts'
import type { Observed, Recorded } from '../observe/observed.ts'
import { readRemaining } from '../observe/routes.ts'
import { needsOf, wayOut } from './needs.ts'

/** @throws InputError that names everything that is lacking */
export async function requireRights(
  { namespace }: Pick<Observed, 'namespace'>,
  needs: readonly Right[],
  { cluster }: ClusterPorts
): Promise<void> {
  const missing = await missingRights(cluster, namespace, distinct(needs))
  refuse(rightsFaults(missing, namespace))
}

/** What it takes to end a release that waits, or whose run has died. */
export async function needsToEnd(
  { namespace, record }: Pick<Recorded, 'namespace' | 'record'>,
  { cluster }: ClusterPorts
): Promise<readonly Right[]> {
  const { found } = await readRemaining(record.routes ?? [], namespace, cluster)
  return needsOf({ steps: wayOut(record), routes: found.map(({ route }) => route) })
}
