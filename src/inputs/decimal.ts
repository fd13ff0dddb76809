const DECIMAL = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?$/i

/** A finite number such as `95`, `-0.5` or `1e-3`; undefined for anything else, `Infinity` and `0x10` included. */
export function parseDecimal(text: string): number | undefined {
  // Adding 0 makes the 0 of -0, which would not print back.
  const value = DECIMAL.test(text) ? Number(text) + 0 : NaN
  return Number.isFinite(value) ? value : undefined
}

/**
 * `value` times ten to the power of `places`. It moves the decimal point instead of multiplying, so that
 * 7% is 0.07 and prints as 7% again, where `0.07 * 100` is 7.000000000000001.
 */
export const shiftDecimal = (value: number, places: number): number => Number(shifted(String(value), places))

/** The same of a text, as `parseDecimal` reads it: of 16 digits none is lost. */
export const parseShifted = (text: string, places: number): number | undefined =>
  parseDecimal(text) === undefined ? undefined : parseDecimal(shifted(text, places))

/** The text that `parseShifted` reads as `value`, when it moves the point back. */
export function printShifted(value: number, places: number): string {
  const short = String(shiftDecimal(value, places))
  return parseShifted(short, -places) === value ? short : shifted(String(value), places)
}

function shifted(text: string, places: number): string {
  const [digits = '0', exponent = '0'] = text.toLowerCase().split('e')
  return `${digits}e${Number(exponent) + places}`
}
