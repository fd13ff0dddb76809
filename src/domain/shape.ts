import { isTree } from '../kubernetes/tree.ts'

/** Of what shape the parts of a record are, which anybody may have written by hand. */

/** What is written in JSON; undefined where it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a value must be: a test of it, the same for each item of a list, or for fields of an object. */
export type Shape =
  ((value: unknown) => boolean) | readonly [Shape, number] | { readonly [field: string]: Shape }

/**
 * Path of the first value that has not the expected shape. Unknown fields are allowed, since a newer version may have
 * written them.
 */
export function wrongIn(value: unknown, shape: Shape, at = ''): string | undefined {
  if (typeof shape === 'function') return shape(value) ? undefined : at
  if (isList(shape)) return wrongInList(value, shape, at)
  if (!isTree(value)) return at
  for (const [name, inner] of Object.entries(shape)) {
    const field = name.replace('?', '')
    const found = Object.hasOwn(value, field) ? value[field] : undefined
    if (found === undefined && field !== name) continue
    const wrong = wrongIn(found, inner, at === '' ? field : `${at}.${field}`)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

const isList = (shape: Shape): shape is readonly [Shape, number] => Array.isArray(shape)

function wrongInList(value: unknown, [item, most]: readonly [Shape, number], at: string): string | undefined {
  if (!Array.isArray(value) || value.length > most) return at
  for (const [index, one] of (value as readonly unknown[]).entries()) {
    const wrong = wrongIn(one, item, `${at}[${index}]`)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Texts of a record are names, addresses and lines of inputs. */
const LONGEST = 4096
export const MOST = 100

export const text: Shape = (value) => typeof value === 'string' && value.length <= LONGEST
export const flag: Shape = (value) => typeof value === 'boolean'
export const time: Shape = (value) =>
  typeof value === 'string' && value.length <= 40 && !Number.isNaN(Date.parse(value))
export const count: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0
export const percent: Shape = (value) => typeof value === 'number' && value >= 0 && value <= 100
export const matching =
  (pattern: RegExp, longest: number): Shape =>
  (value) =>
    typeof value === 'string' && value.length <= longest && pattern.test(value)
export const oneOf =
  (...words: readonly unknown[]): Shape =>
  (value) =>
    words.includes(value)

export const name = matching(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 253)
export const hash = matching(/^[a-z0-9]*$/, 63)
export const command = oneOf('deploy', 'rollback')
