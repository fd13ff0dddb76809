import type { Sampler } from './analysis/sampling.ts'
import type { Subject } from './analysis/subject.ts'
import { ClusterError } from './errors.ts'
import type { Fault } from './errors.ts'
import type { Ports } from './execution/run-state.ts'
import type { Inputs } from './inputs.ts'
import type { Manifest } from './kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from './kubernetes/objects.ts'
import { readReplicaSet } from './observe.ts'
import type { Observed } from './observed.ts'
import type { Release } from './record.ts'
import { rightsFaults } from './rights.ts'
import type { Prepared } from './strategies/prepare.ts'

export interface Preflight {
  readonly faults: readonly Fault[]
  readonly warnings: readonly string[]
  /** The canary as the API server would keep it. */
  readonly canary: Deployment | undefined
  readonly manifests: readonly TriedManifest[]
}

/** A manifest, and what the API server would make of it. */
export interface TriedManifest {
  readonly manifest: Manifest
  /** Undefined when it cannot tell yet: the namespace or the kind is not there. */
  readonly kept: KubernetesObject | undefined
}

/** Asks the cluster and Prometheus whether the release could be carried out, all at once. Changes nothing. */
export async function preflight(
  prepared: Prepared,
  observed: Observed,
  inputs: Inputs,
  sampler: Sampler | undefined,
  ports: Ports,
  signal: AbortSignal
): Promise<Preflight> {
  const [rights, undo, dryRun, manifests, checks] = await Promise.all([
    rightsFaults(observed, inputs, ports, prepared.manifests),
    undoFaults(prepared.release, observed, ports),
    tryCanary(prepared.canary, ports),
    Promise.all(prepared.manifests.map((manifest) => tryManifest(manifest, ports))),
    sampler?.preflight(stableSubject(observed), signal) ?? { faults: [], warnings: [] }
  ])
  return {
    faults: [
      ...rights,
      ...undo,
      // Missing rights are told by name already.
      ...(dryRun.forbidden && rights.length > 0 ? [] : dryRun.faults),
      ...untold(
        manifests.flatMap(({ faults }) => faults),
        rights
      ),
      ...checks.faults
    ],
    warnings: checks.warnings,
    canary: dryRun.canary,
    manifests
  }
}

/** A right that is named already is not named again for each manifest that it is lacking for. */
const untold = (faults: readonly Fault[], rights: readonly Fault[]): readonly Fault[] =>
  faults.filter(({ problem }) => !rights.some((right) => problem.includes(right.problem)))

/** In place the way back is the ReplicaSet of the template that serves: whoever goes on from the record has nothing else. */
export async function undoFaults(
  { strategy, stable }: Release,
  { namespace }: Observed,
  { cluster }: Ports
): Promise<Fault[]> {
  if (strategy === undefined || (await readReplicaSet(namespace, stable, cluster)) !== undefined) return []
  return [
    {
      input: 'workload',
      problem: `replicaset/${stable.deployment}-${stable.hash} in namespace ${namespace} is gone: it held the template that serves, without which nothing could be undone`,
      example: `revisionHistoryLimit: 2 in deployment/${stable.deployment}`
    }
  ]
}

/** The API server says what it would make of it, or why it would refuse. */
export async function tryCanary(
  canary: Deployment,
  { cluster }: Ports
): Promise<{
  readonly faults: readonly Fault[]
  readonly canary: Deployment | undefined
  /** For want of rights, or by a policy of the cluster. */
  readonly forbidden: boolean
}> {
  try {
    const { resourceVersion, ...metadata } = canary.metadata
    const tried = { ...canary, metadata }
    // Without the version that was read: a status that changes in between is no fault of the manifest.
    const kept =
      resourceVersion === undefined
        ? cluster.create(tried, { dryRun: true })
        : cluster.replace(tried, { dryRun: true })
    return { faults: [], canary: await kept, forbidden: false }
  } catch (error) {
    // An unreachable cluster is no fault of the manifest.
    if (!(error instanceof ClusterError) || error.status === 0) throw error
    const { message: problem, status } = error
    return { faults: [{ input: 'manifests', problem }], canary: undefined, forbidden: status === 403 }
  }
}

async function tryManifest(
  manifest: Manifest,
  { cluster }: Ports
): Promise<TriedManifest & { readonly faults: readonly Fault[] }> {
  const { object, source } = manifest
  try {
    return { manifest, kept: await cluster.apply(object, { dryRun: true }), faults: [] }
  } catch (error) {
    if (!(error instanceof ClusterError) || error.status === 0) throw error
    // What an earlier manifest brings (a namespace, a kind) is not there yet when nothing is really applied.
    const faults =
      error.status === 404 ? [] : [{ input: 'manifests', problem: `${source}: ${error.message}` }]
    return { manifest, kept: undefined, faults }
  }
}

/** The pods that serve, for what is measured before anything is changed. */
export function stableSubject({ namespace, workload, service, stable, routes }: Observed): Subject {
  const { name } = service.metadata
  const [port] = service.spec.ports ?? []
  const [route] = routes
  return {
    namespace,
    workload,
    slot: stable.slot,
    service: name,
    side: 'stable',
    deployment: stable.deployment.metadata.name,
    backend: {
      service: name,
      port: port?.port,
      ...(port?.name === undefined ? {} : { portName: port.name })
    },
    ...(route === undefined ? {} : { route: route.name }),
    ...(stable.hash === '' ? {} : { replicaSet: `${stable.deployment.metadata.name}-${stable.hash}` }),
    pods: stable.pods.map(({ metadata }) => ({
      name: metadata.name,
      createdAt: Date.parse(metadata.creationTimestamp ?? '')
    })),
    releaseStartedAt: 0
  }
}
