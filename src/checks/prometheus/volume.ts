import { formatDuration } from '../../base/duration.ts'
import { MetricsError } from '../metrics-error.ts'
import type { Series } from './metrics.ts'

/** How much of a metric there is. */
export interface Volume {
  readonly metric: string
  readonly series: number
  readonly samples: number
}

/** More samples than that are asked for only if less would not do, see `REACHES`. */
const MANY_SAMPLES = 200_000

/** As JSON, 30 bytes a sample and 400 a series: half of the largest answer that is read. */
const MOST_SAMPLES = 1_000_000
const MOST_SERIES = 20_000

/** Of a long release more is kept than is read at once: 300 MB. */
export const MOST_KEPT = 4_000_000

/** A sample of a native histogram is as long as so many others. */
const NATIVE_WEIGHT = 50

const numbers = new Intl.NumberFormat('en-US')

/**
 * One query for how much there is of each metric.
 * @param ranges the queries for a metric's samples
 */
export const volumeQuery = (
  metrics: readonly string[],
  ranges: (metric: string) => readonly string[]
): string =>
  metrics
    .flatMap((metric) =>
      ranges(metric).flatMap((range, part) => [
        labelled(`sum(count_over_time(${range}))`, `samples ${part} ${metric}`),
        labelled(`count(count_over_time(${range}))`, `series ${part} ${metric}`)
      ])
    )
    .join(' or ')

const labelled = (promql: string, text: string): string => `label_replace(${promql},"volume","${text}","","")`

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Reads the answer to it. @param native name of a native histogram */
export function readVolumes(answer: readonly Series[], native: string | undefined): readonly Volume[] {
  const told = answer.map(({ labels, samples }) => {
    const [unit = '', , metric = ''] = (labels.volume ?? '').split(' ')
    return { unit, metric, value: samples.at(-1)?.value ?? 0 }
  })
  return [...Map.groupBy(told, ({ metric }) => metric)].map(([metric, found]) => {
    const all = (wanted: string): number =>
      total(found.flatMap(({ unit, value }) => (unit === wanted ? value : [])))
    const weight = metric === native ? NATIVE_WEIGHT : 1
    return { metric, series: all('series'), samples: all('samples') * weight }
  })
}

export const volumesOf = (series: readonly Series[]): readonly Volume[] =>
  [...Map.groupBy(series, ({ labels }) => labels.__name__ ?? '')].map(([metric, found]) => ({
    metric,
    series: found.length,
    samples: total(
      found.map(({ samples, histograms = [] }) => samples.length + (NATIVE_WEIGHT - 1) * histograms.length)
    )
  }))

export const isMuch = (volumes: readonly Volume[]): boolean =>
  total(volumes.map(({ samples }) => samples)) > MANY_SAMPLES

/** @param since how long ago the first of them was taken, in milliseconds @throws MetricsError when there is too much */
export function limit(volumes: readonly Volume[], since: number, mostSamples = MOST_SAMPLES): void {
  for (const [unit, most] of [
    ['samples', mostSamples],
    ['series', MOST_SERIES]
  ] as const) {
    const all = total(volumes.map((volume) => volume[unit]))
    if (all <= most) continue
    const worst = volumes.reduce((one, other) => (other[unit] > one[unit] ? other : one))
    throw new MetricsError(
      `${worst.metric} has ${numbers.format(worst[unit])} ${unit} in the last ${formatDuration(since)}, all metrics together ${numbers.format(all)}, ` +
        `and at most ${numbers.format(most)} are read; have Prometheus drop labels that tell apart too much, as paths with an id (metric_relabel_configs)`,
      'answer'
    )
  }
}
