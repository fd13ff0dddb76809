import { isTree, type Tree } from './tree.ts'

/**
 * Reads fields of objects whose shape nobody has checked: custom resources that people and other controllers write. What
 * is not as expected is as if it were not there.
 */

/** What stands at this path; undefined as soon as a part of it is missing. */
export const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((tree, key) => (isTree(tree) ? tree[key] : undefined), value)

/** A text, or a number as a text; else empty. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : ''
}

/** A number, or a text of digits as a number; else undefined. */
export function countAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path)
  const number = typeof found === 'string' && /^\d+$/.test(found) ? Number(found) : found
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

export const isTrueAt = (value: unknown, ...path: readonly string[]): boolean => at(value, ...path) === true

/** The items of a list; none where there is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? (found as readonly unknown[]) : []
}

/** A map; empty where there is none. */
export function treeAt(value: unknown, ...path: readonly string[]): Tree {
  const found = at(value, ...path)
  return isTree(found) ? found : {}
}
