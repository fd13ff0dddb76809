import { shiftDecimal } from '../inputs/decimal.ts'

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

/** `9,812`. */
export const whole = (count: number): string => Math.round(count).toLocaleString('en-US')

/** `1 request`, `9,812 requests`. */
export const wholes = (count: number, noun: string): string =>
  `${whole(count)} ${noun}${Math.round(count) === 1 ? '' : 's'}`

/** `10:04:30 UTC`. @param at milliseconds since the epoch */
export function timeOfDay(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? 'an unknown time' : `${date.toISOString().slice(11, 19)} UTC`
}

/** `2026-11-27 10:04 UTC`. @param at milliseconds since the epoch */
export const minuteOf = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Less is not told apart from nothing at all, in percent. */
const LEAST_PERCENT = 0.001

function inPercent(share: number, more: number): string {
  const shown = 100 * share
  if (shown > 0 && shown < LEAST_PERCENT) return `below ${LEAST_PERCENT}%`
  const digits = shown >= 0.995 || shown === 0 ? 1 : shown >= 0.095 ? 2 : -Math.floor(Math.log10(shown))
  const text = Number(shown.toFixed(digits + more))
  return text === 100 && share < 1 && more < 6 ? inPercent(share, more + 1) : `${text}%`
}

/** A share (0 to 1): `3.5%`, `0.03%`. */
export const shareText = (share: number): string => inPercent(share, 0)

/** Two of them with as many digits as tell them apart: `3.5%` and `0.03%`, `12.31%` and `12.34%`. */
export function sharesApart(one: number, other: number, more = 0): readonly [string, string] {
  const texts = [inPercent(one, more), inPercent(other, more)] as const
  return texts[0] === texts[1] && one !== other && more < 3 ? sharesApart(one, other, more + 1) : texts
}

/** A duration as histograms have them for edges: `250 ms`, `2.5 s`. */
export const edgeText = (seconds: number): string =>
  seconds < 1
    ? `${Number(shiftDecimal(seconds, 3).toPrecision(3))} ms`
    : `${Number(seconds.toPrecision(3))} s`
