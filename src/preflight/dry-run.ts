import { ClusterError, type Fault } from '../base/errors.ts'
import { isConflict, isInvalid } from '../kubernetes/refusals.ts'
import type { Cluster, WriteOptions } from '../kubernetes/cluster.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { removals, takeOverFirst } from '../kubernetes/ownership.ts'
import { refOf, groupOf } from '../kubernetes/ref.ts'
import { describeMissing, type Right, rightIn } from '../kubernetes/rights.ts'
import { isTree } from '../kubernetes/tree.ts'
import { asWritten } from '../plan/as-written.ts'

/** What the API server had to say of something that it accepts, and where that stands. */
export interface Warned {
  readonly source: string
  readonly text: string
}

/** A manifest, and what the API server would make of it. */
export interface TriedManifest {
  readonly warned: readonly Warned[]
  readonly manifest: Manifest
  /** Undefined when it cannot tell yet: the namespace or the kind is not there. */
  readonly kept: KubernetesObject | undefined
  /** What is not there, in the API server's words. */
  readonly lacking?: string
}

/**
 * The right that is missing, where that is the reason for the refusal; policies, quotas and webhooks refuse with the
 * same status.
 */
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
  readonly warned: readonly Warned[]
  readonly refusal?: Refusal
}

/**
 * Asks the API server what it would make of an object, or why it would refuse it.
 * @param written the manifest that the object was made of, which is tried as a whole; undefined when it was made of the
 * running Deployment
 */
export async function tryCanary(
  canary: Deployment,
  written: Manifest | undefined,
  cluster: Cluster
): Promise<TriedCanary> {
  const source = written?.source ?? `deployment/${canary.metadata.name}`
  const { options, warned } = listening(source, written !== undefined)
  try {
    const whole = written === undefined ? canary : asWritten(canary, written.object as Deployment)
    const { resourceVersion, ...metadata } = whole.metadata
    const tried = { ...whole, metadata }
    // Without resourceVersion: a change of the status in between is no fault of the manifest.
    const kept =
      resourceVersion === undefined ? cluster.create(tried, options) : cluster.replace(tried, options)
    return { canary: await kept, warned }
  } catch (error) {
    // Created since the cluster was read: no fault of the manifest, and the lock will tell who is at work.
    if (isConflict(error)) return { canary: undefined, warned }
    const refusal = refusalIn(error, canary)
    const problem =
      written === undefined ? refusal.problem : `${source}: ${ofTheirs(refusal.problem, written)}`
    return { canary: undefined, warned, refusal: { ...refusal, problem } }
  }
}

/** The user has written one Deployment, and it is tried under the name of the place where it would run. */
const ofTheirs = (problem: string, { object }: Manifest): string =>
  problem.replace(
    /^cannot (?:create|update) deployment\/(\S+?)(?= in namespace|:)/,
    (whole, tried: string) =>
      tried === object.metadata.name
        ? whole
        : `Deployment ${object.metadata.name}, released as ${tried}, is refused`
  )

/** A dry run whose warnings are kept. */
export function listening(
  source: string,
  strict: boolean
): { options: WriteOptions; warned: readonly Warned[] } {
  const warned: Warned[] = []
  return { warned, options: { dryRun: true, strict, onWarning: (text) => warned.push({ source, text }) } }
}

export type RefusedManifest = TriedManifest & { readonly refusal?: Refusal }

export async function tryManifest(manifest: Manifest, cluster: Cluster): Promise<RefusedManifest> {
  const { options, warned } = listening(manifest.source, true)
  try {
    const kept = await applied(manifest.object, cluster, options)
    const left = removals(kept)
    if (left === undefined) return { manifest, warned, kept }
    return { manifest, warned, kept: await cluster.patch(refOf(kept), left, { dryRun: true }) }
  } catch (error) {
    // What an earlier manifest brings (a namespace, a kind) is not there yet when nothing is really applied.
    if (error instanceof ClusterError && error.status === 404)
      return { manifest, warned, kept: undefined, lacking: error.message }
    return { manifest, warned, kept: undefined, refusal: refusalIn(error, manifest.object) }
  }
}

/**
 * A new field may conflict with a field of an earlier `kubectl apply`, which the real apply would remove. A dry run
 * cannot show both at once, so replacing the object by the manifest is tried then.
 */
async function applied(
  object: KubernetesObject,
  cluster: Cluster,
  options: WriteOptions
): Promise<KubernetesObject> {
  try {
    return await cluster.apply(object, options)
  } catch (error) {
    const live = isInvalid(error) ? await cluster.get(refOf(object)) : undefined
    if (live === undefined || takeOverFirst(live) === undefined) throw error
    return cluster.replace(object, options).catch(() => {
      throw error
    })
  }
}

/** @throws errors that are no refusal: an unreachable cluster is no fault of the manifest */
export function refusalIn(error: unknown, { metadata }: KubernetesObject): Refusal {
  if (!(error instanceof ClusterError) || error.status === 0) throw error
  const { message, status } = error
  const right = status === 403 ? rightIn(message) : undefined
  const namespace = message.includes('at the cluster scope') ? undefined : metadata.namespace
  return { problem: message, lack: right && { right, namespace } }
}

/** Each text once, with the places that it is said of. */
export function apiWarnings(warned: readonly Warned[]): string[] {
  const places = new Map<string, string[]>()
  for (const { text, source } of warned) places.set(text, [...(places.get(text) ?? []), source])
  return [...places].map(
    ([text, sources]) => `${[...new Set(sources)].join(', ')}: the API server warns: ${text}`
  )
}

type IsTold = (lack: Lack) => boolean

/** @param isTold whether the lack of a right is told by name anyway */
export const canaryFaults = ({ refusal }: TriedCanary, isTold: IsTold): Fault[] =>
  refusal === undefined || (refusal.lack !== undefined && isTold(refusal.lack))
    ? []
    : [{ input: 'manifests', problem: refusal.problem }]

/** A namespace or a kind that is not there, and that no earlier manifest brings: the release would end halfway. */
export const absenceFaults = (tried: readonly TriedManifest[]): Fault[] =>
  tried.flatMap(({ manifest, lacking }, at) => {
    const earlier = tried.slice(0, at).map((one) => one.manifest.object)
    if (lacking === undefined || earlier.some((object) => brings(object, manifest.object))) return []
    const { kind, metadata } = manifest.object
    return [{ input: 'manifests', problem: `${manifest.source}: ${kind} ${metadata.name}: ${lacking}` }]
  })

function brings(earlier: KubernetesObject, { apiVersion, kind, metadata }: KubernetesObject): boolean {
  if (earlier.kind === 'Namespace') return earlier.metadata.name === metadata.namespace
  if (earlier.kind !== 'CustomResourceDefinition') return false
  const { spec } = earlier as KubernetesObject & { readonly spec?: unknown }
  return isTree(spec) && isTree(spec.names) && spec.names.kind === kind && spec.group === groupOf(apiVersion)
}

/** A right that several manifests lack is told once. */
export function manifestFaults(tried: readonly RefusedManifest[], isTold: IsTold): Fault[] {
  const lacks = new Map<string, string[]>()
  const faults: Fault[] = []
  for (const { manifest, refusal } of tried) {
    if (refusal === undefined) continue
    const { problem, lack } = refusal
    if (lack === undefined) faults.push({ input: 'manifests', problem: `${manifest.source}: ${problem}` })
    else if (!isTold(lack)) {
      // Both rights at once: the API server reports the second only after the first is granted.
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
