import { InputError, refuse, type Fault } from '../base/errors.ts'
import type { Outcome } from '../domain/outcome.ts'
import { isUnfinished, promoted, restored, type Release } from '../domain/record.ts'
import { whyNotServing } from '../domain/still-serves.ts'
import { beginRun, type Beginning } from '../execute/begin-run.ts'
import { executeOrRestore } from '../execute/execute-or-restore.ts'
import type { Ports } from '../execute/release-run.ts'
import { drainIn } from '../execute/route-writers.ts'
import { untidyEnding } from '../execute/untidy.ts'
import { printRoute } from '../inputs/route.ts'
import type { Right } from '../kubernetes/rights.ts'
import type { Lock } from '../lock/lock.ts'
import { observe } from '../observe/observe.ts'
import {
  inRelease,
  requireRoutes,
  versionOf,
  whenEnded,
  type FoundRoute,
  type Observed,
  type Recorded
} from '../observe/observed.ts'
import { readRoutes } from '../observe/routes.ts'
import { harmToOthers } from '../plan/harm.ts'
import { planInPlace } from '../plan/in-place.ts'
import { prepareReturn } from '../plan/prepare-in-place.ts'
import { planRollback, prepareRollback, type Previous } from '../plan/rollback.ts'
import type { Step } from '../plan/step.ts'
import type { Known } from '../plan/versions.ts'
import { needsOf, TEMPLATE_NEEDS, wayBack } from '../preflight/needs.ts'
import { undoFaults } from '../preflight/preflight.ts'
import { needsToEnd, requireRights } from '../preflight/rights.ts'
import { exclusively } from './exclusively.ts'
import type { Invocation } from './invocation.ts'
import { jobsSince } from './jobs-told.ts'
import { lookedAt, outcomeOf, underWay } from './outcome-of.ts'
import { findPrevious, findVersion } from './previous.ts'
import { recover } from './recover.ts'
import { settleDown } from './settle-down.ts'
import { turnedDownAfter } from './turned-down.ts'

/**
 * Brings the previous version back, or the one that `to` names. A release whose run has died is undone first; without
 * `to` nothing else is done after a deploy, because stable is the previous version.
 * @throws InputError when there is nothing to go back to, or its template is gone
 */
export async function rollback(invocation: Invocation): Promise<Outcome> {
  const { target, ports } = invocation
  const seen = await observe(target, ports)
  const unwanted = unlessItServes(seen, invocation)
  if (unwanted !== undefined) return unwanted
  const needs = await needsToReturn(invocation, seen)
  return exclusively(invocation, seen, needs, async (observed, lock) => {
    const meanwhile = unlessItServes(observed, invocation)
    if (meanwhile !== undefined) return meanwhile
    const left = inRelease(observed)
    if (left !== undefined) return backFromUnfinished(invocation, left, lock)
    const { record } = observed
    return record?.settle === undefined
      ? back(invocation, observed, lock)
      : backFromUnsettled(invocation, { ...observed, record }, lock)
  })
}

/** The end of a run that was to take back another release than the one that serves. */
function unlessItServes(observed: Observed, invocation: Invocation): Outcome | undefined {
  const { onlyIf } = invocation.inputs
  const { record, stable } = observed
  if (onlyIf === undefined) return undefined
  // While a way back is unfinished, what has served before it counts: it is that which is to be left.
  const served = record && { ...record, isOpen: isUnfinished(record) && record.command === 'deploy' }
  const reason = whyNotServing(onlyIf, served, versionOf(stable.slot, stable.deployment, stable.hash))
  if (reason === undefined) return undefined
  const now = record !== undefined && isUnfinished(record) ? underWay(record, observed) : {}
  return { ...lookedAt(observed, invocation), ...now, reason }
}

/** @throws InputError when the credentials may not read the templates, which tell how to go back */
async function needsToReturn(invocation: Invocation, seen: Observed): Promise<readonly Right[]> {
  const { inputs, ports } = invocation
  const left = inRelease(seen)
  const toEnd = left === undefined ? needsOf({ steps: [], routes: [] }) : await needsToEnd(left, ports)
  await requireRights(seen, [...toEnd, ...TEMPLATE_NEEDS], ports)
  if (left === undefined) return needsOfWay(invocation, seen)
  const { command, phase } = left.record
  if (command === 'deploy' && phase !== 'promoting' && inputs.to === undefined) return []
  return needsOfWay(invocation, { ...whenEnded(seen, left.record), record: ended(left.record, ports) })
}

const ended = (left: Release, { clock }: Ports): Release =>
  left.phase === 'promoting' ? promoted(left, clock.now()) : restored(left, clock.now())

/** No rights where there is no way back: rolling back says so in words of its own. */
async function needsOfWay(invocation: Invocation, observed: Observed): Promise<readonly Right[]> {
  try {
    const { routes, release, plan } = await findWay(invocation, observed)
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

/**
 * Undoes the release, or finishes it. That is all where the version of before serves then, unless `to` names another one.
 */
async function backFromUnfinished(invocation: Invocation, observed: Recorded, lock: Lock): Promise<Outcome> {
  const { inputs, target, ports } = invocation
  // A wrong name is told before anything is changed.
  const wanted = inputs.to === undefined ? undefined : await findVersion(observed, inputs.to, ports.cluster)
  const run = await recover(observed, lock, invocation)
  const { release } = run.progress
  const isAnother = wanted !== undefined && !wanted.version.serves && !serves(wanted, release)
  const goesOn = isAnother || !isBack(observed.record, release)
  const untidy = goesOn ? untidyEnding(run) : undefined
  if (untidy !== undefined) return outcomeOf(run, untidy, invocation)
  if (goesOn)
    return observe(target, ports)
      .then((now) => back(invocation, now, lock))
      .catch((error: unknown) => turnedDownAfter(error, run, invocation))
  const { command, id } = observed.record
  const reason =
    command === 'deploy'
      ? `release ${id} was unfinished: it was undone`
      : `rollback ${id} was unfinished: it was finished`
  return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, invocation)
}

/**
 * Does what is left of a rollback to the plain Deployment, whose users have moved. That is all if it was this one that was
 * asked for.
 */
async function backFromUnsettled(invocation: Invocation, observed: Recorded, lock: Lock): Promise<Outcome> {
  const { inputs, target, ports } = invocation
  const { command, id } = observed.record
  const wanted = inputs.to === undefined ? undefined : await findVersion(observed, inputs.to, ports.cluster)
  const run = await settleDown(observed, lock, invocation)
  if (command !== 'rollback' || wanted?.version.serves === false)
    return back(invocation, await observe(target, ports), lock)
  const reason = `rollback ${id} was unfinished: it was finished`
  return outcomeOf(run, { result: 'rolled-back', reason, next: [] }, invocation)
}

const serves = ({ template }: Required<Known>, { stable }: Release): boolean =>
  template.live.metadata.name === stable.deployment && template.hash === stable.hash

/** Whether the version of before serves once what was left is ended: a deploy was undone, or a rollback finished. */
function isBack({ command, canary }: Release, { phase, stable }: Release): boolean {
  if (command === 'deploy') return phase !== 'promoted'
  return command === 'rollback' && stable.deployment === canary.deployment && stable.hash === canary.hash
}

/** Rolls back without checks and smoke tests: the version has served before, and is wanted soon. */
async function back(invocation: Invocation, observed: Observed, lock: Lock): Promise<Outcome> {
  const { inputs, ports, signal } = invocation
  const { service, companions, stable, workload } = observed
  const { routes, release, plan } = await findWay(invocation, observed)
  const beginning = {
    routes,
    release,
    service,
    companions,
    stable: stable.deployment,
    autoscaler: observed.autoscaler,
    workload,
    begun: false,
    lock
  }
  const run = beginRun(beginning, ports, { ...inputs, checks: [], smokeTests: [] })
  const undone = jobsSince(observed.record?.history ?? [], release.canary)
  if (undone !== undefined) {
    ports.log.warning(undone)
    run.journal.warnings.push(undone)
  }
  const ending = await executeOrRestore(plan(drainIn(run)), run, signal)
  const { commit: _, ...outcome } = outcomeOf(run, ending, invocation)
  // The report belongs to the commit of the release that is taken back.
  const { sha } = observed.record ?? {}
  return sha === undefined ? outcome : { ...outcome, commit: sha }
}

/** How to go back: which release that is, and its steps. */
interface Way extends Pick<Beginning, 'routes' | 'release'> {
  /** @param drain milliseconds that the routes need */
  readonly plan: (drain: number) => readonly Step[]
}

/** @throws InputError when there is none */
async function findWay(invocation: Invocation, observed: Observed): Promise<Way> {
  const previous = await findPrevious(observed, invocation.inputs.to, invocation.ports.cluster)
  return previous.inPlace === undefined
    ? wayBeside(invocation, observed, previous)
    : wayInPlace(invocation, observed, { ...previous, inPlace: previous.inPlace })
}

async function wayBeside(invocation: Invocation, observed: Observed, previous: Previous): Promise<Way> {
  requireRoutes(observed)
  const named = await routesToRollBack(observed, invocation.ports)
  const prepared = prepareRollback({ ...observed, routes: named }, previous, invocation.origin)
  const { canary, release, routes, faults } = prepared
  refuse(ofChoice([...faults, ...harmToOthers(observed, { canary, release })], invocation))
  const rollback = { ...prepared, previous: invocation.inputs.previous }
  return { routes, release, plan: (drain) => planRollback({ ...rollback, drain }, release) }
}

/** The version was a template of the Deployment that serves, which gets it again. */
async function wayInPlace(
  invocation: Invocation,
  observed: Observed,
  previous: Parameters<typeof prepareReturn>[1]
): Promise<Way> {
  const { canary, release, after, faults } = prepareReturn(observed, previous, invocation.origin)
  refuse(ofChoice([...faults, ...harmToOthers(observed, { canary, release })], invocation))
  refuse(await undoFaults(release, observed, invocation.ports))
  const replacement = { canary, manifests: [], checks: false, smokeTests: false, bake: 0, after }
  return { routes: [], release, plan: () => planInPlace(replacement) }
}

/** Names the input that chose the version as the one at fault. */
const ofChoice = (faults: readonly Fault[], { inputs }: Invocation): readonly Fault[] =>
  faults.map((fault) => ({ ...fault, input: inputs.to === undefined ? 'command' : 'to' }))

/** The routes that the inputs name, and those that the last release has used. */
async function routesToRollBack(
  { routes, record, namespace }: Observed,
  { cluster }: Ports
): Promise<readonly FoundRoute[]> {
  const named = new Set(routes.map(({ name }) => printRoute(name)))
  // A run that was leaving has led the users to the Service, and they still come by the routes.
  const last = record?.routes ?? record?.formerRoutes ?? []
  const more = last.filter((name) => !named.has(printRoute(name)))
  return [...routes, ...(await readRoutes(more, namespace, cluster))]
}
