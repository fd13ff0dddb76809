import { isAlias, isMap, isScalar, isSeq, type Document, type Node } from 'yaml'

/** Keys of maps and places in lists. */
export type Path = readonly (string | number)[]

/** `spec.steps[2].pause` as a path. */
export const pathIn = (text: string): Path =>
  [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([key, place]) => (place === undefined ? key : Number(place)))

/** Where a value begins in the text; of one that is missing, where the last part of its path that is there does. */
export function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document)
    const [found, start] = childOf(node, key)
    if (start === undefined) return offset
    offset = start
    node = found
  }
  return offset
}

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0]

function childOf(node: unknown, key: string | number): readonly [unknown, number | undefined] {
  if (isSeq(node)) {
    const item = node.items[Number(key)]
    return [item, startOf(item)]
  }
  if (!isMap(node)) return [undefined, undefined]
  const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(key))
  return [pair?.value, startOf(pair?.key)]
}
