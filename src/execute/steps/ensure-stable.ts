import { counted, readyOf } from '../../base/counted.ts'
import { ReleaseFailed, StableCannotServe } from '../../base/errors.ts'
import { hasTemplateOf, isSettled } from '../../kubernetes/health.ts'
import type { Deployment, Pod } from '../../kubernetes/objects.ts'
import { deploymentAlone, deploymentRef, templateHash, HASH_LABEL } from '../../kubernetes/workload.ts'
import { fencedPatch } from '../../lock/fenced-patch.ts'
import { awaitCondition } from '../await-condition.ts'
import { awaitReady } from '../await-ready.ts'
import { readyPods } from '../endpoints.ts'
import { awaitGateways } from '../gateways.ts'
import type { ReleaseRun } from '../release-run.ts'
import { refreshTraffic, weightNow } from '../route-writers.ts'

/**
 * Rejects when somebody gives a plain stable Deployment another template while the release runs.
 *
 * Stable is selected by the hash of its template during a release, so the pods of another template would get no traffic
 * while the controller ends the old ones. The release has to give way before that.
 */
export async function untilStableChanges(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { serving } = run.progress
  if (run.progress.stable.slot !== 'plain' || serving === undefined) return
  await untilTemplateChanges(run, serving, signal)
  throw new ReleaseFailed(
    `deployment/${serving.metadata.name} was changed by somebody else while the release ran: its new pods could not have got any traffic`
  )
}

/** Waits until the Deployment has another template. Never settles once the signal is aborted. */
export const untilTemplateChanges = (
  { ports }: ReleaseRun,
  known: Deployment,
  signal: AbortSignal
): Promise<true> =>
  awaitCondition<Deployment, true>(
    {
      query: deploymentAlone(known),
      known,
      reached: ([live]) => (live !== undefined && !hasTemplateOf(live, known)) || undefined
    },
    ports,
    signal
  )

/** The share of pods that is enough to serve: a rolling update takes a quarter away by default. */
const ENOUGH = 0.75

/**
 * Makes sure that stable has the pods for the traffic before it gets it back: somebody may have scaled it down, or be
 * rolling something else out in it. Everything is read at once, traffic included: users wait for it.
 * @throws ReleaseFailed when the pods do not become ready
 */
export async function ensureStable(run: ReleaseRun, signal: AbortSignal): Promise<string> {
  const { progress } = run
  const { cluster } = run.ports
  const ref = deploymentRef(run.namespace, progress.stable.deployment)
  const reading = Promise.all([cluster.get<Deployment>(ref), readyPods(run, 'stable')])
  const read = reading.then(
    ([deployment, ready]) => ({ deployment, ready }),
    (error: unknown) => ({ error })
  )
  await refreshTraffic(run)
  const found = await read
  if (weightNow(run) === 0) return hasItAlready(run, 'ready' in found ? found.ready : undefined)
  if ('error' in found) throw found.error
  const { deployment, ready } = found
  if (deployment === undefined) throw new StableCannotServe(`deployment/${ref.name} is gone`)
  const wanted = progress.stable.replicas
  progress.ready = ready.length
  if (isSettled(deployment) && ready.length >= Math.max(1, Math.floor(wanted * ENOUGH)))
    return readyOf(ready.length, wanted)
  const size = Math.max(deployment.spec.replicas ?? 1, wanted)
  await run.lock.confirm()
  const grown = [{ op: 'add', path: '/spec/replicas', value: size }] as const
  const scaled = await fencedPatch<Deployment>(run, ref, grown, deployment)
  const awaited = { timeout: Math.min(run.settings.timeout, PATIENCE), anyTemplate: true }
  const grownTo = await awaitReady(scaled, awaited, run.ports, signal).catch((error: unknown) =>
    orAny(error, run)
  )
  followTemplate(run, grownTo.hash, scaled)
  progress.ready = grownTo.pods.length
  if (ready.length === 0) await untilKnown(run, signal)
  return `${readyOf(grownTo.pods.length, size)} now`
}

/** Stable has all traffic already, so nothing has to be made ready. Whether anybody serves there is only told. */
function hasItAlready({ progress }: ReleaseRun, ready: readonly Pod[] | undefined): string {
  progress.ready = ready?.length
  if (progress.ready === undefined) return 'already serving'
  return progress.ready === 0
    ? 'all traffic is on it already, but none of its pods is ready: nobody serves'
    : `already serving: ${progress.ready} of ${counted(progress.stable.replicas, 'pod')} ready`
}

/** After a time without pods, the gateway has to learn of the new ones first; until then the canary serves. */
async function untilKnown(run: ReleaseRun, signal: AbortSignal): Promise<void> {
  if ((await readyPods(run, 'canary')).length === 0) return
  const learnt = { since: run.ports.clock.now(), what: `of the pods behind ${run.traffic.title}` }
  await awaitGateways(run, learnt, signal)
}

/** Milliseconds after which fewer pods of stable have to do, because a bad version serves meanwhile. */
const PATIENCE = 30_000

async function orAny(error: unknown, run: ReleaseRun): Promise<{ pods: readonly Pod[]; hash: string }> {
  if (!(error instanceof ReleaseFailed)) throw error
  const pods = await readyPods(run, 'stable')
  if (pods[0] === undefined) throw new StableCannotServe(error.message)
  run.journal.warnings.push(
    `${run.progress.stable.deployment} got the traffic back with ${pods.length} of ${counted(run.progress.stable.replicas, 'pod')}: ${error.message}`
  )
  return { pods, hash: templateHash(pods[0]) }
}

/** A plain Deployment is selected by the hash of its template. If somebody has changed it, that is another hash now. */
function followTemplate(run: ReleaseRun, hash: string, live: Deployment): void {
  const { progress } = run
  const { selectors } = progress.release
  if (!(HASH_LABEL in selectors.stable) || selectors.stable[HASH_LABEL] === hash) return
  run.journal.warnings.push(
    `deployment/${progress.stable.deployment} was changed while the release ran: what serves now was not released by it`
  )
  progress.serving = live
  progress.release = {
    ...progress.release,
    selectors: { ...selectors, stable: { ...selectors.stable, [HASH_LABEL]: hash } }
  }
}
