import { groupOf } from './ref.ts'
import { isTree, type Tree } from './tree.ts'

/** Fields of built-in kinds that map names to text: null is the empty text in them, as the API server keeps it. */
const MAPS_OF_TEXT: ReadonlySet<string> = new Set([
  'labels',
  'annotations',
  'matchLabels',
  'nodeSelector',
  'parameters',
  'volumeAttributes'
])
/** Quantities by name, which are zero then. */
const AMOUNTS: ReadonlySet<string> = new Set(['limits', 'requests'])
/** Maps of text, where they stand at the top of a ConfigMap or Secret. */
const CONTENT: ReadonlySet<string> = new Set(['data', 'stringData', 'binaryData'])

/**
 * An object without its empty fields (`annotations:`, null in JSON), which are absent to the API server. Manifests and answers
 * both come through here, so that no other code meets null. In a custom resource null may have a meaning: there only the
 * metadata is cleaned. Items of lists stay as they are.
 */
export function withoutNulls(object: Tree): Tree {
  const { apiVersion, kind, metadata } = object
  if (!isBuiltIn(apiVersion)) return isTree(metadata) ? { ...object, metadata: fieldsOf(metadata) } : object
  const isConfig = apiVersion === 'v1' && (kind === 'ConfigMap' || kind === 'Secret')
  const isService = apiVersion === 'v1' && kind === 'Service'
  return Object.fromEntries(
    Object.entries(fieldsOf(object)).map(([key, value]) => {
      if (isConfig && CONTENT.has(key)) return [key, filled(object[key], '')]
      if (isService && key === 'spec') return [key, withSelector(value, object[key])]
      return [key, value]
    })
  )
}

/** The groups of Kubernetes itself; those of other projects end in `.k8s.io` as well. */
const GROUPS: ReadonlySet<string> = new Set(
  [
    'admissionregistration',
    'apiextensions',
    'apiregistration',
    'authentication',
    'authorization',
    'certificates',
    'coordination',
    'discovery',
    'events',
    'flowcontrol.apiserver',
    'networking',
    'node',
    'rbac.authorization',
    'resource',
    'scheduling',
    'storage'
  ].map((name) => `${name}.k8s.io`)
)

function isBuiltIn(apiVersion: unknown): boolean {
  if (typeof apiVersion !== 'string') return false
  const group = groupOf(apiVersion)
  return !group.includes('.') || GROUPS.has(group)
}

function withoutNullsIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullsIn)
  return isTree(value) ? fieldsOf(value) : value
}

const fieldsOf = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      if (value === null) return []
      if (MAPS_OF_TEXT.has(key)) return [[key, filled(value, '')]]
      return [[key, AMOUNTS.has(key) ? filled(value, '0') : withoutNullsIn(value)]]
    })
  )

/** @param empty what stands for nothing */
const filled = (value: unknown, empty: string): unknown =>
  isTree(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, one ?? empty]))
    : withoutNullsIn(value)

/** A Service's selector is a map of text, that of a Deployment is none. */
const withSelector = (spec: unknown, written: unknown): unknown =>
  isTree(spec) && isTree(written) && isTree(written.selector)
    ? { ...spec, selector: filled(written.selector, '') }
    : spec
