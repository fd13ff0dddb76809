import type { Measurement, Outcome } from '../domain/outcome.ts'
import { checkName, type Check } from '../inputs/check.ts'
import { shiftDecimal } from '../inputs/decimal.ts'
import { boundOf, scaleFor } from '../inputs/figure.ts'
import { clean } from './text.ts'

/** Pictures in Mermaid, which GitHub draws. Its syntax has no escapes, so only harmless characters get in. */
const label = (text: string): string =>
  clean(text)
    .replace(/[^\p{L}\p{N}\s_./()%-]|%(?=%)/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
    .slice(0, 60)

export const fenced = (lines: readonly string[]): string => ['```mermaid', ...lines, '```'].join('\n')

/** More bars than that are too narrow to be seen. */
const MOST_SLOTS = 30

interface Point {
  readonly at: number
  readonly value: number
}

/** The number of equal time slots, by the shortest pause between two samples. */
function countOfSlots(times: readonly number[], span: number, most: number): number {
  const pauses = times.slice(1).map((at, index) => at - (times[index] ?? at))
  const shortest = pauses.filter((pause) => pause > 0).reduce((least, pause) => Math.min(least, pause), span)
  return Math.min(most, Math.round(span / shortest) + 1)
}

/** The worst value of every stretch of time; undefined where nothing was measured. */
export function inSlots(
  samples: readonly Pick<Measurement, 'at' | 'value'>[],
  worse: (one: number, other: number) => number,
  most = MOST_SLOTS
): readonly (number | undefined)[] {
  const times = samples.map(({ at }) => at)
  const [first = 0, last = 0] = [times.at(0), times.at(-1)]
  if (first >= last) return []
  const slots = new Array<number | undefined>(countOfSlots(times, last - first, most)).fill(undefined)
  for (const { at, value } of pointsOf(samples)) {
    const slot = Math.round(((at - first) / (last - first)) * (slots.length - 1))
    const before = slots[slot]
    slots[slot] = before === undefined ? value : worse(before, value)
  }
  return slots
}

/** A number as Mermaid reads it: without an exponent. */
export function decimal(value: number): string {
  const short = Number(value.toPrecision(6))
  return String(short).includes('e') ? short.toFixed(9) : String(short)
}

/** Mermaid cannot draw numbers beyond this. */
const drawable = (value: number): boolean => Number.isFinite(value) && Math.abs(value) < 1e12

const RATIOS: ReadonlySet<string> = new Set(['success-rate', 'error-rate'])

/** A bit more than the values need; of a ratio never beyond nothing and all. */
function axis(values: readonly number[], { metric }: Check): readonly [low: number, high: number] {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const margin = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1
  const top = RATIOS.has(metric.kind) ? Math.min(100, high + margin) : high + margin
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, top]
}

const pointsOf = (samples: readonly Pick<Measurement, 'at' | 'value'>[]): readonly Point[] =>
  samples.flatMap(({ at, value }) => (value !== undefined && drawable(value) ? [{ at, value }] : []))

/** Lower than Mermaid's own, and in colours that show on a light and on a dark page. */
export const LOOK =
  '%%{init: {"xyChart": {"width": 860, "height": 300}, ' +
  '"themeVariables": {"xyChart": {"backgroundColor": "transparent", "plotColorPalette": "#2f81f7, #d1242f"}}}}%%'

export const series = (kind: 'bar' | 'line', values: readonly number[]): string =>
  `  ${kind} [${values.map(decimal).join(', ')}]`

/**
 * The worst value of each time slot as a bar, and the bound as a line; nothing for fewer than two values. Bars, because
 * lines in Mermaid cannot have gaps: no bar means that nothing was measured.
 */
export function checkChart(
  check: Check,
  samples: readonly Measurement[],
  { startedAt }: Pick<Outcome, 'startedAt'>
): string {
  const slots = inSlots(samples, check.comparison.startsWith('>') ? Math.min : Math.max)
  const known = slots.filter((value) => value !== undefined)
  if (known.length < 2 || !drawable(check.bound)) return ''
  const { places, unit } = scaleFor(check, Math.max(check.bound, ...known))
  const bound = shiftDecimal(check.bound, places)
  const [low, high] = axis([...known.map((value) => shiftDecimal(value, places)), bound], check)
  const bars = slots.map((value) => (value === undefined ? low : shiftDecimal(value, places)))
  const seconds = (at = startedAt): string => decimal(Math.max(0, at - startedAt) / 1_000)
  const gaps = known.length < slots.length ? ', no bar: no data' : ''
  return fenced([
    LOOK,
    'xychart-beta',
    `  title "${label(checkName(check))} (blue), bound ${boundOf(check)} (red)${gaps}"`,
    `  x-axis "seconds since the start" ${seconds(samples.at(0)?.at)} --> ${seconds(samples.at(-1)?.at)}`,
    `  y-axis "${unit.trim() || 'value'}" ${decimal(low)} --> ${decimal(high)}`,
    series('bar', bars),
    series(
      'line',
      slots.map(() => bound)
    )
  ])
}
