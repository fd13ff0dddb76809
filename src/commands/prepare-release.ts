import { InputError, refuse, type Fault } from '../base/errors.ts'
import { samplerFor, type Sampler } from '../checks/sampler.ts'
import type { Foretold } from '../domain/forecast.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Deployment } from '../kubernetes/objects.ts'
import { readRules, type Rule } from '../kubernetes/rights.ts'
import { requireRoutes, type Observed } from '../observe/observed.ts'
import { nobodyServes } from '../observe/serving.ts'
import { strayAutoscaler } from '../plan/autoscaler.ts'
import { drainOf } from '../plan/drain.ts'
import { asAuthored } from '../plan/exported.ts'
import { endingFaults, patienceFaults } from '../plan/faults.ts'
import { occasionOf } from '../plan/hook-moments.ts'
import { withoutHooks, type WithoutHooks } from '../plan/hooks.ts'
import { unwatched } from '../plan/unwatched.ts'
import { methodFor } from '../plan/method.ts'
import type { Prepared } from '../plan/prepare.ts'
import { repeatedFaults } from '../plan/repeated.ts'
import type { Step } from '../plan/step.ts'
import { isUnchanged, slotLabelsOf } from '../plan/unchanged.ts'
import { unapplied } from '../preflight/changes.ts'
import type { TriedManifest } from '../preflight/dry-run.ts'
import { foresee } from '../preflight/foresee.ts'
import { foreseenOf } from '../preflight/foreseen.ts'
import { preflight } from '../preflight/preflight.ts'
import { foretoldLines } from '../report/forecast.ts'
import type { Invocation } from './invocation.ts'
import { requireShape } from './require-shape.ts'

/** A release that nothing is known to be wrong with. */
export interface PreparedRelease extends Prepared {
  /** Those that the release minds. */
  readonly inputs: Inputs
  /** The steps that were checked, which are the steps that are executed. */
  readonly plan: readonly Step[]
  readonly warnings: readonly string[]
  readonly sampler: Sampler | undefined
  /** What the lines of `checks` that name stable can find. */
  readonly forecast?: Foretold
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
 * @param asked what the credentials allow, where that has been asked already
 * @throws InputError with all that is wrong
 */
export async function prepareRelease(
  invocation: Invocation,
  observed: Observed,
  asked?: Promise<readonly Rule[]>
): Promise<PreparedRelease | NothingNew> {
  const { origin, createSampler, ports, signal } = invocation
  const given = await readGiven(invocation, observed)
  const method = methodFor(invocation.inputs.strategy, observed)
  const inputs = method.inputs(invocation.inputs)
  const prepared = method.prepare(invocation.inputs, observed, given.manifests, origin)
  if ('length' in prepared) throw new InputError([...given.faults, ...prepared])
  const plan = method.plan(prepared, inputs, drainOf(prepared.routes))
  const sampler = samplerFor(inputs, createSampler, prepared.routes)
  const rules = asked ?? readRules(ports.cluster, observed.namespace)
  const candidate = { prepared, steps: plan, observed, inputs, rules }
  const { faults, obstacles, warnings, ...tried } = await preflight(candidate, sampler, ports, signal)
  if (tried.canary !== undefined && isUnchanged(tried.canary, prepared.serving, slotLabelsOf(observed))) {
    // Without a new version, what would stand in the way of releasing one does not matter.
    refuse(faults)
    return nothingNew(tried.manifests, observed, ports)
  }
  const late = patienceFaults(prepared.canary, inputs.timeout)
  refuse([...given.faults, ...faults, ...deletedFaults(prepared, observed), ...obstacles, ...late])
  const { forecast, ...foreseen } = await foresee(foreseenOf(candidate), sampler, signal)
  const found = [...nobodyServes(observed), ...strayAutoscaler(observed, prepared.release)]
  const own = [...prepared.warnings, ...foreseen.warnings]
  const told = [...found, ...given.warnings, ...warnings, ...own, ...unwatched(tried.manifests)]
  for (const note of given.notes) ports.log.line(note)
  if (forecast !== undefined) ports.log.quote(foretoldLines(forecast).join('\n'))
  for (const warning of told) ports.log.warning(warning)
  return { ...prepared, inputs, plan, sampler, warnings: told, tried, ...(forecast && { forecast }) }
}

/**
 * The manifests as a release can take them.
 * @throws InputError when they cannot be read, or routes are missing
 */
async function readGiven({ manifests, ports }: Invocation, observed: Observed): Promise<WithoutHooks> {
  await requireShape(manifests, observed.namespace, ports.cluster)
  requireRoutes(observed)
  const authored = asAuthored(manifests, observed)
  refuse(authored.faults)
  const given = withoutHooks(authored.manifests, observed, occasionOf(observed))
  const repeated = repeatedFaults(given.manifests, observed.namespace)
  if (repeated.length > 0) throw new InputError([...given.faults, ...repeated])
  return { ...given, warnings: [...authored.warnings, ...given.warnings] }
}

/** Objects that the release works on, and somebody has deleted. */
const deletedFaults = ({ live }: Prepared, { service, companions, stable }: Observed): readonly Fault[] =>
  endingFaults([service, ...companions, stable.deployment, ...(live === undefined ? [] : [live])])

async function nothingNew(
  tried: readonly TriedManifest[],
  observed: Observed,
  { cluster, log }: Invocation['ports']
): Promise<NothingNew> {
  const warnings = [...(await unapplied(tried, observed, cluster)), ...strayAutoscaler(observed)]
  for (const warning of warnings) log.warning(warning)
  return { unapplied: warnings }
}
