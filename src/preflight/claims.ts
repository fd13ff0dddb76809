import { ClusterError } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { need } from '../kubernetes/needs.ts'
import { covers, type Rule } from '../kubernetes/rights.ts'
import type { Observed } from '../observe/observed.ts'
import type { Prepared } from '../plan/prepare.ts'
import { claimsIn, clashesOf, sharedClaims, type Claim, type Clashes } from '../plan/together.ts'

const RESOURCE = 'persistentvolumeclaims'

/** What of the two versions clashes. Claims are looked at where that is allowed, and taken from the manifests else. */
export async function findClashes(
  prepared: Prepared,
  observed: Observed,
  rules: readonly Rule[],
  cluster: Cluster
): Promise<Clashes> {
  const { namespace } = observed
  const mayGet = need('', RESOURCE, 'get').every((right) => covers(rules, right))
  const names = mayGet ? sharedClaims(prepared, observed) : []
  const read = await Promise.all(names.map((name) => readClaim(name, namespace, cluster)))
  return clashesOf(prepared, observed, [...read.flat(), ...claimsIn(prepared.manifests)])
}

async function readClaim(name: string, namespace: string, cluster: Cluster): Promise<readonly Claim[]> {
  const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name }
  try {
    const claim = await cluster.get<Claim>(ref)
    return claim === undefined ? [] : [claim]
  } catch (error) {
    if (error instanceof ClusterError && error.status === 403) return []
    throw error
  }
}
