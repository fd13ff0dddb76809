import type { PodSamples } from '../judge/pods.ts'
import type { MeasuredVersion } from '../measured-version.ts'
import type { Known } from './known.ts'
import type { Series } from './metrics.ts'
import { podSamples, type Reading } from './pod-samples.ts'
import type { RouterRecipe } from './router-source.ts'
import { newestSample, scrapeGap } from './samples.ts'
import { scrapedOnce } from './scrapes.ts'
import { selects } from './selector.ts'
import type { Asked } from './source-queries.ts'
import { staleAfter, type Counting } from './traffic.ts'

const instanceOf = ({ labels }: Series): string => labels.instance ?? labels.pod ?? ''

/** When anything of it was scraped, in order: an instance tells of both versions at once, and of one without requests nothing. */
const timesOf = (series: readonly Series[]): readonly number[] =>
  [...new Set(series.flatMap(({ samples }) => samples.map(({ at }) => at)))].sort((one, other) => one - other)

/** A sidecar is as old as the pod that it is part of. */
function createdWith(series: readonly Series[], { pods }: MeasuredVersion): Pick<PodSamples, 'createdAt'> {
  const pod = pods.find(({ name }) => series.some(({ labels }) => labels.pod === name))
  return pod === undefined ? {} : { createdAt: pod.createdAt }
}

/** The instances of a router that have sent requests to a version. */
export function instancesOf(
  { recipe, measured }: Asked<RouterRecipe>,
  { series }: Known,
  hasFailed: Counting['hasFailed']
): readonly PodSamples[] {
  const all = scrapedOnce([...series.values()])
  const fresh = (newestSample(all) ?? 0) - staleAfter(scrapeGap(all))
  const isOwn = (one: Series): boolean => selects(recipe.selector, one)
  const reading: Reading = { names: recipe, hasFailed, probedPath: () => undefined, edges: [], probes: [] }
  const instances = [...Map.groupBy(all, instanceOf)].filter(([, found]) => found.some(isOwn))
  return instances
    .map(([name, found]) => ({
      name,
      ...createdWith(found, measured),
      ready: (newestSample(found) ?? 0) >= fresh,
      series: found.filter(isOwn),
      scrapes: [timesOf(found)]
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((reporter) => podSamples(reporter, reading))
}
