import { InputError, type Fault } from '../base/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import { isUnfinished, promoted, restored, type Release } from '../domain/record.ts'
import { beginRun, drainIn, type Beginning } from '../execute/begin-run.ts'
import { executeOrRestore } from '../execute/execute-or-restore.ts'
import type { Ports } from '../execute/release-run.ts'
import { untidyEnding } from '../execute/untidy.ts'
import { printRoute } from '../inputs/route.ts'
import { NOWHERE } from '../kubernetes/ports.ts'
import type { Right } from '../kubernetes/rights.ts'
import type { Lock } from '../lock/lease.ts'
import { harmToOthers } from '../observe/neighbours.ts'
import { observe } from '../observe/observe.ts'
import { requireRoutes, whenEnded, type FoundRoute, type Observed } from '../observe/observed.ts'
import { readRoutes } from '../observe/routes.ts'
import { planInPlace } from '../plan/in-place.ts'
import { prepareReturn } from '../plan/prepare-in-place.ts'
import { planRollback, prepareRollback, type Previous } from '../plan/rollback.ts'
import type { Step } from '../plan/step.ts'
import { needsOf, TEMPLATE_NEEDS, wayBack } from '../preflight/needs.ts'
import { undoFaults } from '../preflight/preflight.ts'
import { needsToEnd, requireRights } from '../preflight/rights.ts'
import type { Invocation } from './invocation.ts'
import { outcomeOf } from './outcome-of.ts'
import { findPrevious, findVersion } from './previous.ts'
import { recover } from './recover.ts'
import { turnedDownAfter } from './turned-down.ts'
import { withLock } from './with-lock.ts'

type RollbackRequest = Omit<Invocation, 'manifests' | 'metrics'>

/**
 * Brings the previous version back, or the one that is called by `to`. In the middle of a release whose run has died
 * that is stable, and nothing else is to be done.
 * @throws InputError when there is nothing to go back to, or its template is gone
 */
export async function rollback(request: RollbackRequest): Promise<Outcome> {
  const { target, origin, ports, signal } = request
  const seen = await observe(target, ports)
  await requireRightsToReturn(request, seen)
  return withLock(seen, origin, ports, signal, async (lock) => {
    const observed = await observe(target, ports)
    const { record } = observed
    return record === undefined || !isUnfinished(record)
      ? back(request, observed, lock)
      : backFromUnfinished(request, observed, record, lock)
  })
}

/** @throws InputError that names what the credentials lack, before anything is changed */
async function requireRightsToReturn(request: RollbackRequest, seen: Observed): Promise<void> {
  const { inputs, ports } = request
  const { record } = seen
  const left = record !== undefined && isUnfinished(record) ? record : undefined
  const toEnd = left === undefined ? needsOf({ steps: [], routes: [] }) : await needsToEnd(seen, left, ports)
  // Only the templates tell which way there is.
  await requireRights(seen, [...toEnd, ...TEMPLATE_NEEDS], ports)
  const isUndoneOnly = left !== undefined && left.phase !== 'promoting' && inputs.to === undefined
  if (isUndoneOnly) return
  const after = left === undefined ? seen : { ...whenEnded(seen, left), record: ended(left, ports) }
  await requireRights(seen, await needsToReturn(request, after), ports)
}

const ended = (left: Release, { clock }: Ports): Release =>
  left.phase === 'promoting' ? promoted(left, clock.now()) : restored(left, clock.now())

/** None where there is no way: that is told in its own words, when it is tried. */
async function needsToReturn(request: RollbackRequest, observed: Observed): Promise<readonly Right[]> {
  try {
    const { routes, release, plan } = await findWay(request, observed)
    return needsOf({
      steps: [...plan(0), ...wayBack(release)],
      routes: routes.map(({ route }) => route),
      services: [observed.service, ...observed.companions, ...observed.otherServices]
    })
  } catch (error) {
    if (error instanceof InputError) return []
    throw error
  }
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
  const untidy = isAnother ? untidyEnding(run) : undefined
  if (untidy !== undefined) return outcomeOf(run, untidy, 'rollback', origin, ports.clock.now())
  if (run.release.phase === 'promoted' || isAnother)
    return observe(target, ports)
      .then((now) => back(request, now, lock))
      .catch((error: unknown) => turnedDownAfter(error, run, 'rollback', request))
  const reason = `release ${record.id} was unfinished: it was undone`
  return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, 'rollback', origin, ports.clock.now())
}

/** The version has served before: what is asked for is that it does so again, soon. */
async function back(request: RollbackRequest, observed: Observed, lock: Lock): Promise<Outcome> {
  const { inputs, origin, ports, signal } = request
  const { service, companions, stable, workload } = observed
  const { routes, release, plan } = await findWay(request, observed)
  const beginning = {
    routes,
    release,
    service,
    companions,
    stable: stable.deployment,
    autoscaler: observed.autoscaler,
    workload,
    entrance: NOWHERE,
    begun: false,
    lock,
    sampler: undefined
  }
  const run = beginRun(beginning, ports, { ...inputs, checks: [], smokeTests: [] })
  const ending = await executeOrRestore(plan(drainIn(run)), run, signal)
  const { commit: _, ...outcome } = outcomeOf(run, ending, 'rollback', origin, ports.clock.now())
  // It is the release that it takes back which somebody wants to hear of.
  const { sha } = observed.record ?? {}
  return sha === undefined ? outcome : { ...outcome, commit: sha }
}

/** How to go back. */
interface Way extends Pick<Beginning, 'routes' | 'release'> {
  /** @param drain milliseconds that the routes need */
  readonly plan: (drain: number) => readonly Step[]
}

/** @throws InputError when there is none */
async function findWay(request: RollbackRequest, observed: Observed): Promise<Way> {
  const previous = await findPrevious(observed, request.inputs.to, request.ports.cluster)
  return previous.inPlace === undefined
    ? wayBeside(request, observed, previous)
    : wayInPlace(request, observed, { ...previous, inPlace: previous.inPlace })
}

async function wayBeside(request: RollbackRequest, observed: Observed, previous: Previous): Promise<Way> {
  requireRoutes(observed)
  const named = await routesToRollBack(observed, request.ports)
  const prepared = prepareRollback({ ...observed, routes: named }, previous, request.origin)
  const { canary, live, release, routes, settled, services, hasRecentUsers, faults } = prepared
  refuse([...faults, ...harmToOthers(observed, { canary, release })], request)
  const rollback = {
    canary,
    live,
    manifests: services,
    previous: request.inputs.previous,
    settled,
    hasRecentUsers
  }
  return { routes, release, plan: (drain) => planRollback({ ...rollback, drain }, release) }
}

/** The version was a template of the Deployment that serves: its pods are replaced once more. */
async function wayInPlace(
  request: RollbackRequest,
  observed: Observed,
  previous: Parameters<typeof prepareReturn>[1]
): Promise<Way> {
  const { canary, release, after, faults } = prepareReturn(observed, previous, request.origin)
  refuse([...faults, ...harmToOthers(observed, { canary, release })], request)
  refuse(await undoFaults(release, observed, request.ports))
  const replacement = { canary, manifests: [], checks: false, smokeTests: false, bake: 0, after }
  return { routes: [], release, plan: () => planInPlace(replacement) }
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
