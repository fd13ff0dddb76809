import { parseDuration } from '../base/duration.ts'
import { durationBetween } from './duration.ts'
import { quote, refusal, type Parsed, type Parser } from './parsed.ts'

/** A window of the past: the last milliseconds, or between two moments in milliseconds since the epoch. */
export type ReplayWindow =
  | { readonly kind: 'last'; readonly duration: number }
  | { readonly kind: 'between'; readonly from: number; readonly to: number | 'now' }

const WEEK = 7 * 24 * 3_600_000
const EXAMPLE = '24h'
const INTERVAL = '2026-11-25T00:00:00Z/2026-11-26T00:00:00Z'

/** With its parts: date, time of day, and zone. */
const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)([Zz]|[+-]\d{2}:\d{2})?)?$/

/** Of RFC 3339: a date is its midnight in UTC. */
function parseMoment(text: string): Parsed<number> {
  const [, date, time, zone] = MOMENT.exec(text) ?? []
  if (date === undefined)
    return refusal(
      `${quote(text)} is not a time like 2026-11-25T00:00:00Z, a date, or at the end now`,
      INTERVAL
    )
  if (time !== undefined && zone === undefined)
    return refusal(`${quote(text)} has no time zone: add Z for UTC, or +02:00`, INTERVAL)
  // JavaScript would take the 30th of February for the 2nd of March.
  const day = Date.parse(`${date}T00:00:00Z`)
  const exists = Number.isFinite(day) && new Date(day).toISOString().startsWith(date)
  const value = time === undefined ? day : Date.parse(`${date}T${time}${(zone ?? 'Z').toUpperCase()}`)
  return exists && Number.isFinite(value) ? { value } : refusal(`${quote(text)} does not exist`, INTERVAL)
}

function parseInterval(begin: string, end: string): Parsed<ReplayWindow> {
  const from = parseMoment(begin)
  if ('problem' in from) return from
  const to: Parsed<number | 'now'> = end === 'now' ? { value: 'now' } : parseMoment(end)
  if ('problem' in to) return to
  const window: Parsed<ReplayWindow> = { value: { kind: 'between', from: from.value, to: to.value } }
  if (to.value === 'now') return window
  if (to.value <= from.value) return refusal(`${quote(`${begin}/${end}`)} ends before it begins`, INTERVAL)
  return to.value - from.value > WEEK ? tooLong(`${begin}/${end}`) : window
}

const tooLong = (text: string): Parsed<never> =>
  refusal(`${quote(text)} is too long, at most a week (168h) is replayed`, EXAMPLE)

/** Reads `24h`, or an interval of ISO 8601: `2026-11-25T00:00:00Z/2026-11-26T00:00:00Z`, `2026-11-25/now`. */
export const parseReplay: Parser<ReplayWindow> = (text) => {
  const [begin = '', end, ...others] = text.split('/').map((part) => part.trim())
  if (end !== undefined && others.length === 0) return parseInterval(begin, end)
  const last = parseDuration(text)
  if (last !== undefined && last > WEEK) return tooLong(text)
  const parsed = durationBetween(1, WEEK, EXAMPLE)(text)
  if ('value' in parsed) return { value: { kind: 'last', duration: parsed.value } }
  return last === undefined
    ? refusal(`${quote(text)} is neither how far back to go nor <from>/<to>`, `${EXAMPLE}, or ${INTERVAL}`)
    : parsed
}

/** From when to when, in milliseconds since the epoch. */
export interface Span {
  readonly from: number
  readonly to: number
}

/**
 * The window, now that it is known what time it is.
 * @param least milliseconds that a release takes at most
 */
export function replayedSpan(window: ReplayWindow, now: number, least: number): Parsed<Span> {
  const to = window.kind === 'last' || window.to === 'now' ? now : window.to
  const from = window.kind === 'last' ? now - window.duration : window.from
  if (to > now || from > now)
    return refusal(`${iso(Math.max(from, to))} is still to come: only the past can be replayed`, EXAMPLE)
  if (to - from > WEEK) return tooLong(`${iso(from)}/${iso(to)}`)
  return to - from < least
    ? refusal(
        `the window of ${minutes(to - from)} is shorter than a release, which may take ${minutes(least)}`,
        EXAMPLE
      )
    : { value: { from, to } }
}

const iso = (at: number): string => new Date(at).toISOString()
const minutes = (span: number): string => `${Math.ceil(span / 60_000)} min`
