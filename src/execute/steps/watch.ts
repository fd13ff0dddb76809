import { counted } from '../../base/counted.ts'
import { formatDuration } from '../../base/duration.ts'
import { ReleaseFailed } from '../../base/errors.ts'
import { judgeRound } from '../../checks/judge.ts'
import type { MeasuredVersion } from '../../checks/measured-version.ts'
import type { MeasuredStep, Sampler } from '../../checks/sampler.ts'
import { printCheck } from '../../inputs/check.ts'
import { isEnding, isReady } from '../../kubernetes/health.ts'
import type { Pod } from '../../kubernetes/objects.ts'
import { probesOf } from '../../kubernetes/probes.ts'
import { templateHash } from '../../kubernetes/workload.ts'
import type { TellPods } from '../await-ready.ts'
import { observeShare } from '../observe-share.ts'
import { untilOwnServiceChanges } from '../own-service.ts'
import type { Progress, ReleaseRun } from '../release-run.ts'
import { backendsIn } from '../route-writers.ts'
import { untilDoomed } from '../under-traffic.ts'
import { tellRounds } from './rounds.ts'

/** The canary's pods while it is watched: they are replaced, and an autoscaler brings more. */
interface CanaryPods {
  readonly ready: readonly Pod[]
  /** Of all pods that there have been. */
  readonly names: readonly string[]
}

const nameOf = ({ metadata }: Pod): string => metadata.name

const testedPods = ({ pods }: Progress): CanaryPods => ({
  ready: pods,
  names: pods.map(nameOf)
})

/** Takes in what a watch tells of the pods behind the canary's selector. */
function withNews(known: CanaryPods, told: readonly Pod[], hash: string): CanaryPods {
  const found = told.filter((pod) => templateHash(pod) === hash)
  return {
    ready: found.filter((pod) => isReady(pod) && !isEnding(pod)),
    names: [...new Set([...known.names, ...found.map(nameOf)])]
  }
}

/** The pods whose metrics are judged. */
const subjectOf = (run: ReleaseRun, { ready, names }: CanaryPods): MeasuredVersion => ({
  namespace: run.namespace,
  workload: run.workload,
  slot: run.progress.canary.slot,
  service: run.traffic.name,
  side: 'canary',
  deployment: run.progress.canary.deployment,
  ...routeOf(run),
  replicaSet: `${run.progress.canary.deployment}-${run.progress.canary.hash}`,
  pods: ready.map(({ metadata }) => ({
    name: metadata.name,
    createdAt: Date.parse(metadata.creationTimestamp ?? '')
  })),
  otherPods: names,
  probes: probesOf(run.progress.deployment, run.progress.serving),
  ...(run.entrance.port === undefined ? {} : { port: run.entrance.port }),
  releaseStartedAt: Date.parse(run.progress.release.startedAt)
})

/** Where a router sends the canary's traffic, as its metrics name it. */
function routeOf(run: ReleaseRun): Pick<MeasuredVersion, 'backend' | 'route'> {
  const [writer] = run.routes
  if (writer === undefined) return {}
  const { servicePort } = run.entrance
  return {
    backend: {
      service: backendsIn(run).canary,
      port: servicePort?.port,
      ...(servicePort?.name === undefined ? {} : { portName: servicePort.name })
    },
    route: { kind: writer.route.kind, name: writer.traffic.name }
  }
}

/**
 * Watches the canary under traffic: its metrics by the checks, its pods by themselves, its share through the entry.
 * @param name of the step, under which the measurements are kept; only traffic since its begin is judged
 * @param duration milliseconds; it takes longer when a check has not passed by then
 * @throws ReleaseFailed when a check fails or a pod cannot run any more
 */
export async function watch(
  run: ReleaseRun,
  name: string,
  duration: number,
  signal: AbortSignal
): Promise<string> {
  const { progress } = run
  const done = new AbortController()
  const watching = AbortSignal.any([signal, done.signal])
  const startedAt = run.ports.clock.now()
  const end = startedAt + duration
  progress.watched = { name, startedAt }
  let pods = testedPods(progress)
  const tellPods: TellPods = (told) => (pods = withNews(pods, told, progress.canary.hash))
  const isOver = (): boolean => run.ports.clock.now() >= end
  const watched =
    run.sampler === undefined
      ? waitUntil(run, end, watching)
      : runChecks(run, run.sampler, { step: progress.watched, isOver, pods: () => pods }, watching)
  const observed = observeShare(run, duration, watching)
  const doomed =
    progress.deployment === undefined
      ? []
      : [untilDoomed(progress.deployment, run.ports, watching, { tellPods })]
  try {
    return await Promise.race([watched, ...doomed, ...ownService(run, watching)])
  } finally {
    done.abort()
    await observed
  }
}

/**
 * Does work that takes time while the canary is watched: its pods, and the checks of the step before, whose share of
 * users it still has.
 * @param known the canary as it was before the work began
 * @throws ReleaseFailed as `watch` does, and whatever the work throws
 */
export async function inSight<T>(
  run: ReleaseRun,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  known = run.progress.deployment
): Promise<T> {
  const done = new AbortController()
  const watching = AbortSignal.any([signal, done.signal])
  let pods = testedPods(run.progress)
  const tellPods: TellPods = (told) => (pods = withNews(pods, told, run.progress.canary.hash))
  const { sampler } = run
  const { watched: step, release } = run.progress
  const when = release.exposed === true ? 'under traffic' : 'before its first users'
  const doomed = known === undefined ? [] : [untilDoomed(known, run.ports, watching, { tellPods, when })]
  const checked =
    sampler === undefined || step === undefined
      ? []
      : [runChecks(run, sampler, { step, isOver: () => false, pods: () => pods }, watching)]
  try {
    // All others end only by throwing.
    return (await Promise.race([work(watching), ...doomed, ...checked, ...ownService(run, watching)])) as T
  } finally {
    done.abort()
  }
}

const ownService = (run: ReleaseRun, signal: AbortSignal): readonly Promise<never>[] =>
  run.routes.length === 0 ? [] : [untilOwnServiceChanges(run, signal)]

async function waitUntil({ ports }: ReleaseRun, end: number, signal: AbortSignal): Promise<string> {
  const left = Math.max(0, end - ports.clock.now())
  await ports.clock.sleep(left, signal)
  // Rounded to a duration that somebody would write: some milliseconds have passed already.
  return `${formatDuration(left < 1000 ? left : Math.round(left / 1000) * 1000)} without checks; all pods kept running`
}

export interface Watched {
  /** Under whose name the measurements are kept; only traffic since its begin is judged. */
  readonly step: MeasuredStep
  readonly isOver: () => boolean
  /** As they are at a measurement; else those that were tested. */
  readonly pods?: () => CanaryPods
}

/**
 * Measures every check at the interval until the step is over and the latest round has passed.
 * @throws ReleaseFailed with the check's line once it has failed as often as it may
 */
export async function runChecks(
  run: ReleaseRun,
  sampler: Sampler,
  { step, isOver, pods = () => testedPods(run.progress) }: Watched,
  signal: AbortSignal
): Promise<string> {
  const { progress } = run
  const { clock, log } = run.ports
  const told = tellRounds(log)
  try {
    for (let rounds = 1; ; rounds += 1) {
      await clock.sleep(run.settings.checkInterval, signal)
      const readings = await sampler.measure(step, subjectOf(run, pods()), signal)
      run.journal.measurements.push(...readings)
      told.tell(readings)
      progress.standing = judgeRound(progress.standing, readings, run.settings)
      const { decision, failed } = progress.standing
      if (failed !== undefined) throw new ReleaseFailed(failed.reason, printCheck(failed.check))
      if (decision === 'pass' && isOver())
        return `every check passed, ${counted(rounds, 'round')} of measurements`
    }
  } finally {
    told.end()
  }
}
