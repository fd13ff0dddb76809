import { places as placesOf, type Check } from './check.ts'
import { shiftDecimal } from './decimal.ts'

/** How a check's base unit is shown: how far the decimal point moves, and what stands behind. */
export interface Scale {
  readonly places: number
  readonly unit: string
}

/** The scale in which a value of that size reads best. */
export function scaleFor({ metric }: Check, value: number): Scale {
  switch (metric.kind) {
    case 'success-rate':
    case 'error-rate':
      return { places: 2, unit: '%' }
    case 'latency':
    case 'mean-latency':
      return Math.abs(value) < 1 ? { places: 3, unit: ' ms' } : { places: 0, unit: ' s' }
    case 'request-rate':
      return { places: 0, unit: '/s' }
    case 'query':
    case 'web':
    case 'datadog':
      return { places: 0, unit: '' }
  }
}

/** Values that a rounded one must not step onto or over: 94.97% is not 95%, and 99.96% is not 100%. */
const landmarks = ({ metric, bound }: Check): readonly number[] =>
  metric.kind === 'success-rate' || metric.kind === 'error-rate' ? [bound, 0, 1] : [bound, 0]

function written(value: number): string {
  const size = Math.abs(value)
  const plain = size === 0 || (size >= 1e-6 && size < 1e15)
  return plain ? value.toLocaleString('en-US', { maximumFractionDigits: 12 }) : String(value)
}

/** Three digits, or as many as it takes to stay on the right side of every landmark. */
function rounded(value: number, places: number, keepApart: readonly number[]): number {
  const shown = shiftDecimal(value, places)
  const wholeDigits = Math.ceil(Math.log10(Math.abs(shown) + 1))
  for (let digits = Math.max(3, Math.min(wholeDigits, 15)); digits < 17; digits += 1) {
    const candidate = Number(shown.toPrecision(digits))
    const apart = keepApart.every(
      (mark) => Math.sign(candidate - shiftDecimal(mark, places)) === Math.sign(value - mark)
    )
    if (apart) return candidate
  }
  return shown
}

/** A value of the check for people: `97.3%`, `182 ms`, `20.1/s`. */
export function figure(check: Check, value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const { places, unit } = scaleFor(check, value)
  return written(rounded(value, places, landmarks(check))) + unit
}

/** The same value as its author writes the check, where that is quoted beside it: `97.3%`, `0.182s`. */
export function asWritten(check: Check, value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const { places } = scaleFor(check, value)
  const shown = shiftDecimal(rounded(value, places, landmarks(check)), -places)
  return `${shiftDecimal(shown, -placesOf[check.unit])}${check.unit}`
}

/** The bound with its comparison: `>= 95%`. */
export const boundOf = (check: Check): string => `${check.comparison} ${figure(check, check.bound)}`
