const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** Milliseconds of the longest duration of Go, 292 years: what is longer is none there, and no date here. */
const LONGEST = 2 ** 63 / 1_000_000

/** Milliseconds of what a controller reads as a duration: a number of seconds, or a text such as Go's `1m30s`. */
export function durationIn(duration: unknown): number | undefined {
  const found = read(duration)
  return found !== undefined && found >= 0 && found <= LONGEST ? found : undefined
}

function read(duration: unknown): number | undefined {
  if (typeof duration === 'number') return duration * 1000
  if (typeof duration !== 'string') return undefined
  if (/^\d+$/.test(duration)) return Number(duration) * 1000
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== duration) return undefined
  return parts.reduce((sum, [, amount = '0', unit = '']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0)
}
