import type { Sampler } from './analysis/sampling.ts'
import { carryOut } from './carry-out.ts'
import { InputError } from './errors.ts'
import { tidyConfig } from './execution/config.ts'
import type { Inputs } from './inputs.ts'
import { withLock } from './lock.ts'
import type { Lock } from './kubernetes/lease.ts'
import { observe } from './observe.ts'
import type { Observed } from './observed.ts'
import type { Outcome } from './outcome.ts'
import { lookedAt, outcomeOf } from './outcomes.ts'
import type { Step } from './plan.ts'
import { preflight } from './preflight.ts'
import type { Request } from './request.ts'
import { recover } from './recover.ts'
import { isUnfinished } from './record.ts'
import { beginRun, drainIn, trafficsOf } from './release-run.ts'
import { samplerFor } from './sampler.ts'
import { isInPlace, planInPlace } from './strategies/in-place.ts'
import { planProgressive } from './strategies/progressive.ts'
import { prepareInPlace } from './strategies/prepare-in-place.ts'
import { placementOf, prepare } from './strategies/prepare.ts'
import type { Prepared } from './strategies/prepare.ts'
import { untestedWays } from './routes/find.ts'
import { unwatched } from './strategies/traffic-fields.ts'
import { isUnchanged } from './strategies/unchanged.ts'
import { SLOT_LABEL } from './kubernetes/slots.ts'

/**
 * Releases a new version beside the one that serves.
 * @throws InputError, LockedError or ClusterError while nothing has been changed yet
 */
export async function deploy(request: Request): Promise<Outcome> {
  const { target, origin, ports, signal } = request
  const observed = await observe(target, ports.cluster)
  if (observed.record !== undefined && isUnfinished(observed.record)) return afterRecovery(request, observed)
  const ready = await getReady(request, observed)
  if (ready === undefined) return lookedAt('deploy', observed, origin, ports.clock.now())
  return withLock(observed.service, origin, ports, signal, (lock) => release(request, observed, ready, lock))
}

interface Ready extends Prepared {
  readonly warnings: readonly string[]
  readonly sampler: Sampler | undefined
}

/** Everything that can be known to be wrong before anything is changed; undefined when there is nothing to release. */
async function getReady(request: Request, observed: Observed): Promise<Ready | undefined> {
  const { inputs, manifests, origin, ports, signal } = request
  const { strategy } = inputs
  const prepared = isInPlace(strategy)
    ? prepareInPlace({ ...inputs, strategy }, observed, manifests, origin)
    : prepare(inputs, observed, manifests, origin)
  if ('length' in prepared) throw new InputError(prepared)
  const sampler = samplerFor(request, prepared.routes)
  const { faults, warnings, canary } = await preflight(prepared, observed, inputs, sampler, ports, signal)
  if (faults.length > 0) throw new InputError(faults)
  if (
    canary !== undefined &&
    isUnchanged(canary, observed.stable.deployment, [SLOT_LABEL, placementOf(observed).label])
  )
    return undefined
  const ways = isInPlace(strategy) ? [] : untestedWays(observed.otherServices, prepared.canary)
  const all = [...warnings, ...prepared.warnings, ...unwatched(prepared.manifests), ...ways]
  for (const warning of all) ports.log.warning(warning)
  return { ...prepared, sampler, warnings: all }
}

async function release(request: Request, observed: Observed, ready: Ready, lock: Lock): Promise<Outcome> {
  const { inputs, origin, ports, signal } = request
  const { release: record, routes, port, sampler, warnings } = ready
  const run = beginRun(
    {
      service: observed.service,
      routes,
      stable: observed.stable.deployment,
      workload: observed.workload,
      release: record,
      port,
      begun: false,
      lock,
      sampler
    },
    ports,
    inputs
  )
  const ways = trafficsOf(run).map(({ title }) => title)
  ports.log.quote(
    `release ${record.id} in namespace ${run.namespace}: ${record.stable.images.join(', ')} on ${record.stable.deployment} → ${record.canary.images.join(', ')} on ${record.canary.deployment}, users come through ${ways.join(', ')}`
  )
  run.warnings.push(...warnings)
  const ending = await carryOut(planOf(ready, inputs, drainIn(run)), run, lock, signal)
  if (ending.result === 'promoted' && ending.unsettled !== true) await tidyConfig(run, signal)
  return outcomeOf(run, ending, 'deploy', origin, ports.clock.now())
}

function planOf({ release, ...ready }: Ready, inputs: Inputs, drain: number): readonly Step[] {
  const { bake, previous } = inputs
  const [checks, smokeTests] = [inputs.checks.length > 0, inputs.smokeTests.length > 0]
  return release.strategy === undefined
    ? planProgressive({ ...ready, checks, smokeTests, bake, previous, drain }, release)
    : planInPlace({ ...ready, checks, smokeTests, bake })
}

/** A run that died has left a release unfinished: it is undone before the new one is looked at. */
async function afterRecovery(request: Request, { service }: Observed): Promise<Outcome> {
  const { inputs, target, origin, ports, signal } = request
  await withLock(service, origin, ports, signal, async (lock) => {
    const now = await observe(target, ports.cluster)
    if (now.record !== undefined && isUnfinished(now.record))
      await recover(now, now.record, ports, inputs, lock)
  })
  return deploy(request)
}
