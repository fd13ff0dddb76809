/** Places in a value, as lists of keys, itself left out. */
export function pathsIn(value: unknown, before: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = [...before, Array.isArray(value) ? Number(key) : key]
    return [path, ...pathsIn(inner, path)]
  })
}

export const GONE = Symbol('gone')

/** The same value with another one in one place, or none. */
export function withAt(
  value: unknown,
  [key, ...rest]: readonly (string | number)[],
  other: unknown
): unknown {
  if (key === undefined) return other
  const copy = structuredClone(value) as Record<string | number, unknown>
  if (rest.length > 0) copy[key] = withAt(copy[key], rest, other)
  else if (other !== GONE) copy[key] = other
  else if (Array.isArray(copy)) copy.splice(Number(key), 1)
  else Reflect.deleteProperty(copy, key)
  return copy
}

/** Text of programming errors, which no message may show. */
export const CRASH =
  /Cannot (?:read|set|convert|destructure)|is not (?:a function|iterable)|undefined|\[object Object\]|NaN|Maximum call stack|\n {4}at /
