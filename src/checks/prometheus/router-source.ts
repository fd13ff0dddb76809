import type { Version } from '../compared-samples.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import { instancesOf } from './instances-of.ts'
import type { Series } from './metrics.ts'
import { metricNames, type Detection, type Latency, type Names, type Wanted } from './recipes.ts'
import type { Router } from './routers.ts'
import { matches, printSelector, selects, spellings, type Selector } from './selector.ts'
import type { Evidence, Lacks, RequestSource } from './source-queries.ts'
import { edgeOf } from './traffic.ts'

/** How a router's metrics of one version are found. */
export interface RouterRecipe extends Names {
  /** As Prometheus has stored the labels. */
  readonly selector: Selector
  /** The jobs that scrape the router. */
  readonly jobs: readonly string[]
}

/** Every way in which the version's series may be stored; the first that finds one is the right one. */
const candidates = ({ version, reports }: Router, measured: MeasuredVersion): readonly Selector[] =>
  (reports?.map((report) => [report]) ?? [[]]).flatMap((report) =>
    spellings([...version(measured), ...report])
  )

const among = (names: readonly string[], selector: Selector): string =>
  printSelector([matches('__name__', names.join('|')), ...selector])

function detectionQuery(router: Router, measured: MeasuredVersion): string {
  const { requests, status, latency } = router
  const selectors = candidates(router, measured)
  const kept = new Set(['__name__', 'job', 'le', status, ...selectors.flat().map(({ label }) => label)])
  const names = [requests, `${latency.base}_bucket`, `${latency.base}_sum`]
  const found = selectors.map((selector) => among(names, selector)).join(' or ')
  return `count by (${[...kept].join(',')}) (${found})`
}

function latencyAmong(series: readonly Series[], { latency }: Router): Latency | undefined {
  const called = (name: string) => series.filter(({ labels }) => labels.__name__ === name)
  const edges = called(`${latency.base}_bucket`).map(edgeOf).filter(Number.isFinite)
  const ordered = [...new Set(edges)].sort((one, other) => one - other).map((edge) => edge * latency.unit)
  if (ordered.length > 0) return { ...latency, hasBuckets: true, edges: ordered }
  return called(`${latency.base}_sum`).length > 0 ? { ...latency, hasBuckets: false } : undefined
}

function detect(
  router: Router,
  answer: readonly Series[],
  measured: MeasuredVersion
): Detection<RouterRecipe> {
  const { requests, status } = router
  const counters = answer.filter(({ labels }) => labels.__name__ === requests)
  const selector = candidates(router, measured).find((one) => counters.some((series) => selects(one, series)))
  if (selector === undefined) return { scraped: false }
  const found = answer.filter((series) => selects(selector, series))
  const counted = found.filter(({ labels }) => labels.__name__ === requests)
  const latency = latencyAmong(found, router)
  const recipe = {
    requests,
    ...(counted.every(({ labels }) => labels[status]) && { status }),
    ...(latency && { latency }),
    selector,
    jobs: [...new Set(counted.flatMap(({ labels }) => labels.job ?? []))].sort()
  }
  return { scraped: true, recipe }
}

const rangeQuery = ({ selector }: RouterRecipe, names: readonly string[], seconds: number): string =>
  `${among(names, selector)}[${seconds}s]`

const samplesQuery = (recipe: RouterRecipe, wanted: Wanted, seconds: number): string =>
  rangeQuery(recipe, metricNames(recipe, wanted), seconds)

/** A name that others chose, as a PromQL string; its escapes are those of JSON. */
const jobSelector = (job: string): string => `up{job=${JSON.stringify(job)}}`

const targetsQuery = ({ jobs }: RouterRecipe, secondsAgo: number): string | undefined =>
  jobs.length === 0 ? undefined : jobs.map((job) => `${jobSelector(job)} offset ${secondsAgo}s`).join(' or ')

const targetOf = ({ labels }: Series): string => JSON.stringify([labels.job, labels.instance])

/**
 * A new series began at 0 when Prometheus scraped its target at that moment, or did not know the target yet while it
 * scraped others of the job: then the router's pod is as new. What a target that was down or whose job was unknown
 * reports first may be older traffic.
 */
function beganAtZero({ since, history, targets }: Evidence): (series: Series) => boolean {
  const wasUp = new Map(targets.map((target) => [targetOf(target), target.samples.at(-1)?.value === 1]))
  const jobs = new Set(targets.filter((one) => wasUp.get(targetOf(one))).map(({ labels }) => labels.job))
  const scraped = history.filter(({ samples }) => (samples[0]?.at ?? Infinity) <= since)
  const known = new Set(scraped.map(targetOf))
  return (series) =>
    known.has(targetOf(series)) || (wasUp.get(targetOf(series)) ?? jobs.has(series.labels.job))
}

function lacksOf(router: Router, version: Version, measured: MeasuredVersion): Lacks {
  const { name, requests, status, latency } = router
  const whose = printSelector(router.version(measured))
  const whom = version === 'canary' ? 'the new version' : 'the stable version'
  return {
    counter: () =>
      `Prometheus has no ${requests}${whose} (is ${name} scraped, and has it sent a request to ${whom}?)`,
    status: () => `${requests}${whose} has no label ${status}`,
    buckets: `Prometheus has no ${latency.base}_bucket${whose}`,
    durations: `Prometheus has no ${latency.base}_sum${whose}`
  }
}

/** The metrics of the router in front of the pods, found by what it calls the version. */
export const routerSource = (router: Router): RequestSource<RouterRecipe> => ({
  scrapesPods: false,
  detectionQuery: (measured) => detectionQuery(router, measured),
  detect: (answer, measured) => detect(router, answer, measured),
  samplesQuery: (recipe, wanted, _subject, seconds) => samplesQuery(recipe, wanted, seconds),
  belongs: () => true,
  targetsQuery,
  counting: (_recipe, _subject, evidence) => ({
    hasFailed: router.hasFailed,
    // Kubelet and Prometheus go to the pods themselves.
    probedPath: () => undefined,
    probesAmong: () => 0,
    // A router does not tell the pods apart.
    warmAt: () => undefined,
    beganAtZero: beganAtZero(evidence),
    // The router is what is scraped here, whatever its pods are.
    silentPods: () => []
  }),
  lacks: (version, measured) => lacksOf(router, version, measured),
  rangeQueries: (asked, names, seconds) => asked.map(({ recipe }) => rangeQuery(recipe, names, seconds)),
  samplesOf: (asked, known) => instancesOf(asked, known, router.hasFailed)
})
