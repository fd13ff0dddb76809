import { carryOut } from './carry-out.ts'
import { InputError } from './errors.ts'
import type { Fault } from './errors.ts'
import type { Ports } from './execution/run-state.ts'
import { printRoute } from './grammar/route.ts'
import type { Lock } from './kubernetes/lease.ts'
import { withLock } from './lock.ts'
import { observe } from './observe.ts'
import { readRoutes } from './observe-routes.ts'
import type { FoundRoute, Observed } from './observed.ts'
import type { Outcome } from './outcome.ts'
import { outcomeOf } from './outcomes.ts'
import type { Step } from './plan.ts'
import { undoFaults } from './preflight.ts'
import { findPrevious, findVersion } from './previous.ts'
import { isUnfinished } from './record.ts'
import type { Release } from './record.ts'
import { recover } from './recover.ts'
import { beginRun, drainIn } from './release-run.ts'
import type { Beginning } from './release-run.ts'
import type { Request } from './request.ts'
import { requireRights } from './rights.ts'
import { planInPlace } from './strategies/in-place.ts'
import { prepareReturn } from './strategies/prepare-in-place.ts'
import { planRollback, prepareRollback } from './strategies/rollback.ts'
import type { Previous } from './strategies/rollback.ts'

type RollbackRequest = Omit<Request, 'manifests' | 'metrics'>

/**
 * Brings the previous version back, or the one that is called by `to`. In the middle of a release whose run has died
 * that is stable, and nothing else is to be done.
 * @throws InputError when there is nothing to go back to, or its template is gone
 */
export async function rollback(request: RollbackRequest): Promise<Outcome> {
  const { target, origin, ports, signal } = request
  const seen = await observe(target, ports.cluster)
  await requireRights(seen, { smokeTests: [] }, ports)
  return withLock(seen.service, origin, ports, signal, async (lock) => {
    const observed = await observe(target, ports.cluster)
    const { record } = observed
    return record === undefined || !isUnfinished(record)
      ? back(request, observed, lock)
      : backFromUnfinished(request, observed, record, lock)
  })
}

/** Undoing it is enough, unless another version than the one that served before it is wanted. */
async function backFromUnfinished(
  request: RollbackRequest,
  observed: Observed,
  record: Release,
  lock: Lock
): Promise<Outcome> {
  const { inputs, target, origin, ports } = request
  // Named wrongly, it must be told before anything is changed.
  const wanted = inputs.to === undefined ? undefined : await findVersion(observed, inputs.to, ports.cluster)
  const run = await recover(observed, record, ports, inputs, lock)
  const isAnother = wanted !== undefined && !wanted.version.serves
  if (run.release.phase === 'promoted' || isAnother)
    return back(request, await observe(target, ports.cluster), lock)
  const reason = `release ${record.id} was unfinished: it was undone`
  return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, 'rollback', origin, ports.clock.now())
}

async function back(request: RollbackRequest, observed: Observed, lock: Lock): Promise<Outcome> {
  const previous = await findPrevious(observed, request.inputs.to, request.ports.cluster)
  return previous.inPlace === undefined
    ? backBeside(request, observed, previous, lock)
    : backInPlace(request, observed, { ...previous, inPlace: previous.inPlace }, lock)
}

type PreparedBeginning = Pick<Beginning, 'routes' | 'release'>

/** The version has served before: what is asked for is that it does so again, soon. */
async function goBack(
  { inputs, origin, ports, signal }: RollbackRequest,
  { service, stable, workload }: Observed,
  prepared: PreparedBeginning,
  lock: Lock,
  plan: (drain: number) => readonly Step[]
): Promise<Outcome> {
  const beginning = {
    ...prepared,
    service,
    stable: stable.deployment,
    workload,
    port: 0,
    begun: false,
    lock,
    sampler: undefined
  }
  const run = beginRun(beginning, ports, { ...inputs, checks: [], smokeTests: [] })
  const ending = await carryOut(plan(drainIn(run)), run, lock, signal)
  return outcomeOf(run, ending, 'rollback', origin, ports.clock.now())
}

async function backBeside(
  request: RollbackRequest,
  observed: Observed,
  previous: Previous,
  lock: Lock
): Promise<Outcome> {
  const routes = await routesToRollBack(observed, request.ports)
  const prepared = prepareRollback({ ...observed, routes }, previous, request.origin)
  const { canary, live, release, settled, services, faults } = prepared
  refuse(faults, request)
  const rollback = { canary, live, manifests: services, previous: request.inputs.previous, settled }
  return goBack(request, observed, prepared, lock, (drain) => planRollback({ ...rollback, drain }, release))
}

/** The version was a template of the Deployment that serves: its pods are replaced once more. */
async function backInPlace(
  request: RollbackRequest,
  observed: Observed,
  previous: Parameters<typeof prepareReturn>[1],
  lock: Lock
): Promise<Outcome> {
  const { canary, release, after, faults } = prepareReturn(observed, previous, request.origin)
  refuse(faults, request)
  refuse(await undoFaults(release, observed, request.ports))
  const replacement = { canary, manifests: [], checks: false, smokeTests: false, bake: 0, after }
  return goBack(request, observed, { routes: [], release }, lock, () => planInPlace(replacement))
}

/** What is wrong with the version that was asked for is the fault of whoever has named it. */
function refuse(faults: readonly Fault[], request?: RollbackRequest): void {
  if (faults.length === 0) return
  const input = request?.inputs.to === undefined ? 'command' : 'to'
  throw new InputError(request === undefined ? faults : faults.map((fault) => ({ ...fault, input })))
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
