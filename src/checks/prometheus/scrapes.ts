import type { Series } from './metrics.ts'
import { newestSample, scrapeGap } from './samples.ts'
import { staleAfter } from './traffic.ts'

type Labels = Series['labels']

/** Labels that tell apart what several Prometheus servers have scraped, as stores behind them call them. */
const REPLICA_LABELS = [
  'prometheus_replica',
  'replica',
  '__replica__',
  'receive_replica',
  'thanos_replica',
  'prometheus'
]

/** Who has scraped what. */
export const scrapeOf = (labels: Labels): string => JSON.stringify([labels.instance, scraperOf(labels)])

const scraperOf = (labels: Labels): string =>
  JSON.stringify(['job', ...REPLICA_LABELS].map((name) => labels[name] ?? ''))

const lengthOf = (series: readonly Series[]): number =>
  series.reduce((sum, { samples }) => sum + samples.length, 0)

/** Of those who are up to date the one that knows most; by name where that is several. */
function bestOf(scrapers: ReadonlyMap<string, readonly Series[]>): readonly Series[] {
  const all = [...scrapers.values()].flat()
  const fresh = (newestSample(all) ?? 0) - staleAfter(scrapeGap(all))
  const [best] = [...scrapers]
    .map(([name, series]) => ({ name, series, length: lengthOf(series) }))
    .filter(({ series }) => (newestSample(series) ?? -Infinity) >= fresh)
    .sort((one, other) => other.length - one.length || (one.name < other.name ? -1 : 1))
  return best?.series ?? []
}

/**
 * Of a metric of an instance that two have scraped (two replicas of Prometheus, or two jobs for one port) what one of them has:
 * together it would count every request twice. An instance that has another address has counted other requests.
 */
export function scrapedOnce(series: readonly Series[]): readonly Series[] {
  const targets = Map.groupBy(series, ({ labels }) => JSON.stringify([labels.__name__, labels.instance]))
  return [...targets.values()].flatMap((found) => {
    const scrapers = Map.groupBy(found, ({ labels }) => scraperOf(labels))
    return scrapers.size === 1 ? found : bestOf(scrapers)
  })
}
