import { isTree, type Tree } from './tree.ts'

/** Says what is wrong with a value at a path, e.g. `spec.ports[0] is not a map`; undefined: nothing that matters here. */
export type Shape = (value: unknown, path: string) => string | undefined

const is =
  (what: string, holds: (value: unknown) => boolean): Shape =>
  (value, path) => {
    if (holds(value)) return undefined
    return value === undefined ? `${path} is missing` : `${path} is not ${what}`
  }

export const text = is('a text', (value) => typeof value === 'string')
export const number = is('a number', (value) => typeof value === 'number')
export const boolean = is('true or false', (value) => typeof value === 'boolean')
export const amount = is(
  'a text or a number',
  (value) => typeof value === 'string' || typeof value === 'number'
)
export const map = is('a map', isTree)
const array = is('a list', Array.isArray)

/** The first complaint of several. */
function first(complaints: Iterable<string | undefined>): string | undefined {
  for (const complaint of complaints) if (complaint !== undefined) return complaint
  return undefined
}

export const listOf =
  (item: Shape): Shape =>
  (value, path) =>
    array(value, path) ?? first((value as unknown[]).map((one, at) => item(one, `${path}[${at}]`)))

export const mapOf =
  (entry: Shape): Shape =>
  (value, path) =>
    map(value, path) ??
    first(Object.entries(value as Tree).map(([key, one]) => entry(one, `${path}[${JSON.stringify(key)}]`)))

/** @param optional fields that may be absent */
export const fields =
  (required: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): Shape =>
  (value, path) => {
    const wrong = map(value, path)
    if (wrong !== undefined) return wrong
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
    const tree = value as Tree
    return (
      first(Object.entries(required).map(([key, shape]) => shape(tree[key], at(key)))) ??
      first(
        Object.entries(optional).map(([key, shape]) =>
          tree[key] === undefined ? undefined : shape(tree[key], at(key))
        )
      )
    )
  }
