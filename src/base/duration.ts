const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1]
] as const

const DURATION = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** Milliseconds of `90s`, `5m`, `1h30m` or `500ms`; undefined for anything else, plain numbers included. */
export function parseDuration(text: string): number | undefined {
  const amounts: readonly (string | undefined)[] | undefined = DURATION.exec(text)?.slice(1)
  const total = amounts?.reduce((sum, amount, i) => sum + Number(amount ?? 0) * (UNITS[i]?.[1] ?? 0), 0)
  return Number.isSafeInteger(total) ? total : undefined
}

/** The shortest text that `parseDuration` reads as these milliseconds, rounded to whole ones: `1m30s`, `0s`. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.round(milliseconds)
  const parts = UNITS.map(([unit, size]) => {
    const amount = Math.floor(rest / size)
    rest -= amount * size
    return amount > 0 ? `${amount}${unit}` : ''
  })
  return parts.join('') || '0s'
}
