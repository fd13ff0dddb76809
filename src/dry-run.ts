import { ClusterError } from './errors.ts'
import type { Fault } from './errors.ts'
import type { Cluster } from './kubernetes/cluster.ts'
import { isConflict } from './kubernetes/conflict.ts'
import type { Manifest } from './kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from './kubernetes/objects.ts'
import { rightIn } from './kubernetes/refusal.ts'
import { describeMissing } from './kubernetes/rights.ts'
import type { Right } from './kubernetes/rights.ts'

/** A manifest, and what the API server would make of it. */
export interface TriedManifest {
  readonly manifest: Manifest
  /** Undefined when it cannot tell yet: the namespace or the kind is not there. */
  readonly kept: KubernetesObject | undefined
}

/** A right whose lack is why the API server refuses; not a policy, a quota or a webhook, which refuse as well. */
export interface Lack {
  readonly right: Right
  /** Undefined: of the whole cluster. */
  readonly namespace: string | undefined
}

interface Refusal {
  readonly problem: string
  readonly lack: Lack | undefined
}

export interface TriedCanary {
  readonly canary: Deployment | undefined
  readonly refusal?: Refusal
}

/** The API server says what it would make of it, or why it would refuse. */
export async function tryCanary(canary: Deployment, cluster: Cluster): Promise<TriedCanary> {
  try {
    const { resourceVersion, ...metadata } = canary.metadata
    const tried = { ...canary, metadata }
    // Without the version that was read: a status that changes in between is no fault of the manifest.
    const kept =
      resourceVersion === undefined
        ? cluster.create(tried, { dryRun: true })
        : cluster.replace(tried, { dryRun: true })
    return { canary: await kept }
  } catch (error) {
    // Somebody has made it since we looked: no fault of the manifest, and the lock tells who it is.
    if (isConflict(error)) return { canary: undefined }
    return { canary: undefined, refusal: refusalIn(error, canary) }
  }
}

type RefusedManifest = TriedManifest & { readonly refusal?: Refusal }

export async function tryManifest(manifest: Manifest, cluster: Cluster): Promise<RefusedManifest> {
  try {
    return { manifest, kept: await cluster.apply(manifest.object, { dryRun: true }) }
  } catch (error) {
    // What an earlier manifest brings (a namespace, a kind) is not there yet when nothing is really applied.
    if (error instanceof ClusterError && error.status === 404) return { manifest, kept: undefined }
    return { manifest, kept: undefined, refusal: refusalIn(error, manifest.object) }
  }
}

/** @throws what is no refusal: an unreachable cluster is no fault of the manifest */
function refusalIn(error: unknown, { metadata }: KubernetesObject): Refusal {
  if (!(error instanceof ClusterError) || error.status === 0) throw error
  const { message, status } = error
  const right = status === 403 ? rightIn(message) : undefined
  const namespace = message.includes('at the cluster scope') ? undefined : metadata.namespace
  return { problem: message, lack: right && { right, namespace } }
}

type IsTold = (lack: Lack) => boolean

/** @param isTold whether the lack of a right is told by name anyway */
export const canaryFaults = ({ refusal }: TriedCanary, isTold: IsTold): Fault[] =>
  refusal === undefined || (refusal.lack !== undefined && isTold(refusal.lack))
    ? []
    : [{ input: 'manifests', problem: refusal.problem }]

/** A right that several manifests lack is told once. */
export function manifestFaults(tried: readonly RefusedManifest[], isTold: IsTold): Fault[] {
  const lacks = new Map<string, string[]>()
  const faults: Fault[] = []
  for (const { manifest, refusal } of tried) {
    if (refusal === undefined) continue
    const { problem, lack } = refusal
    if (lack === undefined) faults.push({ input: 'manifests', problem: `${manifest.source}: ${problem}` })
    else if (!isTold(lack)) {
      // Both at once: the API server asks for the second only after the first.
      const missing = describeMissing(lack.right, lack.namespace, ['create', 'patch'])
      lacks.set(missing, [...(lacks.get(missing) ?? []), manifest.source])
    }
  }
  const missing = [...lacks].map(([problem, sources]) => ({
    input: 'kubeconfig',
    problem: `${[...new Set(sources)].join(', ')}: ${problem}`
  }))
  return [...faults, ...missing]
}
