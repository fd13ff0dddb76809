import { counted, percent } from '../../base/counted.ts'
import {
  backendsOf,
  promoted,
  restored,
  splitOf,
  withSplit,
  type End,
  type Release
} from '../../domain/record.ts'
import { isRefused } from '../../kubernetes/refusals.ts'
import { printSelector, type Labels } from '../../kubernetes/selectors.ts'
import type { Split } from '../../routes/route.ts'
import { serviceRoute } from '../../routes/service.ts'
import { EVERYBODY, NOBODY } from '../../routes/split.ts'
import { confirmAll, settleCompanions } from '../companions.ts'
import { behindSince, readyPods } from '../endpoints.ts'
import { awaitGateways, awaitGatewaysTelling, awaitGatewaysWatching, writersToApex } from '../gateways.ts'
import type { Progress, ReleaseRun } from '../release-run.ts'
import {
  awaitRoutes,
  backendsIn,
  followOnRoutes,
  settleRoutes,
  splitRoutes,
  weightNow,
  writeService
} from '../route-writers.ts'
import { confirmCanary, confirmPods, verifyCanary, verifyReachable } from '../verify.ts'

/** Begins the release: writes the record, and has the Service select stable alone, whatever comes up beside it. */
export async function begin(run: ReleaseRun): Promise<string> {
  await writeRecord(run, { ...run.progress.release, phase: 'running' }, NOBODY)
  return allOnStable(run.progress)
}

/** Notes the record before it is sent, since the answer may be lost. If the API server refuses it, nothing has changed. */
async function writeRecord(run: ReleaseRun, release: Release, split: Split): Promise<void> {
  const { progress } = run
  const before = progress.release
  progress.release = { ...release, canary: progress.canary }
  progress.begun = true
  try {
    await writeService(run, progress.release, split)
  } catch (error) {
    if (!isRefused(error)) throw error
    progress.release = before
    progress.begun = progress.recorded
    throw error
  }
}

/** Adds the canary to the routes without traffic, so that faults show before users are sent there. */
export async function prepareRoutes(run: ReleaseRun, signal: AbortSignal): Promise<string> {
  // Traefik fails a whole route when one Service in it has no pods, whatever its weight.
  await confirmCanary(run, backendsIn(run).canary, signal)
  await splitRoutes(run, NOBODY)
  const routes = await awaitRoutes(run, signal)
  const since = run.ports.clock.now()
  await awaitGatewaysWatching(run, { since, what: `of service/${backendsIn(run).canary}` }, signal)
  return routes
}

/** Sends the canary its share. Where routes do that, the Service selects stable until the release is over. */
export async function shift(
  run: ReleaseRun,
  split: Split,
  step: number,
  signal: AbortSignal
): Promise<string> {
  const { progress } = run
  await (run.routes.length > 0 ? verifyReachable(run, signal) : verifyCanary(run, signal))
  const exposed = split.weight > 0 || split.header !== undefined || progress.release.exposed
  const shiftedAt = new Date(run.ports.clock.now()).toISOString()
  // After an attempt that did not come to its end the step begins anew.
  const begunAt = [...(progress.release.begunAt ?? []).slice(0, step), shiftedAt]
  const begun = { step, begunAt, shiftedAt, phase: 'running' } as const
  const release: Release = { ...withSplit(progress.release, split), ...begun }
  const recorded = exposed ? { ...release, exposed: true as const } : release
  await (run.routes.length > 0 ? shiftRoutes(run, recorded, split) : writeRecord(run, recorded, split))
  noteShift(run, split)
  const tested = (): string => describePods(progress)
  if (run.routes.length > 0) return `${await awaitRoutes(run, signal)}: ${tested()}`
  if (split.weight === 0) return allOnStable(progress)
  const endpoints = await confirmAll(run, (name) => confirmCanary(run, name, signal))
  if (split.weight === 100) return tested()
  const achieved = (100 * progress.pods.length) / endpoints
  run.journal.shifts.splice(-1, 1, { at: progress.shiftedAt ?? 0, split, achieved })
  return `${tested()} among ${counted(endpoints, 'pod')}: ${percent(achieved)} of the connections`
}

const allOnStable = ({ stable, release }: Progress): string =>
  release.first === true ? 'nobody is served' : `all traffic on ${stable.deployment}`

/** Says "tested" only if all of these pods have passed smoke tests. */
function describePods({ pods, tested, canary }: Progress): string {
  const noun = pods.every(({ metadata }) => tested.has(metadata.uid ?? '')) ? 'tested pod' : 'pod'
  const wanted = Math.max(pods.length, canary.replicas)
  return `${pods.length}/${counted(wanted, noun)} serving`
}

async function shiftRoutes(run: ReleaseRun, release: Release, split: Split): Promise<void> {
  await writeRecord(run, release, NOBODY)
  await splitRoutes(run, split)
}

/** Writes everything at once: users are on the canary until the last write has arrived. */
export async function restore(run: ReleaseRun): Promise<string> {
  const { progress } = run
  // Somebody may have moved the traffic by hand since the run died.
  const exposed = weightNow(run) !== 0
  const before = progress.release
  const release: Release = { ...withSplit(before, NOBODY), phase: 'aborting' }
  const [record, routes] = await Promise.allSettled([
    writeRecord(run, exposed ? { ...release, exposed: true } : release, NOBODY),
    settleRoutes(run, 'stable')
  ])
  // The record goes on saying where users were, until it is known that they are back.
  const isBack = (run.routes.length > 0 ? routes : record).status === 'fulfilled'
  progress.release = withSplit(progress.release, isBack ? NOBODY : splitOf(before))
  for (const part of [record, routes]) if (part.status === 'rejected') throw part.reason
  noteShift(run, NOBODY)
  return allOnStable(progress)
}

function noteShift(run: ReleaseRun, split: Split): void {
  run.progress.shiftedAt = run.ports.clock.now()
  run.journal.shifts.push({ at: run.progress.shiftedAt, split })
}

/**
 * Points the Service to the canary, and then leads the routes back to the Service, as before the release. This is the
 * point of no return: a run that finds the record of this phase goes on with it.
 * @param hopeless stable could not serve, so there is no way back whatever the canary's pods show
 */
export async function follow(run: ReleaseRun, hopeless: boolean, signal: AbortSignal): Promise<string> {
  const { progress } = run
  const count = async (): Promise<unknown> => (progress.pods = await readyPods(run, 'canary'))
  await count()
  const { canary } = progress
  const release: Release = { ...withSplit(progress.release, EVERYBODY), phase: 'promoting', canary }
  // A gateway that has not learnt yet that the canary has all users still sends some to the Service.
  const shiftedAt = progress.shiftedAt ?? run.ports.clock.now()
  const moved = { since: shiftedAt, what: 'where its users are' }
  await (hopeless ? awaitGateways : awaitGatewaysWatching)(run, moved, signal)
  await writeService(run, release, EVERYBODY)
  // Only now: without this record on the Service another run would put stable back, and so must this one.
  progress.release = release
  await followOnRoutes(run, release)
  const followed = run.ports.clock.now()
  const { name, title } = run.traffic
  await confirmAll(run, (behind) => confirmPods(run, behind, count, signal))
  const learnt = {
    since: Math.max(behindSince(run, name), followed),
    what: `of the pods behind ${title}`,
    writers: writersToApex(run)
  }
  await (hopeless ? awaitGateways : awaitGatewaysTelling)(run, learnt, signal)
  await settleRoutes(run, 'canary')
  return `${run.traffic.title} selects ${progress.canary.deployment}`
}

/** Ends the run, but not the release: the record says where to go on. */
export async function wait(run: ReleaseRun): Promise<string> {
  const split = run.routes.length > 0 ? NOBODY : splitOf(run.progress.release)
  await writeRecord(run, { ...run.progress.release, phase: 'waiting' }, split)
  return 'command: promote continues, command: abort puts stable back'
}

/** Notes in the record that the canary is stable now. The traffic stays where it is. */
export async function finish(run: ReleaseRun, end: End): Promise<string> {
  const release = promoted(run.progress.release, run.ports.clock.now(), end)
  // From now on the record's stable is what serves, so its canary has no traffic.
  await writeService(run, release, NOBODY)
  run.progress.release = release
  return `${release.stable.deployment} is live`
}

/** Gives the Service the selector from before the release, which can select only one version by now. */
export async function settle(
  run: ReleaseRun,
  selector: Labels,
  outcome: 'restored' | 'kept'
): Promise<string> {
  const { settle: _, ...release } = run.progress.release
  const settled: Release = {
    ...(outcome === 'restored' ? restored(release, run.ports.clock.now()) : release),
    selectors: { ...release.selectors, before: selector }
  }
  const backends = backendsOf(settled, run.namespace, run.traffic.name)
  // The record, which says that the release is over, comes last.
  await settleCompanions(run, backends, outcome)
  await run.traffic.write((objects) => serviceRoute.settle(objects, backends, 'stable'), settled)
  run.progress.release = settled
  return `selector ${printSelector(selector)}`
}
