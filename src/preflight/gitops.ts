import { ClusterError, type Findings } from '../base/errors.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { gitOpsOwnerOf, type GitOpsOwner } from '../kubernetes/gitops.ts'
import type { Edit } from './edits.ts'
import { judgeOwner, type GitOpsObject } from './gitops-findings.ts'

const versions: Readonly<Record<GitOpsOwner['kind'], string>> = {
  Application: 'argoproj.io/v1alpha1',
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2'
}

/** What Argo CD or Flux would make of the release. Asks for nothing where neither of them has an object of it. */
export async function gitOpsFindings(edits: readonly Edit[], cluster: Cluster): Promise<Findings> {
  const owners = new Map<string, { owner: GitOpsOwner; edits: Edit[] }>()
  for (const edit of edits) {
    const owner = gitOpsOwnerOf(edit.object)
    if (owner === undefined) continue
    const key = JSON.stringify(owner)
    owners.set(key, { owner, edits: [...(owners.get(key)?.edits ?? []), edit] })
  }
  const findings = await Promise.all(
    [...owners.values()].map(async ({ owner, edits: own }) =>
      judgeOwner(owner, await readOwner(owner, cluster), own)
    )
  )
  return {
    faults: findings.flatMap(({ faults }) => faults),
    warnings: findings.flatMap(({ warnings }) => warnings)
  }
}

/** The right to read it is optional, and the object may be in another cluster. */
async function readOwner(
  { kind, name, namespace }: GitOpsOwner,
  cluster: Cluster
): Promise<GitOpsObject | undefined> {
  if (name === '') return undefined
  try {
    return await cluster.get<GitOpsObject>({ apiVersion: versions[kind], kind, namespace, name })
  } catch (error) {
    if (error instanceof ClusterError && error.status !== 0) return undefined
    throw error
  }
}
