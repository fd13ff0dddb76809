import type { PodSpec } from './objects.ts'
import { isTree, type Tree } from './tree.ts'

export type ConfigKind = 'ConfigMap' | 'Secret'

/** A place in a pod spec that a ConfigMap or Secret is read from when a container starts, or mounted. */
export interface Reference {
  readonly kind: ConfigKind
  readonly name: string
  /** The keys that are asked for one by one. */
  readonly keys: readonly string[]
  /** Whether pods start without it. */
  readonly optional: boolean
  /** `env DB_URL of container web` */
  readonly place: string
}

/** The name that a reference is to have. */
type Rename = (reference: Reference) => string

/** Where a source names its object. */
interface Form {
  readonly field: string
  readonly kind: ConfigKind
  readonly name: 'name' | 'secretName'
}

const IN_ENV: readonly Form[] = [
  { field: 'configMapKeyRef', kind: 'ConfigMap', name: 'name' },
  { field: 'secretKeyRef', kind: 'Secret', name: 'name' }
]
const IN_ENV_FROM: readonly Form[] = [
  { field: 'configMapRef', kind: 'ConfigMap', name: 'name' },
  { field: 'secretRef', kind: 'Secret', name: 'name' }
]
const IN_VOLUME: readonly Form[] = [
  { field: 'configMap', kind: 'ConfigMap', name: 'name' },
  { field: 'secret', kind: 'Secret', name: 'secretName' }
]
const IN_PROJECTION: readonly Form[] = [
  { field: 'configMap', kind: 'ConfigMap', name: 'name' },
  { field: 'secret', kind: 'Secret', name: 'name' }
]

/**
 * The pod spec with other names in its references: env, envFrom and volumes, projected ones too, of containers of
 * every sort. All else stays as it is, whatever it is: what is no pod spec is for the API server to refuse.
 */
export function withNames<Spec extends PodSpec>(spec: Spec, rename: Rename): Spec {
  const inContainers = ['containers', 'initContainers', 'ephemeralContainers'].reduce<Tree>(
    (tree, field) => withEach(tree, field, (container) => inContainer(container, rename)),
    spec as unknown as Tree
  )
  return withEach(inContainers, 'volumes', (volume) => inVolume(volume, rename)) as unknown as Spec
}

/** In the order in which they stand there. */
export function referencesIn(spec: PodSpec): readonly Reference[] {
  const found: Reference[] = []
  withNames(spec, (reference) => {
    found.push(reference)
    return reference.name
  })
  return found
}

function inContainer(container: Tree, rename: Rename): Tree {
  const of = `of container ${nameIn(container)}`
  const withEnv = withEach(container, 'env', (variable) => {
    const place = `env ${nameIn(variable)} ${of}`
    return within(variable, 'valueFrom', (source) => inForms(source, IN_ENV, place, rename))
  })
  return withEach(withEnv, 'envFrom', (source) => inForms(source, IN_ENV_FROM, `envFrom ${of}`, rename))
}

function inVolume(volume: Tree, rename: Rename): Tree {
  const place = `volume ${nameIn(volume)}`
  return within(inForms(volume, IN_VOLUME, place, rename), 'projected', (projected) =>
    withEach(projected, 'sources', (source) => inForms(source, IN_PROJECTION, place, rename))
  )
}

const inForms = (tree: Tree, forms: readonly Form[], place: string, rename: Rename): Tree =>
  forms.reduce((at, form) => within(at, form.field, (source) => renamed(source, form, place, rename)), tree)

function renamed(source: Tree, { kind, name: field }: Form, place: string, rename: Rename): Tree {
  const name = source[field]
  if (typeof name !== 'string') return source
  const to = rename({ kind, name, keys: keysIn(source), optional: source.optional === true, place })
  return to === name ? source : { ...source, [field]: to }
}

/** `key` of a variable, `items` of a volume. */
const keysIn = ({ key, items }: Tree): readonly string[] =>
  [
    key,
    ...(Array.isArray(items) ? items.map((item: unknown) => (isTree(item) ? item.key : undefined)) : [])
  ].filter((one) => typeof one === 'string')

const nameIn = ({ name }: Tree): string => (typeof name === 'string' ? name : '?')

function within(tree: Tree, field: string, change: (inner: Tree) => Tree): Tree {
  const inner = tree[field]
  return isTree(inner) ? { ...tree, [field]: change(inner) } : tree
}

function withEach(tree: Tree, field: string, change: (item: Tree) => Tree): Tree {
  const items = tree[field]
  if (!Array.isArray(items)) return tree
  return { ...tree, [field]: items.map((item: unknown) => (isTree(item) ? change(item) : item)) }
}
