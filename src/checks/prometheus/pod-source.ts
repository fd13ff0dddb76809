import type { Version } from '../compared-samples.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Series } from './metrics.ts'
import { podsOf } from './pods-of.ts'
import { cameByProbedPort, isAtRoot, probedPath, rootProbes } from './probe-requests.ts'
import {
  detect,
  detectionQuery,
  inNamespace,
  rangeQuery,
  samplesQuery,
  SEARCHED_BUCKETS,
  SEARCHED_COUNTERS,
  type Recipe
} from './recipes.ts'
import { NO_EVIDENCE, type Lacks, type RequestSource } from './source-queries.ts'
import { isServerError, SEARCHED_STATUS_LABELS } from './status.ts'
import { lookBack, named, type Counted } from './traffic.ts'

/**
 * A new series began at 0 when its pod is as new, or when the pod was scraped before: the counter did not exist
 * then. In an older pod that Prometheus has only just found, its first value is older traffic.
 */
function beganAtZero(
  history: readonly Series[],
  { pod }: Recipe,
  measured: MeasuredVersion,
  since: number
): (series: Series) => boolean {
  const old = measured.pods.filter(
    ({ createdAt }) => createdAt < measured.releaseStartedAt - lookBack(undefined)
  )
  const scraped = history.filter(({ samples }) => (samples[0]?.at ?? Infinity) <= since)
  const known = new Set(scraped.map(({ labels }) => labels[pod]))
  return ({ labels }) => known.has(labels[pod]) || !old.some(({ name }) => name === labels[pod])
}

/**
 * Ready pods of which no scrape has succeeded since `fresh`. Where no pod is a target of Prometheus (metrics are pushed),
 * silence tells nothing, and no pod is named.
 */
function silentPods(
  history: readonly Series[],
  { pod }: Recipe,
  { pods }: MeasuredVersion,
  fresh: number
): readonly string[] {
  if (named(history, 'up').length === 0) return []
  const telling = history.filter(({ labels, samples }) =>
    samples.some(({ at, value }) => at >= fresh && (labels.__name__ !== 'up' || value === 1))
  )
  const heard = new Set(telling.map(({ labels }) => labels[pod]))
  const due = pods.filter(({ createdAt }) => createdAt < fresh)
  return due.filter(({ name }) => !heard.has(name)).map(({ name }) => name)
}

/**
 * How many of these requests for `/`, which did not fail, the kubelet may have sent: users ask for `/`, too, so that only the
 * number tells. A pod that began just before what is counted has been probed since its own begin.
 */
function probesAmong(
  { pod }: Recipe,
  { probes, pods }: MeasuredVersion,
  atRoot: readonly Counted[],
  until: number
): number {
  const byPod = Map.groupBy(atRoot, ({ labels }) => labels[pod] ?? '')
  return [...byPod].reduce((total, [name, requests]) => {
    const since = Math.min(...requests.map((one) => one.since))
    const { createdAt = since, warmAt } = pods.find((one) => one.name === name) ?? {}
    const isNew = warmAt !== since && since - createdAt < lookBack(undefined)
    const begun = isNew ? Math.min(since, createdAt) : since
    const found = requests.reduce((sum, { count }) => sum + count, 0)
    return total + Math.min(found, rootProbes(probes, until - begun))
  }, 0)
}

const lacksOf: Readonly<Record<Version, Lacks>> = {
  canary: {
    counter: (scraped, expected = `any of ${SEARCHED_COUNTERS}`) =>
      scraped
        ? `no series: the new version's pods are scraped, but none reports ${expected} (has a request reached them?)`
        : `no series: no pod of the new version reports ${expected} (is it scraped?)`,
    status: (requests) => `${requests} has no label with the HTTP status (tried ${SEARCHED_STATUS_LABELS})`,
    buckets: `no histogram: the new version's pods report none of ${SEARCHED_BUCKETS}`,
    durations: "no durations: the new version's pods report no sum of them"
  },
  stable: {
    counter: (scraped) =>
      scraped
        ? `the stable version's pods are scraped, but report none of ${SEARCHED_COUNTERS}`
        : `Prometheus has nothing from the stable version's pods (searched for ${SEARCHED_COUNTERS})`,
    status: (requests) => `${requests} has none of the labels ${SEARCHED_STATUS_LABELS} with an HTTP status`,
    buckets: `the stable version's pods report none of ${SEARCHED_BUCKETS}`,
    durations: "the stable version's pods report no durations of requests"
  }
}

const pathOfProbes = (labels: Series['labels'], { probes, port }: MeasuredVersion): string | undefined =>
  probedPath(labels, probes) ?? (cameByProbedPort(labels, probes, port) ? 'the port of a probe' : undefined)

/** The application's own metrics, found by the names of its pods. */
export const podSource: RequestSource<Recipe> = {
  scrapesPods: true,
  detectionQuery,
  detect,
  samplesQuery,
  belongs: (series, { namespace }) => inNamespace(series, namespace),
  targetsQuery: () => undefined,
  counting: (recipe, measured, { history, since }) => {
    const hasFailed = (labels: Series['labels']): boolean =>
      recipe.status !== undefined && isServerError(labels[recipe.status] ?? '')
    const warm = new Map(measured.pods.map(({ name, warmAt }) => [name, warmAt]))
    return {
      hasFailed,
      probedPath: (labels) => pathOfProbes(labels, measured),
      probesAmong(counted, until) {
        const atRoot = counted.filter(({ labels }) => isAtRoot(labels) && !hasFailed(labels))
        return probesAmong(recipe, measured, atRoot, until)
      },
      beganAtZero: beganAtZero(history, recipe, measured, since),
      warmAt: (labels) => warm.get(labels[recipe.pod] ?? ''),
      silentPods: (fresh) => silentPods(history, recipe, measured, fresh)
    }
  },
  lacks: (version) => lacksOf[version],
  rangeQueries: (asked, names, seconds) => {
    const versions = asked.map(({ measured, queried = measured }) => queried)
    return asked.slice(0, 1).map(({ recipe }) => rangeQuery(recipe, names, versions, seconds))
  },
  samplesOf: (asked, known) =>
    podsOf(asked, known, podSource.counting(asked.recipe, asked.measured, NO_EVIDENCE))
}
