import type { Fault } from '../base/errors.ts'
import { withoutNulls } from './absent.ts'
import { ARGO_HOOK, HELM_HOOK } from './gitops.ts'
import type { KubernetesObject } from './objects.ts'
import { isTree, type Tree } from './tree.ts'
import { pathIn, type Path } from './yaml-lines.ts'
import { parseYaml } from './yaml.ts'

/** One object of the user's manifests, and where it stands. */
export interface Manifest {
  readonly object: KubernetesObject
  /** `k8s/web.yaml, line 12` */
  readonly source: string
  /** The same of a part of it, such as `spec.replicas`. */
  readonly placeOf?: (path: string) => string
}

export interface ParsedManifests {
  readonly manifests: readonly Manifest[]
  readonly faults: readonly Fault[]
}

/** Reads the objects of one file as kubectl would: several documents, empty ones skipped, Lists unfolded. */
export function parseManifests(text: string, file: string): ParsedManifests {
  const parsed = parseYaml(text).map((document) => {
    const source = `${file}, line ${document.line}`
    return 'problem' in document
      ? fault(`${source}: ${document.problem}`)
      : unfold(document.value, { source, placeOf: (path) => `${file}, line ${document.lineOf(path)}` })
  })
  return all(parsed)
}

/** Where a value stands, and parts of it. */
interface Place {
  readonly source: string
  readonly placeOf: (path: Path) => string
}

const all = (parts: readonly ParsedManifests[]): ParsedManifests => ({
  manifests: parts.flatMap(({ manifests }) => manifests),
  faults: parts.flatMap(({ faults }) => faults)
})

function unfold(value: unknown, place: Place): ParsedManifests {
  const { source, placeOf } = place
  if (value === null || value === undefined) return all([])
  if (!isTree(value)) return fault(`${source}: this is not a Kubernetes object`)
  const items = itemsOf(value)
  if (items !== undefined)
    return all(items.map((item, index) => unfold(typed(item, value), itemOf(place, index))))
  const object = named(withoutEmptyNamespace(withoutNulls(value)))
  const problem = nameless(object)
  if (problem !== undefined) return fault(`${source}: ${problem}`)
  const manifest = { object: object as unknown as KubernetesObject, source }
  return { manifests: [{ ...manifest, placeOf: (path) => placeOf(pathIn(path)) }], faults: [] }
}

const itemOf = ({ source, placeOf }: Place, index: number): Place => ({
  source: `${source}, item ${index + 1}`,
  placeOf: (path) => placeOf(['items', index, ...path])
})

/** Undefined: it is no List. A kind of its own that is called so has a name. */
function itemsOf({ kind, items, metadata }: Tree): readonly unknown[] | undefined {
  if (typeof kind !== 'string' || !kind.endsWith('List')) return undefined
  if (Array.isArray(items)) return items as readonly unknown[]
  return (items ?? undefined) === undefined && !(isTree(metadata) && 'name' in metadata) ? [] : undefined
}

/** A `ConfigMapList` says of what kind its items are, as the API server sends them; a `List` does not. */
function typed(item: unknown, { apiVersion, kind }: Tree): unknown {
  if (kind === 'List' || typeof kind !== 'string' || !isTree(item)) return item
  const own = kind.slice(0, -'List'.length)
  return { ...item, apiVersion: item.apiVersion ?? apiVersion, kind: item.kind ?? own }
}

/** Charts render `namespace: ""` where nobody gives one. */
function withoutEmptyNamespace(object: Tree): Tree {
  if (!isTree(object.metadata) || object.metadata.namespace !== '') return object
  const { namespace: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** An object whose name the API server completes (`generateName: migrate-`) is called by the beginning of it. */
function named(object: Tree): Tree {
  const metadata = isTree(object.metadata) ? object.metadata : {}
  const { name, generateName, annotations } = metadata
  const isHook = isTree(annotations) && (HELM_HOOK in annotations || ARGO_HOOK in annotations)
  if (!isHook || name !== undefined || typeof generateName !== 'string') return object
  return { ...object, metadata: { ...metadata, name: generateName } }
}

/** Why an object cannot be identified. */
function nameless({ apiVersion, kind, metadata }: Tree): string | undefined {
  if (typeof apiVersion !== 'string') return lacks('object', 'apiVersion', apiVersion ?? undefined)
  if (typeof kind !== 'string') return lacks('object', 'kind', kind ?? undefined)
  const { name, namespace } = isTree(metadata) ? metadata : {}
  if (typeof name !== 'string') return lacks(kind, 'metadata.name', name)
  if (namespace === undefined || typeof namespace === 'string') return undefined
  return lacks(kind, 'metadata.namespace', namespace)
}

/** YAML makes a number of `1234` and a boolean of `on` where there are no quotes. */
function lacks(what: string, field: string, value: unknown): string {
  if (value === undefined) return `the ${what} has no ${field}`
  const scalar =
    typeof value === 'number' || typeof value === 'boolean' ? `${typeof value} ${String(value)}` : ''
  return `${field} of the ${what} is ${scalar === '' ? 'no text' : `the ${scalar}, not a text; it needs quotes`}`
}

const fault = (problem: string): ParsedManifests => ({
  manifests: [],
  faults: [{ input: 'manifests', problem, example: 'rendered YAML, as `kubectl apply -f` takes it' }]
})
