import { InputError, refuse } from '../base/errors.ts'
import { samplerFor } from '../checks/sampler.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Release } from '../domain/record.ts'
import { beginRun, routesOf } from '../execute/begin-run.ts'
import { readyPods } from '../execute/endpoints.ts'
import { executeOrRestore } from '../execute/execute-or-restore.ts'
import { drainIn } from '../execute/route-writers.ts'
import { tidyConfig } from '../execute/unreferenced-config.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { parseStep, printStep, stepsFaults, type TrafficStep } from '../inputs/step.ts'
import { need } from '../kubernetes/needs.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import type { Right } from '../kubernetes/rights.ts'
import { difference } from '../kubernetes/template-difference.ts'
import type { Lock } from '../lock/lock.ts'
import { observe, readReplicaSet } from '../observe/observe.ts'
import type { Observed, Recorded } from '../observe/observed.ts'
import { readRemaining } from '../observe/routes.ts'
import { isConfig } from '../plan/config-copy.ts'
import { entranceOf, smokePortFaults } from '../plan/entrance.ts'
import { asAuthored } from '../plan/exported.ts'
import { withoutHooks } from '../plan/hooks.ts'
import { isSlotOf } from '../plan/live-fields.ts'
import { prepare } from '../plan/prepare.ts'
import { ALL_AT_ONCE, planRest } from '../plan/progressive.ts'
import type { ReleaseJobs } from '../plan/release-jobs.ts'
import { canaryFaults, tryCanary } from '../preflight/dry-run.ts'
import { measuredStable } from '../preflight/measured-stable.ts'
import { needsOf, TEMPLATE_NEEDS, wayBack } from '../preflight/needs.ts'
import { exclusively } from './exclusively.ts'
import type { Invocation } from './invocation.ts'
import { outcomeOf } from './outcome-of.ts'
import { jobsToPromote, withAfter } from './promote-jobs.ts'
import { requireShape } from './require-shape.ts'

/**
 * Goes on with a release that waits for approval, with the steps that it has left.
 * @throws InputError when there is none, or when what would go on is not what was tested; then nothing was changed
 */
export async function promote(invocation: Invocation): Promise<Outcome> {
  const { target, ports } = invocation
  const seen = await observe(target, ports)
  const jobs = await jobsToPromote(waitingIn(seen), invocation)
  const needs = await needsToGoOn(waitingIn(seen), jobs, invocation)
  return exclusively(invocation, seen, needs, async (observed, lock) => {
    const waiting = waitingIn(observed)
    const live = await readTested(waiting, invocation)
    await refuseAnother(waiting, live, invocation)
    return goOn(waiting, { live, jobs }, lock, invocation)
  })
}

/** The rights for the rest of the release, and for putting stable back. */
async function needsToGoOn(
  { namespace, record }: Recorded,
  jobs: ReleaseJobs,
  { inputs, ports }: Invocation
): Promise<readonly Right[]> {
  const { smokeTests, bake, previous, images, manifests } = inputs
  const release = watched(record, inputs)
  const { found } = await readRemaining(record.routes ?? [], namespace, ports.cluster)
  const progress = { steps: stepsIn(record), checks: true, bake, previous, drain: 0, jobs }
  const needs = needsOf({
    steps: [...planRest((record.step ?? 0) + 1, progress, release), ...wayBack(release)],
    routes: found.map(({ route }) => route),
    smokeTests
  })
  // The version that the inputs ask for is tried, to compare it with the one that was tested.
  const trying = images.length > 0 || manifests.length > 0 ? need('apps', 'deployments', 'update') : []
  return [...needs, ...TEMPLATE_NEEDS, ...trying]
}

function waitingIn(observed: Observed): Recorded {
  const { record, service } = observed
  if (record?.phase === 'waiting') return { ...observed, record }
  const last = record === undefined ? 'there was none yet' : `the last one, ${record.id}, is ${record.phase}`
  const problem = `nothing to promote: no release of service/${service.metadata.name} waits for approval; ${last}`
  throw refused(problem, 'steps: 50% until approved, and command: deploy')
}

const refused = (problem: string, example?: string): InputError =>
  new InputError([{ input: 'command', problem, ...(example === undefined ? {} : { example }) }])

const ABORT = 'command: abort, and release what is wanted from the start'

/** The canary's Deployment, with the template that was tested. */
async function readTested(
  { namespace, slots, record: { canary } }: Recorded,
  { ports }: Invocation
): Promise<Deployment> {
  const live = Object.values(slots).find(({ metadata }) => metadata.name === canary.deployment)
  const tested = await readReplicaSet(namespace, canary, ports.cluster)
  if (live === undefined || tested === undefined) {
    const what = `what was tested ran as replicaset/${canary.deployment}-${canary.hash}`
    throw refused(`${what} in namespace ${namespace}, which is gone`, ABORT)
  }
  const lines = difference(tested.spec.template, live.spec.template)
  if (lines.length === 0) return live
  const problem = `deployment/${canary.deployment} in namespace ${namespace} was changed since it was tested`
  throw refused(`${problem}: ${lines.join('; ')}`, ABORT)
}

/** Inputs with images or manifests name the version to promote. @throws InputError unless it is the one that was tested */
async function refuseAnother(observed: Observed, live: Deployment, invocation: Invocation): Promise<void> {
  const { inputs, origin, ports } = invocation
  // Manifests of other objects are not applied by a promotion.
  const used = invocation.manifests.filter(({ object }) => isSlotOf(observed, object) || isConfig(object))
  await requireShape(used, observed.namespace, ports.cluster)
  const { manifests } = withoutHooks(asAuthored(used, observed).manifests, observed)
  if (inputs.images.length === 0 && manifests.length === 0) return
  // How to release was decided at the beginning, so the template alone is compared.
  const template: Inputs = { ...inputs, strategy: 'blue-green', steps: [], route: [], before: [], after: [] }
  const prepared = prepare(template, { ...observed, routes: [] }, manifests, origin)
  if ('length' in prepared) throw new InputError(prepared)
  const tried = await tryCanary(prepared.canary, prepared.written, ports.cluster)
  if (tried.canary === undefined) throw new InputError(canaryFaults(tried, () => false))
  const lines = difference(live.spec.template, tried.canary.spec.template)
  if (lines.length === 0) return
  throw refused(`the inputs ask for another version than the one that was tested: ${lines.join('; ')}`, ABORT)
}

async function goOn(
  observed: Recorded,
  { live, jobs }: { readonly live: Deployment; readonly jobs: ReleaseJobs },
  lock: Lock,
  invocation: Invocation
): Promise<Outcome> {
  const { record } = observed
  const { inputs, origin, ports, signal } = invocation
  const routes = await routesOf(record, observed.service, ports)
  const sampler = samplerFor(inputs, invocation.createSampler, routes)
  const report = await sampler?.preflight(measuredStable(observed), signal)
  const entrance = entranceOf(observed, routes, live)
  const faults = [...(report?.faults ?? []), ...smokePortFaults(inputs.smokeTests, entrance, observed)]
  refuse(faults)
  const release: Release = { ...watched(record, inputs), ...withAfter(record, jobs), holder: origin.holder }
  const stable = observed.stable.deployment
  const pods = await readyPods({ ports, namespace: observed.namespace, initial: release }, 'canary')
  const steps = stepsIn(record)
  const taken = { routes, stable, release, entrance, lock, sampler, steps, begun: true, readUnderLock: true }
  const run = beginRun({ ...observed, ...taken, deployment: live, pods }, ports, decided(record, inputs))
  run.journal.warnings.push(
    ...(report?.warnings ?? []),
    ...unwatched(record, inputs),
    ...unmeasured(record, inputs)
  )
  const { bake, previous, checks } = inputs
  const progress = { steps, checks: checks.length > 0, bake, previous, drain: drainIn(run), jobs }
  const plan = planRest((record.step ?? 0) + 1, progress, release)
  const ending = await executeOrRestore(plan, run, signal)
  await tidyConfig(run, ending, signal)
  return outcomeOf(run, ending, { ...invocation, origin: { ...origin, release: record.id } })
}

/** With the watchdog of the inputs. The image in the record is not trusted: anybody may have written it there. */
const watched = ({ watchdog: _, ...record }: Release, { watchdog }: Inputs): Release => ({
  ...record,
  ...(watchdog === undefined ? {} : { watchdog })
})

/** Whoever goes on with a release that has all users already has decided what the comparison could not. */
const decided = ({ weight }: Release, inputs: Inputs): Inputs =>
  weight === 100 && inputs.onInconclusive === 'hold' ? { ...inputs, onInconclusive: 'promote' } : inputs

const unwatched = ({ id, watchdog }: Release, inputs: Inputs): readonly string[] =>
  watchdog === undefined || inputs.watchdog !== undefined
    ? []
    : [`release ${id} began with a watchdog and goes on without one; watchdog: ${watchdog} starts it again`]

const unmeasured = ({ id, checks = [] }: Release, inputs: Inputs): readonly string[] =>
  checks.length === 0 || inputs.checks.length > 0
    ? []
    : [
        `release ${id} began with checks (${checks.join(', ')}) and goes on without any: the inputs of this run have none. Nothing is measured from here on; give promote the same checks and prometheus as the release`
      ]

/** A release that has moved all users at once has no steps on record. */
const stepsWithout = ({ weight }: Release): readonly string[] =>
  weight === 100 ? ALL_AT_ONCE.map(printStep) : []

/**
 * The steps that the release began with, whatever the workflow says by now.
 * @throws InputError when one of them cannot be read: to leave it out would skip what it was to wait or check for
 */
function stepsIn(release: Release): readonly TrafficStep[] {
  const { id, step = 0 } = release
  const steps = release.steps ?? stepsWithout(release)
  const unreadable = (problem: string): InputError =>
    refused(`the steps of release ${id} on record cannot be carried out: ${problem}`, ABORT)
  const items = steps.map((line, index) => {
    const parsed = parseStep(line)
    if ('problem' in parsed) throw unreadable(`step ${index + 1}: ${parsed.problem}`)
    return { line: index + 1, value: parsed.value }
  })
  const [fault] = stepsFaults(items, items.length)
  if (fault !== undefined) throw unreadable(`step ${fault.line ?? 0}: ${fault.problem}`)
  if (step >= items.length) throw unreadable(`it waits in step ${step + 1} of ${items.length}`)
  return items.map(({ value }) => value)
}
