import { formatDuration } from '../../base/duration.ts'
import type { MeasuredStep } from '../../checks/sampler.ts'
import type { TellPods } from '../await-ready.ts'
import { checkedOf } from '../checked.ts'
import { measuredCanary, testedPods, withNews, type CanaryPods } from '../measured-versions.ts'
import { observeShare } from '../observe-share.ts'
import { untilOwnServiceChanges } from '../own-service.ts'
import type { ReleaseRun } from '../release-run.ts'
import { untilDoomed } from '../under-traffic.ts'
import { runChecks, type Watched } from './run-checks.ts'

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
  const step = { name, startedAt }
  progress.watched = step
  let pods = testedPods(progress)
  const tellPods: TellPods = (told) => (pods = withNews(pods, told, progress.canary.hash))
  const watched =
    run.sampler === undefined
      ? waitUntil(run, end, watching)
      : runChecks(
          checkedOf(run),
          run.sampler,
          underUsers(run, step, duration, () => pods),
          watching
        )
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

/** @param duration milliseconds @param pods as they are at a measurement */
const underUsers = (
  run: ReleaseRun,
  step: MeasuredStep,
  duration: number,
  pods: () => CanaryPods
): Watched => ({
  step: () => step,
  length: () => duration,
  canary: (warmUp) => measuredCanary(run, pods(), warmUp),
  underUsers: true
})

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
      : [
          runChecks(
            checkedOf(run),
            sampler,
            underUsers(run, step, Infinity, () => pods),
            watching
          )
        ]
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
