import type { PodSamples } from '../judge/pods.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Known } from './known.ts'
import type { Series } from './metrics.ts'
import { commonBoundaries } from './native-histogram.ts'
import { podMatcher } from './placeholders.ts'
import { podSamples, type Reading, type Reporter } from './pod-samples.ts'
import { inNamespace, type Recipe } from './recipes.ts'
import { scrapedOnce, scrapeOf } from './scrapes.ts'
import type { Asked } from './source-queries.ts'
import type { Counting } from './traffic.ts'

const isUp = ({ labels }: Series): boolean => labels.__name__ === 'up'

const jobsOf = (series: readonly Series[]): ReadonlySet<string> =>
  new Set(series.filter((one) => !isUp(one)).map(({ labels }) => labels.job ?? ''))

/** What Prometheus says of targets of the jobs by which something is counted; of all while nothing is. */
const targetsAmong = (series: readonly Series[], jobs: ReadonlySet<string>): readonly Series[] =>
  series.filter((one) => isUp(one) && (jobs.size === 0 || jobs.has(one.labels.job ?? '')))

/** Of a pod that counts something only those targets of it that do. */
function targetsOf(series: readonly Series[], jobs: ReadonlySet<string>): readonly Series[] {
  const counting = new Set(series.filter((one) => !isUp(one)).map(({ labels }) => scrapeOf(labels)))
  const targets = targetsAmong(series, jobs)
  return counting.size === 0 ? targets : targets.filter(({ labels }) => counting.has(scrapeOf(labels)))
}

const successes = ({ samples }: Series): readonly number[] =>
  samples.flatMap(({ at, value }) => (value === 1 ? at : []))

/**
 * When a target was scraped. Where samples have times of their own, which are not the scrape's, what was scraped before the first of
 * them does not say that there was none.
 */
function scrapesBeside(counters: readonly Series[], target: Series): readonly number[] {
  const times = successes(target)
  if (counters.length === 0) return times
  const first = counters.reduce((least, { samples }) => Math.min(least, samples[0]?.at ?? least), Infinity)
  return times.includes(first) ? times : times.filter((at) => at >= first)
}

/** Whoever was created since the release began at the earliest is no older than that. */
const bornBy = ({ side, releaseStartedAt }: MeasuredVersion): number | undefined =>
  side === 'canary' ? releaseStartedAt : undefined

/** A version's pods, those that are gone included, as far as they are known. */
export function podsOf(
  { measured, recipe }: Asked<Recipe>,
  { series, created }: Known,
  counting: Pick<Counting, 'hasFailed' | 'probedPath'>
): readonly PodSamples[] {
  const all = [...series.values()].filter((one) => inNamespace(one, measured.namespace))
  const jobs = jobsOf(all)
  const hasTargets = targetsAmong(all, jobs).length > 0
  const matcher = podMatcher(measured)
  const byPod = Map.groupBy(all, ({ labels }) => labels[recipe.pod] ?? '')
  const ready = new Set(measured.pods.map(({ name }) => name))
  const known = new Map([...created, ...measured.pods.map((pod) => [pod.name, pod.createdAt] as const)])
  const edges = commonBoundaries(all.flatMap(({ histograms = [] }) => histograms))
  const reading: Reading = { ...counting, names: recipe, edges, probes: measured.probes }
  const reporterOf = (name: string): Reporter => {
    const own = byPod.get(name) ?? []
    const counters = scrapedOnce(own.filter((one) => !isUp(one)))
    const createdAt = known.get(name) ?? bornBy(measured)
    return {
      name,
      ...(createdAt !== undefined && { createdAt }),
      // Where nothing is scraped but pushed, a pod without traffic reports nothing.
      ready: ready.has(name) && (hasTargets || own.length > 0),
      series: counters,
      scrapes: scrapedOnce(targetsOf(own, jobs)).map((one) => scrapesBeside(counters, one))
    }
  }
  const names = new Set([...ready, ...[...byPod.keys()].filter((name) => matcher.test(name))])
  return [...names].sort().map((name) => podSamples(reporterOf(name), reading))
}
