import type { PodTemplate } from './objects.ts'
import { withoutKeys } from './selectors.ts'
import { isTree } from './tree.ts'
import { HASH_LABEL } from './workload.ts'

const MOST = 10

/**
 * What differs between two templates, one line each, e.g. `spec.containers[0].image: shop/web:2 → shop/web:3`.
 * The label that the controller puts on each template is left out.
 */
export function difference(tested: PodTemplate, other: PodTemplate): readonly string[] {
  const before = leavesOf(withoutHash(tested))
  const after = leavesOf(withoutHash(other))
  const paths = [...new Set([...before.keys(), ...after.keys()])]
  const lines = paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? 'nothing'} → ${after.get(path) ?? 'nothing'}`)
  return lines.length > MOST ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more`] : lines
}

const withoutHash = ({ metadata, ...template }: PodTemplate): PodTemplate => ({
  ...template,
  metadata: { ...metadata, labels: withoutKeys(metadata?.labels ?? {}, HASH_LABEL) }
})

/** Where two templates differ, what has a name by its name: `spec.containers[app].env[LOG].value`. */
export function differingFields(one: PodTemplate, other: PodTemplate): readonly string[] {
  const [before, after] = [one, other].map((template) => leavesOf(withoutHash(template), '', nameOf))
  const paths = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])
  // The name is in the path.
  return [...paths].filter((path) => !path.endsWith('].name') && before?.get(path) !== after?.get(path))
}

const nameOf = (item: unknown, index: number): number | string =>
  isTree(item) && typeof item.name === 'string' ? item.name : index

/** Every value that is no object or list, by its path. */
function leavesOf(
  value: unknown,
  path = '',
  itemOf: (item: unknown, index: number) => number | string = (_, index) => index
): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map()
  if (typeof value !== 'object') return new Map([[path, JSON.stringify(value).replace(/^"|"$/g, '')]])
  const children: readonly (readonly [string, unknown])[] = Array.isArray(value)
    ? value.map((child, index) => [`${path}[${itemOf(child, index)}]`, child] as const)
    : Object.entries(value).map(([key, child]) => [path === '' ? key : `${path}.${key}`, child] as const)
  return new Map(children.flatMap(([at, child]) => [...leavesOf(child, at, itemOf)]))
}
