import { isTree } from './tree.ts'

/**
 * A value for another slot: `VERSION: blue` becomes `VERSION: green` if the other slot's object has `VERSION: green` in the
 * same place. All other values stay.
 * @param there what the other slot has in the same place
 */
export function inOtherSlot<T>(value: T, there: unknown, from: string, to: string): T {
  if (typeof value === 'string') {
    const moved = value.replaceAll(from, to)
    return (moved === there ? moved : value) as T
  }
  if (Array.isArray(value)) {
    const others: readonly unknown[] = Array.isArray(there) ? there : []
    return value.map((item: unknown, at) => inOtherSlot(item, counterpart(item, at, others), from, to)) as T
  }
  if (!isTree(value) || !isTree(there)) return value
  const entries = Object.entries(value).map(([key, one]) => [key, inOtherSlot(one, there[key], from, to)])
  return Object.fromEntries(entries) as T
}

/** Of containers, variables and volumes the one of the same name; of anything else the one in the same place. */
const counterpart = (item: unknown, at: number, others: readonly unknown[]): unknown =>
  isTree(item) && typeof item.name === 'string'
    ? others.find((other) => isTree(other) && other.name === item.name)
    : others[at]
