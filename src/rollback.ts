import { carryOut } from './carry-out.ts'
import { InputError } from './errors.ts'
import type { Ports } from './execution/run-state.ts'
import type { Inputs } from './inputs.ts'
import type { Lock } from './kubernetes/lease.ts'
import { describeMissing, missingRights } from './kubernetes/rights.ts'
import { releaseNeeds } from './kubernetes/needs.ts'
import type { Deployment, ReplicaSet } from './kubernetes/objects.ts'
import { inSlot } from './kubernetes/slots.ts'
import { withoutKeys } from './kubernetes/selectors.ts'
import type { SlotName } from './kubernetes/slots.ts'
import { withLock } from './lock.ts'
import { observe, readReplicaSet } from './observe.ts'
import type { Target } from './observe.ts'
import type { Observed } from './observed.ts'
import type { Outcome, Version } from './outcome.ts'
import { outcomeOf } from './outcomes.ts'
import { recover } from './recover.ts'
import { isUnfinished } from './record.ts'
import { beginRun } from './release-run.ts'
import { beginRelease, placementOf, selectorsOf } from './strategies/prepare.ts'
import { HASH_LABEL } from './routes/find.ts'
import type { Origin } from './strategies/prepare.ts'
import { planRollback } from './strategies/rollback.ts'

export interface Rollback {
  readonly inputs: Inputs
  readonly target: Target
  readonly origin: Origin
  readonly ports: Ports
  readonly signal: AbortSignal
}

/**
 * Brings the previous version back. In the middle of a release whose run has died that is stable, and nothing else
 * is to be done.
 * @throws InputError when there is nothing to go back to, or its template is gone
 */
export async function rollback(request: Rollback): Promise<Outcome> {
  const { inputs, target, origin, ports, signal } = request
  const seen = await observe(target, ports.cluster)
  const missing = await missingRights(ports.cluster, target.namespace, releaseNeeds)
  if (missing.length > 0)
    throw new InputError(
      missing.map((need) => ({ input: 'kubeconfig', problem: describeMissing(need, target.namespace) }))
    )
  return withLock(seen.service, origin, ports, signal, async (lock) => {
    const observed = await observe(target, ports.cluster)
    if (observed.record === undefined || !isUnfinished(observed.record)) return back(request, observed, lock)
    const run = await recover(observed.service, observed.record, ports, inputs, lock)
    const reason = `release ${observed.record.id} was unfinished: it was undone`
    return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, 'rollback', origin, ports.clock.now())
  })
}

async function back(request: Rollback, observed: Observed, lock: Lock): Promise<Outcome> {
  const { inputs, origin, ports, signal } = request
  const { version, live, replicaSet } = await findPrevious(observed, ports)
  const slot = version.slot as SlotName
  const placement = { ...placementOf(observed), slot, name: version.deployment }
  const canary = inSlot(
    { ...live, spec: { ...live.spec, template: replicaSet.spec.template } },
    placement,
    live
  )
  const selectors = selectorsOf(observed, placement, version.hash)
  const settled = slot === 'plain' ? withoutKeys(selectors.canary, HASH_LABEL) : undefined
  const release = beginRelease(
    'rollback',
    observed,
    { ...version, replicas: placement.replicas },
    selectors,
    observed.autoscaler?.metadata.name,
    origin
  )
  const run = beginRun(
    {
      service: observed.service,
      workload: observed.workload,
      release,
      port: 0,
      begun: false,
      sampler: undefined
    },
    ports,
    { ...inputs, checks: [], smokeTests: [] }
  )
  const ending = await carryOut(
    planRollback({ canary, previous: inputs.previous, settled }, release),
    run,
    lock,
    signal
  )
  return outcomeOf(run, ending, 'rollback', origin, ports.clock.now())
}

interface Previous {
  readonly version: Version
  readonly live: Deployment
  readonly replicaSet: ReplicaSet
}

/** @throws InputError that says why there is nothing to go back to */
async function findPrevious(
  { record, namespace, slots, service }: Observed,
  { cluster }: Ports
): Promise<Previous> {
  const version = record?.previous
  if (version === undefined) {
    const last = record?.history[0]
    throw nothing(
      `service/${service.metadata.name} in namespace ${namespace} has no previous version on record` +
        (last === undefined
          ? ': Greenlight has not released it yet'
          : ` (the last thing that happened: ${last.release} ${last.result} ${last.images.join(', ')})`)
    )
  }
  const live = slots[version.slot as SlotName]
  const replicaSet = live === undefined ? undefined : await readReplicaSet(namespace, version, cluster)
  if (live === undefined || replicaSet === undefined) {
    throw nothing(
      `the previous version (${version.images.join(', ')}) ran as replicaset/${version.deployment}-${version.hash} in namespace ${namespace}, which is gone`
    )
  }
  return { version, live, replicaSet }
}

const nothing = (problem: string): InputError =>
  new InputError([
    {
      input: 'command',
      problem: `nothing to roll back to: ${problem}`,
      example: 'command: deploy with the image that should serve'
    }
  ])
