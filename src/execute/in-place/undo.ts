import { counted } from '../../base/counted.ts'
import { messageOf, ReleaseFailed } from '../../base/errors.ts'
import { causedBy } from '../../domain/change-cause.ts'
import { splitOf, withSplit } from '../../domain/record.ts'
import { UNDONE_ANNOTATION } from '../../domain/slots.ts'
import { canonical } from '../../kubernetes/canonical.ts'
import { isOwnedBy, wantedReplicas } from '../../kubernetes/health.ts'
import type { Deployment, Pod } from '../../kubernetes/objects.ts'
import {
  forcedStrategy,
  rolloutOf,
  withRollout,
  type Rollout,
  type RolloutStrategy
} from '../../kubernetes/rollout.ts'
import { printSelector } from '../../kubernetes/selectors.ts'
import { templateHash, HASH_LABEL } from '../../kubernetes/workload.ts'
import { NOBODY } from '../../routes/split.ts'
import { awaitReady } from '../await-ready.ts'
import { changedByOthers } from '../changed-by-others.ts'
import type { ReleaseRun } from '../release-run.ts'
import { refreshTraffic, writeService } from '../route-writers.ts'
import { collectEvidence } from '../steps/collect-evidence.ts'
import {
  giveWay,
  isOthers,
  leave,
  readDeployment,
  readFormer,
  rewrite,
  sameTemplate,
  type Former
} from './deployment.ts'
import { noteServed } from './replace.ts'

/**
 * Gives the Deployment its previous template back; its controller brings the pods back that are gone. The record is
 * written first, so that a run that was asleep finds it and writes nothing any more. The Deployment is written even if it
 * has that template, so that a write that is still on its way is refused.
 */
export async function undo(run: ReleaseRun): Promise<string> {
  const { progress } = run
  const split = splitOf(progress.release)
  try {
    return await undoOnce(run)
  } catch (error) {
    // The record goes on saying where users were, until it is known that they are back.
    progress.release = withSplit(progress.release, split)
    throw error
  }
}

async function undoOnce(run: ReleaseRun): Promise<string> {
  const { progress } = run
  const [before] = await Promise.all([readFormer(run), refreshTraffic(run)])
  if (before === undefined)
    return giveWay(run, await readDeployment(run), `what served before ${progress.release.id} is gone`)
  await noteUndoing(run)
  const isTheirs = (live: Deployment): boolean =>
    !sameTemplate(before.template, live.spec.template) && isOthers(progress, live)
  const { found, written } = await rewrite(run, (live) =>
    isTheirs(live) ? undefined : asBefore(run, live, before)
  )
  if (written === undefined) return giveWay(run, found, changedByOthers(progress.stable.deployment))
  warnOfStrangers(run, found)
  progress.deployment = written
  progress.stable = { ...progress.stable, replicas: wantedReplicas(written) }
  if (sameTemplate(before.template, found.spec.template)) return 'it has it already'
  progress.shiftedAt = run.ports.clock.now()
  run.journal.shifts.push({ at: progress.shiftedAt, split: NOBODY, gradual: true })
  if (run.initial.strategy === 'recreate') progress.emptySince ??= progress.shiftedAt
  return 'its controller brings the pods back'
}

async function noteUndoing(run: ReleaseRun): Promise<void> {
  const { progress } = run
  const canary = { ...progress.canary, replicas: 0 }
  progress.canary = canary
  progress.release = { ...withSplit(progress.release, NOBODY), canary, phase: 'aborting' }
  await writeService(run, progress.release, NOBODY)
}

const asBefore = (run: ReleaseRun, live: Deployment, { template, cause }: Former): Deployment =>
  sameTemplate(template, live.spec.template)
    ? marked(run, live)
    : causedBy(
        withRollout(live, { ...ownRollout(run, live), strategy: strategyIn(run, live) }, template),
        cause
      )

/** Nothing is to be undone, but a write that is still on its way has to be refused because the Deployment has changed. */
const marked = ({ ports }: ReleaseRun, live: Deployment): Deployment => ({
  ...live,
  metadata: {
    ...live.metadata,
    annotations: {
      ...live.metadata.annotations,
      [UNDONE_ANNOTATION]: new Date(ports.clock.now()).toISOString()
    }
  }
})

const ownRollout = ({ initial }: ReleaseRun, live: Deployment): Rollout => initial.rollout ?? rolloutOf(live)

/** Versions that must not run at the same time must not do so on the way back either. */
const strategyIn = (run: ReleaseRun, live: Deployment): RolloutStrategy =>
  forcedStrategy(run.initial.strategy ?? 'rolling', ownRollout(run, live).strategy)

/** Of a release that another run began only the images are known: warns when the Deployment runs others. */
function warnOfStrangers(
  { progress: { serving, stable, canary }, journal: { warnings } }: ReleaseRun,
  { spec }: Deployment
): void {
  const images = spec.template.spec.containers.map(({ image }) => image ?? '')
  const known = [stable.images, canary.images].map((one) => canonical(one))
  if (serving !== undefined || known.includes(canonical(images))) return
  warnings.push(`deployment/${stable.deployment} ran ${images.join(', ')}, which the release did not bring`)
}

const LOOK_AGAIN = 1000

/**
 * Waits until the old template serves alone, and gives the Deployment its own strategy back. A pod that cannot run is not
 * the end: these pods have served before, and those of the failed template take up room until they are gone.
 * @throws ReleaseFailed after the timeout
 */
export async function awaitUndone(run: ReleaseRun, signal: AbortSignal): Promise<string> {
  const { clock } = run.ports
  const deadline = clock.now() + run.settings.timeout
  for (;;) {
    try {
      return await awaitOnce(run, deadline - clock.now(), signal)
    } catch (error) {
      if (!(error instanceof ReleaseFailed) || clock.now() >= deadline) throw error
      run.ports.log.line(messageOf(error))
      await clock.sleep(LOOK_AGAIN, signal)
    }
  }
}

async function awaitOnce(run: ReleaseRun, timeout: number, signal: AbortSignal): Promise<string> {
  const { progress } = run
  const live = await readDeployment(run)
  if (isOthers(progress, live)) return leave(run, live, changedByOthers(progress.stable.deployment))
  const pods = await podsOf(run, live)
  const outdated = new Set(pods.map(templateHash).filter((hash) => hash !== progress.stable.hash))
  const ready = await awaitReady(live, { timeout, outdated }, run.ports, signal)
  noteBack(run, ready.pods.length)
  const { found } = await rewrite(run, (now) =>
    isOthers(progress, now) ? undefined : withOwnStrategy(run, now)
  )
  if (isOthers(progress, found)) return leave(run, found, changedByOthers(progress.stable.deployment))
  return `${ready.pods.length} of ${counted(ready.pods.length, 'pod')} ready, template ${ready.hash}`
}

/** Notes the moment from which stable has all traffic again. */
function noteBack(run: ReleaseRun, ready: number): void {
  const { progress } = run
  progress.backAt ??= run.ports.clock.now()
  progress.ready = ready
  noteServed(run, progress.backAt)
  if (run.journal.shifts.at(-1)?.gradual === true)
    run.journal.shifts.push({ at: progress.backAt, split: NOBODY })
}

function withOwnStrategy(run: ReleaseRun, live: Deployment): Deployment | undefined {
  const own = ownRollout(run, live)
  return canonical(own.strategy) === canonical(rolloutOf(live).strategy) ? undefined : withRollout(live, own)
}

async function podsOf({ ports, namespace, initial }: ReleaseRun, live: Deployment): Promise<readonly Pod[]> {
  const labels = printSelector(initial.selectors.before)
  const pods = await ports.cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
  return pods.filter((pod) => isOwnedBy(live, pod))
}

/** Collects the evidence of the new pods. The labels of the old ones differ by the hash alone. */
export async function collectReplaced(run: ReleaseRun): Promise<string> {
  const { initial } = run
  const { canary, stable } = run.progress
  const hash = canary.hash === '' ? await hashOfReplaced(run) : canary.hash
  const selector = { ...initial.selectors.before, [HASH_LABEL]: hash }
  return collectEvidence(run, { selector, wanted: stable.replicas })
}

/** A hash that no pod has: without pods, the evidence still says why none was created. */
const NO_POD = 'none'

/** The hash of the new template, which a release that failed before all its pods were ready has not learnt. */
async function hashOfReplaced(run: ReleaseRun): Promise<string> {
  try {
    const pods = await podsOf(run, await readDeployment(run))
    return pods.map(templateHash).find((hash) => hash !== run.progress.stable.hash) ?? NO_POD
  } catch {
    return NO_POD
  }
}
