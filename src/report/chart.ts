import { checkName, type Check } from '../grammar/check.ts'
import { shiftDecimal } from '../grammar/decimal.ts'
import type { Measurement, Outcome, TimelineEntry } from '../outcome.ts'
import { boundOf, scaleFor } from './figures.ts'
import { spread } from './limits.ts'
import { clean } from './text.ts'

/** Pictures in Mermaid, which GitHub draws. Its syntax has no escapes, so only harmless characters get in. */
const label = (text: string): string =>
  clean(text)
    .replace(/[^\p{L}\p{N}\s_./()%-]|%(?=%)/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
    .slice(0, 60)

const fenced = (lines: readonly string[]): string => ['```mermaid', ...lines, '```'].join('\n')

const bar = ({ status, startedAt, milliseconds }: TimelineEntry): string =>
  `${status === 'failed' ? 'crit' : 'done'}, ${Math.round(startedAt)}, ${Math.max(1, Math.round(milliseconds))}ms`

/** The steps as bars over the time of day of whoever looks at them; nothing when there are fewer than two. */
export const gantt = (timeline: readonly TimelineEntry[], rows: number): string => {
  const steps = timeline.filter(({ status }) => status !== 'skipped')
  if (steps.length < 2 || rows < 2) return ''
  // A number in front keeps a title from being read as a keyword.
  const tasks = spread(steps, rows).map(
    (entry) => `  ${timeline.indexOf(entry) + 1} ${label(entry.title)} :${bar(entry)}`
  )
  return fenced(['gantt', '  dateFormat x', '  axisFormat %H:%M:%S', ...tasks])
}

const mostPoints = 30

interface Point {
  readonly at: number
  readonly value: number
}

const extremes = (points: readonly Point[]): readonly Point[] => {
  const byValue = points.toSorted((one, other) => one.value - other.value)
  const ends = [byValue.at(0), byValue.at(-1)].filter((point) => point !== undefined)
  return [...new Set(ends)].toSorted((one, other) => one.at - other.at)
}

/** At most thirty points: of every stretch of time the lowest and the highest value. */
export const withExtremes = (points: readonly Point[]): readonly Point[] => {
  if (points.length <= mostPoints) return points
  const stretches = mostPoints / 2
  const size = points.length / stretches
  return Array.from({ length: stretches }, (_, at) =>
    points.slice(Math.floor(at * size), Math.floor((at + 1) * size))
  ).flatMap(extremes)
}

/** A number as Mermaid reads it: without an exponent. */
const decimal = (value: number): string => {
  const short = Number(value.toPrecision(6))
  return String(short).includes('e') ? short.toFixed(9) : String(short)
}

/** Mermaid cannot draw numbers beyond this. */
const drawable = (value: number): boolean => Number.isFinite(value) && Math.abs(value) < 1e12

const axis = (values: readonly number[]): readonly [low: number, high: number] => {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const margin = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin]
}

const pointsOf = (samples: readonly Measurement[]): readonly Point[] =>
  samples.flatMap(({ at, value }) => (value !== undefined && drawable(value) ? [{ at, value }] : []))

/** Lower than Mermaid's own, and in colours that show on a light and on a dark page. */
const look =
  '%%{init: {"xyChart": {"width": 700, "height": 300}, ' +
  '"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7, #d1242f"}}}}%%'

const series = (values: readonly number[]): string => `  line [${values.map(decimal).join(', ')}]`

/** The values of one check over time, its bound as a second line; nothing for fewer than two values. */
export const checkChart = (
  check: Check,
  samples: readonly Measurement[],
  { startedAt }: Pick<Outcome, 'startedAt'>
): string => {
  const points = withExtremes(pointsOf(samples))
  const [first = 0, last = 0] = [points.at(0)?.at, points.at(-1)?.at]
  if (first >= last || !drawable(check.bound)) return ''
  const { places, unit } = scaleFor(check, Math.max(check.bound, ...points.map(({ value }) => value)))
  const values = points.map(({ value }) => shiftDecimal(value, places))
  const bound = shiftDecimal(check.bound, places)
  const [low, high] = axis([...values, bound])
  const seconds = (at: number): string => decimal(Math.max(0, at - startedAt) / 1_000)
  return fenced([
    look,
    'xychart-beta',
    `  title "${label(checkName(check))} and its bound ${boundOf(check)}"`,
    `  x-axis "seconds since the start" ${seconds(first)} --> ${seconds(last)}`,
    `  y-axis "${unit.trim() || 'value'}" ${decimal(low)} --> ${decimal(high)}`,
    series(values),
    series(values.map(() => bound))
  ])
}
