import { ClusterError, type Findings } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { keeperOf, type Keeper } from '../kubernetes/gitops.ts'
import type { Edit } from './edits.ts'
import { judgeKeeper, type KeeperObject } from './gitops-findings.ts'

const versions: Readonly<Record<Keeper['kind'], string>> = {
  Application: 'argoproj.io/v1alpha1',
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2'
}

/** What Argo CD or Flux would make of the release. Asks for nothing where neither of them has an object of it. */
export async function keeperFindings(edits: readonly Edit[], cluster: Cluster): Promise<Findings> {
  const keepers = new Map<string, { keeper: Keeper; edits: Edit[] }>()
  for (const edit of edits) {
    const keeper = keeperOf(edit.object)
    if (keeper === undefined) continue
    const key = JSON.stringify(keeper)
    keepers.set(key, { keeper, edits: [...(keepers.get(key)?.edits ?? []), edit] })
  }
  const findings = await Promise.all(
    [...keepers.values()].map(async ({ keeper, edits: own }) =>
      judgeKeeper(keeper, await readKeeper(keeper, cluster), own)
    )
  )
  return {
    faults: findings.flatMap(({ faults }) => faults),
    warnings: findings.flatMap(({ warnings }) => warnings)
  }
}

/** The right to read it is not needed, and it may be in another cluster. */
async function readKeeper(
  { kind, name, namespace }: Keeper,
  cluster: Cluster
): Promise<KeeperObject | undefined> {
  if (name === '') return undefined
  try {
    return await cluster.get<KeeperObject>({ apiVersion: versions[kind], kind, namespace, name })
  } catch (error) {
    if (error instanceof ClusterError && error.status !== 0) return undefined
    throw error
  }
}
