/** `40 ms`, `0.8 s`, `12 s`, `1m 12s`, `2h 5m`. */
export function timeSpan(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms > 0 && ms < 99.5) return `${Math.ceil(ms)} ms`
  if (ms < 9_950) return `${Number((ms / 1_000).toFixed(1))} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}m ${seconds % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}
