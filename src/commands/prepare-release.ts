import { InputError } from '../base/errors.ts'
import { samplerFor, type Sampler } from '../checks/sampler.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { requireRoutes, type Observed } from '../observe/observed.ts'
import { nobodyServes } from '../observe/serving.ts'
import { strayAutoscaler } from '../plan/autoscaler.ts'
import { drainOf } from '../plan/drain.ts'
import { asAuthored } from '../plan/exported.ts'
import { endingFaults, patienceFaults } from '../plan/faults.ts'
import { withoutHooks } from '../plan/hooks.ts'
import { unwatched } from '../plan/live-fields.ts'
import { methodFor } from '../plan/method.ts'
import type { Prepared } from '../plan/prepare.ts'
import { repeatedFaults } from '../plan/repeated.ts'
import type { Step } from '../plan/step.ts'
import { isUnchanged, slotLabelsOf } from '../plan/unchanged.ts'
import { unapplied } from '../preflight/changes.ts'
import type { TriedManifest } from '../preflight/dry-run.ts'
import { preflight } from '../preflight/preflight.ts'
import type { Invocation } from './invocation.ts'
import { requireShape } from './misshapen.ts'

/** A release that nothing is known to be wrong with. */
export interface PreparedRelease extends Prepared {
  /** The steps that were checked, which are the steps that are executed. */
  readonly plan: readonly Step[]
  readonly warnings: readonly string[]
  readonly sampler: Sampler | undefined
  /** The objects as the API server would store them. */
  readonly tried: {
    readonly canary: Deployment | undefined
    readonly manifests: readonly TriedManifest[]
  }
}

/** There is nothing to release: the version that serves is the one that is asked for. */
export interface NothingNew {
  /** Warnings of what the manifests would change besides, and of what the next release would mend. */
  readonly unapplied: readonly string[]
}

/**
 * Everything that can be known of a release before anything is changed.
 * @throws InputError with all that is wrong
 */
export async function prepareRelease(
  invocation: Invocation,
  observed: Observed
): Promise<PreparedRelease | NothingNew> {
  const { inputs, origin, ports, signal } = invocation
  const method = methodFor(inputs.strategy)
  await requireShape(invocation.manifests, observed.namespace, ports.cluster)
  requireRoutes(observed)
  const authored = asAuthored(invocation.manifests, observed)
  if (authored.faults.length > 0) throw new InputError(authored.faults)
  const { manifests, ...hooks } = withoutHooks(authored.manifests, observed)
  const repeated = repeatedFaults(manifests, observed.namespace)
  if (repeated.length > 0) throw new InputError([...hooks.faults, ...repeated])
  const prepared = method.prepare(inputs, observed, manifests, origin)
  if ('length' in prepared) throw new InputError([...hooks.faults, ...prepared])
  const sampler = samplerFor(inputs, invocation.createSampler, prepared.routes)
  const plan = method.plan(prepared, inputs, drainOf(prepared.routes))
  const candidate = { prepared, steps: plan, observed, inputs }
  const { faults, obstacles, warnings, ...tried } = await preflight(candidate, sampler, ports, signal)
  const { canary } = tried
  const unchanged = canary !== undefined && isUnchanged(canary, prepared.serving, slotLabelsOf(observed))
  // Without a new version, what would stand in the way of releasing one does not matter.
  const touched = [observed.service, ...observed.companions, observed.stable.deployment, prepared.live]
  const ending = endingFaults(touched.filter((object) => object !== undefined))
  const late = patienceFaults(prepared.canary, inputs.timeout)
  const wrong = unchanged ? faults : [...hooks.faults, ...faults, ...ending, ...obstacles, ...late]
  if (wrong.length > 0) throw new InputError(wrong)
  if (unchanged) return nothingNew(tried.manifests, observed, ports)
  const found = [...nobodyServes(observed), ...strayAutoscaler(observed, prepared.release)]
  const told = [...found, ...authored.warnings, ...hooks.warnings, ...warnings, ...prepared.warnings]
  const all = [...told, ...unwatched(tried.manifests)]
  for (const note of hooks.notes) ports.log.line(note)
  for (const warning of all) ports.log.warning(warning)
  return { ...prepared, plan, sampler, warnings: all, tried }
}

async function nothingNew(
  tried: readonly TriedManifest[],
  observed: Observed,
  { cluster, log }: Invocation['ports']
): Promise<NothingNew> {
  const warnings = [...(await unapplied(tried, observed, cluster)), ...strayAutoscaler(observed)]
  for (const warning of warnings) log.warning(warning)
  return { unapplied: warnings }
}
