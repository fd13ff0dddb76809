import { carryOut } from './carry-out.ts'
import { InputError } from './errors.ts'
import type { Ports } from './execution/run-state.ts'
import type { Lock } from './kubernetes/lease.ts'
import { describeMissing, missingRights } from './kubernetes/rights.ts'
import { releaseNeeds } from './kubernetes/needs.ts'
import type { SlotName } from './kubernetes/slots.ts'
import { withLock } from './lock.ts'
import { observe, readReplicaSet } from './observe.ts'
import type { Observed } from './observed.ts'
import type { Outcome } from './outcome.ts'
import { outcomeOf } from './outcomes.ts'
import type { Request } from './request.ts'
import { recover } from './recover.ts'
import { isUnfinished } from './record.ts'
import { beginRun } from './release-run.ts'
import { planRollback, prepareRollback } from './strategies/rollback.ts'
import type { Previous } from './strategies/rollback.ts'

type RollbackRequest = Omit<Request, 'manifests' | 'metrics'>

/**
 * Brings the previous version back. In the middle of a release whose run has died that is stable, and nothing else
 * is to be done.
 * @throws InputError when there is nothing to go back to, or its template is gone
 */
export async function rollback(request: RollbackRequest): Promise<Outcome> {
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
    const run = await recover(observed, observed.record, ports, inputs, lock)
    const reason = `release ${observed.record.id} was unfinished: it was undone`
    return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, 'rollback', origin, ports.clock.now())
  })
}

async function back(request: RollbackRequest, observed: Observed, lock: Lock): Promise<Outcome> {
  const { inputs, origin, ports, signal } = request
  const previous = await findPrevious(observed, ports)
  const { canary, release, settled } = prepareRollback(observed, previous, origin)
  const { service, stable, workload } = observed
  const beginning = {
    service,
    stable: stable.deployment,
    workload,
    release,
    port: 0,
    begun: false,
    lock,
    sampler: undefined
  }
  // The previous version has served before: what is asked for is that it does so again, soon.
  const run = beginRun(beginning, ports, { ...inputs, checks: [], smokeTests: [] })
  const steps = planRollback({ canary, previous: inputs.previous, settled }, release)
  const ending = await carryOut(steps, run, lock, signal)
  return outcomeOf(run, ending, 'rollback', origin, ports.clock.now())
}

/** @throws InputError that says why there is nothing to go back to */
async function findPrevious(
  { record, namespace, slots, service, stable }: Observed,
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
  if (version.deployment === stable.deployment.metadata.name) {
    throw nothing(
      `deployment/${version.deployment} (${version.images.join(', ')}) has all the traffic already`
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
