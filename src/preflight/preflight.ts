import { NO_FINDINGS, type Fault, type Findings } from '../base/errors.ts'
import type { Need, Sampler } from '../checks/sampler.ts'
import type { Release } from '../domain/record.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Cluster, ClusterPorts } from '../kubernetes/cluster.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { missingRights, type Right, type Rule, rightsFaults } from '../kubernetes/rights.ts'
import { readReplicaSet } from '../observe/observe.ts'
import type { Observed } from '../observe/observed.ts'
import { readDrivers } from '../observe/drivers.ts'
import { wouldBeInstalled } from '../plan/first-place.ts'
import { harmToOthers } from '../plan/harm.ts'
import { methodOf } from '../plan/method.ts'
import { driverFaults, ownerFindings } from '../plan/owners.ts'
import type { Prepared } from '../plan/prepare.ts'
import { NO_JOBS } from '../plan/release-jobs.ts'
import { isScrapedAlike } from '../plan/scraping.ts'
import type { Step } from '../plan/step.ts'
import { findClashes } from './claims.ts'
import { connectionWarnings } from './connections.ts'
import { findDependents } from './dependents.ts'
import {
  absenceFaults,
  apiWarnings,
  canaryFaults,
  manifestFaults,
  tryCanary,
  tryManifest,
  type Lack,
  type TriedManifest
} from './dry-run.ts'
import { tryJob } from './try-job.ts'
import { editsOf } from './edits.ts'
import { gitOpsFindings } from './gitops.ts'
import { measuredStable } from './measured-stable.ts'
import { INSTALL, needsOf, wayBack } from './needs.ts'
import { roomFaults } from './quota.ts'

/** A release that is about to begin. */
export interface Candidate {
  readonly prepared: Prepared
  readonly steps: readonly Step[]
  readonly observed: Observed
  readonly inputs: Pick<Inputs, 'smokeTests' | 'onNoData'>
  /** What the credentials allow in the namespace. */
  readonly rules: Promise<readonly Rule[]>
}

export interface Preflight {
  /** What is wrong, whether or not there is anything new to release. */
  readonly faults: readonly Fault[]
  /** What would keep the release from being carried out. */
  readonly obstacles: readonly Fault[]
  readonly warnings: readonly string[]
  /** The canary as the API server would keep it. */
  readonly canary: Deployment | undefined
  readonly manifests: readonly TriedManifest[]
}

/** Asks the cluster and Prometheus whether the release could be carried out, all at once. Changes nothing. */
export async function preflight(
  candidate: Candidate,
  sampler: Sampler | undefined,
  ports: ClusterPorts,
  signal: AbortSignal
): Promise<Preflight> {
  const { prepared, observed, rules } = candidate
  const [{ namespace }, { cluster }] = [observed, ports]
  const [missing, room, others, undo, canary, manifests, jobs, checks] = await Promise.all([
    rules.then((known) => missingRights(cluster, namespace, neededBy(candidate), known)),
    rules.then((known) => roomFaults(prepared, observed, known, cluster)),
    rules.then((known) => findingsOfOthers(candidate, known, cluster)),
    undoFaults(prepared.release, observed, ports),
    tryCanary(prepared.canary, prepared.written, cluster),
    Promise.all(prepared.manifests.map((manifest) => tryManifest(manifest, cluster))),
    Promise.all(jobsOf(prepared).map((job) => tryJob(job, cluster))),
    sampler?.preflight(measuredStable(observed), signal, needIn(candidate, ports)) ?? NO_FINDINGS
  ])
  const isTold = (lack: Lack): boolean =>
    lack.namespace === namespace && missing.some((right) => isSame(right, lack.right))
  return {
    faults: [
      ...lackingFaults(missing, observed),
      ...undo,
      ...canaryFaults(canary, isTold),
      ...manifestFaults([...manifests, ...jobs], isTold),
      ...absenceFaults(manifests),
      ...checks.faults
    ],
    obstacles: [...room, ...others.faults],
    warnings: [
      ...(observed.first === true ? [] : checks.warnings),
      ...others.warnings,
      ...apiWarnings([canary, ...manifests, ...jobs].flatMap(({ warned }) => warned)),
      ...connectionsOf(candidate, canary.canary ?? prepared.canary)
    ],
    canary: canary.canary,
    manifests
  }
}

/** In a namespace that was meant to be another one, nobody has given the right to install. */
const lackingFaults = (missing: readonly Right[], observed: Observed): readonly Fault[] => [
  ...(missing.some(({ role }) => role === INSTALL) ? [wouldBeInstalled(observed)] : []),
  ...rightsFaults(missing, observed.namespace)
]

const jobsOf = ({ jobs = NO_JOBS }: Prepared) => [...jobs.before, ...jobs.after]

/**
 * Without a load line, the first measurements are taken when users are on the new version already. The new version is
 * assumed to be scraped like the old one, unless its template differs in what Prometheus looks for.
 */
function needIn({ inputs, observed, prepared }: Candidate, { log }: ClusterPorts): Need | undefined {
  const isMeasuredFirst = inputs.smokeTests.some(({ kind }) => kind === 'load')
  if (inputs.onNoData !== 'fail' || isMeasuredFirst || observed.first === true) return undefined
  return {
    alike: isScrapedAlike(observed.stable.deployment.spec.template, prepared.canary.spec.template),
    tell: (text) => {
      log.line(text)
    }
  }
}

/** Others who write what the release changes, or whose users it would affect. */
async function findingsOfOthers(
  { prepared, steps, observed }: Candidate,
  rules: readonly Rule[],
  cluster: Cluster
): Promise<Findings> {
  const [owners, clashes, drivers, dependents] = await Promise.all([
    gitOpsFindings(editsOf(steps, prepared, observed), cluster),
    findClashes(prepared, observed, rules, cluster),
    readDrivers(observed.stable.deployment, rules, cluster),
    findDependents(prepared, observed, rules, cluster)
  ])
  return {
    faults: [
      ...driverFaults(drivers, observed.stable.deployment),
      ...harmToOthers(observed, prepared),
      ...clashes.faults,
      ...owners.faults
    ],
    warnings: [
      ...owners.warnings,
      ...clashes.warnings,
      ...dependents,
      ...ownerFindings(observed, prepared.release).warnings
    ]
  }
}

const neededBy = ({ prepared, steps, observed, inputs }: Candidate): readonly Right[] =>
  needsOf({
    steps: [...steps, ...wayBack(prepared.release)],
    routes: prepared.routes.map(({ route }) => route),
    smokeTests: inputs.smokeTests,
    services: [observed.service, ...observed.companions, ...observed.otherServices]
  })

const isSame = (one: Right, other: Right): boolean =>
  one.verb === other.verb &&
  one.group === other.group &&
  one.resource === other.resource &&
  one.subresource === other.subresource

const connectionsOf = ({ prepared, observed }: Candidate, canary: Deployment): readonly string[] =>
  connectionWarnings({
    stable: observed.stable.deployment,
    canary,
    service: observed.service,
    strategy: prepared.release.strategy
  })

/** A later run can undo the release only from these ReplicaSets. */
export async function undoFaults(
  release: Release,
  { namespace }: Observed,
  { cluster }: ClusterPorts
): Promise<readonly Fault[]> {
  const needed = methodOf(release).bringsBack(release)
  const found = await Promise.all(needed.map((version) => readReplicaSet(namespace, version, cluster)))
  return needed
    .filter((_, at) => found[at] === undefined)
    .map(({ deployment, hash }) => ({
      input: 'workload',
      problem: `replicaset/${deployment}-${hash} in namespace ${namespace} is gone: it held the template that serves, without which nothing could be undone`,
      example: `revisionHistoryLimit: 2 in deployment/${deployment}`
    }))
}
