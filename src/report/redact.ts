import { hiding } from '../base/hide.ts'
import type { Outcome } from '../domain/outcome.ts'

/**
 * The outcome without these secrets, wherever somebody has written them: a pod that logs the requests of a smoke test,
 * an error that quotes one. The runner masks the log; comment and outputs go past it.
 */
export function redacted(outcome: Outcome, secrets: Iterable<string>): Outcome {
  const hide = hiding(secrets)
  if (hide === undefined) return outcome
  const { runUrl, ...told } = outcome
  return { ...within(told, hide), ...(runUrl === undefined ? {} : { runUrl }) }
}

type Hide = (text: string) => string

function within<T>(value: T, hide: Hide): T
function within(value: unknown, hide: Hide): unknown {
  if (typeof value === 'string') return hide(value)
  if (Array.isArray(value)) return value.map((item: unknown) => within(item, hide))
  if (typeof value !== 'object' || value === null) return value
  // Of a smoke test itself only the name is told.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === 'test' ? item : within<unknown>(item, hide)])
  )
}
