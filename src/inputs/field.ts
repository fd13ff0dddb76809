import type { Fault } from '../base/errors.ts'
import { splitLines } from './lines.ts'
import { quote, type Parsed, type Parser } from './parsed.ts'

/** A fault of one line, before it is known in which input. */
export type LineFault = Omit<Fault, 'input'>

/** What a line was read as. */
export interface Item<T> {
  readonly line: number
  readonly value: T
}

/** The value of one input, or all that is wrong with it. */
export type Reading<T> = { readonly value: T } | { readonly faults: readonly LineFault[] }

/** How one input is read. */
export interface Field<T> {
  /** Stands for an empty input; the same text as the default in action.yml. */
  readonly fallback: string
  readonly read: (text: string) => Reading<T>
}

interface ListOptions<T> {
  /** Two items of the same key are a fault, which quotes the key. */
  readonly keyOf?: (item: T) => string
  /** What is wrong between lines that may each be right. `lastLine` may be one that could not be read. */
  readonly faultsAmong?: (items: readonly Item<T>[], lastLine: number) => readonly LineFault[]
  /** See `splitLines`. */
  readonly ownsHash?: (line: string) => boolean
}

const toReading = <T>(parsed: Parsed<T>): Reading<T> => ('problem' in parsed ? { faults: [parsed] } : parsed)

/** An input with one value. */
export const single = <T>(parse: Parser<T>, fallback: string): Field<T> => ({
  fallback,
  read: (text) => toReading(parse(text.trim() || fallback))
})

/** An input with one value or none. */
export const optional = <T>(parse: Parser<T>): Field<T | undefined> => ({
  fallback: '',
  read: (text) => (text.trim() === '' ? { value: undefined } : toReading(parse(text.trim())))
})

function repeated<T>(items: readonly Item<T>[], keyOf: (item: T) => string): LineFault[] {
  const first = new Map<string, number>()
  return items.flatMap(({ line, value }) => {
    const key = keyOf(value)
    const before = first.get(key)
    if (before !== undefined) return [{ line, problem: `${quote(key)} is already on line ${before}` }]
    first.set(key, line)
    return []
  })
}

/** An input that takes one item a line. */
export const list = <T>(
  parse: Parser<T>,
  { keyOf, faultsAmong, ownsHash }: ListOptions<T> = {}
): Field<readonly T[]> => ({
  fallback: '',
  read: (text) => {
    const items: Item<T>[] = []
    const faults: LineFault[] = []
    const lines = splitLines(text, ownsHash)
    for (const { line, text: item } of lines) {
      const parsed = parse(item)
      if ('problem' in parsed) faults.push({ line, ...parsed })
      else items.push({ line, value: parsed.value })
    }
    const repeats = keyOf === undefined ? [] : repeated(items, keyOf)
    const among = faultsAmong === undefined ? [] : faultsAmong(items, lines.at(-1)?.line ?? 0)
    const all = [...faults, ...repeats, ...among]
    return all.length > 0 ? { faults: all } : { value: items.map(({ value }) => value) }
  }
})

/** The same input, its value turned into another one. */
export const mapped = <T, U>({ fallback, read }: Field<T>, turn: (value: T) => U): Field<U> => ({
  fallback,
  read: (text) => {
    const reading = read(text)
    return 'faults' in reading ? reading : { value: turn(reading.value) }
  }
})
