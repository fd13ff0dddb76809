import type { JsonPatch } from './cluster.ts'
import type { KubernetesObject } from './objects.ts'
import { isTree, type Tree } from './tree.ts'

type Entry = NonNullable<KubernetesObject['metadata']['managedFields']>[number]

const MANAGER = 'greenlight'
/** The field manager of a Service's creation, which is no apply: that could not be refused where the Service exists. */
export const CREATOR = 'greenlight-create'
const LAST_APPLIED = 'f:kubectl.kubernetes.io/last-applied-configuration'
const HELM_RELEASE = 'f:meta.helm.sh/release-name'

/**
 * Fields that are never taken over, and so never removed although no manifest names them: the live size, what releases
 * write, the marks by which Helm knows its own, and what the next client-side `kubectl apply` compares with.
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

/** Whether this is the entry of a client-side apply by kubectl or Helm. Helm 3 writes as an update, Helm 4 as an apply. */
function hasApplied({ manager = '', operation, fieldsV1 }: Entry): boolean {
  const annotations = fieldsV1?.['f:metadata']?.['f:annotations']
  if (!isTree(annotations)) return false
  if (operation === 'Update' && annotations[LAST_APPLIED] !== undefined) return true
  return annotations[HELM_RELEASE] !== undefined && (operation === 'Update' || manager.startsWith('helm'))
}

/** Whether it is what the creation of an object by a release has written: its manifest, as an apply would have. */
const hasCreated = ({ manager, operation, subresource = '' }: Entry): boolean =>
  manager === CREATOR && operation === 'Update' && subresource === ''

/**
 * The entries of managers that have applied the object from the client, told by the marks that kubectl and Helm leave.
 * Controllers are left out: they still work on the object, and their fields stay theirs.
 */
function clientEntries(managed: readonly Entry[]): readonly Entry[] {
  const theirs = managed.filter(({ manager = '' }) => manager !== MANAGER && !manager.endsWith('-controller'))
  const marked = theirs.filter(hasApplied)
  return managed.filter(
    (entry) =>
      hasCreated(entry) ||
      ((entry.subresource ?? '') === '' &&
        marked.some(({ manager, operation }) => manager === entry.manager && operation === entry.operation))
  )
}

interface Taken {
  readonly entries: readonly Entry[]
  readonly ours: Entry
  /** The fields of these entries that we take over. */
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
 * The patch by which we take over the fields of an earlier client-side apply or `helm install`, as
 * `kubectl apply --server-side` does; undefined when there was none. Without it a field that is taken out of a manifest would
 * stay for ever, as its former manager still owns it. Our next apply removes the fields that it does not name.
 * @param object as an apply of ours has left it
 */
export const takeOver = (object: KubernetesObject): JsonPatch | undefined =>
  patchFor(object, takenFrom(object))

/**
 * The same for an object that we have never applied: our first apply could be refused, where the manifest has a field that
 * excludes an old one.
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
    // Writing the version that was read makes the API server answer 409 when it is no longer the live one; a `test` would not.
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion }
  ]
}

/**
 * The patch that removes what our apply would remove after taking over, for a dry run; undefined when that is nothing.
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
  // To own a map is to own all in it that has no other owner, so that a map with a field that is left is not taken.
  const holds = Object.keys(fields).some(isLeft)
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, inner]) => {
      if (isLeft(key) || (key === '.' && holds)) return []
      if (!isTree(inner) || Object.keys(inner).length === 0) return [[key, inner]]
      const rest = takeable(inner, [...path, key])
      // An empty tree means that the field itself is owned.
      return Object.keys(rest).length === 0 ? [] : [[key, rest]]
    })
  )
}

/** The value without the fields in `owned`, unless they are in `wanted`, too. */
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
