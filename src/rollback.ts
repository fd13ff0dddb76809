import { carryOut } from './carry-out.ts'
import { InputError } from './errors.ts'
import type { Ports } from './execution/run-state.ts'
import { printRoute } from './grammar/route.ts'
import type { Lock } from './kubernetes/lease.ts'
import type { SlotName } from './kubernetes/slots.ts'
import { withLock } from './lock.ts'
import { observe, readReplicaSet } from './observe.ts'
import { readRoutes } from './observe-routes.ts'
import type { FoundRoute, Observed } from './observed.ts'
import type { Outcome } from './outcome.ts'
import { outcomeOf } from './outcomes.ts'
import type { Request } from './request.ts'
import { recover } from './recover.ts'
import { isUnfinished } from './record.ts'
import { beginRun, drainIn } from './release-run.ts'
import { undoFaults } from './preflight.ts'
import { requireRights } from './rights.ts'
import { planInPlace } from './strategies/in-place.ts'
import { prepareReturn } from './strategies/prepare-in-place.ts'
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
  await requireRights(seen, { smokeTests: [] }, ports)
  return withLock(seen.service, origin, ports, signal, async (lock) => {
    const observed = await observe(target, ports.cluster)
    if (observed.record === undefined || !isUnfinished(observed.record)) return back(request, observed, lock)
    const run = await recover(observed, observed.record, ports, inputs, lock)
    if (run.release.phase === 'promoted') return back(request, await observe(target, ports.cluster), lock)
    const reason = `release ${observed.record.id} was unfinished: it was undone`
    return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, 'rollback', origin, ports.clock.now())
  })
}

async function back(request: RollbackRequest, observed: Observed, lock: Lock): Promise<Outcome> {
  const { inputs, origin, ports, signal } = request
  const previous = await findPrevious(observed, ports)
  if (previous.version.deployment === observed.stable.deployment.metadata.name)
    return backInPlace(request, observed, previous, lock)
  const routes = await routesToRollBack(observed, ports)
  const prepared = prepareRollback({ ...observed, routes }, previous, origin)
  const { canary, release, settled, services } = prepared
  const { service, stable, workload } = observed
  const beginning = {
    service,
    routes: prepared.routes,
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
  const steps = planRollback(
    { canary, manifests: services, previous: inputs.previous, settled, drain: drainIn(run) },
    release
  )
  const ending = await carryOut(steps, run, lock, signal)
  return outcomeOf(run, ending, 'rollback', origin, ports.clock.now())
}

/** The previous version was a template of the Deployment that serves: its pods are replaced once more. */
async function backInPlace(
  { inputs, origin, ports, signal }: RollbackRequest,
  observed: Observed,
  previous: Previous,
  lock: Lock
): Promise<Outcome> {
  const { canary, release, after } = prepareReturn(observed, previous, origin)
  const faults = await undoFaults(release, observed, ports)
  if (faults.length > 0) throw new InputError(faults)
  const { service, stable, workload } = observed
  const beginning = {
    service,
    routes: [],
    stable: stable.deployment,
    workload,
    release,
    port: 0,
    begun: false,
    lock,
    sampler: undefined
  }
  const run = beginRun(beginning, ports, { ...inputs, checks: [], smokeTests: [] })
  const steps = planInPlace({ canary, manifests: [], checks: false, smokeTests: false, bake: 0, after })
  const ending = await carryOut(steps, run, lock, signal)
  return outcomeOf(run, ending, 'rollback', origin, ports.clock.now())
}

/** Those that the user names, and those that the last release has used. */
async function routesToRollBack(
  { routes, record, namespace }: Observed,
  { cluster }: Ports
): Promise<readonly FoundRoute[]> {
  const named = new Set(routes.map(({ name }) => printRoute(name)))
  const more = (record?.routes ?? []).filter((name) => !named.has(printRoute(name)))
  return [...routes, ...(await readRoutes(more, namespace, cluster))]
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
  if (version.deployment === stable.deployment.metadata.name && version.hash === stable.hash) {
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
