import type { MeasuredVersion } from '../checks/measured-version.ts'
import type { Sampler } from '../checks/sampler.ts'
import type { Measurement, ObjectChange, Outcome, Preview } from '../domain/outcome.ts'
import type { Ports } from '../execute/release-run.ts'
import { printRoute } from '../inputs/route.ts'
import { inRelease, whenEnded, type Observed, type Recorded } from '../observe/observed.ts'
import { withOriginalNames } from '../plan/config.ts'
import { describe } from '../plan/step.ts'
import { slotLabelsOf } from '../plan/unchanged.ts'
import { changeOfManifest } from '../preflight/changes.ts'
import { measuredStable } from '../preflight/measured-stable.ts'
import { changeOf, withoutSlot } from '../preflight/preview.ts'
import { needsToEnd, requireRights } from '../preflight/rights.ts'
import { isServingFirst, observeForRelease, placeAgain } from './first.ts'
import type { Invocation } from './invocation.ts'
import { lookedAt } from './outcome-of.ts'
import { falseAlarms } from '../report/replay.ts'
import { prepareRelease, type PreparedRelease } from './prepare-release.ts'
import { replay, replayedWindow } from './replay.ts'
import { tellPreview } from './tell-preview.ts'

/**
 * Everything that a release would do, up to the lock. Changes nothing.
 * @throws InputError with all that is wrong, as the release would
 */
export async function plan(invocation: Invocation): Promise<Outcome> {
  const { inputs, ports } = invocation
  const window = replayedWindow(inputs, ports.clock.now())
  const seen = await observeForRelease(invocation)
  const left = inRelease(seen)
  const notes = left === undefined ? [] : [unfinished(left)]
  for (const note of notes) ports.log.warning(note)
  if (left !== undefined) await requireRights(seen, await needsToEnd(left, ports), ports)
  if (isServingFirst(seen)) return { ...lookedAt(seen, invocation), warnings: notes }
  const observed = await afterRelease(seen, left, invocation)
  const ready = await prepareRelease(invocation, observed)
  const replayed = window && (await replay(invocation, observed, window))
  const found = replayed === undefined ? [] : falseAlarms(replayed)
  for (const warning of found) ports.log.warning(warning)
  const looked = {
    ...lookedAt(observed, invocation),
    ...routeOf(observed),
    ...(replayed && { replay: replayed })
  }
  if ('unapplied' in ready) return { ...looked, warnings: [...notes, ...ready.unapplied, ...found] }
  const preview = await previewOf(observed, ready, ports)
  tellPreview(preview, ports)
  return {
    ...looked,
    result: 'planned',
    canary: { ...ready.release.canary, replicas: ready.canary.spec.replicas ?? 1 },
    plan: preview,
    ...(ready.forecast && { forecast: ready.forecast }),
    measurements:
      observed.first === true ? [] : await measureNow(invocation, measuredStable(observed), ready.sampler),
    warnings: [...notes, ...ready.warnings, ...found],
    finishedAt: ports.clock.now()
  }
}

/** What serves once the release that was left has been ended. */
async function afterRelease(
  seen: Observed,
  left: Recorded | undefined,
  invocation: Invocation
): Promise<Observed> {
  if (left === undefined) return seen
  return left.first === true ? placeAgain(left, invocation) : whenEnded(seen, left.record)
}

/** With routes, users come through these and not through the Service alone. */
const routeOf = ({ routes }: Observed): Pick<Outcome, 'route'> | object =>
  routes.length === 0 ? {} : { route: routes.map(({ name }) => printRoute(name)).join(', ') }

function unfinished(left: Recorded): string {
  const { id, phase, run } = left.record
  const isFinished = phase === 'promoting' || isServingFirst(left)
  return (
    `release ${id} (${run ?? 'run unknown'}) is ${phase}: while its run is alive, nothing else can be released. ` +
    `Otherwise it ${isFinished ? 'is finished' : 'is undone'} before anything else, and this plan is for what serves after that`
  )
}

async function previewOf(observed: Observed, ready: PreparedRelease, { cluster }: Ports): Promise<Preview> {
  const names = { stable: ready.release.stable.deployment, canary: ready.release.canary.deployment }
  const changes = await Promise.all(
    ready.tried.manifests.map((tried) => changeOfManifest(tried, observed, cluster))
  )
  return {
    steps: ready.plan.map((step) => describe(step, names)),
    changes: [workloadChange(ready, observed), ...changes]
  }
}

/** The difference between the version that serves and the one that would be released, whatever their Deployments. */
function workloadChange({ tried, canary }: PreparedRelease, observed: Observed): ObjectChange {
  const { name } = canary.metadata
  const serving = observed.stable.deployment
  const where = name === serving.metadata.name ? '' : `, beside ${serving.metadata.name}`
  const object = `Deployment ${name}${where}`
  if (tried.canary === undefined) return { object, state: 'unknown', diff: [] }
  if (observed.first === true) return changeOf(`Deployment ${name}`, observed.slots.plain, tried.canary)
  const labels = slotLabelsOf(observed)
  const [before, after] = [withoutSlot(serving, labels), withoutSlot(tried.canary, labels)]
  const copies = tried.manifests.map(({ manifest }) => manifest.object)
  const change = changeOf(object, withOriginalNames(before, copies), withOriginalNames(after, copies))
  // Where only config has changed, the names of its copies are the whole difference.
  return change.state === 'same' ? changeOf(object, before, after) : change
}

/** Milliseconds of traffic to measure, as for trying the checks on stable before a release. */
const WINDOW = 300_000

/** Measures the checks on the version that serves: a bound that it does not keep is too tight for the next one, too. */
export async function measureNow(
  { ports, signal }: Pick<Invocation, 'ports' | 'signal'>,
  serving: MeasuredVersion,
  sampler: Sampler | undefined
): Promise<readonly Measurement[]> {
  if (sampler === undefined) return []
  const step = { name: 'now, on what serves', startedAt: ports.clock.now() - WINDOW }
  return sampler.measure(step, serving, signal)
}
