import type { JsonPatch } from './cluster.ts'
import type { KubernetesObject } from './objects.ts'
import { isTree, type Tree } from './tree.ts'

type Entry = NonNullable<KubernetesObject['metadata']['managedFields']>[number]

const MANAGER = 'greenlight'
const LAST_APPLIED = 'f:kubectl.kubernetes.io/last-applied-configuration'
const HELM_RELEASE = 'f:meta.helm.sh/release-name'

/**
 * What is removed where nobody wants it any more stays all the same: live sizes, what releases write, by what Helm knows its
 * own, which no template has, and by what the next `kubectl apply` from the client knows what the one before it had brought.
 */
const NOT_TAKEN = [
  /^f:spec f:replicas$/,
  /^f:metadata f:(?:annotations|labels) f:greenlight\.dev\//,
  /^f:metadata f:annotations f:kubectl\.kubernetes\.io\/last-applied-configuration$/,
  /^f:metadata f:annotations f:meta\.helm\.sh\//,
  /^f:metadata f:labels f:app\.kubernetes\.io\/managed-by$/
]

const isOurs = ({ manager, operation, subresource = '' }: Entry): boolean =>
  manager === MANAGER && operation === 'Apply' && subresource === ''

/** Whether kubectl has applied it from the client, or Helm: by its third version as an update, by the fourth as an apply. */
function hasApplied({ manager = '', operation, fieldsV1 }: Entry): boolean {
  const annotations = fieldsV1?.['f:metadata']?.['f:annotations']
  if (!isTree(annotations)) return false
  if (operation === 'Update' && annotations[LAST_APPLIED] !== undefined) return true
  return annotations[HELM_RELEASE] !== undefined && (operation === 'Update' || manager.startsWith('helm'))
}

/**
 * The entries of whoever has applied the object from the client, who left a mark there. A controller that does so is at
 * work still, and its fields stay its own.
 */
function clientEntries(managed: readonly Entry[]): readonly Entry[] {
  const theirs = managed.filter(({ manager = '' }) => manager !== MANAGER && !manager.endsWith('-controller'))
  const marked = theirs.filter(hasApplied)
  return theirs.filter(
    (entry) =>
      (entry.subresource ?? '') === '' &&
      marked.some(({ manager, operation }) => manager === entry.manager && operation === entry.operation)
  )
}

interface Taken {
  readonly entries: readonly Entry[]
  readonly ours: Entry
  /** What they own and we may take. */
  readonly fields: Tree
}

function takenFrom({ metadata }: KubernetesObject, first?: Entry): Taken | undefined {
  const managed = metadata.managedFields ?? []
  const entries = clientEntries(managed)
  const ours = managed.find(isOurs) ?? first
  if (entries.length === 0 || ours === undefined) return undefined
  // Fields of another version of the kind may have other names.
  const same = entries.filter(({ apiVersion }) => apiVersion === ours.apiVersion)
  const fields = same.reduce<Tree>((all, { fieldsV1 = {} }) => united(all, fieldsV1), {})
  return { entries, ours, fields: takeable(fields, []) }
}

/**
 * The patch that makes ours what an earlier apply from the client or `helm install` owns, as `kubectl apply --server-side` does it; undefined
 * when nobody has applied the object so. Without it a field that is taken out of a manifest would stay for ever, since
 * whoever wrote it is taken to want it still. The next apply of ours removes what it does not name.
 * @param object as an apply of ours has left it
 */
export const takeOver = (object: KubernetesObject): JsonPatch | undefined =>
  patchFor(object, takenFrom(object))

/**
 * The same before the first apply of ours, which the API server refuses where a field of the manifest excludes one of before.
 * @param object as it is live
 */
export function takeOverFirst(object: KubernetesObject): JsonPatch | undefined {
  const { apiVersion } = object
  const first = { manager: MANAGER, operation: 'Apply', apiVersion, fieldsType: 'FieldsV1', fieldsV1: {} }
  return patchFor(object, takenFrom(object, first))
}

function patchFor({ metadata }: KubernetesObject, taken: Taken | undefined): JsonPatch | undefined {
  if (taken === undefined) return undefined
  const { entries, ours, fields } = taken
  const { managedFields = [], resourceVersion } = metadata
  const others = managedFields.filter((entry) => entry !== ours && !entries.includes(entry))
  const value = [{ ...ours, fieldsV1: united(fields, ours.fieldsV1 ?? {}) }, ...others]
  return [
    { op: 'replace', path: '/metadata/managedFields', value },
    // Not `test`: replacing it with the version that was read makes the API server answer 409 when it is no longer the live one.
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion }
  ]
}

/**
 * The patch that removes what an apply of ours would remove after that, for a dry run; undefined when that is nothing.
 * @param object as a dry run of our apply has left it
 */
export function removals(object: KubernetesObject): JsonPatch | undefined {
  const taken = takenFrom(object)
  if (taken === undefined) return undefined
  const others = (object.metadata.managedFields ?? []).filter((entry) => !taken.entries.includes(entry))
  const wanted = others.reduce<Tree>((all, { fieldsV1 = {} }) => united(all, fieldsV1), {})
  const {
    apiVersion: _,
    kind: __,
    status: ___,
    metadata,
    ...parts
  } = without(object, taken.fields, wanted) as Tree
  const { labels = {}, annotations = {} } = metadata as Tree
  const kept = Object.keys(object).filter(
    (key) => !['apiVersion', 'kind', 'status', 'metadata'].includes(key)
  )
  return [
    { op: 'add', path: '/metadata/labels', value: labels },
    { op: 'add', path: '/metadata/annotations', value: annotations },
    ...kept.map((key) =>
      parts[key] === undefined
        ? ({ op: 'remove', path: `/${key}` } as const)
        : ({ op: 'add', path: `/${key}`, value: parts[key] } as const)
    )
  ]
}

function united(one: Tree, other: Tree): Tree {
  const both = Object.entries(other).map(([key, inner]): readonly [string, unknown] => {
    const mine = one[key]
    return [key, isTree(mine) && isTree(inner) ? united(mine, inner) : inner]
  })
  return { ...one, ...Object.fromEntries(both) }
}

function takeable(fields: Tree, path: readonly string[]): Tree {
  const isLeft = (key: string): boolean => NOT_TAKEN.some((pattern) => pattern.test([...path, key].join(' ')))
  // Who gives up a map gives up all that nobody else owns in it.
  const holds = Object.keys(fields).some(isLeft)
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, inner]) => {
      if (isLeft(key) || (key === '.' && holds)) return []
      if (!isTree(inner) || Object.keys(inner).length === 0) return [[key, inner]]
      const rest = takeable(inner, [...path, key])
      // What is empty now would be taken for a field that is owned itself.
      return Object.keys(rest).length === 0 ? [] : [[key, rest]]
    })
  )
}

/** A value without the fields that are owned by those and wanted by nobody else. */
function without(value: unknown, owned: Tree, wanted: Tree): unknown {
  let left = value
  for (const [key, inner] of Object.entries(owned)) {
    const still = wanted[key]
    if (key === '.' || !isTree(inner)) continue
    // The field or item itself is owned, or only what is in it.
    const isWhole = Object.keys(inner).length === 0 || key.startsWith('k:')
    left = replacedAt(left, key, (part) => {
      if (isTree(still)) return without(part, inner, still)
      return isWhole ? undefined : emptied(without(part, inner, {}))
    })
  }
  return left
}

const emptied = (value: unknown): unknown =>
  isTree(value) && Object.keys(value).length === 0 ? undefined : value

/** @param key `f:<field>`, `k:<the keys of a list's item>` or `v:<an item itself>` */
function replacedAt(value: unknown, key: string, change: (part: unknown) => unknown): unknown {
  const name = key.slice(2)
  if (key.startsWith('f:')) {
    if (!isTree(value) || value[name] === undefined) return value
    const { [name]: part, ...rest } = value
    const changed = change(part)
    return changed === undefined ? rest : { ...value, [name]: changed }
  }
  if (!Array.isArray(value) || !/^[kv]:/.test(key)) return value
  const meant: unknown = JSON.parse(name)
  return value.flatMap((item: unknown) => {
    if (!isMeant(item, meant)) return [item]
    const changed = change(item)
    return changed === undefined ? [] : [changed]
  })
}

const isMeant = (item: unknown, meant: unknown): boolean =>
  isTree(meant)
    ? isTree(item) && Object.entries(meant).every(([key, one]) => item[key] === one)
    : item === meant
