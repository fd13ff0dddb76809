import type { Fault } from '../base/errors.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { referencesIn, withNames, type Reference } from '../kubernetes/references.ts'
import { isTree } from '../kubernetes/tree.ts'
import type { Observed } from '../observe/observed.ts'
import {
  copiedFrom,
  copyOf,
  isConfig,
  isFilledByOthers,
  keysOf,
  originalName,
  type ConfigObject
} from './config-copy.ts'
import { isSlotOf } from './live-fields.ts'

/** The manifests with config as part of the release. */
export interface Configured {
  readonly manifests: readonly Manifest[]
  readonly faults: readonly Fault[]
}

type ConfigManifest = Manifest & { readonly object: ConfigObject }

/**
 * Turns the ConfigMaps and Secrets that the workload refers to into copies named by their content, and lets its
 * template refer to these. So the old version keeps its own config, and a rollback to a template brings its config
 * back.
 * @param source the Deployment that is released: of the manifests, or live
 */
export function withConfig(
  observed: Observed,
  manifests: readonly Manifest[],
  source: Deployment
): Configured {
  const secrets = manifests.flatMap(secretFaults)
  if (secrets.length > 0) return { manifests, faults: secrets }
  const find = finderOf(observed, manifests, source)
  const references = referencesIn(source.spec.template.spec)
  const used = new Set(references.flatMap((reference) => find(reference) ?? []))
  if (used.size === 0) return { manifests, faults: [] }
  const copies = new Map<Manifest | undefined, Manifest>(
    [...used].map((manifest) => [manifest, copied(manifest, observed)])
  )
  const released = withCopies(source, (reference) => copies.get(find(reference)))
  const isNamed = namedBeside(
    manifests.filter(({ object }) => !isSlotOf(observed, object)),
    released
  )
  const configured = manifests.flatMap((manifest): readonly Manifest[] => {
    if (manifest.object === source) return [{ ...manifest, object: released }]
    const copy = copies.get(manifest)
    if (copy === undefined) return [manifest]
    return isNamed(manifest.object.metadata.name) ? [manifest, copy] : [copy]
  })
  const live = manifests.some(({ object }) => object === source) ? [] : [asItRuns(released)]
  return { manifests: [...configured, ...live], faults: keyFaults(references, find) }
}

const asItRuns = (object: Deployment): Manifest => ({
  object,
  source: `deployment/${object.metadata.name} as it runs`
})

const copied = ({ object, source }: ConfigManifest, { workload, namespace }: Observed): Manifest => ({
  object: copyOf(object, workload, namespace),
  source
})

function withCopies(source: Deployment, copyFor: (reference: Reference) => Manifest | undefined): Deployment {
  const { template } = source.spec
  const spec = withNames(
    template.spec,
    (reference) => copyFor(reference)?.object.metadata.name ?? reference.name
  )
  return { ...source, spec: { ...source.spec, template: { ...template, spec } } }
}

type Find = (reference: Pick<Reference, 'kind' | 'name'>) => ConfigManifest | undefined

/** What a reference means among the manifests. The Deployment that serves refers to copies of an earlier release. */
function finderOf({ namespace, stable }: Observed, manifests: readonly Manifest[], source: Deployment): Find {
  const offered = manifests.filter(
    (manifest): manifest is ConfigManifest =>
      isConfig(manifest.object) &&
      (manifest.object.metadata.namespace ?? namespace) === namespace &&
      !isFilledByOthers(manifest.object)
  )
  const named: Find = ({ kind, name }) =>
    offered.findLast(({ object }) => object.kind === kind && object.metadata.name === name)
  if (source !== stable.deployment) return named
  return ({ kind, name }) => named({ kind, name }) ?? named({ kind, name: originalName(name) ?? name })
}

/** The object that the version that serves reads instead of this copy. */
export function servedInPlaceOf(object: KubernetesObject, { namespace, stable }: Observed): Ref | undefined {
  const { apiVersion, kind } = object
  const original = copiedFrom(object)
  if (original === undefined) return undefined
  const references = referencesIn(stable.deployment.spec.template.spec).filter((one) => one.kind === kind)
  const names = references.map(({ name }) => name)
  const name = names.find((one) => one === original) ?? names.find((one) => originalName(one) === original)
  return name === undefined ? undefined : { apiVersion, kind, namespace, name }
}

type Templated = KubernetesObject & { readonly spec: Pick<Deployment['spec'], 'template'> }

/**
 * The template with the names of the manifests instead of the names of copies. Each version has its own copies, and a
 * plan that showed all of these names would hide the other changes.
 */
export function withOriginalNames<T extends Templated>(
  deployment: T,
  manifests: readonly KubernetesObject[]
): T {
  const known = new Set(manifests.flatMap((object) => copiedFrom(object) ?? []))
  const { template } = deployment.spec
  const spec = withNames(template.spec, ({ name }) => {
    const original = originalName(name)
    return original !== undefined && known.has(original) ? original : name
  })
  return { ...deployment, spec: { ...deployment.spec, template: { ...template, spec } } }
}

/** Fields under which other objects name ConfigMaps and Secrets: `secretName`, `configMapRef`, `certificateRefs` … */
const SAYS_SO = /secret|config[-_]?map|certificate|credential/i
/** What stands beside the name there. */
const NO_NAMES: ReadonlySet<string> = new Set(['key', 'path', 'items'])
/** `web-tls` or `shop/web-tls` */
const NAME = /^(?:[a-z0-9-]+\/)?([a-z0-9.-]+)$/

/**
 * Whether something else needs the object under the name that it has: other manifests, and what in the workload's
 * own template is not read as config (`imagePullSecrets`, drivers of volumes, names that the program is told).
 */
function namedBeside(others: readonly Manifest[], { spec }: Deployment): (name: string) => boolean {
  const places = [
    ...others.map(({ object }) => object).filter((object) => !isConfig(object)),
    spec.template.spec
  ]
  const names = new Set(places.flatMap((place) => namesIn(place, false)))
  return (name) => names.has(name)
}

function namesIn(value: unknown, meant: boolean): readonly string[] {
  if (typeof value === 'string') return meant ? (NAME.exec(value)?.slice(1) ?? []) : []
  if (Array.isArray(value)) return value.flatMap((item) => namesIn(item, meant))
  if (!isTree(value)) return []
  const isReference = meant || refers(value)
  return Object.entries(value).flatMap(([field, inner]) =>
    NO_NAMES.has(field) ? [] : namesIn(inner, isReference || SAYS_SO.test(field))
  )
}

/** `{ kind: Secret, name }`, a selector `{ name, key }`, or a variable that tells a program the name. */
const refers = ({ kind, name, key, value }: Readonly<Record<string, unknown>>): boolean =>
  kind === 'Secret' ||
  kind === 'ConfigMap' ||
  (typeof name === 'string' && (typeof key === 'string' || (typeof value === 'string' && SAYS_SO.test(name))))

/** Missing objects or keys, without which the new version's pods would not start, or start without their config. */
const keyFaults = (references: readonly Reference[], find: Find): Fault[] =>
  references
    .filter(({ optional }) => !optional)
    .flatMap((reference) => {
      const manifest = find(reference)
      const keys = manifest === undefined ? [] : keysOf(manifest.object)
      const missing = manifest === undefined ? [] : reference.keys.filter((key) => !keys.includes(key))
      return missing.map((key) => ({
        input: 'manifests',
        problem: `${manifest?.source ?? ''}: ${reference.kind} ${manifest?.object.metadata.name ?? ''} has no key ${key}, which ${reference.place} is read from; it has ${keys.join(', ')}`,
        example: `that key, or optional: true where it is referred to`
      }))
    })

/** Values that are no text, which the API server would quote in its refusal. */
function secretFaults({ object, source }: Manifest): Fault[] {
  if (!isConfig(object) || object.kind !== 'Secret') return []
  const told = `${source}: Secret ${object.metadata.name}`
  return (['data', 'stringData'] as const).flatMap((field) => {
    const map = object[field] ?? {}
    if (!isTree(map)) return [secretFault(`${told}: ${field} must be a map of keys to text`)]
    return Object.entries(map)
      .filter(([, value]) => typeof value !== 'string' && value !== null)
      .map(([key]) => secretFault(`${told}: ${field}.${key} is not text; a number needs quotes`))
  })
}

const secretFault = (problem: string): Fault => ({
  input: 'manifests',
  problem,
  example: 'stringData: { PIN: "1234" }'
})
